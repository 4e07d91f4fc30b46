"""``cvclassic faces``: find faces, know them again, mark their points."""

from __future__ import annotations

import click

from .main import LazyGroup

# name -> (module in this package:attribute, the line that `cvclassic faces --help` shows).
COMMANDS: dict[str, tuple[str, str]] = {
    "train-landmarks": (
        "face_landmarks:train_landmarks",
        "Learn to mark 68 points of a face from marked faces.",
    ),
    "landmarks": ("face_landmarks:landmarks", "Mark 68 points of every face."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def faces() -> None:
    """Find faces, know them again, mark their points.

    \b
    Example:
      cvclassic faces detect photos/ -o found/ --draw
    """
