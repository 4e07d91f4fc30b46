"""``cvclassic video motion``: what moves, drawn."""

from __future__ import annotations

from collections.abc import Iterable

import click

from cvclassic.errors import ExitCode

from ...shared.options import quiet_option
from ...shared.outputs import OutputFile, check_no_input, wrote
from ...shared.video import FrameReader

KINDS = ("background", "flow", "stabilize")


@click.command()
@click.argument("clip")
@click.option("-o", "--output", required=True, type=OutputFile(), help="Video to write.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="background",
    show_default=True,
    help="Foreground over a learned background, optical flow in colors, or a stabilized camera.",
)
@click.option(
    "--method",
    type=click.Choice(["mog2", "knn"]),
    default="mog2",
    show_default=True,
    help="Background model to use.",
)
@quiet_option
@click.pass_context
def motion(ctx, clip, output, kind, method, quiet) -> None:
    """Show what moves in CLIP, or stabilize its camera.

    \b
    Example:
      cvclassic video motion street.mp4 -o moving.mp4
      cvclassic video motion street.mp4 -o flow.mp4 --kind flow
      cvclassic video motion shaky.mp4 -o steady.mp4 --kind stabilize
    """
    from cvclassic.video import (
        VideoWriter,
        draw_flow,
        draw_foreground,
        optical_flow,
        stabilize,
        subtract_background,
    )

    check_no_input(output, (clip,))
    reader = FrameReader(clip, quiet=quiet, what="Drawing")
    kept: list = []
    drawn: Iterable

    def frames():
        for frame in reader:
            kept.append(frame.value)
            yield frame.value

    if kind == "background":
        masks = subtract_background(frames(), method)
        drawn = (draw_foreground(kept.pop(0), mask) for mask in masks)
    elif kind == "flow":
        drawn = (draw_flow(flow) for flow in optical_flow(frames()))
    else:
        drawn = stabilize(frames())
    with VideoWriter(output) as writer:
        for i, pixels in enumerate(drawn):
            if kind != "background":
                kept.clear()
            writer.write(pixels, reader.times[i])
    if not reader.times:
        ctx.exit(ExitCode.FAILURES)  # said by the reader
    click.echo(wrote(output), err=True)
    ctx.exit(ExitCode.FAILURES if reader.failed else ExitCode.OK)
