"""``cvclassic segment apply``: segment images with a trained model."""

from __future__ import annotations

import os

import click

from ...shared.film import film_options
from ...shared.outputs import TABLE, OutputFolder, TextFile
from ...shared.running import records_option, run_options, source_options
from .running import run_segmentation


@click.command()
@click.argument("model", type=click.Path())
@source_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFolder(),
    metavar="DIR",
    help="Folder for the label images: NAME.png of 16 bits, with the values of the masks that the "
    "model learned from.",
)
@click.option("--probabilities", is_flag=True, help="Also write NAME.probability.png (0 to 255).")
@click.option(
    "--objects",
    is_flag=True,
    help="Also write NAME.objects.png with a number per object (always, "
    "for models trained with --instances).",
)
@click.option("--draw", is_flag=True, help="Also write NAME.overlay.png.")
@click.option(
    "--table",
    type=TextFile(TABLE),
    metavar="FILE",
    help="Write a table of all objects, or of each class of more than two: area, center, axes, "
    "color and texture (.csv or .parquet).",
)
@click.option(
    "--pixel-size",
    type=click.FloatRange(min=0, min_open=True),
    help="Size of a pixel in your unit, for the table. [default: lengths in pixels]",
)
@click.option(
    "--boxes",
    type=click.Path(),
    metavar="FILE",
    help="Label file with boxes: write NAME.objects.png with a mask for each box.",
)
@film_options
@records_option
@run_options(json_flag=False)
@click.pass_context
def apply(
    ctx,
    model,
    sources,
    output,
    probabilities,
    objects,
    draw,
    table,
    pixel_size,
    boxes,
    film,
    records,
    options,
):
    """Segment images with a MODEL of `segment train`.

    PATHS are images, folders, archives, patterns, URLs, or - for a list of names. Memory does not
    grow with the image: it is processed tile by tile.

    Exit code: 0 all well, 1 an image could not be read, 2 usage or model, 3 output.

    \b
    Example:
      cvclassic segment apply cells.cvmodel new/ -o found/ --objects --table cells.csv
      cvclassic segment apply vessels.cvmodel eye.png -o found/ --draw --probabilities
    """
    from cvclassic.batch import Column
    from cvclassic.errors import DataError
    from cvclassic.segment import load_segmentation

    from ...tasks.segment import Trained

    classifier, summary = load_segmentation(model)
    two = len(classifier.classes_) == 2
    objects = objects or classifier.instances or boxes is not None or (two and table is not None)
    if objects and not two:
        raise DataError(f"{model}: only a model of two classes tells objects apart")
    finder = Trained(
        classifier,
        f"{os.path.basename(model)} of {os.path.getsize(model)} bytes",
        tuple(summary["names"]),
        tuple(summary.get("values") or classifier.classes_.tolist()),
        objects,
        probabilities,
        None if boxes is None else _boxes(boxes),
    )
    values: tuple[Column, ...] = (Column("shares", "json"),)
    if objects:
        values += (Column("n_objects", "integer"),)
    run_segmentation(
        ctx,
        finder,
        sources=sources,
        output=output,
        style="overlay" if draw or film else "none",
        film=film,
        table=table,
        pixel_size=pixel_size,
        records=records,
        options=options,
        touching=False,
        values=values,
    )


def _boxes(path: str) -> dict[str, list]:
    """Boxes by the name of their image."""
    from cvclassic.images.labels import read_labels

    return {
        os.path.basename(image.name): [tuple(o.box) for o in image.objects]
        for image in read_labels(path).images
    }
