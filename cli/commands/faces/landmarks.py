"""``cvclassic faces train-landmarks`` and ``landmarks``: 68 points of a face."""

from __future__ import annotations

import csv
import io
import os
import sys
from typing import Any

import click

from ...shared.options import quiet_option
from ...shared.pictures import (
    PictureNames,
    check_json,
    each_picture,
    max_side_option,
    prepare_folder,
    short_path,
    write_json,
)


@click.command("train-landmarks")
@click.argument("folder", type=click.Path())
@click.option(
    "--points",
    required=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help='JSON: {"a.jpg": [[x, y], ... 68 times], ...}, names relative to FOLDER.',
)
@click.option("-o", "--output", required=True, type=click.Path(), help="Model file to write.")
@click.option(
    "--method",
    type=click.Choice(["descent", "trees"]),
    default="descent",
    show_default=True,
    help="descent: ridge regression from histograms of orientations; trees: boosted trees.",
)
@click.option(
    "--starts",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Shaken starts for each face and each mirror image.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="Of the random starts.",
)
@quiet_option
@click.pass_context
def train_landmarks(ctx, folder, points, output, method, starts, seed, quiet):
    """Learn to mark 68 points of a face from the pictures of FOLDER, one marked face in each.

    The points are those of the Multi-PIE mark-up: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47,
    mouth 48-67. Faces that cannot be used are listed and left out.

    Exit code: 0 all well, 1 some faces were left out, 2 usage or too few faces, 3 output.

    \b
    Example:
      cvclassic faces train-landmarks faces/ --points points.json -o faces.cvlandmarks
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.faces import FaceLandmarks, load_marked_faces, save_landmarks
    from cvclassic.faces.landmarks.boxes import box_of_face

    from ...shared.console import report_failures, show_table, stages

    check_writable(output)
    faces = load_marked_faces(folder, points)
    if faces.failures:
        click.echo(f"{len(faces.failures)} faces cannot be used and are left out:", err=True)
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
        click.echo(f"{faces.unmarked} pictures of {folder} have no points.", err=True)
    error = model.held_out_error_
    shown = "not estimated by trees" if error != error else f"{error:.1%} of the eyes' distance"
    show_table(
        [
            ("method", f"{method}, {len(model.stages_)} stages"),
            ("faces", f"{len(boxes)}, {found} of them found by the detector"),
            ("held-out error", shown),
            ("model", f"{os.fspath(output)} ({size / 1e6:.1f} MB)"),
        ]
    )
    ctx.exit(1 if faces.failures else 0)


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-m",
    "--model",
    required=True,
    type=click.Path(dir_okay=False),
    help="File that train-landmarks wrote.",
)
@click.option("-o", "--output", type=click.Path(file_okay=False), help="Folder for drawings.")
@click.option("--json", "json_", type=click.Path(), help="File for the points; - is stdout.")
@click.option("--csv", "csv_", type=click.Path(), help="The same as CSV, one row a face.")
@click.option(
    "--box",
    type=float,
    nargs=4,
    metavar="X Y W H",
    help="The face's box in all pictures, in pixels, as the detector would draw it.",
)
@click.option(
    "--points",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="True points, as for train-landmarks, by file name: say how far off the found ones are.",
)
@max_side_option
@click.pass_context
def landmarks(ctx, images, model, output, json_, csv_, box, points, max_side):
    """Mark 68 points of every face in each IMAGE, or in all pictures of a folder.

    Errors against true points are mean distances over the distance of the outer corners of the
    eyes.

    Exit code: 0 all could be read (also without a face), 1 some could not, 2 usage or model,
    3 output.

    \b
    Example:
      cvclassic faces landmarks group.jpg -m faces.cvlandmarks -o drawn/ --json points.json
    """
    from cvclassic.faces import load_landmarks, read_points

    estimator, _ = load_landmarks(model)
    names = PictureNames(prepare_folder(output), "landmarks")
    for path in (json_, csv_):
        check_json(path)
    if json_ == csv_ == "-":
        raise click.UsageError("Only one of --json and --csv can go to standard output.")
    known = read_points(points) if points is not None else {}

    def work(path: str, pixels: Any, factor: float) -> dict[str, Any]:
        true = _true_points(known, path, factor)
        return _mark(estimator, pixels, factor, box, true, names if output else None, path)

    quiet = "-" in (json_, csv_)
    records = []
    for record in each_picture(images, max_side, work):
        records.append(record)
        if not quiet and record["status"] != "error":
            _say(record)
    if not quiet:
        _say_mean(records)
    code = write_json(json_, records)
    _write_csv(csv_, records)
    ctx.exit(code)


def _true_points(known: dict, path: str, factor: float):
    """The marked points of a picture, in the pixels of its reduced copy; None without."""
    from cvclassic.faces.landmarks.data import as_shape

    name = os.path.basename(path)
    if name not in known:
        return None
    return (as_shape(known[name], name) + 0.5) / factor - 0.5


def _mark(estimator, pixels, factor, box, true, names, path) -> dict[str, Any]:
    """What a record says about the faces of a picture; the drawing is written."""
    import numpy as np

    from cvclassic.draw import draw_landmarks
    from cvclassic.faces import landmark_errors
    from cvclassic.faces.landmarks.boxes import find_boxes

    boxes = find_boxes(pixels) if box is None else np.array([box]) / factor
    shapes = estimator.mark(pixels, boxes)
    faces = []
    for rectangle, shape in zip(boxes, shapes, strict=True):
        in_file = (shape + 0.5) * factor - 0.5
        faces.append(
            {
                "box": [round(float(v) * factor, 2) for v in rectangle],
                "points": np.round(in_file, 2).tolist(),
            }
        )
    record: dict[str, Any] = {"faces": faces}
    if true is not None and len(shapes):
        middle = true.mean(axis=0)
        nearest = int(np.linalg.norm(shapes.mean(axis=1) - middle, axis=1).argmin())
        record["error"] = round(float(landmark_errors(shapes[nearest][None], true[None])[0]), 5)
    elif true is not None:
        record["error"] = None
    if names is not None:
        marked = None if true is None else true[None]
        drawing = draw_landmarks(pixels, shapes, boxes=boxes, true=marked)
        record["drawing"] = names.write(path, drawing)
    return record


def _say(record: dict[str, Any]) -> None:
    """One line on stdout."""
    n = len(record["faces"])
    line = f"{short_path(record['path'])}: {n or 'no'} face{'' if n == 1 else 's'}"
    if record.get("error") is not None:
        line += f", {record['error']:.1%} off"
    if "drawing" in record:
        line += f" -> {record['drawing']}"
    click.echo(line)


def _say_mean(records: list[dict[str, Any]]) -> None:
    """The mean error, where there are true points."""
    errors = [record["error"] for record in records if "error" in record]
    found = [error for error in errors if error is not None]
    if found:
        click.echo(
            f"mean error {sum(found) / len(found):.2%} of the distance of the outer corners of "
            f"the eyes, {len(found)} of {len(errors)} faces found"
        )


def _write_csv(path: str | None, records: list[dict[str, Any]]) -> None:
    """One row for each face, and one for each picture without."""
    if path is None:
        return
    from cvclassic._basics.atomic import atomic_file

    coordinates = [f"{axis}{i}" for i in range(68) for axis in "xy"]
    header = ["path", "status", "code", "message", "face", "left", "top", "width", "height"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, *coordinates])
    for record in records:
        start = [record["path"], record["status"], record["code"], record["message"]]
        for i, face in enumerate(record.get("faces", [])):
            flat = [value for point in face["points"] for value in point]
            writer.writerow([*start, i, *face["box"], *flat])
        if not record.get("faces"):
            writer.writerow([*start, *[""] * (5 + len(coordinates))])
    if path == "-":
        sys.stdout.buffer.write(text.getvalue().encode("utf-8", "surrogateescape"))
        return
    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text.getvalue())
