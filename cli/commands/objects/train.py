"""``cvclassic objects train``: a detector from images with boxes."""

from __future__ import annotations

import os
import time

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.console import plain, stages
from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.outputs import OutputFile, check_bundle_output, wrote
from ...shared.signals import stop_on_signals
from .options import labels_options, say_label_faults


@click.command()
@labels_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(dir_okay=False),
    metavar="MODEL",
    help="Detector file to write.",
)
@click.option(
    "--trees",
    "n_trees",
    type=click.IntRange(8, 5000),
    default=128,
    show_default=True,
    help="Number of trees in the first stage.",
)
@click.option(
    "--time-budget",
    type=click.FloatRange(min=1),
    metavar="MINUTES",
    help="Train on as many images as fit into this time (an estimate).",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Random seed.",
)
@click.option("--restart", is_flag=True, help="Discard an interrupted training and start over.")
@jobs_option
@quiet_option
@click.pass_context
def train(
    ctx, labels, images, labels_format, output, n_trees, time_budget, seed, restart, jobs, quiet
):
    """Train a detector of the objects whose boxes are in LABELS.

    Objects may have any shape and size, and there may be several classes. Boxes that no window fits
    are listed and skipped. Scores are
    cross-validated. Run the same command again to resume an interrupted training.

    Exit code: 0 all well, 1 some images could not be read, 2 usage or labels, 3 output.

    \b
    Example:
      cvclassic objects train --labels boxes.json --images photos/ -o raccoons.cvobjects
    """
    from cvclassic.images.labels import load_labeled_files
    from cvclassic.objects import Checkpoint, ObjectDetector, save_detector

    check_bundle_output(output)
    files = load_labeled_files(labels, images, format=labels_format)
    failures = say_label_faults(files, quiet=quiet)
    paths, truth = list(files.paths), list(files.images)
    if time_budget is not None:
        paths, truth = _within(paths, truth, time_budget, n_jobs(jobs), seed, quiet)
    folder = f"{output}.partial"
    checkpoint = Checkpoint(None if restart else folder, _about(paths, truth, n_trees, seed))
    if restart:
        Checkpoint(folder, None).remove()
        checkpoint = Checkpoint(folder, _about(paths, truth, n_trees, seed))
    if checkpoint.resumed and not quiet:
        click.echo(plain(f"{output}: resuming an interrupted training."), err=True)
    start = time.monotonic()
    model = ObjectDetector(n_trees=n_trees, random_state=seed, n_jobs=n_jobs(jobs))

    def kept() -> str:
        return "Interrupted. Finished steps are kept; run the same command again to resume."

    with stop_on_signals(kept), stages(quiet) as bars:
        model.fit(paths, truth, progress=bars, checkpoint=checkpoint)
    report = model.report_
    seconds = time.monotonic() - start
    scores = report.cross_validated.to_dict()
    summary = {
        "images": report.n_images,
        "objects": report.n_objects,
        "labels": os.path.basename(os.path.normpath(labels)),
        "seconds": round(seconds, 1),
        "cross_validated": scores,
        "first_stage_recall": round(report.first_stage_recall, 4),
        "unreachable": len(report.unreachable),
    }
    model.set_params(n_jobs=None)
    size = save_detector(output, model, summary)
    checkpoint.remove()
    if not quiet:
        _say(report, truth, scores, seconds)
    click.echo(wrote(output, size), err=True)
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _about(paths, truth, n_trees: int, seed: int) -> dict:
    """All that the steps depend on."""
    from cvclassic import __version__

    rows = []
    for path, image in zip(paths, truth, strict=True):
        stat = os.stat(path)
        objects = [[o.label, *o.box, o.ignore] for o in image.objects]
        rows.append([os.path.abspath(path), stat.st_size, stat.st_mtime_ns, objects])
    return {"images": rows, "trees": n_trees, "seed": seed, "version": __version__}


def _within(paths, truth, minutes: float, jobs: int, seed: int, quiet: bool):
    """As many images as fit into a time: about a second of processor time each."""
    import numpy as np

    room = int(max(minutes * 60 * max(jobs, 1) / 1.2, 10))
    if len(paths) <= room:
        return paths, truth
    chosen = np.sort(np.random.default_rng(seed).choice(len(paths), room, replace=False))
    if not quiet:
        click.echo(f"{room} of {plural(len(paths), 'image')} fit into the time.", err=True)
    return [paths[i] for i in chosen], [truth[i] for i in chosen]


def _say(report, truth, scores: dict, seconds: float) -> None:
    def percent(value) -> str:
        return "-" if value is None else f"{100 * value:.1f}%"

    click.echo(
        f"Trained on {plural(report.n_objects, 'object')} in "
        f"{plural(report.n_images, 'image')} in {seconds:.0f} s.",
        err=True,
    )
    click.echo(
        f"Cross-validated: AP50 {percent(scores['ap50'])}, AP {percent(scores['ap'])}, "
        f"log-average miss rate {percent(scores['log_average_miss_rate'])}",
        err=True,
    )
    if len(scores["classes"]) > 1:
        for name, one in scores["classes"].items():
            click.echo(
                plain(f"  {name}: AP50 {percent(one['ap50'])}, {one['objects']} objects"), err=True
            )
    if report.unreachable:
        names = sorted({truth[i].name for i, _ in report.unreachable})
        shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
        n = len(report.unreachable)
        click.echo(
            plain(
                f"{plural(n, 'box', 'boxes')} of unusual shape or size "
                f"{'was' if n == 1 else 'were'} left out: {shown}"
            ),
            err=True,
        )
