"""``cvclassic match``: what two images have in common."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import printable
from cvclassic.errors import ExitCode

from ..shared.console import hush_decoders
from ..shared.options import max_side_option
from ..shared.outputs import OutputFile, picture_place
from ..shared.running import (
    Session,
    engine_for,
    format_of_records,
    records_option,
    run_options,
    say_failure,
    source_options,
)

DESCRIPTORS = ["rootsift", "sift", "orb", "akaze", "brisk"]


@click.command()
@click.argument("a", type=click.Path())
@source_options
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    help="Drawing to write, such as match.png; for several images a folder.",
)
@records_option
@click.option(
    "--descriptor",
    type=click.Choice(DESCRIPTORS),
    default="rootsift",
    show_default=True,
    help="Detector and descriptor.",
)
@click.option(
    "--model",
    type=click.Choice(["homography", "fundamental"]),
    default="homography",
    show_default=True,
    help="homography: flat scene or turning camera; fundamental: any rigid scene.",
)
@click.option(
    "--ratio",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.85,
    show_default=True,
    help="Maximum ratio of the distances to the nearest and second "
    "nearest descriptor (Lowe's ratio test).",
)
@click.option(
    "--threshold",
    type=float,
    help="Maximum error of an inlier in pixels. [default: 3 for homography, 1.5 for fundamental]",
)
@click.option(
    "--max-keypoints",
    type=click.IntRange(min=1),
    default=4000,
    show_default=True,
    help="Maximum number of keypoints per image.",
)
@click.option(
    "--views",
    type=click.Choice(["auto", "never", "always"]),
    default="auto",
    show_default=True,
    help="Simulate oblique views (ASIFT); auto: only where few matches agree.",
)
@click.option("--compare", is_flag=True, help="Compare all descriptors in one drawing.")
@click.option("--similarity", "similar", is_flag=True, help="Print several measures of similarity.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."
)
@max_side_option
@run_options(json_flag=False)
@click.pass_context
def match(
    ctx, a, sources, output, records, descriptor, compare, similar, max_side, options, **settings
):
    """Match the image A with each image in PATHS: keypoints, their pairs, and their geometry.

    PATHS can be images, folders, archives, patterns, URLs, or - for a list of names.
    The drawing shows the inliers as lines, and A warped onto the other image.

    Exit code: 0 all well (also without a match), 1 an image could not be read, 2 usage, 3 output.

    \b
    Example:
      cvclassic match left.jpg right.jpg -o match.png --json match.json
      cvclassic match left.jpg right.jpg --similarity
      cvclassic match logo.png photos/ -o drawn/ --json found.jsonl
    """
    from cvclassic.batch.tasks import read_input
    from cvclassic.errors import ImageReadError

    hush_decoders()
    folder, name, ending = None, None, ""
    if output is not None:
        folder, name, ending = picture_place(output, sources, "match")
    try:
        first, _ = read_input(a, max_side)
    except ImageReadError as error:
        click.echo(printable(f"Error: {error}"), err=True)
        ctx.exit(ExitCode.FAILURES)
    names = DESCRIPTORS if compare else [descriptor]
    with Session(options, records, engine_for(sources)) as session:
        from ..tasks.match import MatchTask

        task = MatchTask(first, names, settings, max_side, similar, folder, ending)
        code = session.run(
            sources,
            task,
            format=format_of_records(records),
            folder=folder,
            name=name,
            each=partial(_say, options.quiet or records == "-", len(sources.paths) > 1),
            what="Matching",
            brief=True,
        )
    ctx.exit(code)


def _say(quiet: bool, several: bool, record: Any) -> None:
    """Lines about one image."""
    if record.failed:
        say_failure(record)
    elif not quiet:
        lines = record.values["said"]
        lines += [f"{k:12} {v:.4f}" for k, v in record.values.get("similarity", {}).items()]
        for line in lines:
            click.echo(printable(f"{record.path}: {line}" if several else line))
