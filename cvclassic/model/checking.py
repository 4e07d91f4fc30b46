"""Quick checks of a training set before training: the cheap part of `audit`."""

from __future__ import annotations

from collections.abc import Iterable

from ..audit import note_single, quick_audit
from ..images import DataNote, LabeledImages
from ..images.labeled_source import LabeledData


def check_data(data: LabeledData) -> list[DataNote]:
    """What a user should know of labeled data before a model is trained on them.

    No image is decoded. Files are compared byte by byte where their sizes agree.

    Parameters
    ----------
    data : labeled data

    Returns
    -------
    list of DataNote
        What was noted when the data were read, classes of a single image (they can never be held
        out, so that nobody knows how they do), files that are the same in two classes, and
        training files that are in the test or validation split too.

    Examples
    --------
    >>> [note.code for note in check_data(LabeledImages(["a", "b", "c"], ["x", "x", "y"]))]
    ['single']
    """
    if isinstance(data, LabeledImages):
        return quick_audit(data)
    return [*getattr(data, "notes", ()), *note_single(data.labels)]


def chance_level(labels: Iterable) -> float:
    """Mean class accuracy of guessing: one over the number of classes.

    Examples
    --------
    >>> chance_level(["a", "b", "b", "c"])
    0.3333333333333333
    """
    return 1 / max(len(set(labels)), 1)
