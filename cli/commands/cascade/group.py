"""``cvclassic cascade``: train a detector of one's own objects, judge it, look into it."""

from __future__ import annotations

import click

from ...shared.console import hush_decoders
from .evaluate import evaluate
from .show import show
from .train import train


@click.group()
def cascade() -> None:
    """Train, score and inspect detectors that OpenCV can run: boosted cascades.

    \b
    Example:
      cvclassic cascade train --positives faces.npz --negatives scenes/ -o face.xml
      cvclassic cascade evaluate face.xml --images photos/ --boxes boxes.json -o curve.png
      cvclassic cascade show face.xml photo.jpg -o why.png
    """
    hush_decoders()


cascade.add_command(train)
cascade.add_command(evaluate)
cascade.add_command(show)
