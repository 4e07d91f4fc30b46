"""``cvclassic segment annotate``: scribble on images in the browser."""

from __future__ import annotations

import click

from cvclassic._basics.printable import plural

from ...shared.outputs import OutputFolder


@click.command()
@click.argument("folder", type=click.Path())
@click.option(
    "-o",
    "--output",
    type=OutputFolder(),
    metavar="DIR",
    help="Folder for the scribbles; existing scribbles are loaded. [default: FOLDER-scribbles]",
)
@click.option(
    "--names", type=click.Path(), metavar="FILE", help="Names of the classes, one per line."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8765,
    show_default=True,
    help="Port on this machine; 0 takes a free one.",
)
@click.option("--open/--no-open", "browse", default=True, help="Open the page in the browser.")
def annotate(folder, output, names, port, browse):
    """Scribble on the images in FOLDER in the browser, and see the result at once.

    Draw a few lines on each class with mouse, pen or keyboard: a quick model shows its result
    within a second. Scribbles are saved after every stroke; `segment train --scribbles`
    learns from them. The page is served to this machine only. Press Ctrl-C to stop.

    \b
    Example:
      cvclassic segment annotate cells/ -o marks/
      cvclassic segment train --images cells/ --scribbles marks/ -o cells.cvmodel
    """
    import os

    from cvclassic._basics.atomic import check_writable, make_folder
    from cvclassic.segment import read_names
    from cvclassic.segment.annotation import Annotation
    from cvclassic.serve.annotate import serve_annotation

    called: tuple[str, ...] = ("background", "object")
    if names is not None:
        called = tuple(name for _, name in sorted(read_names(names).items()))
    target = output or f"{os.path.normpath(folder)}-scribbles"
    annotation = Annotation(folder, target, called)
    make_folder(target)
    check_writable(os.path.join(target, "scribbles.png"))

    def ready(address: str) -> None:
        click.echo(f"{plural(len(annotation.paths), 'image')} at {address} (press Ctrl-C to stop)")
        if browse:
            click.launch(address)

    try:
        serve_annotation(annotation, port, ready)
    except KeyboardInterrupt:
        click.echo(f"Scribbles are in {target}")
