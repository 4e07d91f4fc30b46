"""``cvclassic augment``: see what --augment does to images."""

from __future__ import annotations

import click

from ..shared.console import hush_decoders
from ..shared.outputs import OutputFile, wrote


@click.command()
@click.argument("source", type=click.Path())
@click.option("-o", "--output", required=True, type=OutputFile(), help="Image file to write.")
@click.option(
    "--augment",
    "changes",
    help="Changes to apply, such as mirror,rotate=10. [default: each one separately]",
)
@click.option(
    "--times",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    help="Number of changed copies per image.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Maximum number of images to show.",
)
@click.option(
    "--side",
    type=click.IntRange(16, 1024),
    default=160,
    show_default=True,
    help="Side of one image on the sheet, in pixels.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
def augment(source, output, changes, times, most, side, seed):
    """Draw random changes of SOURCE (an image, a folder or an array file) as a contact sheet.

    Each row begins with the original. With --augment there is one row per image;
    without it, one row per kind of change, applied to the first image.

    \b
    The changes, in the order given, each with a number to replace its default:
      noise=10       standard deviation in gray levels
      mirror=0.5     probability
      rotate=10      degrees at most
      resize=0.1     share at most
      crop=0.1       share of a side at most
      occlude=0.3    share of a side at most
      brightness=0.2 share at most
      elastic=2      pixels on average
      shift=2        pixels at most

    \b
    Example:
      cvclassic augment photo.jpg -o sheet.png
      cvclassic augment photos/ -o sheet.png --augment mirror,rotate=10,crop=0.1
    """
    import numpy as np

    from cvclassic.draw import contact_sheet, label_panel, write_drawing
    from cvclassic.images import CHANGES, AugmentedImages, load_pixels, parse_changes

    hush_decoders()
    pictures = _pictures(source, most, side)  # changes are made at the size that is shown
    lists = [[(name, entry[2])] for name, entry in CHANGES.items()]
    if changes is not None:
        lists = [parse_changes(changes)] * len(pictures)
    rows = []
    for row, some in enumerate(lists):
        picture = pictures[row if changes is not None else 0]
        copies = AugmentedImages([picture], some, times, seed + row)
        strip = contact_sheet([load_pixels(copy) for copy in copies], 1 + times, side=side)
        rows.append(label_panel(strip, _row_title(some), size=17))
    write_drawing(output, np.concatenate(rows))
    click.echo(wrote(output))


def _row_title(changes: list) -> str:
    """Name, amount and meaning, such as ``noise=10 (standard deviation in gray levels)``."""
    from cvclassic.images import CHANGES

    said = [f"{name}={amount:g} ({CHANGES[name][1]})" for name, amount in changes]
    return "Original, then changed by " + ", ".join(said)


def _pictures(source: str, most: int, max_side: int) -> list:
    """The first images of a source, decoded."""
    from cvclassic.errors import DataError, ImageReadError
    from cvclassic.images import FoundFile, is_array_file, read_image, walk_images
    from cvclassic.images.arrays import load_pictures

    if is_array_file(source):
        return list(load_pictures(source)[:most])
    pictures: list = []
    failure = ""
    for item in walk_images([source], only_images=True):
        if len(pictures) == most:
            break
        try:
            if isinstance(item, FoundFile):
                pictures.append(read_image(item.path, max_side=max_side))
        except ImageReadError as error:
            failure = failure or f" The first failure: {error}"
    if not pictures:
        raise DataError(f"{source}: none of the images can be read.{failure}")
    return pictures
