"""``cvclassic objects``: train a detector from boxes, apply it, judge it, look into it."""

from __future__ import annotations

import click

from .check import check
from .compare import compare
from .convert import convert
from .detect import detect
from .evaluate import evaluate
from .show import show
from .train import train


@click.group()
def objects() -> None:
    """Detectors of any object, trained from tens to hundreds of images with boxes.

    \b
    Example:
      cvclassic objects check boxes.json --images photos/
      cvclassic objects train --labels boxes.json --images photos/ -o raccoons.cvobjects
      cvclassic objects detect raccoons.cvobjects new/ -o found/ --draw
      cvclassic objects evaluate raccoons.cvobjects --labels test.json --images photos/
      cvclassic objects compare raccoons.cvobjects --predictions network.json --labels test.json
    """


for command in (train, detect, evaluate, compare, show, check, convert):
    objects.add_command(command)
