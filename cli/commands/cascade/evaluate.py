"""``cvclassic cascade evaluate``: what a cascade finds, against true boxes."""

from __future__ import annotations

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.console import report_failures, show_table
from ...shared.json_files import check_json, write_json
from ...shared.outputs import OutputFile, TextFile

box_format_option = click.option(
    "--box-format",
    type=click.Choice(["xyxy", "xywh"]),
    default="xyxy",
    show_default=True,
    help="Format of a box: two corners (xyxy), or corner and size (xywh).",
)


@click.command()
@click.argument("file", metavar="CASCADE", type=click.Path())
@click.option("--images", required=True, type=click.Path(), help="Folder of images.")
@click.option("--boxes", required=True, type=click.Path(), help="JSON file with the true boxes.")
@box_format_option
@click.option(
    "-o", "--output", type=OutputFile(), help="Draw precision over recall (.png or .svg)."
)
@click.option("--json", "json_", type=TextFile(), help="File for the numbers; - is stdout.")
@click.option(
    "--overlap",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Minimum intersection over union of a hit.",
)
@click.option(
    "--scale-factor",
    type=click.FloatRange(1, min_open=True),
    default=1.1,
    show_default=True,
    help="Scale step between window sizes.",
)
@click.option(
    "--min-neighbors",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Minimum number of overlapping windows per detection, plus one.",
)
@click.option(
    "--min-size",
    type=click.IntRange(min=0),
    default=0,
    help="Minimum width of a detection in pixels.",
)
@click.pass_context
def evaluate(ctx, file, images, boxes, box_format, output, json_, overlap, **settings):
    """Score CASCADE on images with true boxes.

    Boxes are ranked by score (the number and confidence of overlapping windows); the curve
    shows precision over recall at every threshold.

    Exit code: 0 all well, 1 an image could not be read, 2 usage or cascade, 3 output.

    \b
    Example:
      cvclassic cascade evaluate face.xml --images photos/ --boxes boxes.json -o curve.png
    """
    from pathlib import Path

    from cvclassic._basics.atomic import check_writable
    from cvclassic.cascade import CascadeDetector, read_boxes, score_detector
    from cvclassic.draw import check_curve_path, draw_precision_recall
    from cvclassic.errors import ImageReadError
    from cvclassic.images import read_image

    detector = CascadeDetector(file)
    truth = read_boxes(boxes, box_format)
    check_json(json_)
    if output is not None:
        check_curve_path(output)
        check_writable(output)
    failures: list[tuple[str, str, str]] = []

    def pictures():
        for name, rows in truth.items():
            path = str(Path(images, name))
            try:
                yield read_image(path), rows
            except ImageReadError as error:
                failures.append((path, error.code, error.message))

    scores = score_detector(detector, pictures(), min_overlap=overlap, **settings)
    report_failures(failures)
    precision, recall = scores.at(float("-inf"))
    numbers = {
        "pictures": scores.n_pictures,
        "true boxes": scores.n_truth,
        "found": scores.n_found,
        "right": scores.n_hits,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "average precision": round(scores.average_precision, 4),
        "recall at precision 0.9": round(scores.recall_at(0.9), 4),
    }
    if json_ != "-":
        show_table(list(numbers.items()))
    write_json(
        json_,
        {
            **{key.replace(" ", "_"): value for key, value in numbers.items()},
            "curve": [
                {"score": float(t), "precision": float(p), "recall": float(r)}
                for t, p, r in zip(scores.thresholds, scores.precision, scores.recall, strict=True)
            ],
        },
    )
    if output is not None:
        draw_precision_recall(
            {Path(file).stem: scores},
            output,
            f"{plural(scores.n_truth, 'object')}, overlap {overlap:g}",
        )
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)
