"""``cvclassic segment superpixels|threshold|watershed|grabcut|regions``: without training."""

from __future__ import annotations

from collections.abc import Callable

import click

from ...shared.outputs import TABLE, OutputFolder, TextFile
from ...shared.running import records_option, run_options, source_options
from .running import run_segmentation


def _common(style: str) -> Callable:
    """The arguments that all five commands share."""

    def decorate(command: Callable) -> Callable:
        for option in (
            run_options(json_flag=False),
            records_option,
            click.option(
                "--pixel-size",
                type=click.FloatRange(min=0, min_open=True),
                help="Size of a pixel in your unit, for the table. [default: lengths in pixels]",
            ),
            click.option(
                "--table",
                type=TextFile(TABLE),
                metavar="FILE",
                help="Write a table of all regions: area, center, axes, color and texture (.csv or "
                ".parquet).",
            ),
            click.option(
                "--style",
                type=click.Choice(["overlay", "outline", "mean", "none"]),
                default=style,
                show_default=True,
                help="How regions are drawn: transparent colors, outlines, "
                "mean colors, or not at all.",
            ),
            click.option(
                "-o",
                "--output",
                required=True,
                type=OutputFolder(),
                metavar="DIR",
                help="Folder for the label images (16 bits) and the drawings.",
            ),
            source_options,
        ):
            command = option(command)
        return click.pass_context(command)

    return decorate


@click.command()
@_common("outline")
@click.option(
    "--method",
    type=click.Choice(["slic", "seeds", "felzenszwalb"]),
    default="slic",
    show_default=True,
    help="slic: clusters of color and position; seeds: blocks whose borders "
    "move; felzenszwalb: regions of all sizes.",
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=2, max=60_000),
    default=300,
    show_default=True,
    help="Approximate number of regions.",
)
@click.option(
    "--compactness",
    type=click.FloatRange(min=0, min_open=True),
    default=10,
    show_default=True,
    help="For slic: weight of position relative to color.",
)
def superpixels(ctx, method, number, compactness, **common):
    """Divide images into small regions that follow the edges.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment superpixels photo.jpg -o found/ -n 500
      cvclassic segment superpixels photos/ -o found/ --method seeds --style mean --table s.csv
    """
    from ...tasks.segment import Superpixels

    run_segmentation(ctx, Superpixels(method, number, compactness), background=None, **common)


@click.command()
@_common("overlay")
@click.option(
    "--method",
    type=click.Choice(["otsu", "local", "multi", "triangle", "li"]),
    default="otsu",
    show_default=True,
    help="One threshold (otsu, triangle, li), several (multi), or one per pixel (local).",
)
@click.option(
    "--classes",
    type=click.IntRange(2, 5),
    default=3,
    show_default=True,
    help="For multi: number of brightness classes.",
)
@click.option(
    "--radius",
    type=click.IntRange(min=1),
    default=25,
    show_default=True,
    help="For local: radius of the neighborhood in pixels.",
)
@click.option("--dark", is_flag=True, help="Objects are darker than the background.")
def threshold(ctx, method, classes, radius, dark, **common):
    """Separate light from dark by a threshold.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment threshold page.png -o found/ --method local --dark
      cvclassic segment threshold cells/ -o found/ --method multi --classes 3
    """
    from cvclassic.batch import Column

    from ...tasks.segment import Threshold

    finder = Threshold(method, classes, radius, dark)
    run_segmentation(ctx, finder, touching=False, values=(Column("limits", "json"),), **common)


@click.command()
@_common("overlay")
@click.option(
    "--method",
    type=click.Choice(["otsu", "local", "triangle", "li"]),
    default="otsu",
    show_default=True,
    help="Threshold method that separates objects from the background.",
)
@click.option("--dark", is_flag=True, help="Objects are darker than the background.")
@click.option(
    "--depth",
    type=click.FloatRange(min=0),
    help="How many pixels thicker an object's middle must be than its "
    "neck to split; smaller values split more. "
    "[default: a tenth of the typical radius]",
)
@click.option(
    "--min-area",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Minimum area of an object in pixels; smaller objects are dropped.",
)
def watershed(ctx, method, dark, depth, min_area, **common):
    """Label objects, and separate those that touch.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment watershed cells.png -o found/ --table cells.csv --pixel-size 0.32
      cvclassic segment watershed coins.jpg -o found/ --dark --min-area 200
    """
    from ...tasks.segment import Watershed

    run_segmentation(ctx, Watershed(method, dark, depth, min_area), **common)


@click.command()
@_common("overlay")
@click.option(
    "--box",
    nargs=4,
    type=float,
    metavar="X Y WIDTH HEIGHT",
    help="Box around the object, in pixels; everything outside is background.",
)
@click.option(
    "--scribbles",
    type=click.Path(),
    metavar="FILE",
    help="Label image: 1 background, 2 object, 0 not marked.",
)
@click.option(
    "--refine",
    type=click.Choice(["snake", "walker"]),
    help="Refine the border along edges: active contour (snake) or random walker.",
)
def grabcut(ctx, box, scribbles, refine, **common):
    """Cut out an object from a box or scribbles.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment grabcut cat.jpg --box 60 40 300 220 -o found/
      cvclassic segment grabcut cat.jpg --scribbles marks.png -o found/
    """
    from cvclassic.batch import Column
    from cvclassic.errors import DataError
    from cvclassic.images.label_pictures import read_label_picture

    from ...tasks.segment import GrabCut

    if not box and scribbles is None:
        raise click.UsageError("Give --box X Y WIDTH HEIGHT or --scribbles FILE.")
    marks = None if scribbles is None else read_label_picture(scribbles)
    if marks is not None and marks.max() > 2:
        raise DataError(f"{scribbles}: scribbles hold 0, 1 and 2. Got {marks.max()}")
    finder = GrabCut(box or None, marks, refine)
    run_segmentation(ctx, finder, values=(Column("share", "number"),), **common)


@click.command()
@_common("mean")
@click.option(
    "--threshold",
    type=click.FloatRange(min=0),
    help="Boundaries weaker than this are removed. [default: 0.6, unless -n is given]",
)
@click.option("-n", "--number", type=click.IntRange(min=1), help="Number of regions.")
@click.option("--min-area", type=click.IntRange(min=1), default=20, show_default=True,
              help="Minimum area of a region in pixels.")  # fmt: skip
@click.option(
    "--hierarchy",
    is_flag=True,
    help="Also write NAME.hierarchy.png with the strength of boundaries.",
)
def regions(ctx, threshold, number, min_area, hierarchy, **common):
    """Find regions between soft edges: weak boundaries fall first.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment regions photo.jpg -o found/ -n 20
      cvclassic segment regions photos/ -o found/ --threshold 0.5 --hierarchy
    """
    from cvclassic.segment.regions import DEFAULT_THRESHOLD

    from ...tasks.segment import Regions

    if threshold is not None and number is not None:
        raise click.UsageError("Give --threshold or -n, not both.")
    limit = DEFAULT_THRESHOLD if threshold is None else threshold
    finder = Regions(limit, number, min_area, hierarchy)
    run_segmentation(ctx, finder, background=None, **common)
