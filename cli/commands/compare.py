"""``cvclassic compare``: several models on the same images."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ..shared.json_files import write_json
from ..shared.options import jobs_option, n_jobs, quiet_option
from ..shared.outputs import OutputFile, TextFile, wrote
from ..shared.predicting import predict_model
from ..shared.sources import listed_options, load_source


@click.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(), metavar="A B ... [FOLDER]")
@listed_options
@click.option("-o", "--output", type=OutputFile(), help="Write an HTML page with all results.")
@click.option("--json", "json_file", type=TextFile(), help="Write all numbers to this JSON file.")
@jobs_option
@quiet_option
@click.pass_context
def compare(ctx, models, output, json_file, jobs, quiet, **source):
    """Compare two or more models on the same labeled images.

    A and B are model files or tables of predictions (.csv) with the columns path and label, and
    optionally probability and seconds: from "evaluate --per-image", "classify", or any other
    program. The images come from FOLDER, which holds one sub-folder per class, from a manifest or
    an array file (--npz); models of tables take --table with --label. Without any of these, all
    must be tables of predictions, and the first needs a column truth.

    Each model classifies each image once. Images that one of them could not read are listed and
    left out for all; the exit code is 1 then. A difference is called significant by McNemar's
    test, corrected for the number of pairs (Holm).

    \b
    Example:
      cvclassic compare old.cvmodel new.cvmodel test-photos/
      cvclassic compare bow.cvmodel cnn.csv --manifest birds.csv --split test -o page.html
      cvclassic compare svm.cvmodel mlp.cvmodel --table test.csv --label class
      cvclassic compare monday.csv tuesday.csv --json differences.json
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.errors import ParameterError
    from cvclassic.evaluate import align_predictions, compare_predictions
    from cvclassic.report import write_compare_page

    from ..shared.console import report_failures

    if output is not None and os.path.splitext(output)[1].lower() not in (".html", ".htm"):
        raise ParameterError(f"output must end in .html. Got {output!r} instead.")
    for path in filter(None, (output, json_file)):
        check_writable(path)
    folder = models[-1] if os.path.isdir(models[-1]) else None
    files = models[:-1] if folder else models
    names = _names(files)
    data, images, seen, failures, notes = _predict(
        files, {**source, "folder": folder}, n_jobs(jobs), quiet
    )
    failed = {path: (path, code, message) for path, code, message in failures}
    paths = [path for path in data if path not in failed]
    if not paths:
        raise ParameterError(
            "Each image failed for at least one model, so nothing is left to compare."
        )
    aligned = [align_predictions(one, paths, name) for one, name in zip(seen, names, strict=True)]
    found = compare_predictions(names, aligned)
    extras = [
        {**note, "ms_per_image": _milliseconds(note, one)}
        for note, one in zip(notes, seen, strict=True)
    ]
    show_comparison(found, extras)
    for name, one in zip(names, aligned, strict=True):
        silent = sum(label is None for label in one.labels)
        if silent:
            click.echo(f"{name!r} gave no answer for {plural(silent, 'image')} (counted as wrong).")
        foreign = sorted({str(label) for label in one.truth} - {str(c) for c in one.classes})
        if foreign:
            click.echo(f"{name!r} does not know these classes: {', '.join(map(repr, foreign))}")
    if failed:
        click.echo(f"{plural(len(failed), 'image')} could not be read (not compared):", err=True)
        report_failures(list(failed.values()))
    if json_file:
        content = found.to_dict()
        for model, extra in zip(content["models"], extras, strict=True):
            model |= {key: extra[key] for key in ("file", "n_bytes", "ms_per_image")}
        content |= {"n_failed": len(failed), "failures": list(failed.values())}
        write_json(json_file, content)
    if output:
        write_compare_page(output, found, extras, list(failed.values()), aligned, images)
        click.echo(wrote(output), err=True)
    ctx.exit(ExitCode.FAILURES if failed else ExitCode.OK)


def _names(files: tuple[str, ...]) -> list[str]:
    """What to call each model: its file's name, or the path where two have the same name."""
    if len(files) < 2:
        raise click.UsageError("Give at least two models or tables of predictions.")
    double = [path for path, n in Counter(files).items() if n > 1]
    if double:
        raise click.UsageError(f"{double[0]!r} is given twice.")
    bases = Counter(os.path.basename(path) for path in files)
    return [os.path.basename(p) if bases[os.path.basename(p)] == 1 else p for p in files]


def _predict(files, source: dict, jobs: int, quiet: bool) -> tuple:
    """Paths of all images, the images by path; predictions, failures and facts of each model."""
    from cvclassic.errors import DataError
    from cvclassic.evaluate import read_predictions

    from ..shared.console import plain

    tables = {path for path in files if path.lower().endswith(".csv")}
    of_table = source["table"] is not None
    models = {path: _load(path, of_table) for path in files if path not in tables}
    given = any(source[name] is not None for name in ("folder", "manifest", "npz", "table"))
    truth: dict[str, Any] | None = None
    data = None
    if given:
        first = next(iter(models.values()), None)
        data = _load_for(first, source)
        truth = dict(zip(data.paths, data.labels, strict=True))
        if len(truth) < len(data):
            double = next(p for p, n in Counter(data.paths).items() if n > 1)
            raise DataError(f"{plain(double)}: the image is listed twice")
    elif models:
        raise click.UsageError(
            "Give the labeled images: a FOLDER with one sub-folder per class, --manifest CSV or "
            "--npz FILE; for models of tables --table CSV."
        )
    base = source["folder"] or (source["manifest"] and os.path.dirname(source["manifest"]))
    seen, failures, notes = [], [], []
    # tables first: their mistakes show in no time
    read = {}
    for path in files:
        if path in tables:
            read[path] = read_predictions(path, truth, base)
            if truth is None:
                first, failed = read[path]
                truth = dict(zip(first.paths, first.truth, strict=True))
                truth |= dict.fromkeys((path for path, _, _ in failed), None)
    for path in files:
        if path in tables:
            (one, failed), seconds = read[path], None
        else:
            if not quiet:
                click.echo(f"{plain(path)}:", err=True)
            if of_table:  # each model takes columns of its own
                data = _load_for(models[path], source)
            one, failed, seconds = predict_model(models[path], data, jobs, quiet)
        seen.append(one)
        failures += failed
        size = None if path in tables else os.path.getsize(path)
        notes.append({"file": path, "n_bytes": size, "seconds": seconds, "n_failed": len(failed)})
    images = (
        {}
        if of_table or data is None
        else dict(zip(data.paths, getattr(data, "images", data.paths), strict=True))
    )
    return list(truth or {}), images, seen, failures, notes


def _load_for(model, source: dict):
    """The labeled data, of a table the columns that the model knows."""
    columns = None if model is None else model.columns
    return load_source(source, part="test", min_classes=1, columns=columns)


def _load(path: str, of_table: bool):
    """A classifier of images, or of rows of a table."""
    from cvclassic import load_model
    from cvclassic.errors import ModelFileError

    model = load_model(path)
    if not model.is_classifier or (model.takes == "table") != of_table:
        wanted = "rows of a table" if of_table else "images"
        raise ModelFileError(f"{path}: expected a model that classifies {wanted}.")
    return model


def _milliseconds(note: dict, seen) -> float | None:
    """Wall-clock time an image; of a table what it says, if anything."""
    if note["seconds"] is not None:
        return 1e3 * note["seconds"] / (seen.n_images + note["n_failed"])
    return 1e3 * float(seen.seconds.mean()) if len(seen.seconds) else None


def show_comparison(found, extras: list[dict]) -> None:
    """Print the table of models and the table of pairs."""
    from cvclassic.report.models_page import (
        MODEL_COLUMNS,
        PAIR_COLUMNS,
        model_rows,
        pair_rows,
    )

    from ..shared.console import show_table

    show_table(
        model_rows(found, extras),
        headers=MODEL_COLUMNS,
        title=f"{plural(found.n_images, 'image')}; {found.level:.0%} "
        f"confidence intervals in brackets",
    )
    show_table(pair_rows(found), headers=PAIR_COLUMNS, title="Pairwise differences")
