"""``cvclassic evaluate``: how often a model is right on labeled images."""

from __future__ import annotations

import os
import time

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ..shared.config import config_option
from ..shared.json_files import write_json
from ..shared.options import jobs_option, n_jobs, quiet_option
from ..shared.outputs import OutputFile, OutputFolder, TextFile, check_own, forced, say_wrote, wrote
from ..shared.predicting import check_kind
from ..shared.sources import load_source, source_options


@click.command()
@click.argument("model", type=click.Path())
@source_options
@click.option("--json", "json_file", type=TextFile(), help="Write all scores to this file.")
@click.option(
    "--per-image",
    type=TextFile("path,status,code,message"),
    help="Write a CSV file with one row per image: true class, predicted class, margin, seconds.",
)
@click.option(
    "--report",
    type=OutputFile(),
    help="Write an HTML page: confusion matrix with images, explained mistakes, calibration.",
)
@click.option(
    "--learning-curve",
    "curve_file",
    type=click.Path(),
    help="Add a learning curve to the report: JSON file of `cvclassic learning-curve --json`.",
)
@click.option(
    "--plots",
    type=OutputFolder(),
    help="Folder for the confusion matrix, calibration and learning curve as PNG and SVG.",
)
@config_option
@click.option("--dry-run", is_flag=True, help="Only print what would be scored.")
@jobs_option
@quiet_option
@click.pass_context
def evaluate(
    ctx, model, json_file, per_image, report, curve_file, plots, dry_run, jobs, quiet, **source
):  # fmt: skip
    """Score MODEL on FOLDER, which holds one sub-folder per class, or on other labeled data.

    Those are a manifest, an array file (--npz, of which x_test and y_test are taken) or a table
    (--table with --label).

    If a folder has train, validation and test sub-folders, test is used. Images that cannot be
    read are counted separately (n_failed) and not scored; images without usable features count as
    wrong. The exit code is 1 if any could not be read.

    For a model of keywords give a manifest and its column of keywords (--labels keywords). Means
    are over words, as in the literature on image annotation, and map is that of word search.

    Brackets hold 95% confidence intervals.

    \b
    Example:
      cvclassic evaluate photos.cvmodel test-photos/ --report report.html
      cvclassic evaluate birds.cvmodel --manifest birds.csv --split test --json scores.json
      cvclassic evaluate photos.cvmodel test-photos/ --per-image answers.csv
      cvclassic evaluate tags.cvmodel --manifest tags.csv --labels keywords --split test
      cvclassic evaluate digits.cvmodel --npz mnist.npz
      cvclassic evaluate magic.cvmodel --table magic.csv --label class
    """
    from cvclassic import load_model
    from cvclassic._basics.atomic import check_writable
    from cvclassic.evaluate import write_keywords, write_predictions
    from cvclassic.report import check_page_path

    from ..shared.console import report_failures, stages
    from ..shared.reporting import read_curve, write_evaluation_report
    from ..shared.thumbnails import Album

    for path in filter(None, (json_file, per_image)):
        check_writable(path)
    if report:
        check_page_path(report, force=forced())
    elif curve_file and not plots:
        raise click.UsageError("--learning-curve is shown on the report page: add --report.")
    if plots:
        os.makedirs(plots, exist_ok=True)
        for name in PLOTS:
            check_own(os.path.join(plots, name), "--plots")
    curve = read_curve(curve_file) if curve_file else None
    start = time.perf_counter()
    model_ = load_model(model)
    seconds = {"loading the model": time.perf_counter() - start}
    if per_image and not model_.is_classifier:
        raise click.UsageError("--per-image needs a classifier. This model gives numbers.")
    check_kind(model_, source["table"])
    data = load_source(source, part="test", min_classes=1, columns=model_.columns, multilabel=True)
    if dry_run:
        _say_plan(model_, data)
        return
    album = Album(data.paths, data.labels) if report else None
    start = time.perf_counter()
    with stages(quiet) as progress:
        found = model_.evaluate(
            data,
            n_jobs=n_jobs(jobs),
            watch=lambda records: progress.count(records, "classify", len(data)),
            on_answer=album if model_.is_classifier else None,
        )
    seconds["classifying"] = found.seconds
    seconds["scoring"] = time.perf_counter() - start - found.seconds
    if per_image and found.predictions is not None:
        write = write_keywords if found.is_multilabel else write_predictions
        write(per_image, found.predictions, found.failures)
        say_wrote(per_image)
    if json_file:
        write_json(json_file, found.to_dict())
    show_scores(found.scores, model_.classes)
    if found.failures:
        n = len(found.failures)
        click.echo(
            f"{plural(n, 'image')} could not be read (not scored):",
            err=True,
        )
        report_failures(found.failures)
    note = chance_note(found)
    if report is not None and album is not None:
        about = (model_, data, source, found, album, seconds)
        write_evaluation_report(report, ctx, *about, curve, quiet, note)
    if plots and found.predictions is not None:
        _write_plots(plots, found, curve)
    if note:
        click.secho(f"Warning: {note}.", err=True, bold=True, fg="yellow")
    ctx.exit(ExitCode.FAILURES if found.failures else ExitCode.OK)


PLOTS = [
    name + suffix
    for name in ("confusion", "calibration", "learning-curve")
    for suffix in (".png", ".svg")
]


def _write_plots(folder: str, found, curve) -> None:
    """Write the figures of the page, each as PNG and SVG."""
    import numpy as np

    from cvclassic.draw import calibration_figure, confusion_figure
    from cvclassic.draw.learning_curve import learning_curve_figure
    from cvclassic.draw.training_curves import write_figure
    from cvclassic.evaluate import reliability

    seen, scores = found.predictions, found.scores
    confusion = np.array(scores["confusion"])
    figures = {"confusion": confusion_figure(confusion, scores["labels"])}
    if seen.probabilities is not None and seen.probabilities.any():
        figures["calibration"] = calibration_figure(reliability(seen))
    if curve is not None:
        figures["learning-curve"] = learning_curve_figure(curve)
    for name, figure in figures.items():
        for suffix in (".png", ".svg"):
            path = os.path.join(folder, name + suffix)
            write_figure(figure, path)
            click.echo(wrote(path), err=True)


def _say_plan(model, data) -> None:
    """Say what would be scored."""
    from ..shared.console import show_table

    many = model.is_multilabel and any(isinstance(one, tuple) for one in data.labels)
    labels = {str(label) for one in data.labels for label in (one if many else (one,))}
    rows = [
        ("data", f"{len(data):,} {model.takes}, {plural(len(labels), 'class', 'classes')}"),
        (
            "model",
            f"{model.recipe} + {model.head}, {plural(len(model.classes), 'class', 'classes')}",
        ),
    ]
    foreign = sorted(labels - {str(label) for label in model.classes})
    if foreign and model.is_classifier:
        rows.append(("unknown to the model", ", ".join(foreign)))
    show_table(rows, title="Would evaluate (--dry-run)")


def chance_note(found) -> str:
    """What to say of a model that does no better than guessing; empty for others."""
    if not found.is_at_chance:
        return ""
    n = len(found.scores["classes"])
    return (
        f"mean class accuracy is {found.mean_class_accuracy:.1%}, no better than guessing among "
        f"{plural(n, 'class', 'classes')} ({found.chance:.1%})"
    )


def show_scores(scores: dict, classes) -> None:
    """Print the scores, the classes that go worst and what is taken for what."""
    from cvclassic.evaluate import confused_pairs

    from ..shared.console import show_table

    if "r2" in scores:
        show_table([(k, v if v is None else f"{v:.6g}") for k, v in scores.items()])
        return
    if "words" in scores:
        show_keywords(scores)
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
    rows.append(("time", f"{scores['seconds']:.1f} s ({speed:.1f} ms per image)", ""))
    rows += [(name, str(scores[name]), "") for name in ("n_images", "n_failed")]
    show_table([(_in_words(name), *rest) for name, *rest in rows])
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
        headers=("class", "images", "recall", "", "precision", ""),
        title="Weakest classes" if len(scores["classes"]) > 10 else "Classes",
    )
    pairs = confused_pairs(scores)
    if pairs:
        show_table(
            [(n, truth, "(no answer)" if answer is None else answer) for n, truth, answer in pairs],
            headers=("times", "true class", "predicted"),
            title="Most frequent mistakes",
        )


def _in_words(name: str) -> str:
    """Name of a score as it is said.

    Examples
    --------
    >>> _in_words("mean_class_accuracy"), _in_words("n_failed"), _in_words("macro_f1")
    ('mean class accuracy', 'unreadable', 'macro F1')
    """
    known = {"n_images": "images", "n_failed": "unreadable", "map": "mAP", "n_plus": "N+"}
    words = name.replace("_", " ").replace("roc auc", "ROC AUC").replace(" f1", " F1")
    return known.get(name, words)


def show_keywords(scores: dict) -> None:
    """Print the scores of keywords, and the most frequent words."""
    from ..shared.console import show_table

    ends = scores["intervals"]
    rows = [
        (name, f"{scores[name]:.1%}", _percents(ends.get(name)))
        for name in (
            "mean_precision", "mean_recall", "mean_f1", "map",
            "micro_precision", "micro_recall", "micro_f1",
        )
    ]  # fmt: skip
    low, high = ends["n_plus"]
    found = f"{scores['n_plus']} of {scores['n_words']} words"
    rows.insert(3, ("n_plus", found, f"[{low:.0f}, {high:.0f}]"))
    rows.append(("calibration_error", f"{scores['calibration_error']:.4f}", ""))
    rows.append(("words_per_image", f"{scores['words_per_image']:.2f}", ""))
    speed = 1e3 * scores["seconds"] / (scores["n_images"] + scores["n_failed"])
    rows.append(("time", f"{scores['seconds']:.1f} s ({speed:.1f} ms per image)", ""))
    rows += [(name, str(scores[name]), "") for name in ("n_images", "n_failed")]
    show_table([(_in_words(name), *rest) for name, *rest in rows])
    unknown = scores["n_words"] - scores["n_known"]
    if unknown:
        click.echo(f"The model does not know {unknown} of these words; they count as not found.")
    words = sorted(scores["words"], key=lambda one: -one["n_images"])[:12]
    show_table(
        [
            (
                one["word"],
                one["n_images"],
                f"{one['precision']:.1%}",
                "–" if one["recall"] is None else f"{one['recall']:.1%}",
                f"{one['f1']:.1%}",
                "–" if one["average_precision"] is None else f"{one['average_precision']:.1%}",
            )
            for one in words
        ],
        headers=("keyword", "images", "precision", "recall", "F1", "AP"),
        title="Most frequent keywords" if len(scores["words"]) > 12 else "Keywords",
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
