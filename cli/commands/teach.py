"""``cvclassic teach``: the teaching page."""

from __future__ import annotations

from pathlib import Path

import click

from ..shared.outputs import OutputFile, forced, wrote


@click.command()
@click.option(
    "-o",
    "--output",
    default="teach.html",
    show_default=True,
    type=OutputFile(),
    help="HTML file to write.",
)
@click.option("--open", "open_", is_flag=True, help="Open the page in the default web browser.")
def teach(output, open_):
    """Write an interactive page for teaching classical vision.

    One HTML file of seven parts: convolution, a perceptron and a small network, SIFT, visual
    words, face detection, sliding windows, and the margin of a support vector machine. It
    computes everything in the browser, needs no network, and works on your own images. In slide
    mode each step fills the screen.

    Exit code: 0 written, 2 usage, 3 the file could not be written.

    \b
    Example:
      cvclassic teach
      cvclassic teach -o lesson.html --open
    """
    import cvclassic_samples
    from cvclassic.teach import write_teaching_page

    size = write_teaching_page(output, cvclassic_samples.ROOT, force=forced())
    click.echo(wrote(output, size))
    if open_:
        click.launch(Path(output).absolute().as_uri())
