"""``cvclassic faces``: find faces, know them again, mark their points."""

from __future__ import annotations

import click

from ...main import LazyGroup
from ...shared.console import hush_decoders

# name -> (module in `commands`:attribute, the line that `cvclassic faces --help` shows).
COMMANDS: dict[str, tuple[str, str]] = {
    "detect": ("faces.detect:detect", "Detect faces in images; blur, crop or frame them."),
    "blur": ("faces.blur:blur", "Blur the faces in a video."),
    "enroll": ("faces.people:enroll", "Add images of a person to a gallery."),
    "identify": ("faces.people:identify", "Tell whose face an image shows, or unknown."),
    "verify": ("faces.people:verify", "Tell whether an image shows a given person."),
    "remove": ("faces.people:remove", "Remove people from a gallery."),
    "list": ("faces.people:list_", "List the people in a gallery."),
    "threshold": ("faces.learning:threshold", "Choose the threshold for unknown on other people."),
    "train-metric": ("faces.learning:train_metric", "Learn a metric on other people."),
    "train-landmarks": (
        "faces.landmarks:train_landmarks",
        "Train a landmark model on annotated faces.",
    ),
    "landmarks": ("faces.landmarks:landmarks", "Locate 68 landmarks on every face."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def faces() -> None:
    """Detect, recognize and landmark faces.

    \b
    Example:
      cvclassic faces detect photos/ -o found/ --draw
      cvclassic faces enroll people.faces Ann ann1.jpg ann2.jpg
      cvclassic faces identify people.faces party.jpg
    """
    hush_decoders()
