"""``cvclassic faces train-landmarks`` and ``landmarks``: 68 points of a face."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import plural, printable, show_bytes
from cvclassic.errors import ExitCode

from ...shared.options import max_side_option, quiet_option
from ...shared.outputs import OutputFile, OutputFolder, TextFile, check_bundle_output, wrote
from ...shared.running import (
    Session,
    engine_for,
    format_of_records,
    records_option,
    run_options,
    say_failure,
    source_options,
)


@click.command("train-landmarks")
@click.argument("folder", type=click.Path())
@click.option(
    "--points",
    required=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help='JSON file {"a.jpg": [[x, y], ... 68 times], ...}, with names relative to FOLDER.',
)
@click.option("-o", "--output", required=True, type=OutputFile(), help="Model file to write.")
@click.option(
    "--method",
    type=click.Choice(["descent", "trees"]),
    default="descent",
    show_default=True,
    help="descent: ridge regression on histograms of oriented gradients; trees: boosted trees.",
)
@click.option(
    "--starts",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Number of perturbed starts per face and mirror image.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="Random seed.",
)
@quiet_option
@click.pass_context
def train_landmarks(ctx, folder, points, output, method, starts, seed, quiet):
    """Train a model that locates 68 landmarks, on images in FOLDER with one annotated face each.

    The points are those of the Multi-PIE mark-up: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47,
    mouth 48-67. Faces that cannot be used are listed and skipped.

    Exit code: 0 all well, 1 some faces were skipped, 2 usage or too few faces, 3 output.

    \b
    Example:
      cvclassic faces train-landmarks faces/ --points points.json -o faces.cvlandmarks
    """
    from cvclassic.faces import FaceLandmarks, load_marked_faces, save_landmarks
    from cvclassic.faces.landmarks.boxes import box_of_face

    from ...shared.console import report_failures, show_table, stages

    check_bundle_output(output)
    faces = load_marked_faces(folder, points)
    if faces.failures:
        click.echo(f"{plural(len(faces.failures), 'face')} cannot be used (skipped):", err=True)
        report_failures(faces.failures)
    model = FaceLandmarks(method=method, n_starts=starts, random_state=seed)
    with stages(quiet) as show:
        pairs = show.count(zip(faces.images, faces.points, strict=True), "faces", len(faces.images))
        boxes = [box_of_face(image, shape) for image, shape in pairs]
        model.fit(
            faces.images,
            faces.points,
            boxes or None,
            progress=lambda done, total: show("cascade", done, total),
        )
    found = sum(bool(box[0] == box[0]) for box in boxes)  # a NaN is not itself
    summary = {"faces": len(boxes), "detected": found, "left_out": len(faces.failures)}
    size = save_landmarks(output, model, summary)
    if faces.unmarked and not quiet:
        click.echo(f"{faces.unmarked} images of {folder} have no points.", err=True)
    error = model.held_out_error_
    shown = "not estimated for trees" if error != error else f"{error:.1%} of the eyes' distance"
    show_table(
        [
            ("method", f"{method}, {plural(len(model.stages_), 'stage')}"),
            ("faces", f"{len(boxes)}, {found} of them found by the detector"),
            ("held-out error", shown),
            ("model", f"{os.fspath(output)} ({show_bytes(size)})"),
        ]
    )
    ctx.exit(ExitCode.FAILURES if faces.failures else ExitCode.OK)


@click.command()
@source_options
@click.option(
    "-m",
    "--model",
    required=True,
    type=click.Path(dir_okay=False),
    help="Model file from `faces train-landmarks`.",
)
@click.option("-o", "--output", type=OutputFolder(), help="Folder for the drawings.")
@records_option
@click.option(
    "--csv",
    "csv_",
    type=TextFile("path,status,code,message,face"),
    help="Write the points as CSV, one row per face.",
)
@click.option(
    "--box",
    type=float,
    nargs=4,
    metavar="X Y W H",
    help="Box of the face in all images, in pixels, as the detector would draw it.",
)
@click.option(
    "--points",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="True points by file name, as for train-landmarks; errors are measured against them.",
)
@max_side_option
@run_options(json_flag=False)
@click.pass_context
def landmarks(ctx, sources, model, output, records, csv_, box, points, max_side, options):
    """Mark 68 points of every face in the images of PATHS.

    Errors are mean distances to the true points, divided by the distance between the outer corners
    of the eyes.

    Exit code: 0 all could be read (also without a face), 1 some could not, 2 usage or model,
    3 output.

    \b
    Example:
      cvclassic faces landmarks group.jpg -m faces.cvlandmarks -o drawn/ --json points.json
    """
    from cvclassic.batch import file_digest
    from cvclassic.batch.outputs.writers import open_text
    from cvclassic.faces import load_landmarks, read_points

    if records == csv_ == "-":
        raise click.UsageError("Only one of --json and --csv can go to standard output.")
    estimator, _ = load_landmarks(model)
    known = read_points(points) if points is not None else {}
    quiet = options.quiet or "-" in (records, csv_)
    errors: list[float | None] = []
    with Session(options, records, engine_for(sources)) as session, contextlib.ExitStack() as stack:
        from ...tasks.landmarks import LandmarkTask, PointRows

        sinks = []
        if csv_ is not None:
            sinks.append(PointRows(stack.enter_context(open_text(csv_))))
        task = LandmarkTask(estimator, file_digest(model), max_side, box, known, output)
        code = session.run(
            sources,
            task,
            format=format_of_records(records),
            folder=output,
            sinks=sinks,
            each=partial(_say, output, quiet, errors),
            what="Locating landmarks",
            brief=True,
        )
    if not quiet:
        _say_mean(errors)
    ctx.exit(code)


def _say(folder: str | None, quiet: bool, errors: list[float | None], record: Any) -> None:
    """One line about one image."""
    if record.failed:
        say_failure(record)
        return
    if "error" in record.values:
        errors.append(record.values["error"])
    if quiet:
        return
    n = len(record.values["faces"])
    line = f"{record.path}: {plural(n, 'face') if n else 'no faces'}"
    if record.values.get("error") is not None:
        line += f", {record.values['error']:.1%} off"
    if folder and record.files:
        line += f". {wrote(os.path.join(folder, record.files[0]))}"
    click.echo(printable(line))


def _say_mean(errors: list[float | None]) -> None:
    """The mean error, where there are true points."""
    found = [error for error in errors if error is not None]
    if found:
        click.echo(
            f"mean error {sum(found) / len(found):.2%} of the distance between the outer corners "
            f"of the eyes, {len(found)} of {plural(len(errors), 'face')} found"
        )
