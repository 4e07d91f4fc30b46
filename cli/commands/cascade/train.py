"""``cvclassic cascade train``: a detector from images of the object and images without."""

from __future__ import annotations

import time

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.console import report_failures, stages
from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.outputs import TextFile
from .evaluate import box_format_option
from .log import TrainingLog


class WindowSize(click.ParamType):
    """``24x24``."""

    name = "WxH"

    def convert(self, value, param, ctx):
        """Width and height as numbers."""
        if isinstance(value, tuple):
            return value
        width, _, height = value.partition("x")
        if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
            self.fail(f"expected a size such as 24x24. Got {value!r} instead.", param, ctx)
        return int(width), int(height)


class Rates(click.ParamType):
    """``0.995``, or several numbers ``0.98,0.995``, of which the last is for all that follow."""

    name = "RATE[,RATE...]"

    def convert(self, value, param, ctx):
        """A number, or a tuple of several."""
        if not isinstance(value, str):
            return value
        try:
            rates = tuple(float(part) for part in value.split(","))
        except ValueError:
            self.fail(f"expected a number such as 0.5, or several. Got {value!r}.", param, ctx)
        if not all(0 < rate <= 1 for rate in rates):
            self.fail(f"rates lie between 0 and 1. Got {value!r}.", param, ctx)
        return rates if len(rates) > 1 else rates[0]


@click.command()
@click.option(
    "--positives", type=click.Path(), help="Images of the object: a folder or an .npz file."
)
@click.option(
    "--boxes",
    type=click.Path(),
    help="JSON file with boxes of the object in --images, instead of --positives.",
)
@click.option("--images", type=click.Path(), help="Folder of the images in --boxes.")
@box_format_option
@click.option(
    "--negatives", required=True, type=click.Path(), help="Folder of images without the object."
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=TextFile(r"<[?]xml[^>]*>\s*<opencv_storage>"),
    help="XML file to write.",
)
@click.option(
    "--feature",
    type=click.Choice(["lbp", "haar"]),
    default="lbp",
    show_default=True,
    help="Kind of features; lbp trains and scans faster.",
)
@click.option(
    "--window",
    type=WindowSize(),
    default="24x24",
    show_default=True,
    help="Window size in pixels: the smallest object that can be found.",
)
@click.option(
    "--inner",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of each side of --positives that the object fills. [default: all of it]",
)
@click.option(
    "--stages",
    "n_stages",
    type=click.IntRange(min=1),
    default=18,
    show_default=True,
    help="Maximum number of stages.",
)
@click.option(
    "--hit-rate",
    type=Rates(),
    default="0.98,0.984,0.988,0.99,0.993,0.995,0.997",
    show_default=True,
    help="Minimum share of objects that each stage passes; the last of several values is repeated.",
)
@click.option(
    "--false-alarm",
    type=Rates(),
    default=0.5,
    show_default=True,
    help="Maximum share of negatives that each stage passes; 0.6,0.5 gives a quick first stage.",
)
@click.option(
    "--num-positives",
    type=click.IntRange(min=50),
    default=12000,
    show_default=True,
    help="Number of augmented objects per stage.",
)
@click.option(
    "--num-negatives",
    type=click.IntRange(min=100),
    default=12000,
    show_default=True,
    help="Number of hard negatives per stage.",
)
@click.option(
    "--max-trees",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Maximum number of weak classifiers per stage.",
)
@click.option(
    "--no-mirror",
    is_flag=True,
    help="Do not mirror the objects (for objects that are not symmetric).",
)
@click.option(
    "--shift",
    type=click.FloatRange(0, 0.5),
    help="Shift copies by up to this share of the window. [default: 0.84 pixels]",
)
@click.option(
    "--turn",
    type=click.FloatRange(0, 180),
    default=6.5,
    show_default=True,
    help="Rotate copies by up to this many degrees.",
)
@click.option(
    "--scale",
    type=click.FloatRange(0, 1),
    default=0.065,
    show_default=True,
    help="Resize copies by up to this share.",
)
@click.option(
    "--blur",
    type=click.FloatRange(0, 10),
    default=1.1,
    show_default=True,
    help="Blur a quarter of the copies by up to this many pixels of the window.",
)
@click.option(
    "--noise",
    type=click.FloatRange(0, 128),
    default=12,
    show_default=True,
    help="Add noise of up to this many gray levels to another quarter (and to negatives).",
)
@click.option(
    "--restart", is_flag=True, help="Start over, even if the output holds an unfinished cascade."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."
)
@jobs_option
@quiet_option
@click.pass_context
def train(
    ctx,
    positives,
    boxes,
    images,
    box_format,
    negatives,
    output,
    inner,
    restart,
    jobs,
    quiet,
    **rest,
):
    """Train a cascade that `cv2.CascadeClassifier` loads.

    Each stage learns from augmented copies of the objects and from hard negatives: windows without
    the object that pass all earlier stages. A fifth of the objects is
    held out to set the thresholds. The output is written after every stage and can be
    used at once; after an interruption the same command resumes and gives the same
    bytes.

    Exit code: 0 trained (also when no negatives are left to learn from), 1 and some images could
    not be read, 2 usage, 3 ended before that: too few objects pass, or the rates are out of reach;
    the stages that are done are in the output.

    \b
    Example:
      cvclassic cascade train --positives faces.npz --inner 0.72 --negatives scenes/ -o face.xml
      cvclassic cascade train --boxes mugs.json --images photos/ --negatives rooms/ -o mug.xml
      cvclassic cascade train --positives signs/ --no-mirror --window 20x30 --negatives streets/
        -o sign.xml
    """
    from cvclassic.cascade import (
        CascadeDetector,
        Jitter,
        Objects,
        Settings,
        load_pictures,
        train_cascade,
    )
    from cvclassic.cascade.training import check_settings

    from ...shared.signals import stop_on_signals

    if (positives is None) == (boxes is None):
        raise click.UsageError("Give either --positives or --boxes.")
    if (boxes is None) != (images is None):
        raise click.UsageError("--boxes and --images go together.")
    if boxes is not None and inner is not None:
        raise click.UsageError("--inner goes with --positives.")
    settings = Settings(
        feature=rest["feature"],
        window=rest["window"],
        stages=rest["n_stages"],
        hit_rate=rest["hit_rate"],
        false_alarm=rest["false_alarm"],
        n_positives=rest["num_positives"],
        n_negatives=rest["num_negatives"],
        max_trees=rest["max_trees"],
        jitter=Jitter(
            mirror=not rest["no_mirror"],
            **{name: rest[name] for name in ("shift", "turn", "scale", "blur", "noise")},
        ),
        seed=rest["seed"],
    )
    check_settings(settings)
    begin = time.perf_counter()
    log = TrainingLog(quiet, begin)
    with (
        stop_on_signals(lambda: f"Interrupted. Run the same command again to resume{log.where}."),
        stages(quiet) as bars,
    ):
        log.bars = bars
        found, share = _positives(positives, boxes, images, box_format, inner, settings.window)
        scenes = load_pictures(negatives)
        failures = found.failures + scenes.failures
        report_failures(failures)
        log.say(
            f"{plural(len(found.pictures), 'object')}, "
            f"{plural(len(scenes.pictures), 'image')} without it"
        )
        training = train_cascade(
            Objects(found.pictures, settings.window, share),
            scenes.pictures,
            settings,
            output,
            restart=restart,
            n_jobs=n_jobs(jobs),
            progress=log.progress,
            stage_done=log.stage_done,
        )
    if training.cascade is None:
        click.echo(f"Error: {training.message}", err=True)
        return ctx.exit(ExitCode.INCOMPLETE)
    CascadeDetector(training.cascade)  # OpenCV takes it
    n, trees = len(training.cascade.stages), training.cascade.n_trees
    click.echo(
        f"{output}: {plural(n, 'stage')}, {plural(trees, 'tree')}, "
        f"{time.perf_counter() - begin:.0f} s"
    )
    if training.why != "stages":
        click.echo(training.message, err=training.why != "negatives")
    if training.why in ("rates", "positives"):
        ctx.exit(ExitCode.INCOMPLETE)
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _positives(positives, boxes, images, box_format, inner, window):
    """The objects, and the share of each side that the window covers."""
    from cvclassic.cascade import cut_boxes, load_pictures, read_boxes
    from cvclassic.cascade.sources import CONTEXT
    from cvclassic.errors import DataError

    if positives is not None:
        # a window needs no more pixels than this; thousands of photographs would fill the memory
        most = int(4 * max(window) / (inner or 1.0))
        return load_pictures(positives, max_side=most), inner or 1.0
    found = cut_boxes(read_boxes(boxes, box_format), images)
    if not found.pictures:
        raise DataError(f"{boxes}: no object was found in {images}")
    return found, 1 / CONTEXT
