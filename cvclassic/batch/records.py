"""One record per input: its name, its result, its errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..images import Detections

UNCLASSIFIABLE = "unclassifiable"
"""Label of an image that was read but shows nothing to describe."""


@dataclass(frozen=True)
class Record:
    """The result for one input.

    Every task fills the fields that it knows and leaves the others alone.

    Parameters
    ----------
    path : str
        As it was given or found; bytes that are not UTF-8 are kept by ``surrogateescape``.
    status : {"ok", "warn", "error"}
        "warn": there is an answer, but something about the file is odd.
    code : str
        Empty for an ordinary image, else one word such as ``"truncated"``; for an image
        without features ``"no_features"``. Several are separated by blanks.
    message : str
        The same as a sentence.
    label : object
        The class of highest probability; of a model with an `UnknownRule` ``"unknown"`` when it
        is not sure (code ``"low_confidence"``) or sees no features; of others
        `UNCLASSIFIABLE` where they see none; None after an error, and for other tasks.
    scores : tuple of (label, float)
        Classes and probabilities, best first; empty where there is no answer.
    labels : tuple or None
        The set of labels that a model of keywords, or with such a rule, answers, most probable
        first; empty without features.
    seconds : float
        The image's share of the time that its block took, nan where it was not taken.
    size : tuple of int, optional
        Width and height of the image in the file, in pixels.
    detections : Detections, optional
        Boxes in pixels of the file's image; masks are not kept.
    details : tuple of dict, optional
        More about each of the detections, as JSON.
    values : mapping of str to JSON
        Other results of a task, by the name of their `Column`.
    name : str
        Beginning of the names of this input's files in the run's folder; no other input has it.
    files : tuple of str
        Names of the files that were written there.
    pictures : mapping of str to ndarray or bytes
        Images to write there, by the ending of their name; gone once they are written unless
        the run keeps them.
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
    detections: Detections | None = None
    details: tuple[dict[str, Any], ...] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    name: str = field(default="", compare=False)
    files: tuple[str, ...] = ()
    pictures: Mapping[str, np.ndarray | bytes] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def failed(self) -> bool:
        """Whether there is no answer because the input could not be read."""
        return self.status == "error"

    @property
    def answered(self) -> bool:
        """Whether `label` is one of the model's classes."""
        return bool(self.scores) and "low_confidence" not in self.code.split()

    def rows(self) -> list[dict[str, Any]] | None:
        """The detections as plain values, one dict each; None where none were looked for."""
        if self.detections is None:
            return None
        found = self.detections
        details = self.details or ({},) * len(found)
        return [
            {
                **dict(zip(("x", "y", "width", "height"), map(_short, box), strict=True)),
                "score": round(score, 6),
                **({} if label is None else {"label": label}),
                **more,
            }
            for box, score, label, more in zip(
                found.boxes.tolist(),
                found.scores.tolist(),
                found.labels.tolist(),
                details,
                strict=True,
            )
        ]


def _short(value: float) -> float | int:
    """A coordinate with two decimals, a whole number where it is one."""
    return int(value) if value == int(value) else round(value, 2)


def as_json(value: Any) -> Any:
    """Arrays, NumPy numbers and tuples as what JSON has; numbers that are not finite as None."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value
