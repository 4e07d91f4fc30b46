"""``cvclassic evaluate``: how often a model is right on labeled pictures."""

from __future__ import annotations

import time

import click

from ..shared.options import jobs_option, n_jobs, quiet_option
from ..shared.predicting import inputs_of, predict_model, write_json
from ..shared.sources import load_source, source_options


@click.command()
@click.argument("model", type=click.Path())
@source_options
@click.option("--json", "json_file", type=click.Path(), help="Write all scores to this file.")
@click.option(
    "--per-image",
    type=click.Path(),
    help="Write a CSV file with a row for each picture: truth, answer, margin, seconds.",
)
@click.option(
    "--report",
    type=click.Path(),
    help="Write a page (.html): confusions with their pictures, mistakes explained, calibration.",
)
@click.option(
    "--learning-curve",
    "curve_file",
    type=click.Path(),
    help="Show this curve in the page: what `cvclassic learning-curve --json` wrote.",
)
@jobs_option
@quiet_option
@click.pass_context
def evaluate(ctx, model, json_file, per_image, report, curve_file, jobs, quiet, **source):
    """Score MODEL on FOLDER, which holds one folder a class, or on other labeled data.

    Those are a manifest, an array file (--npz, of which x_test and y_test are taken) or a table
    (--table with --label).

    Pictures that cannot be read are counted apart (n_failed) and not scored; pictures that
    show no features count as wrong. The exit code is 1 if any could not be read.

    Intervals in brackets hold the true score in 95 of 100 such tests, for pictures of this
    kind.

    \b
    Example:
      cvclassic evaluate photos.cvmodel test-photos/ --report report.html
      cvclassic evaluate birds.cvmodel --manifest birds.csv --split test --json scores.json
      cvclassic evaluate photos.cvmodel test-photos/ --per-image answers.csv
      cvclassic evaluate digits.cvmodel --npz mnist.npz
      cvclassic evaluate magic.cvmodel --table magic.csv --label class
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.evaluate import write_predictions
    from cvclassic.models import load_model
    from cvclassic.report import check_page_path

    from ..shared.console import report_failures
    from ..shared.reporting import read_curve, write_evaluation_report
    from ..shared.thumbnails import Album

    for path in filter(None, (json_file, per_image)):
        check_writable(path)
    if report:
        check_page_path(report)
    elif curve_file:
        raise click.UsageError("--learning-curve is shown in the page: give --report too.")
    curve = read_curve(curve_file) if curve_file else None
    start = time.perf_counter()
    pipeline = load_model(model)
    seconds = {"loading the model": time.perf_counter() - start}
    columns = getattr(pipeline[0], "columns", None)
    if (columns is None) != (source["table"] is None):
        raise click.UsageError(
            "This model was trained on a table: give --table and --label."
            if columns is not None
            else "This model was trained on pictures, so that it takes no --table."
        )
    data = load_source(source, part="test", min_classes=1, columns=columns and list(columns))
    album = Album(data.paths, data.labels) if report else None
    predictions = None
    if not hasattr(pipeline, "classes_"):
        if per_image:
            raise click.UsageError("--per-image needs a classifier. This model gives numbers.")
        scores, failures = _score_regression(pipeline, data, n_jobs(jobs), quiet)
    else:
        predictions, failures, classified = predict_model(
            pipeline, data, n_jobs(jobs), quiet, album
        )
        if per_image:
            write_predictions(per_image, predictions, failures)
        scored = time.perf_counter()
        scores = score_classes(predictions, getattr(pipeline[-1], "unknown_", None))
        scores |= {"n_failed": len(failures), "seconds": round(classified, 3)}
        seconds |= {"classifying": classified, "scoring": time.perf_counter() - scored}
    if json_file:
        write_json(json_file, scores)
    show_scores(scores, getattr(pipeline, "classes_", []))
    if failures:
        click.echo(f"{len(failures)} pictures could not be read and were not scored:", err=True)
        report_failures(failures)
    if album is not None:
        about = (pipeline, data, source, scores, predictions, failures, album, seconds)
        write_evaluation_report(report, ctx, *about, curve, quiet)
    ctx.exit(1 if failures else 0)


def score_classes(predictions, rule=None) -> dict:
    """Scores of a classifier with their intervals, and of its rule for what it is not sure of."""
    from cvclassic.evaluate import score_intervals, score_predictions, score_withheld

    scores = score_predictions(
        predictions.truth, predictions.labels, predictions.probabilities, predictions.classes
    )
    if rule is not None:
        scores["unknown"] = score_withheld(predictions, rule)
    return {**scores, "level": 0.95, "intervals": score_intervals(predictions)}


def _score_regression(pipeline, data, jobs: int, quiet: bool) -> tuple[dict, list]:
    """Scores of a model that gives numbers, and what could not be read."""
    from cvclassic.batch import classify_files
    from cvclassic.classify import check_numbers
    from cvclassic.evaluate import score_numbers
    from cvclassic.images import watch_decoders

    from ..shared.console import stages

    truth, predicted, failures = [], [], []
    start = time.perf_counter()
    labels = check_numbers(data.labels, len(data))
    with stages(quiet) as progress, watch_decoders():
        records = classify_files(pipeline, inputs_of(data), n_jobs=jobs)
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

    from ..shared.console import show_table

    if "r2" in scores:
        show_table([(k, v if v is None else f"{v:.6g}") for k, v in scores.items()])
        return
    ends = scores["intervals"]
    rows = [
        (name, f"{scores[name]:.1%}", _percents(ends.get(name)))
        for name in ("accuracy", "mean_class_accuracy", "macro_f1", "top_5_accuracy")
        if scores[name] is not None
    ]
    rows += [
        (name, f"{scores[name]:.4f}", _numbers(ends.get(name)))
        for name in (
            "log_loss",
            "expected_calibration_error",
            "hinge_loss",
            "mean_squared_error",
            "roc_auc",
        )
        if scores[name] is not None
    ]
    speed = 1e3 * scores["seconds"] / (scores["n_images"] + scores["n_failed"])
    rows.append(("time", f"{scores['seconds']:.1f} s ({speed:.1f} ms a picture)", ""))
    rows += [(name, str(scores[name]), "") for name in ("n_images", "n_failed")]
    show_table(rows)
    if "unknown" in scores:
        _show_rule(scores["unknown"])
    foreign = sorted(
        {str(entry["label"]) for entry in scores["classes"]} - {str(label) for label in classes}
    )
    if foreign:
        click.echo(f"The model does not know these classes: {', '.join(map(repr, foreign))}")
    weakest = sorted(scores["classes"], key=lambda entry: entry["recall"])[:10]
    show_table(
        [
            (
                e["label"],
                e["n_images"],
                f"{e['recall']:.1%}",
                _percents(ends[f"recall[{e['label']}]"]),
                f"{e['precision']:.1%}",
                _percents(ends[f"precision[{e['label']}]"]),
            )
            for e in weakest
        ],
        headers=("class", "pictures", "recall", "", "precision", ""),
        title="Weakest classes" if len(scores["classes"]) > 10 else "Classes",
    )
    pairs = confused_pairs(scores)
    if pairs:
        show_table(
            [(n, truth, "(no answer)" if answer is None else answer) for n, truth, answer in pairs],
            headers=("times", "is", "was taken for"),
            title="Most frequent mistakes",
        )


def _percents(ends: tuple[float, float] | None) -> str:
    """An interval of a share."""
    return "" if ends is None else f"[{ends[0]:.1%}, {ends[1]:.1%}]"


def _numbers(ends: tuple[float, float] | None) -> str:
    """An interval of a number."""
    return "" if ends is None else f"[{ends[0]:.4f}, {ends[1]:.4f}]"


def _show_rule(found: dict) -> None:
    """Print how a model with --unknown did."""
    from ..shared.console import show_table

    rows = []
    for name in ("share_answered", "accuracy_answered", "coverage", "share_single"):
        if name in found:
            value = "–" if found[name] is None else f"{found[name]:.1%}"
            rows.append((name, value, _percents(found["intervals"].get(name))))
    if "mean_set_size" in found:
        ends = found["intervals"]["mean_set_size"]
        rows.append(
            ("mean_set_size", f"{found['mean_set_size']:.2f}", f"[{ends[0]:.2f}, {ends[1]:.2f}]")
        )
    what = "sets of labels" if found["kind"] == "sets" else "answers"
    title = f"Trained for at most {found['error_rate']:.1%} wrong {what}"
    show_table(rows, title=title)
