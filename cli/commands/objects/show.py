"""``cvclassic objects show``: why this window, or where a missed box was lost."""

from __future__ import annotations

import click

from ...shared.console import plain
from ...shared.json_files import check_json, write_json
from ...shared.outputs import OutputFile, TextFile, wrote


@click.command()
@click.argument("model", type=click.Path())
@click.argument("image", type=click.Path())
@click.option(
    "--at",
    metavar="X,Y,W,H",
    help="Box to explain.  [default: the most probable object, else the whole image]",
)
@click.option("--label", help="Class to explain.  [default: the most probable one]")
@click.option("-o", "--output", type=OutputFile(), help="Drawing (.png, .svg or .pdf).")
@click.option("--json", "json_", type=TextFile(), help="File for the numbers; - is stdout.")
@click.pass_context
def show(ctx, model, image, at, label, output, json_):
    """Explain what MODEL found in IMAGE, stage by stage, or why it did not find a box.

    The drawing shows the score along the trees, the channels they used, and
    which cells of gradients and which parts of the window are evidence for the class and against
    it.

    Exit code: 0 all well, 2 usage, model or image, 3 output.

    \b
    Example:
      cvclassic objects show raccoons.cvobjects photo.jpg -o why.png
      cvclassic objects show raccoons.cvobjects photo.jpg --at 40,60,80,80 -o why-not.png
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.draw import check_curve_path
    from cvclassic.draw.windows import draw_window_explanation
    from cvclassic.images import read_image
    from cvclassic.objects import load_detector
    from cvclassic.objects.explaining import explain_window

    box = None
    if at is not None:
        try:
            box = [float(v) for v in at.split(",")]
        except ValueError:
            box = []
        if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
            raise click.UsageError(f"--at must be X,Y,W,H in pixels. Got {at!r}.")
    check_json(json_)
    if output is not None:
        check_curve_path(output)
        check_writable(output)
    detector, _ = load_detector(model)
    pixels = read_image(image)
    told = explain_window(detector, pixels, box, label)
    if json_ != "-":
        click.echo(plain(f"{told.label}: {told.verdict}"))
        if told.rank is not None:
            click.echo(f"Window {told.rank + 1} of the first stage, score {told.trace[-1]:.2f}")
        for title, values in (("Channels", told.channels), ("Parts", told.groups)):
            best = sorted(values.items(), key=lambda item: -abs(item[1]))[:4]
            click.echo(f"{title}: " + ", ".join(f"{name} {value:+.2f}" for name, value in best))
    write_json(
        json_,
        {
            "label": told.label,
            "verdict": told.verdict,
            "probability": told.probability,
            "score": told.score,
            "window": told.window.tolist(),
            "box": told.final.tolist(),
            "first_stage": {"trace": told.trace.tolist(), "needed": told.floors.tolist()},
            "channels": told.channels,
            "parts": told.groups,
            "cells": told.cells.tolist(),
        },
    )
    if output is not None:
        draw_window_explanation(told, pixels, output)
        click.echo(wrote(output), err=True)
