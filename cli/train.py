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
def train(ctx, folder, manifest, split, output, recipe, budget, head, params, seed, jobs, quiet):
    """Learn a model from FOLDER, which holds one folder a class, or from a manifest.

    The recipe auto tries several by cross-validation on the training pictures, within
    --budget seconds, says what it tried and keeps the best. "cvclassic recipes" lists them.

    The same pictures, recipe and seed give the same model, byte for byte, whatever --jobs is
    (with auto, as long as the budget lets it try the same recipes). Pictures that cannot be
    read are listed and left out; the exit code is 1 then.

    \b
    Example:
      cvclassic train photos/ -o photos.cvmodel
      cvclassic train --manifest birds.csv --split train -o birds.cvmodel --param n_words=1000
    """
    from cvclassic.classify import AutoRecipe, make_recipe

    data = load_data(folder, manifest, split, min_classes=2)
    shared = {"random_state": seed, "n_jobs": n_jobs(jobs)}
    values = parse_params(params)
    if recipe == "auto":
        estimator = AutoRecipe(head, budget=budget, params=values, **shared)
    else:
        estimator = make_recipe(recipe, head=head, **shared, **values)
    description = {"recipe": recipe, "head": head, "seed": seed, "params": list(params)}
    failures = train_model(estimator, data, output, description, n_jobs(jobs), quiet)
    ctx.exit(1 if failures else 0)


def train_model(estimator, data, output, description: dict, jobs: int, quiet: bool) -> list:
    """Read, fit, save and report; returns (path, code, message) of unreadable pictures."""
    from cvclassic.atomic import check_writable
    from cvclassic.batch import max_side_of, read_all
    from cvclassic.classify import AutoRecipe, fit_recipe
    from cvclassic.images import LabelledImages, watch_decoders
    from cvclassic.models import save_model

    from .console import stages

    check_writable(output)
    with stages(quiet) as progress, watch_decoders():
        pictures, faults = read_all(
            progress.count(data.paths, "read", len(data)), max_side_of(estimator), n_jobs=jobs
        )
        bad = set(faults)
        kept = [i for i in range(len(data)) if i not in bad]
        readable = LabelledImages([data.paths[i] for i in kept], [data.labels[i] for i in kept])
        failures = [(data.paths[i], error.code, error.message) for i, error in faults.items()]
        _check_classes(data, readable, failures)
        pictures = [pictures[i] for i in kept]
        if isinstance(estimator, AutoRecipe):
            estimator.fit(pictures, readable.labels, progress=progress, on_trial=show_trial)
            pipeline, training = estimator.best_pipeline_, estimator.training_
            description |= {"recipe": estimator.best_recipe_, "tried": estimator.report()}
        else:
            pipeline = estimator
            training = fit_recipe(pipeline, pictures, readable.labels, progress)
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


def show_trial(trial) -> None:
    """Say on stderr what became of one candidate of auto."""
    result = trial.note or "no class has a picture to hold out"
    if trial.accuracy is not None:
        result = f"{trial.accuracy:.1%} of held-out pictures right, {trial.seconds:.1f} s"
    click.echo(f"auto: {trial.recipe}: {result}", err=True)


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
