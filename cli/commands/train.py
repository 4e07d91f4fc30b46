"""``cvclassic train``: labeled pictures in, one model file out."""

from __future__ import annotations

import math
import os
import time
from typing import Any

import click

from ..shared.options import jobs_option, n_jobs, parse_params, quiet_option
from ..shared.sources import load_source, source_options
from ..shared.unknown import calibrate, check_unknown, in_words


@click.command()
@source_options
@click.option("-o", "--output", required=True, type=click.Path(), help="Model file to write.")
@click.option(
    "--recipe", default="auto", show_default=True, help="Way from pixels to labels, see below."
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds that the recipe auto may take.",
)
@click.option(
    "--head",
    metavar="NAME",
    help="Classifier at the end: svm, ridge, ridge-rbf, mlp, mlp-wide, mlp-deep, mlp-linear, "
    "perceptron; mlp-regressor for labels that are numbers. [default: the recipe's own]",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Parameter of the recipe, such as n_words=500; may be given several times.",
)
@click.option(
    "--augment",
    "changes",
    metavar="LIST",
    help="Train on changed copies too, such as mirror,rotate=10; see `cvclassic augment`.",
)
@click.option(
    "--augment-times",
    "times",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Changed copies of each picture.",
)
@click.option(
    "--curve", type=click.Path(), help="Draw the training curve of an mlp into this .png or .svg."
)
@click.option(
    "--unknown",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Answer unknown where not sure, so that at most this share of the answers is wrong.",
)
@click.option(
    "--unknown-sets",
    "sets",
    is_flag=True,
    help="With --unknown: answer sets of labels, of which at most RATE lack the right one.",
)
@click.option(
    "--report",
    type=click.Path(),
    help="Page about the training (.html). [default: beside the model, named like it]",
)
@click.option("--no-report", is_flag=True, help="Write no page.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all that is random.")
@jobs_option
@quiet_option
@click.pass_context
def train(
    ctx,
    output,
    recipe,
    budget,
    head,
    params,
    changes,
    times,
    curve,
    unknown,
    sets,
    report,
    no_report,
    seed,
    jobs,
    quiet,
    **source,
):
    """Learn a model from FOLDER, which holds one folder a class, or from other labeled data.

    Those are a manifest, an array file (--npz, with x_train and y_train) or a table of numbers
    (--table with --label, which needs no recipe).

    The recipe auto tries several by cross-validation on the training pictures, within
    --budget seconds, says what it tried and keeps the best. "cvclassic recipes" lists them.

    The same pictures, recipe and seed give the same model, byte for byte, whatever --jobs is
    (with auto, as long as the budget lets it try the same recipes). Pictures that cannot be
    read are listed and left out; the exit code is 1 then.

    A page beside the model (photos.html for photos.cvmodel) shows the pictures, the scores of
    those that were held out and what it took; --no-report leaves it out.

    With --unknown, training pictures that were held out tell from which probability on at most
    that share of answers is wrong (of 100 training sets, 95 keep to it). It needs enough of them:
    59 for 0.05, without a mistake. The error rate holds for pictures of the kinds that were
    trained.

    \b
    Example:
      cvclassic train photos/ -o photos.cvmodel
      cvclassic train --manifest birds.csv --split train -o birds.cvmodel --param n_words=1000
      cvclassic train --npz mnist.npz --recipe pixels --head mlp --curve curve.png -o m.cvmodel
      cvclassic train photos/ --recipe patches --augment mirror,rotate=10 -o photos.cvmodel
      cvclassic train photos/ --unknown 0.05 -o photos.cvmodel
      cvclassic train --table magic.csv --label class -o magic.cvmodel
    """
    from cvclassic.classify import Augmented, AutoRecipe, make_recipe, make_table_recipe, own_head
    from cvclassic.draw import check_curve_path

    from ..shared.reporting import TrainingPage

    shared = {"random_state": seed, "n_jobs": n_jobs(jobs)}
    values = parse_params(params)
    if source["table"] is not None and (recipe != "auto" or changes is not None):
        raise click.UsageError("--table goes without --recipe and --augment.")
    if changes is not None and recipe == "auto":
        raise click.UsageError("--augment needs --recipe.")
    if sets and unknown is None:
        raise click.UsageError("--unknown-sets needs --unknown RATE.")
    if curve is not None:
        check_curve_path(curve)
    if report is not None and no_report:
        raise click.UsageError("--report and --no-report exclude each other.")
    page = None if no_report else TrainingPage(ctx, report, output)
    data = load_source(source, part="train", min_classes=2)
    if source["table"] is not None:
        recipe, head = "table", head or "mlp-deep"
        # the only parameters are the head's
        estimator = make_table_recipe(data.columns, head, random_state=seed, **values)
    elif recipe == "auto":
        estimator = AutoRecipe(head, budget=budget, params=values, **shared)
    else:
        head = head or own_head(recipe)
        estimator = make_recipe(recipe, head=head, **shared, **values)
    description = {"recipe": recipe, "head": head or "", "seed": seed, "params": list(params)}
    if changes is not None:
        estimator = Augmented(estimator, changes, times, seed)
        description |= {"augment": changes, "augment_times": times}
    if unknown is not None:
        check_unknown(estimator, data, unknown, sets)
        description |= {"unknown": {"kind": "sets" if sets else "threshold", "error_rate": unknown}}
    failures = train_model(estimator, data, output, description, n_jobs(jobs), quiet, curve, page)
    ctx.exit(1 if failures else 0)


def train_model(
    estimator, data, output, description: dict, jobs: int, quiet: bool, curve=None, page=None
) -> list:
    """Read, fit, save and report; returns (path, code, message) of unreadable pictures."""
    from cvclassic._basics.atomic import check_writable
    from cvclassic.classify import TRY_MIRROR, Augmented, AutoRecipe, fit_recipe
    from cvclassic.draw import draw_curve
    from cvclassic.images import watch_decoders
    from cvclassic.models import save_model

    from ..shared.console import stages

    check_writable(output)
    if curve is not None:
        check_writable(curve)
    with stages(quiet) as progress, watch_decoders():
        start = time.perf_counter()
        pictures, readable, failures = _read(estimator, data, jobs, progress, page)
        seconds = {"reading": time.perf_counter() - start}
        _check_classes(data, readable, failures)
        watching: dict[str, Any] = {"progress": progress, "on_epoch": progress.epoch}
        if isinstance(estimator, AutoRecipe):
            estimator.fit(pictures, readable.labels, progress=progress, on_trial=show_trial)
            pipeline, training = estimator.best_pipeline_, estimator.training_
            description |= {"recipe": estimator.best_recipe_, "tried": estimator.report()}
        elif isinstance(estimator, Augmented):
            estimator.fit(pictures, readable.labels, **watching)
            pipeline, training = estimator.estimator_, estimator.training_
        else:
            pipeline = estimator
            mirror = "cv" if description["recipe"] in TRY_MIRROR else False
            training = fit_recipe(pipeline, pictures, readable.labels, mirror=mirror, **watching)
    if "unknown" in description:
        description["unknown"] = calibrate(pipeline, **description["unknown"])
    if curve is not None and not training.epochs:
        click.echo(
            f"There is no curve to draw: head {description['head']} has no epochs.", err=True
        )
    elif curve is not None:
        draw_curve(training.epochs, curve, "accuracy" if hasattr(pipeline, "classes_") else "R²")
    summary: dict[str, Any] = {
        **description,
        "n_images": training.n_images,
        "n_failed": len(failures),
        "n_without_features": len(training.without_features),
        "mirrored": training.mirrored,
        "class_counts": readable.counts if hasattr(pipeline, "classes_") else {},
        "cv_accuracy": None if math.isnan(training.cv_accuracy) else training.cv_accuracy,
    }
    if training.l2_path:
        summary["alpha"] = float(pipeline[-1].alpha_)
    if training.losses:
        summary["losses"] = training.losses
    if not description["head"]:
        summary["head"] = type(pipeline[-1]).__name__
    size = save_model(output, pipeline, summary)
    written = ""
    if page is not None:
        trials = getattr(estimator, "trials_", ())
        seconds |= training.seconds
        about = (pipeline, training, trials, pictures, readable, failures, seconds)
        written = page.write(size, summary, *about)
    _report(output, size, summary, training, readable, failures, written)
    return failures


def _read(estimator, data, jobs: int, progress, page=None) -> tuple:
    """Pictures, their labels, and (path, code, message) of what could not be read."""
    from cvclassic.batch import max_side_of, read_all
    from cvclassic.images import LabeledImages

    if hasattr(data, "items"):  # array files and tables are in memory already
        pictures = getattr(data, "images", None)
        if pictures is None:
            pictures = data.rows
        return pictures, LabeledImages(data.paths, data.labels), []
    pictures, faults = read_all(
        progress.count(data.paths, "read", len(data)),
        max_side_of(getattr(estimator, "estimator", estimator)),
        n_jobs=jobs,
        on_picture=None if page is None else page.begin(data.paths, data.labels),
    )
    kept = [i for i in range(len(data)) if i not in faults]
    readable = LabeledImages([data.paths[i] for i in kept], [data.labels[i] for i in kept])
    failures = [(data.paths[i], error.code, error.message) for i, error in faults.items()]
    return [pictures[i] for i in kept], readable, failures


def show_trial(trial) -> None:
    """Say on stderr what became of one candidate of auto."""
    result = trial.note or "no class has a picture to hold out"
    if trial.accuracy is not None:
        result = f"{trial.accuracy:.1%} of held-out pictures right, {trial.seconds:.1f} s"
    click.echo(f"auto: {trial.recipe}: {result}", err=True)


def _check_classes(data, readable, failures: list) -> None:
    """Every class that was asked for must have a picture left."""
    from cvclassic.errors import DataError

    lost = sorted(set(data.labels) - set(readable.labels)) if failures else []
    if lost:
        path, code, message = failures[0]
        raise DataError(
            f"No picture of class {lost[0]!r} can be read ({len(lost)} of {len(set(data.labels))} "
            f"classes are lost so). The first failure: {path}: {code}: {message}"
        )


def _report(output, size, summary, training, data, failures, page: str = "") -> None:
    """Say what was learned, from what, how well and how long it took."""
    from ..shared.console import report_failures, show_table

    named = "rows" if summary["recipe"] == "table" else "pictures"
    rows = [("recipe", f"{summary['recipe']}, head {summary['head']}")]
    if "augment" in summary:
        rows.append(("augmented", f"{summary['augment']}, {summary['augment_times']} times"))
    if summary["class_counts"]:
        counts = list(data.counts.values())
        spread = str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        rows.append((named, f"{summary['n_images']} in {len(counts)} classes ({spread} a class)"))
        if len(counts) <= 12:
            rows.append(("classes", ", ".join(f"{k} {v}" for k, v in data.counts.items())))
    else:
        rows.append((named, f"{summary['n_images']}, with numbers for labels"))
    if training.without_features:
        rows.append(("no features", f"{len(training.without_features)} pictures were left out"))
    rows += [(f"without {name}", why) for name, why in training.left_out.items()]
    if summary["cv_accuracy"] is not None:
        rows.append(("held-out accuracy", f"{summary['cv_accuracy']:.1%} (in cross-validation)"))
    if "unknown" in summary:
        rows.append(("unknown", in_words(**summary["unknown"])))
    for point in training.l2_path:
        chosen = ", chosen" if point.alpha == summary["alpha"] else ""
        rows.append(
            (f"alpha {point.alpha:g}", f"loss {point.loss:.4g}, score {point.score:.4g}{chosen}")
        )
    for name, loss in summary.get("losses", {}).items():
        rows.append((name.replace("_", " "), f"{loss:.4g} (held out)"))
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in training.seconds.items())
    rows.append(("time", times))
    rows.append(("model", f"{os.fspath(output)} ({size / 1e6:.1f} MB)"))
    if page:
        rows.append(("page", page))
    show_table(rows)
    if failures:
        click.echo(f"{len(failures)} pictures could not be read and were left out:", err=True)
        report_failures(failures)
