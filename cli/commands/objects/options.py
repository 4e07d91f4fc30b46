"""Options that several commands about boxes share."""

from __future__ import annotations

from collections.abc import Callable

import click

from cvclassic._basics.printable import plural

from ...shared.console import plain, report_failures

FORMAT_NAMES = ("coco", "voc", "yolo", "labelme", "cvat", "via", "csv", "imglab", "boxes")


def labels_options(command: Callable) -> Callable:
    """``--labels``, ``--images`` and ``--labels-format``."""
    for option in (
        click.option(
            "--labels-format",
            type=click.Choice(FORMAT_NAMES),
            help="Format of the labels.  [default: seen from their content]",
        ),
        click.option(
            "--images",
            type=click.Path(),
            metavar="DIR",
            help="Folder of the images.  [default: where the labels are, or images/ there]",
        ),
        click.option(
            "--labels",
            required=True,
            type=click.Path(),
            metavar="FILE|FOLDER",
            help="Boxes: COCO, Pascal VOC, YOLO, LabelMe, CVAT, VIA, CSV, imglab.",
        ),
    ):
        command = option(command)
    return command


def say_label_faults(files, *, quiet: bool = False) -> list[tuple[str, str, str]]:
    """Say on stderr what of the labels cannot be used; images that cannot be are returned."""
    failures = [(name, "not_found", "there is no such image") for name in files.missing]
    failures += [(name, "unreadable", "the image cannot be read") for name in files.unreadable]
    if quiet:
        return failures
    problems = files.labels.problems
    if problems:
        one = len(problems) == 1
        click.echo(
            f"{len(problems)} label{'' if one else 's'} cannot be read and "
            f"{'is' if one else 'are'} left out:",
            err=True,
        )
        for text in problems[:5]:
            click.echo(plain(f"  {text}"), err=True)
        if len(problems) > 5:
            click.echo(f"  ... and {len(problems) - 5} more", err=True)
    for names, what in (
        (files.turned, "boxes were drawn before the EXIF turn; they are rotated with the image"),
        (files.resized, "the labels give another image size; boxes are scaled with the image"),
    ):
        if names:
            shown = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
            click.echo(plain(f"{plural(len(names), 'image')}: {what}: {shown}"), err=True)
    report_failures(failures)
    return failures
