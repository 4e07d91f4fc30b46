"""``cvclassic train``: labeled images in, one model file out."""

from __future__ import annotations

import os
from typing import Any

import click

from cvclassic._basics.printable import plural

from ..shared.config import config_option
from ..shared.options import jobs_option, n_jobs, parse_params, quiet_option
from ..shared.outputs import OutputFile, check_model_output, default_model, keep_backup, wrote
from ..shared.sources import load_source, source_options
from ..shared.unknown import in_words

_MUCH = 1e9  # bytes of temporary files that are worth a word before the work


def _recipe_lines() -> str:
    """The list of recipes under the options."""
    from cvclassic.classify.catalog import AUTO, RECIPES

    rows = [("auto", AUTO), *RECIPES.items()]
    return "\n".join(f"  {name:<10} {line}" for name, line in rows)


class TrainCommand(click.Command):
    """A command whose help ends with the recipes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list as it is."""
        formatter.write("\nRecipes:\n" + _recipe_lines() + "\n")


@click.command(cls=TrainCommand)
@source_options
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Model file to write. [default: named like the data, such as photos.cvmodel]",
)
@click.option(
    "--recipe",
    default="auto",
    show_default=True,
    help="Recipe: features and classifier to use; see the list below.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="Time limit of the recipe auto in seconds.",
)
@click.option(
    "--head",
    metavar="NAME",
    help="Classifier to use: svm, ridge, ridge-rbf, mlp, mlp-wide, mlp-deep, mlp-linear or "
    "perceptron; mlp-regressor for labels that are numbers; keywords for several labels per "
    "image. [default: the recipe's own]",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the recipe, such as n_words=500. Can be given several times.",
)
@click.option(
    "--network",
    metavar="NAME|FILE",
    help="Pre-trained network of the recipes embedding and fused: a name of `cvclassic network "
    "list`, or an .onnx or .tflite file. [default: efficientnet-lite0]",
)
@click.option(
    "--augment",
    "changes",
    metavar="LIST",
    help="Also train on changed copies, such as mirror,rotate=10; see `cvclassic augment`.",
)
@click.option(
    "--augment-times",
    "times",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of changed copies per image.",
)
@click.option(
    "--curve", type=OutputFile(), help="Draw the training curve of an MLP (.png or .svg)."
)
@click.option(
    "--unknown",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Answer unknown when not sure enough, so that at most this share of the answers is wrong.",
)
@click.option(
    "--unknown-sets",
    "sets",
    is_flag=True,
    help="With --unknown: answer with sets of labels, at most RATE of which lack the true one.",
)
@click.option(
    "--report",
    type=OutputFile(),
    help="HTML page about the training. [default: beside the model, with the same name]",
)
@click.option("--no-report", is_flag=True, help="Do not write a page.")
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--skip-empty", is_flag=True, help="Ignore class folders without images.")
@click.option(
    "--dry-run", is_flag=True, help="Only check the data and print what would be trained."
)
@config_option
@jobs_option
@quiet_option
@click.pass_context
def train(
    ctx, output, recipe, budget, head, params, network, changes, times, curve, unknown, sets,
    report, no_report, seed, strict, skip_empty, dry_run, jobs, quiet, **source,
):  # fmt: skip
    """Train a model on FOLDER, which holds one sub-folder per class, or on other labeled data.

    Other data are a manifest (CSV with the columns path and label), an array file (--npz, with
    x_train and y_train) or a table of numbers (--table with --label, which needs no recipe). Of a
    folder with train, validation and test sub-folders, only train is used.

    The recipe auto tries several recipes in cross-validation on the training images, within
    --budget seconds, and keeps the best.

    With --labels keywords the images have several labels each: the manifest (or
    FOLDER/manifest.csv) has a column keywords with words separated by ; , | or blanks, or one row
    per image and word. Each word gets a probability and a threshold of its own. With --param
    rule=top --param n_top=5 the model always answers five words.

    The same images, recipe and seed give the same model, byte for byte, whatever --jobs is (with
    auto, as long as the budget lets it try the same recipes). Images that cannot be read are
    listed and skipped; the exit code is 1 then.

    A page beside the model (photos.html for photos.cvmodel) shows the images, the scores on
    held-out images and the time it took. An older model is kept as photos.cvmodel.bak.

    With --unknown, held-out training images show from which probability on at most that share of
    the answers is wrong (this holds with 95% confidence). It needs enough images: 59 for
    0.05, without a mistake. The error rate holds for images of the kinds that were trained.

    \b
    Example:
      cvclassic train photos/
      cvclassic train photos/ -o models/photos.cvmodel --recipe fisher
      cvclassic train --manifest birds.csv --split train --param n_words=1000
      cvclassic train --manifest tags.csv --labels keywords --recipe fisher
      cvclassic train --npz mnist.npz --recipe pixels --head mlp --curve curve.png
      cvclassic train photos/ --recipe patches --augment mirror,rotate=10
      cvclassic train photos/ --recipe embedding
      cvclassic train photos/ --unknown 0.05
      cvclassic train --table magic.csv --label class
      cvclassic train --config train.toml --dry-run
    """
    from cvclassic import train as train_model
    from cvclassic._basics.atomic import check_writable
    from cvclassic._basics.label_sets import is_multilabel
    from cvclassic.classify.catalog import RECIPES, WITH_NETWORK
    from cvclassic.draw import check_curve_path

    from ..shared.console import stages
    from ..shared.reporting import TrainingPage

    values = parse_params(params)
    if network is not None:
        if recipe not in WITH_NETWORK:
            raise click.UsageError(f"--network needs --recipe {' or '.join(WITH_NETWORK)}.")
        values["model"] = network
    if source["table"] is not None and (recipe != "auto" or changes is not None):
        raise click.UsageError("--table cannot be combined with --recipe or --augment.")
    if changes is not None and recipe == "auto":
        raise click.UsageError("--augment needs --recipe.")
    if sets and unknown is None:
        raise click.UsageError("--unknown-sets needs --unknown RATE.")
    if curve is not None:
        check_curve_path(curve)
    if report is not None and no_report:
        raise click.UsageError("--report and --no-report cannot be combined.")
    output = output if output is not None else default_model(source)
    check_model_output(output)
    if curve is not None:
        check_writable(curve)
    page = None if no_report or dry_run else TrainingPage(ctx, report, output)
    data = load_source(
        source, part="train", min_classes=2, skip_empty=skip_empty, tell=False, multilabel=True
    )
    copies = times if changes is not None else 0
    if dry_run:
        ctx.exit(_say_plan(data, source, recipe, head, values, changes, copies, output, strict))
    if not quiet and recipe in RECIPES:
        own = "keywords" if is_multilabel(data.labels) else None
        _say_needs(recipe, head or own, len(data) * (1 + copies), values)
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
            strict=strict,
            events=_events(progress, page, budget),
        )
    _draw_curve(model, curve)
    backup = keep_backup(output)
    size = model.save(output)
    if backup:
        click.echo(f"Note: the older model is now {backup}", err=True)
    page_line = "" if page is None else page.write(size, model)
    _report(model)
    click.echo(wrote(output, size))
    if page_line:
        click.echo(page_line)
    _say_next(output, source, data)
    ctx.exit(_end(model, strict))


def _events(progress, page, budget: float):
    """What shows the training on the terminal, and gathers what the page needs."""
    import time

    from cvclassic.model import TrainingEvents

    from ..shared.options import tell_notes

    class Events(TrainingEvents):
        on_epoch = staticmethod(progress.epoch)
        _see: Any = None
        _plan: tuple[str, ...] = ()
        _n_done = 0
        _start = time.monotonic()

        def on_progress(self, stage: str, done: int, total: int) -> None:
            progress(stage, done, total)

        def on_data(self, data) -> None:
            if page is not None:
                self._see = page.begin(data.paths, data.labels)

        def on_image(self, picture, decoded) -> None:
            if self._see is not None:
                self._see(picture, decoded)

        def on_plan(self, recipes) -> None:
            self._plan = tuple(recipes)
            progress.prefix = self._where

        def _where(self) -> str:
            number = min(self._n_done + 1, len(self._plan))
            spent = time.monotonic() - self._start
            return f"Recipe {number} of {len(self._plan)}, {spent:.0f} of {budget:.0f} s: "

        def on_trial(self, trial) -> None:
            self._n_done += 1
            show_trial(trial)

        def on_note(self, note) -> None:
            tell_notes([note])

    return Events()


def _draw_curve(model, path: str | None) -> None:
    """Draw the training curve, if one is requested and there is one."""
    from cvclassic.draw import draw_curve

    if path is None:
        return
    epochs = model.training.report.epochs
    if not epochs:
        click.echo(f"No curve to draw: {model.head} is not trained in epochs.", err=True)
        return
    draw_curve(epochs, path, "accuracy" if model.is_classifier else "R²")
    click.echo(wrote(path), err=True)


def show_trial(trial) -> None:
    """Say on stderr what became of one candidate of auto."""
    result = trial.note or "no class has an image to hold out"
    if trial.accuracy is not None:
        result = f"{trial.accuracy:.1%} {trial.measure} in cross-validation, {trial.seconds:.1f} s"
    click.echo(f"auto: {trial.recipe}: {result}", err=True)


def _say_needs(recipe: str, head: str | None, n_images: int, values: dict) -> None:
    """Say what a large training takes, and whether this machine has it."""
    from cvclassic.classify import make_recipe
    from cvclassic.classify.needs import needs_of

    needs = needs_of(make_recipe(recipe, head=head, **values), n_images)
    if needs is None or needs.disk < _MUCH:
        return
    click.echo(f"Needs about {needs}", err=True)
    if short := needs.shortage():
        click.secho(f"Warning: it {short}", err=True, fg="yellow")


def _say_plan(data, source, recipe, head, values, changes, copies, output, strict: bool) -> int:
    """Say what would be trained, check the recipe and the data, and train nothing."""
    from cvclassic._basics.label_sets import is_multilabel
    from cvclassic.classify import make_head, make_recipe, own_head
    from cvclassic.classify.needs import needs_of
    from cvclassic.model.checking import check_data

    from ..shared.console import show_table
    from ..shared.options import tell_notes

    is_table = source["table"] is not None
    pipeline = None
    if is_table:
        recipe, head = "table", head or "mlp-deep"
        make_head(head, **values)
    elif is_multilabel(data.labels):
        head = head or "keywords"
        pipeline = make_recipe("fast" if recipe == "auto" else recipe, head=head, **values)
    elif recipe != "auto":
        head = head or own_head(recipe)
        pipeline = make_recipe(recipe, head=head, **values)
    notes = check_data(data)
    tell_notes(notes)
    n_classes = len(data.counts) if hasattr(data, "counts") else len(set(data.labels))
    what = "rows" if is_table else "images"
    rows = [
        ("data", f"{len(data):,} {what}, {plural(n_classes, 'class', 'classes')}"),
        ("recipe", recipe if head is None else f"{recipe} + {head}"),
        ("parameters", ", ".join(f"{k}={v}" for k, v in values.items()) or "defaults"),
    ]
    if changes is not None:
        rows.append(("augment", f"{changes}, {plural(copies, 'copy', 'copies')} per image"))
    needs = None if pipeline is None else needs_of(pipeline, len(data) * (1 + copies))
    if needs is not None:
        rows.append(("needs about", str(needs)))
    rows.append(("model", f"{output}{' (exists, kept as .bak)' if os.path.exists(output) else ''}"))
    show_table(rows, title="Would train (--dry-run)")
    return 2 if strict and any(note.is_fault for note in notes) else 0


def _report(model) -> None:
    """Say what was learned, from what, how well and how long it took."""
    from ..shared.console import report_failures, show_table

    summary, run = model.summary, model.training
    training = run.report
    named = "images" if model.takes == "images" else "rows"
    rows = [("recipe", f"{model.recipe} + {model.head}")]
    if "augment" in summary:
        rows.append(
            ("augmented", f"{summary['augment']}, {summary['augment_times']} times per image")
        )
    if model.is_multilabel:
        counts = list(model.class_counts.values())
        spread = f"{min(counts)} to {max(counts)} images each"
        rows.append((named, f"{summary['n_images']} with {len(counts)} keywords ({spread})"))
        if summary["cv_f1"] is not None:
            rows.append(("cross-validation F1", f"{summary['cv_f1']:.1%} (mean over keywords)"))
    elif model.is_classifier:
        counts = list(model.class_counts.values())
        spread = str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        rows.append(
            (
                named,
                f"{summary['n_images']} in {plural(len(counts), 'class', 'classes')} "
                f"({spread} per class)",
            )
        )
        if len(counts) <= 12:
            rows.append(("classes", ", ".join(f"{k} {v}" for k, v in model.class_counts.items())))
    else:
        rows.append((named, f"{summary['n_images']}, labeled with numbers"))
    rows += [("note", note) for note in training.notes]
    rows += [(f"without {name}", why) for name, why in training.left_out.items()]
    if summary["cv_accuracy"] is not None:
        rows.append(("cross-validation accuracy", f"{summary['cv_accuracy']:.1%}"))
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
    show_table(rows)
    if run.failures:
        n = len(run.failures)
        click.echo(
            f"{n} {'image' if n == 1 else 'images'} could not be read and "
            f"{'was' if n == 1 else 'were'} skipped:",
            err=True,
        )
        report_failures(run.failures)


def _say_next(output: str, source: dict, data) -> None:
    """Offer the command that judges the model on the split that was not trained on."""
    import shlex

    parts = getattr(data, "parts", {})
    if "test" in parts or "validation" in parts:
        words = ["cvclassic", "evaluate", output, source["folder"]]
    elif source["manifest"] is not None and source["split"] is not None:
        from cvclassic.errors import DataError
        from cvclassic.images import load_dataset

        try:
            if load_dataset(source["manifest"], min_classes=1).test is None:
                return
        except DataError:
            return
        words = ["cvclassic", "evaluate", output, "--manifest", source["manifest"]]
        words += ["--split", "test"]
        words += [] if source["labels"] is None else ["--labels", source["labels"]]
    else:
        return
    click.echo(f"Evaluate it on the test images: {shlex.join(words)}")


def _end(model, strict: bool) -> int:
    """The exit code; what matters most is said last."""
    run = model.training
    bad = [note for note in run.notes if note.code in ("chance", "no_unknown")]
    for note in bad:
        click.secho(f"Warning: {note.message}.", err=True, bold=True, fg="yellow")
    failed = bool(run.failures) or any(note.code == "no_unknown" for note in bad)
    return 1 if failed or (strict and bad) else 0
