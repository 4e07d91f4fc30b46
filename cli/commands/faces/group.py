"""``cvclassic faces``: find faces, know them again, mark their points."""

from __future__ import annotations

import click

from ...main import LazyGroup
from ...shared.console import hush_decoders

# name -> (module in `commands`:attribute, the line that `cvclassic faces --help` shows).
COMMANDS: dict[str, tuple[str, str]] = {
    "detect": ("faces.detect:detect", "Find faces in images; blur, crop or frame them."),
    "blur": ("faces.blur:blur", "Blur the faces in a video."),
    "enroll": ("faces.people:enroll", "Add a person, or images of one, to a gallery."),
    "identify": ("faces.people:identify", "Say whose face each image shows, or unknown."),
    "verify": ("faces.people:verify", "Say whether an image shows a certain person."),
    "remove": ("faces.people:remove", "Forget people; nothing else changes."),
    "list": ("faces.people:list_", "List the people of a gallery."),
    "threshold": ("faces.learning:threshold", "Learn on other people who counts as unknown."),
    "train-metric": ("faces.learning:train_metric", "Learn on other people how to compare."),
    "train-landmarks": (
        "faces.landmarks:train_landmarks",
        "Learn to mark 68 points of a face from marked faces.",
    ),
    "landmarks": ("faces.landmarks:landmarks", "Mark 68 points of every face."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def faces() -> None:
    """Find faces, know them again, mark their points.

    \b
    Example:
      cvclassic faces detect photos/ -o found/ --draw
      cvclassic faces enroll people.faces Ann ann1.jpg ann2.jpg
      cvclassic faces identify people.faces party.jpg
    """
    hush_decoders()
