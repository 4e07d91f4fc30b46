"""``cvclassic objects convert``: labels from one format to another."""

from __future__ import annotations

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.console import plain
from ...shared.outputs import LABELS, TextFile, check_no_input, forced
from .options import FORMAT_NAMES


@click.command()
@click.argument("labels", type=click.Path())
@click.option(
    "--to",
    "format_",
    required=True,
    type=click.Choice(FORMAT_NAMES),
    help="Format to write.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=TextFile(LABELS),
    metavar="FILE|DIR",
    help="File to write, or a folder for voc, yolo and labelme (one file per image).",
)
@click.option("--images", type=click.Path(), metavar="DIR", help="Folder of the images.")
@click.option("--from", "given", type=click.Choice(FORMAT_NAMES), help="Format of LABELS.")
@click.pass_context
def convert(ctx, labels, format_, output, images, given):
    """Write LABELS, a file or a folder, in another format.

    Polygons are kept where a format has them; run lengths become polygons except in COCO. Image
    sizes that LABELS lack are read from the images.

    Exit code: 0 all well, 1 some labels could not be read, 2 usage or labels, 3 output.

    \b
    Example:
      cvclassic objects convert annotations/ --to coco -o boxes.json
      cvclassic objects convert boxes.json --to yolo -o yolo/ --images photos/
    """
    from cvclassic.images.labels import read_labels, write_labels
    from cvclassic.images.labels.converting import complete_labels

    check_no_input(output, (labels,))
    read = read_labels(labels, images, format=given)
    done = complete_labels(read, labels, images, keep_rle=format_ == "coco")
    n = write_labels(output, done, format_, force=forced())
    for problem in read.problems[:10]:
        click.echo(plain(problem), err=True)
    said = f"{plural(done.n_objects, 'object')} in {plural(len(done), 'image')}"
    click.echo(plain(f"Converted {said}: {plural(n, 'file')} in {output}"), err=True)
    ctx.exit(ExitCode.FAILURES if read.problems else ExitCode.OK)
