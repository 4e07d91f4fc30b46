"""``cvclassic train``: labeled pictures in, one model file out."""

from __future__ import annotations

import os
from typing import Any

import click

from ..shared.options import jobs_option, n_jobs, parse_params, quiet_option
from ..shared.sources import load_source, source_options
from ..shared.unknown import in_words


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
    from cvclassic import train as train_model
    from cvclassic._basics.atomic import check_writable
    from cvclassic.draw import check_curve_path

    from ..shared.console import stages
    from ..shared.reporting import TrainingPage

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
    for path in filter(None, (output, curve)):
        check_writable(path)
    data = load_source(source, part="train", min_classes=2)
    with stages(quiet) as progress:
        model = train_model(
            data,
            recipe,
            head=head,
            params=values,
            budget=budget,
            augment=changes,
            augment_times=times,
            unknown=unknown,
            unknown_sets=sets,
            random_state=seed,
            n_jobs=n_jobs(jobs),
            events=_events(progress, page),
        )
    _draw_curve(model, curve)
    size = model.save(output)
    written = page.write(size, model) if page is not None else ""
    _report(output, size, model, written)
    ctx.exit(1 if model.training and model.training.failures else 0)


def _events(progress, page):
    """What shows the training on the terminal, and gathers what the page needs."""
    from cvclassic.model import TrainingEvents

    class Events(TrainingEvents):
        on_progress = staticmethod(progress)
        on_epoch = staticmethod(progress.epoch)
        on_trial = staticmethod(show_trial)
        _see: Any = None

        def on_data(self, data) -> None:
            if page is not None:
                self._see = page.begin(data.paths, data.labels)

        def on_image(self, picture, decoded) -> None:
            if self._see is not None:
                self._see(picture, decoded)

    return Events()


def _draw_curve(model, path: str | None) -> None:
    """Draw the training curve, if one is asked for and there is one."""
    from cvclassic.draw import draw_curve

    if path is None:
        return
    epochs = model.training.report.epochs
    if not epochs:
        click.echo(f"There is no curve to draw: head {model.head} has no epochs.", err=True)
        return
    draw_curve(epochs, path, "accuracy" if model.is_classifier else "R²")


def show_trial(trial) -> None:
    """Say on stderr what became of one candidate of auto."""
    result = trial.note or "no class has an image to hold out"
    if trial.accuracy is not None:
        result = f"{trial.accuracy:.1%} correct in cross-validation, {trial.seconds:.1f} s"
    click.echo(f"auto: {trial.recipe}: {result}", err=True)


def _report(output, size: int, model, page: str = "") -> None:
    """Say what was learned, from what, how well and how long it took."""
    from ..shared.console import report_failures, show_table

    summary, run = model.summary, model.training
    training = run.report
    named = "images" if model.takes == "images" else "rows"
    rows = [("recipe", f"{model.recipe}, head {model.head}")]
    if "augment" in summary:
        rows.append(("augmented", f"{summary['augment']}, {summary['augment_times']} times"))
    if summary["class_counts"]:
        counts = list(model.class_counts.values())
        spread = str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        rows.append((named, f"{summary['n_images']} in {len(counts)} classes ({spread} a class)"))
        if len(counts) <= 12:
            rows.append(("classes", ", ".join(f"{k} {v}" for k, v in model.class_counts.items())))
    else:
        rows.append((named, f"{summary['n_images']}, with numbers for labels"))
    if training.without_features:
        rows.append(("no features", f"{len(training.without_features)} pictures were left out"))
    rows += [("note", note) for note in training.notes]
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
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in run.seconds.items())
    rows.append(("time", times))
    rows.append(("model", f"{os.fspath(output)} ({size / 1e6:.1f} MB)"))
    if page:
        rows.append(("page", page))
    show_table(rows)
    if run.failures:
        click.echo(f"{len(run.failures)} images could not be read and were left out:", err=True)
        report_failures(run.failures)
