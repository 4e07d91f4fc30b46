"""One record for each input: what it was, what became of it, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

UNCLASSIFIABLE = "unclassifiable"
"""Label of a picture that was read but shows nothing to describe."""


@dataclass(frozen=True)
class Record:
    """What became of one input.

    Parameters
    ----------
    path : str
        As it was given or found; bytes that are not UTF-8 are kept by ``surrogateescape``.
    status : {"ok", "warn", "error"}
        "warn": classified, but something about the file is odd.
    code : str
        Empty for an ordinary picture, else one word such as ``"truncated"``; for a picture
        without features ``"no_features"``.
    message : str
        The same for people.
    label : object
        The class of highest probability; of a model with an `UnknownRule` ``"unknown"`` where it
        is not sure (code ``"low_confidence"``) or sees no features; of others
        `UNCLASSIFIABLE` where they see none; None after an error.
    scores : tuple of (label, float)
        Classes and probabilities, best first; empty where there is no answer.
    labels : tuple or None
        The set of labels that a model with such a rule answers; empty without features.
    seconds : float
        The picture's share of the time that its block took, nan where it was not taken.
    size : tuple of int, optional
        Width and height of the picture in the file, in pixels.
    """

    path: str
    status: str
    code: str = ""
    message: str = ""
    label: object = None
    scores: tuple[tuple[object, float], ...] = ()
    labels: tuple | None = None
    seconds: float = field(default=math.nan, compare=False)
    size: tuple[int, int] | None = field(default=None, compare=False)

    @property
    def failed(self) -> bool:
        """Whether there is no answer because the input could not be read."""
        return self.status == "error"

    @property
    def answered(self) -> bool:
        """Whether `label` is one of the model's classes."""
        return bool(self.scores) and "low_confidence" not in self.code.split()
