"""``cvclassic cascade show``: the features of a cascade, and why a window passes or not."""

from __future__ import annotations

import click

from cvclassic._basics.printable import plural

from ...shared.outputs import OutputFile, check_image_suffix, wrote


@click.command()
@click.argument("file", metavar="CASCADE", type=click.Path())
@click.argument("image", type=click.Path())
@click.option("-o", "--output", required=True, type=OutputFile(), help="Image to draw.")
@click.option(
    "--at",
    metavar="X,Y,W,H",
    help="Window to inspect. [default: the most confident detection, else the whole image]",
)
@click.option(
    "--features",
    "n_features",
    type=click.IntRange(1, 40),
    default=8,
    show_default=True,
    help="Number of features to draw.",
)
def show(file, image, output, at, n_features):
    """Draw which features of CASCADE accept or reject a window of IMAGE.

    If the window is accepted, the first features are drawn: green blocks of LBP features are
    at least as bright as the middle one, orange ones darker; in Haar features green is added and
    orange subtracted. If a stage rejects it, the features of that stage are drawn, those that
    cost most first. Bars show how far each stage's score is above or below its threshold.

    Exit code: 0 all well, 2 usage, cascade or image, 3 output.

    \b
    Example:
      cvclassic cascade show face.xml photo.jpg -o why.png
      cvclassic cascade show face.xml photo.jpg --at 40,60,80,80 -o why.png
    """
    import cv2
    import numpy as np

    from cvclassic._basics.atomic import check_writable
    from cvclassic.cascade import CascadeDetector, draw_window, explain_window, surest_window
    from cvclassic.cascade.loading import to_gray
    from cvclassic.draw import write_drawing
    from cvclassic.errors import ParameterError
    from cvclassic.images import read_image

    check_image_suffix(output)
    check_writable(output)
    detector = CascadeDetector(file)
    cascade = detector.cascade
    gray = to_gray(read_image(image))
    surest = surest_window(detector, gray) if at is None else None
    if surest is not None:
        (x, y, w, h), crop = surest
    else:
        x, y, w, h = _window(at, gray)
        part = gray[y : y + h, x : x + w]
        size = (cascade.width, cascade.height)
        crop = part if part.shape == size[::-1] else cv2.resize(part, size)
    stages = explain_window(cascade, np.ascontiguousarray(crop))
    if not stages:
        raise ParameterError(
            f"the window {x},{y},{w},{h} has too little contrast: OpenCV skips it before the "
            "first stage"
        )
    last = stages[-1]
    if last.passed:
        votes = [vote for stage in stages for vote in stage.votes][:n_features]
        what = f"passes all {plural(len(cascade.stages), 'stage')}"
    else:
        votes = sorted(last.votes, key=lambda vote: -vote.loss)[:n_features]
        worst = last.worst
        feature = cascade.features[worst.tree.feature[0]]
        where = feature.tolist() if cascade.kind == "lbp" else feature[0, :4].astype(int).tolist()
        what = (
            f"rejected by stage {last.number} ({last.total:.3f}, threshold {last.limit:.3f}); tree "
            f"{worst.number} costs most ({-worst.loss:.3f}), feature at {where}"
        )
    sheet = draw_window(cascade, crop, votes, stages, image=gray, box=(x, y, w, h))
    write_drawing(output, sheet)
    click.echo(wrote(output))
    click.echo(f"window {x},{y},{w},{h}: {what}")


def _window(at: str | None, gray) -> tuple[int, int, int, int]:
    """The window to look into, in whole pixels inside the image."""
    height, width = gray.shape
    if at is None:
        return 0, 0, width, height
    try:
        x, y, w, h = (int(part) for part in at.split(","))
    except ValueError:
        raise click.BadParameter(f"--at: expected X,Y,W,H. Got {at!r} instead.") from None
    if w < 1 or h < 1 or x < 0 or y < 0 or x + w > width or y + h > height:
        raise click.BadParameter(f"--at: {at} is not inside the image of {width}x{height}.")
    return x, y, w, h
