"""``cvclassic segment``: which pixels belong together, and to what."""

from __future__ import annotations

import click

from ...main import LazyGroup
from ...shared.console import hush_decoders

# name -> (module in `commands`:attribute, the line that `cvclassic segment --help` shows).
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("segment.train:train", "Train a pixel classifier on masks or scribbles."),
    "apply": ("segment.apply:apply", "Segment images with a trained model."),
    "evaluate": ("segment.evaluate:evaluate", "Score a model against true masks."),
    "annotate": ("segment.annotate:annotate", "Scribble on images in the browser."),
    "superpixels": ("segment.unsupervised:superpixels", "Divide images into small, even regions."),
    "threshold": ("segment.unsupervised:threshold", "Separate light from dark by a threshold."),
    "watershed": ("segment.unsupervised:watershed", "Separate objects that touch."),
    "grabcut": ("segment.unsupervised:grabcut", "Cut out an object from a box."),
    "regions": ("segment.unsupervised:regions", "Find regions between soft edges."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def segment() -> None:
    """Group pixels into regions, objects and classes.

    \b
    Example:
      cvclassic segment train --images cells/ --masks masks/ -o cells.cvmodel
      cvclassic segment apply cells.cvmodel new/ -o found/
      cvclassic segment superpixels photo.jpg -o found/
    """
    hush_decoders()
