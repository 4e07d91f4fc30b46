"""``cvclassic cascade``: train a detector of one's own objects, judge it, look into it."""

from __future__ import annotations

import click

from .evaluate import evaluate
from .show import show
from .train import train


@click.group()
def cascade() -> None:
    """Detectors of one's own objects: boosted cascades, as OpenCV runs them.

    \b
    Example:
      cvclassic cascade train --positives faces.npz --negatives scenes/ -o face.xml
      cvclassic cascade evaluate face.xml --images photos/ --boxes boxes.json -o curve.png
      cvclassic cascade show face.xml photo.jpg -o why.png
    """


cascade.add_command(train)
cascade.add_command(evaluate)
cascade.add_command(show)
