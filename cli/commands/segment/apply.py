"""``cvclassic segment apply``: segment images with a trained model."""

from __future__ import annotations

import click

from ...shared.options import jobs_option, quiet_option


@click.command()
@click.argument("model", type=click.Path())
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(),
    metavar="DIR",
    help="Folder for the label images: NAME.png of 16 bits, with the values of the masks that the "
    "model learned from.",
)
@click.option("--probabilities", is_flag=True, help="Write NAME.probability.png, too (0 to 255).")
@click.option(
    "--objects", is_flag=True, help="Write NAME.objects.png, too: a number for each object."
)
@click.option("--draw", is_flag=True, help="Write NAME.overlay.png, too.")
@click.option(
    "--table",
    type=click.Path(),
    metavar="FILE",
    help="Properties of all objects: area, center, axes, color and texture (.csv or .parquet).",
)
@click.option(
    "--pixel-size",
    type=click.FloatRange(min=0, min_open=True),
    help="Side of a pixel in your unit, for the table. [default: lengths in pixels]",
)
@click.option(
    "--boxes",
    type=click.Path(),
    metavar="FILE",
    help="Label file with boxes: write NAME.objects.png with a mask for each box.",
)
@click.option("--json", "json_", type=click.Path(), help="One record per image; - is stdout.")
@jobs_option
@quiet_option
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
    json_,
    jobs,
    quiet,
):
    """Segment the images in SOURCE, files or folders, with a MODEL of `segment train`.

    Memory does not grow with the image: it is worked on tile by tile.

    Exit code: 0 all could be read, 1 some could not, 2 usage or model, 3 output.

    \b
    Example:
      cvclassic segment apply cells.cvmodel new/ -o found/ --objects --table cells.csv
      cvclassic segment apply vessels.cvmodel eye.png -o found/ --draw --probabilities
    """
    from cvclassic.errors import DataError
    from cvclassic.segment import load_segmentation

    from ...shared.options import n_jobs
    from ...shared.pictures import check_json, prepare_folder, write_json
    from .applying import Applying
    from .running import OutputNames, each_image, tell

    classifier, summary = load_segmentation(model)
    check_json(json_)
    if (objects or table or boxes) and len(classifier.classes_) != 2:
        raise DataError(f"{model}: only a model of two classes tells objects apart")
    work = Applying(
        classifier,
        summary,
        OutputNames(prepare_folder(output) or "."),
        probabilities=probabilities,
        objects=objects or classifier.instances,
        draw=draw,
        table=table,
        pixel_size=pixel_size,
        boxes=boxes,
    )
    records = []
    for record in each_image(sources, work, n_jobs(jobs)):
        tell(record, work.line(record), quiet or json_ == "-")
        work.note(record)
        records.append(record)
    work.finish()
    ctx.exit(write_json(json_, records))
