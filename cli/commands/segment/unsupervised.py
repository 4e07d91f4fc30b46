"""``cvclassic segment superpixels|threshold|watershed|grabcut|regions``: without training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ...shared.options import jobs_option, quiet_option


def _common(style: str) -> Callable:
    """The arguments that all five commands share."""

    def decorate(command: Callable) -> Callable:
        for option in (
            quiet_option,
            jobs_option,
            click.option("--json", "json_", type=click.Path(), help="One record per image."),
            click.option(
                "--pixel-size",
                type=click.FloatRange(min=0, min_open=True),
                help="Side of a pixel in your unit, for the table. [default: lengths in pixels]",
            ),
            click.option(
                "--table",
                type=click.Path(),
                metavar="FILE",
                help="Properties of all regions: area, center, axes, color and texture (.csv or "
                ".parquet).",
            ),
            click.option(
                "--style",
                type=click.Choice(["overlay", "outline", "mean", "none"]),
                default=style,
                show_default=True,
                help="How regions are drawn: transparent colors, outlines, mean colors, or not.",
            ),
            click.option(
                "-o",
                "--output",
                required=True,
                type=click.Path(),
                metavar="DIR",
                help="Folder for the label images (16 bits) and the drawings.",
            ),
            click.argument(
                "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path()
            ),
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
    help="Clusters of color and position; blocks whose borders move; regions of all sizes.",
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=2, max=60_000),
    default=300,
    show_default=True,
    help="About how many regions.",
)
@click.option(
    "--compactness",
    type=click.FloatRange(min=0, min_open=True),
    default=10,
    show_default=True,
    help="For slic: how much position counts against color.",
)
def superpixels(ctx, images, method, number, compactness, **common):
    """Cut images into small regions that keep to the edges.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment superpixels photo.jpg -o found/ -n 500
      cvclassic segment superpixels photos/ -o found/ --method seeds --style mean --table s.csv
    """
    from cvclassic.segment import superpixel_labels

    def find(image):
        return superpixel_labels(
            image, method=method, n_regions=number, compactness=compactness
        ), {}

    _run(ctx, images, find, "regions", background=None, **common)


@click.command()
@_common("overlay")
@click.option(
    "--method",
    type=click.Choice(["otsu", "local", "multi", "triangle", "li"]),
    default="otsu",
    show_default=True,
    help="One limit (otsu, triangle, li), several (multi), or one for each place (local).",
)
@click.option(
    "--classes",
    type=click.IntRange(2, 5),
    default=3,
    show_default=True,
    help="For multi: classes of lightness.",
)
@click.option(
    "--radius",
    type=click.IntRange(min=1),
    default=25,
    show_default=True,
    help="For local: pixels around.",
)
@click.option("--dark", is_flag=True, help="Objects are darker than the background.")
def threshold(ctx, images, method, classes, radius, dark, **common):
    """Tell light from dark.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment threshold page.png -o found/ --method local --dark
      cvclassic segment threshold cells/ -o found/ --method multi --classes 3
    """
    from cvclassic.segment import threshold_image

    def find(image):
        labels, limits = threshold_image(
            image, method=method, n_classes=classes, radius=radius, dark=dark
        )
        return labels, {"limits": limits}

    _run(ctx, images, find, "classes", background=0, touching=False, **common)


@click.command()
@_common("overlay")
@click.option(
    "--method",
    type=click.Choice(["otsu", "local", "triangle", "li"]),
    default="otsu",
    show_default=True,
    help="How objects are told from the background.",
)
@click.option("--dark", is_flag=True, help="Objects are darker than the background.")
@click.option(
    "--depth",
    type=click.FloatRange(min=0),
    help="Pixels by which the middle of an object rises over its neck; smaller splits more. "
    "[default: a tenth of the typical radius]",
)
@click.option(
    "--min-area",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Smaller objects are dropped, in pixels.",
)
def watershed(ctx, images, method, dark, depth, min_area, **common):
    """Number objects, and separate those that touch.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment watershed cells.png -o found/ --table cells.csv --pixel-size 0.32
      cvclassic segment watershed coins.jpg -o found/ --dark --min-area 200
    """
    from cvclassic.segment import watershed_objects

    def find(image):
        labels = watershed_objects(image, method=method, dark=dark, depth=depth, min_area=min_area)
        return labels, {}

    _run(ctx, images, find, "objects", background=0, **common)


@click.command()
@_common("overlay")
@click.option(
    "--box",
    nargs=4,
    type=float,
    metavar="X Y WIDTH HEIGHT",
    help="Box around the object, in pixels; outside of it is background.",
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
    help="Move the border to the edges afterwards: active contour, or random walker.",
)
def grabcut(ctx, images, box, scribbles, refine, **common):
    """Cut out an object from a box or scribbles.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment grabcut cat.jpg --box 60 40 300 220 -o found/
      cvclassic segment grabcut cat.jpg --scribbles marks.png -o found/
    """
    from cvclassic.errors import DataError
    from cvclassic.images.label_pictures import read_label_picture
    from cvclassic.segment import grabcut_mask, refine_contour

    if not box and scribbles is None:
        raise click.UsageError("Give --box X Y WIDTH HEIGHT or --scribbles FILE.")
    marks = None if scribbles is None else read_label_picture(scribbles)
    if marks is not None and marks.max() > 2:
        raise DataError(f"{scribbles}: scribbles hold 0, 1 and 2. Got {marks.max()}")

    def find(image):
        mask = grabcut_mask(image, box or None, scribbles=marks)
        if refine is not None:
            mask = refine_contour(image, mask, method=refine)
        return mask.astype("uint16"), {"share": float(mask.mean())}

    _run(ctx, images, find, "objects", background=0, **common)


@click.command()
@_common("mean")
@click.option(
    "--threshold",
    type=click.FloatRange(min=0),
    help="Boundaries weaker than this fall. [default: 0.12, unless -n is given]",
)
@click.option("-n", "--number", type=click.IntRange(min=1), help="How many regions.")
@click.option("--min-area", type=click.IntRange(min=1), default=20, show_default=True,
              help="Smaller regions are not begun, in pixels.")  # fmt: skip
@click.option("--hierarchy", is_flag=True, help="Write NAME.hierarchy.png: strength of boundaries.")
def regions(ctx, images, threshold, number, min_area, hierarchy, output, **common):
    """Find regions between soft edges: weak boundaries fall first.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic segment regions photo.jpg -o found/ -n 20
      cvclassic segment regions photos/ -o found/ --threshold 0.15 --hierarchy
    """
    import numpy as np

    from cvclassic.images import write_image
    from cvclassic.segment import region_tree
    from cvclassic.segment.regions import DEFAULT_THRESHOLD

    if threshold is not None and number is not None:
        raise click.UsageError("Give --threshold or -n, not both.")

    def find(image, path_of=None):
        tree = region_tree(image, min_area=min_area)
        if number is not None:
            labels = tree.n_labels(number)
        else:
            labels = tree.labels(DEFAULT_THRESHOLD if threshold is None else threshold)
        extra: dict[str, Any] = {}
        if hierarchy:
            contours = tree.contours()
            top = max(float(contours.max()), 1e-6)
            extra["hierarchy"] = path_of(".hierarchy.png")
            write_image(extra["hierarchy"], np.uint8(255 - 255 * contours / top))
        return labels, extra

    _run(ctx, images, find, "regions", background=None, output=output, with_paths=True, **common)


def _run(
    ctx,
    images,
    find: Callable,
    what: str,
    *,
    background: int | None,
    output: str,
    style: str,
    table,
    pixel_size,
    json_,
    jobs,
    quiet,
    touching: bool = True,
    with_paths: bool = False,
) -> None:
    """Segment each image, write what was asked for, and end with the right code."""
    from cvclassic._basics.atomic import check_writable
    from cvclassic.draw import draw_regions
    from cvclassic.images import write_image
    from cvclassic.images.label_pictures import write_label_picture
    from cvclassic.segment import region_table

    from ...shared.options import n_jobs
    from ...shared.pictures import check_json, prepare_folder, write_json
    from .running import OutputNames, each_image, tell
    from .tables import write_table

    names = OutputNames(prepare_folder(output) or ".")
    check_json(json_)
    if table is not None:
        check_writable(table)
    rows: list[dict[str, Any]] = []
    records = []

    def work(path: str, image) -> dict[str, Any]:
        def path_of(ending: str) -> str:
            return names.path(path, ending)

        labels, extra = find(image, path_of) if with_paths else find(image)
        record: dict[str, Any] = {"labels": path_of(".png"), "n": _count(labels), **extra}
        write_label_picture(record["labels"], labels)
        if style != "none":
            record["drawing"] = path_of(f".{style}.png")
            drawing = draw_regions(
                image, labels, style=style, background=background, touching=touching
            )
            write_image(record["drawing"], drawing)
        if table is not None:
            record["rows"] = region_table(image, labels, pixel_size=pixel_size)
        return record

    for record in each_image(images, work, n_jobs(jobs)):
        rows += [{"path": record["path"], **row} for row in record.pop("rows", [])]
        line = f"{record.get('n')} {what} -> {record.get('drawing', record.get('labels'))}"
        tell(record, line, quiet or json_ == "-")
        records.append(record)
    if table is not None:
        write_table(table, rows)
    ctx.exit(write_json(json_, records))


def _count(labels) -> int:
    """How many regions there are, the background left out."""
    import numpy as np

    found = np.unique(labels)
    return int((found > 0).sum())
