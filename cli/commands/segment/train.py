"""``cvclassic segment train``: learn classes of pixels."""

from __future__ import annotations

import time

import click

from ...shared.options import jobs_option, quiet_option
from ...shared.outputs import OutputFile, check_bundle_output, wrote


@click.command()
@click.option("--images", required=True, type=click.Path(), metavar="DIR", help="Folder of images.")
@click.option(
    "--masks",
    type=click.Path(),
    metavar="DIR",
    help="Folder of masks, paired with images by stem: 0 and 255, numbers of classes, or (with "
    "--instances) numbers of objects. 255 beside other values means unlabeled.",
)
@click.option(
    "--scribbles",
    type=click.Path(),
    metavar="DIR",
    help="Folder of scribbles: 0 is unlabeled, other values are classes. Images without "
    "scribbles are skipped.",
)
@click.option(
    "--labels", type=click.Path(), metavar="FILE", help="Label file with outlines, such as COCO."
)
@click.option(
    "--inside",
    type=click.Path(),
    metavar="DIR",
    help="Folder of fields of view: pixels of value 0 do not count.",
)
@click.option(
    "--names", type=click.Path(), metavar="FILE", help="Names of the classes, one per line."
)
@click.option("--instances", is_flag=True, help="Separate touching objects.")
@click.option("-o", "--output", required=True, type=OutputFile(), help="Model file to write.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."
)
@jobs_option
@quiet_option
@click.pass_context
def train(
    ctx, images, masks, scribbles, labels, inside, names, instances, output, seed, jobs, quiet
):
    """Train a classifier of pixels on masks, scribbles or outlines.

    Thresholds are chosen on training images that the model has not seen; the score that is shown
    is measured on the same pixels.

    Exit code: 0 trained, 2 usage or data, 3 the model cannot be written.

    \b
    Example:
      cvclassic segment train --images cells/ --masks masks/ -o cells.cvmodel --instances
      cvclassic segment train --images eyes/ --masks vessels/ --inside fov/ -o vessels.cvmodel
      cvclassic segment train --images photos/ --scribbles marks/ --names names.txt -o p.cvmodel
    """
    from cvclassic._basics.printable import show_path
    from cvclassic.segment import PixelClassifier, save_segmentation

    from ...shared.console import show_table, stages
    from ...shared.options import n_jobs
    from .data import training_data

    if sum(source is not None for source in (masks, scribbles, labels)) != 1:
        raise click.UsageError("Give one of --masks DIR, --scribbles DIR or --labels FILE.")
    if instances and scribbles is not None:
        raise click.UsageError("--instances needs --masks or --labels.")
    check_bundle_output(output)
    start = time.perf_counter()
    data = training_data(images, masks, scribbles, labels, inside, names, instances)
    read = time.perf_counter()
    for note in data.values.notes:
        click.echo(f"Note: {note}", err=True)
    model = PixelClassifier(instances=instances, random_state=seed, n_jobs=n_jobs(jobs))
    with stages(quiet) as progress:
        progress("training pixels", 0, 0)
        model.fit(data.images, data.masks, scribbles=scribbles is not None)
    trained = time.perf_counter()
    summary = {
        "names": list(data.values.names),
        "values": list(data.values.values),
        "ignored": list(data.values.ignored),
        "n_images": len(data.images),
        "scribbles": scribbles is not None,
        "labeled_share": data.labeled_share,
        "seed": seed,
    }
    size = save_segmentation(output, model, summary)
    score = "Dice" if len(data.values.names) == 2 else "mean IoU"
    if scribbles is not None:
        score += " of scribbled pixels"
    rows = [
        ("images", str(len(data.images))),
        ("classes", ", ".join(data.values.names)),
        ("labeled pixels", f"{data.labeled_share:.1%}"),
        (f"held-out {score}", f"{model.held_out_value_:.3f}"),
        ("stages", str(len(model.model_.stages))),
        ("time", f"reading {read - start:.1f} s, training {trained - read:.1f} s"),
    ]
    if not quiet:
        show_table(rows)
        click.echo(wrote(output, size))
        if scribbles is not None:
            click.echo(
                "Scribbles avoid what is hard: judge the model on full masks with "
                "cvclassic segment evaluate."
            )
        click.echo(f"Next: cvclassic segment apply {show_path(output)} IMAGES -o found/ --draw")
