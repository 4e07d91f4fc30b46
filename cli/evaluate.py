"""``cvclassic evaluate``: how often a model is right on labelled pictures."""

from __future__ import annotations

import json
import time

import click
import numpy as np

from .options import jobs_option, n_jobs, quiet_option
from .sources import load_source, source_options


@click.command()
@click.argument("model", type=click.Path())
@source_options
@click.option("--json", "json_file", type=click.Path(), help="Write all scores to this file.")
@jobs_option
@quiet_option
@click.pass_context
def evaluate(ctx, model, json_file, jobs, quiet, **source):
    """Score MODEL on FOLDER, which holds one folder a class, or on other labelled data.

    Those are a manifest, an array file (--npz, of which x_test and y_test are taken) or a table
    (--table with --label).

    Pictures that cannot be read are counted apart (n_failed) and not scored; pictures that
    show no features count as wrong. The exit code is 1 if any could not be read.

    \b
    Example:
      cvclassic evaluate photos.cvmodel test-photos/
      cvclassic evaluate birds.cvmodel --manifest birds.csv --split test --json scores.json
      cvclassic evaluate digits.cvmodel --npz mnist.npz
      cvclassic evaluate magic.cvmodel --table magic.csv --label class
    """
    from cvclassic.atomic import atomic_file, check_writable
    from cvclassic.models import load_model

    from .console import report_failures

    if json_file:
        check_writable(json_file)
    pipeline = load_model(model)
    columns = getattr(pipeline[0], "columns", None)
    if (columns is None) != (source["table"] is None):
        raise click.UsageError(
            "This model was trained on a table: give --table and --label."
            if columns is not None
            else "This model was trained on pictures, so that it takes no --table."
        )
    data = load_source(source, part="test", min_classes=1, columns=columns and list(columns))
    scores, failures = score_model(pipeline, data, n_jobs(jobs), quiet)
    if json_file:
        with atomic_file(json_file, "w", encoding="utf-8") as file:
            json.dump(scores, file, indent=1)
            file.write("\n")
    show_scores(scores, getattr(pipeline, "classes_", []))
    if failures:
        click.echo(f"{len(failures)} pictures could not be read and were not scored:", err=True)
        report_failures(failures)
    ctx.exit(1 if failures else 0)


def score_model(pipeline, data, jobs: int, quiet: bool) -> tuple[dict, list]:
    """Scores, and (path, code, message) of what could not be read."""
    from cvclassic.batch import classify_files
    from cvclassic.errors import DataError
    from cvclassic.evaluate import score_predictions
    from cvclassic.images import watch_decoders

    from .console import stages

    if not hasattr(pipeline, "classes_"):
        return _score_regression(pipeline, data, jobs, quiet)
    classes = pipeline.classes_.tolist()
    column = {label: i for i, label in enumerate(classes)}
    truth: list = []
    predicted: list = []
    failures: list[tuple[str, str, str]] = []
    probabilities = np.zeros((len(data), len(classes)), np.float32)
    start = time.perf_counter()
    with stages(quiet) as progress, watch_decoders():
        records = classify_files(pipeline, _inputs(data), top=len(classes), n_jobs=jobs)
        counted = progress.count(records, "classify", len(data))
        for record, label in zip(counted, data.labels, strict=True):
            if record.failed:
                failures.append((record.path, record.code, record.message))
                continue
            for answer, probability in record.scores:
                probabilities[len(truth), column[answer]] = probability
            truth.append(label)
            predicted.append(record.label if record.scores else None)
    seconds = time.perf_counter() - start
    if not truth:
        path, code, message = failures[0]
        raise DataError(f"None of the pictures can be read. The first: {path}: {code}: {message}")
    scores = score_predictions(truth, predicted, probabilities[: len(truth)], classes)
    return {**scores, "n_failed": len(failures), "seconds": round(seconds, 3)}, failures


def _inputs(data) -> list:
    """What is to be classified: paths, or what lies in array files and tables."""
    return data.items if hasattr(data, "items") else data.paths


def _score_regression(pipeline, data, jobs: int, quiet: bool) -> tuple[dict, list]:
    """Scores of a model that gives numbers, and what could not be read."""
    from cvclassic.batch import classify_files
    from cvclassic.classify import check_numbers
    from cvclassic.evaluate import score_numbers
    from cvclassic.images import watch_decoders

    from .console import stages

    truth, predicted, failures = [], [], []
    start = time.perf_counter()
    labels = check_numbers(data.labels, len(data))
    with stages(quiet) as progress, watch_decoders():
        records = classify_files(pipeline, _inputs(data), n_jobs=jobs)
        counted = progress.count(records, "classify", len(data))
        for record, label in zip(counted, labels, strict=True):
            if record.failed:
                failures.append((record.path, record.code, record.message))
                continue
            truth.append(float(label))
            predicted.append(record.label if isinstance(record.label, float) else None)
    seconds = time.perf_counter() - start
    scores = score_numbers(truth, predicted)
    return {**scores, "n_failed": len(failures), "seconds": round(seconds, 3)}, failures


def show_scores(scores: dict, classes) -> None:
    """Print the scores, the classes that go worst and what is taken for what."""
    from cvclassic.evaluate import confused_pairs

    from .console import show_table

    if "r2" in scores:
        show_table([(k, v if v is None else f"{v:.6g}") for k, v in scores.items()])
        return
    names = ("accuracy", "mean_class_accuracy", "macro_f1")
    rows = [(name, f"{scores[name]:.1%}") for name in names]
    rows += [
        (name, f"{scores[name]:.4f}")
        for name in ("log_loss", "hinge_loss", "mean_squared_error", "roc_auc")
        if scores[name] is not None
    ]
    speed = 1e3 * scores["seconds"] / (scores["n_images"] + scores["n_failed"])
    rows.append(("time", f"{scores['seconds']:.1f} s ({speed:.1f} ms a picture)"))
    rows += [("n_images", str(scores["n_images"])), ("n_failed", str(scores["n_failed"]))]
    show_table(rows)
    foreign = sorted(
        {str(entry["label"]) for entry in scores["classes"]} - {str(label) for label in classes}
    )
    if foreign:
        click.echo(f"The model does not know these classes: {', '.join(map(repr, foreign))}")
    weakest = sorted(scores["classes"], key=lambda entry: entry["recall"])[:10]
    show_table(
        [
            (e["label"], e["n_images"], f"{e['recall']:.1%}", f"{e['precision']:.1%}")
            for e in weakest
        ],
        headers=("class", "pictures", "recall", "precision"),
        title="Weakest classes" if len(scores["classes"]) > 10 else "Classes",
    )
    pairs = confused_pairs(scores)
    if pairs:
        show_table(
            [(n, truth, "(no answer)" if answer is None else answer) for n, truth, answer in pairs],
            headers=("times", "is", "was taken for"),
            title="Most frequent mistakes",
        )
