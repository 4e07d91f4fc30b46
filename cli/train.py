"""``cvclassic train``: labelled pictures in, one model file out."""

from __future__ import annotations

import math
import os
from typing import Any

import click

from .options import data_options, jobs_option, load_data, n_jobs, parse_params, quiet_option


@click.command()
@data_options
@click.option("-o", "--output", required=True, type=click.Path(), help="Model file to write.")
@click.option("--recipe", default="sift-bow", show_default=True, help="Way from pixels to labels.")
@click.option(
    "--head",
    type=click.Choice(["svm", "mlp"]),
    default="svm",
    show_default=True,
    help="Classifier at the end of the recipe.",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Parameter of the recipe, such as n_words=500; may be given several times.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all that is random.")
@jobs_option
@quiet_option
@click.pass_context
def train(ctx, folder, manifest, split, output, recipe, head, params, seed, jobs, quiet):
    """Learn a model from FOLDER, which holds one folder a class, or from a manifest.

    The same pictures, recipe and seed give the same model, byte for byte, whatever --jobs is.
    Pictures that cannot be read are listed and left out; the exit code is 1 then.

    \b
    Example:
      cvclassic train photos/ -o photos.cvmodel
      cvclassic train --manifest birds.csv --split train -o birds.cvmodel --param n_words=1000
    """
    from cvclassic.classify import make_recipe

    data = load_data(folder, manifest, split, min_classes=2)
    pipeline = make_recipe(
        recipe, head=head, random_state=seed, n_jobs=n_jobs(jobs), **parse_params(params)
    )
    description = {"recipe": recipe, "head": head, "seed": seed, "params": list(params)}
    failures = train_model(pipeline, data, output, description, n_jobs(jobs), quiet)
    ctx.exit(1 if failures else 0)


def train_model(pipeline, data, output, description: dict, jobs: int, quiet: bool) -> list:
    """Read, fit, save and report; returns (path, code, message) of unreadable pictures."""
    from cvclassic.atomic import check_writable
    from cvclassic.batch import max_side_of, read_all
    from cvclassic.classify import fit_recipe
    from cvclassic.images import LabelledImages, watch_decoders
    from cvclassic.models import save_model

    from .console import stages

    check_writable(output)
    with stages(quiet) as progress, watch_decoders():
        pictures, faults = read_all(
            progress.count(data.paths, "read", len(data)), max_side_of(pipeline), n_jobs=jobs
        )
        bad = set(faults)
        kept = [i for i in range(len(data)) if i not in bad]
        readable = LabelledImages([data.paths[i] for i in kept], [data.labels[i] for i in kept])
        failures = [(data.paths[i], error.code, error.message) for i, error in faults.items()]
        _check_classes(data, readable, failures)
        training = fit_recipe(pipeline, [pictures[i] for i in kept], readable.labels, progress)
    summary: dict[str, Any] = {
        **description,
        "n_images": training.n_images,
        "n_failed": len(failures),
        "n_without_features": len(training.without_features),
        "class_counts": readable.counts,
        "cv_accuracy": None if math.isnan(training.cv_accuracy) else training.cv_accuracy,
    }
    size = save_model(output, pipeline, summary)
    _report(output, size, summary, training, readable, failures)
    return failures


def _check_classes(data, readable, failures: list) -> None:
    """Every class that was asked for must have a picture left."""
    from cvclassic.errors import DataError

    lost = sorted(set(data.classes) - set(readable.classes))
    if lost:
        path, code, message = failures[0]
        raise DataError(
            f"No picture of class {lost[0]!r} can be read ({len(lost)} of {len(data.classes)} "
            f"classes are lost so). The first failure: {path}: {code}: {message}"
        )


def _report(output, size, summary, training, data, failures) -> None:
    """Say what was learned, from what, how well and how long it took."""
    from .console import report_failures, show_table

    counts = list(data.counts.values())
    spread = str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    rows = [
        ("recipe", f"{summary['recipe']}, head {summary['head']}"),
        ("pictures", f"{summary['n_images']} in {len(counts)} classes ({spread} a class)"),
    ]
    if len(counts) <= 12:
        rows.append(("classes", ", ".join(f"{k} {v}" for k, v in data.counts.items())))
    if training.without_features:
        rows.append(("no features", f"{len(training.without_features)} pictures were left out"))
    if summary["cv_accuracy"] is not None:
        rows.append(("held-out accuracy", f"{summary['cv_accuracy']:.1%} (in cross-validation)"))
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in training.seconds.items())
    rows.append(("time", times))
    rows.append(("model", f"{os.fspath(output)} ({size / 1e6:.1f} MB)"))
    show_table(rows)
    if failures:
        click.echo(f"{len(failures)} pictures could not be read and were left out:", err=True)
        report_failures(failures)
