"""Predictions of a model, or of anything else, for labeled images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ParameterError


@dataclass(frozen=True)
class Predictions:
    """Answers for n images, one row each.

    Parameters
    ----------
    paths : sequence of n str
        Which image; what two sets of predictions are paired by.
    truth : sequence of n labels
        May hold labels that are not among `classes`.
    labels : sequence of n labels
        The answers; None where there is none (an image without features, "unknown").
    classes : sequence of labels
        What can be answered, in the order of the columns of `probabilities`.
    probabilities : ndarray of shape (n, n_classes), optional
        A row of zeros stands for no answer. None where only the labels are known.
    seconds : ndarray of shape (n,), optional
        What each image took. Empty where unknown.

    Raises
    ------
    ParameterError
        The lengths differ.

    Examples
    --------
    >>> Predictions(["x.png"], ["cat"], ["cat"], ["cat", "dog"], np.array([[0.9, 0.1]])).n_images
    1
    """

    paths: Sequence[str]
    truth: Sequence
    labels: Sequence
    classes: Sequence
    probabilities: np.ndarray | None = None
    seconds: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        n = len(self.paths)
        if len(self.truth) != n or len(self.labels) != n:
            raise ParameterError(
                f"truth and labels must have {n} entries, one per path. Got {len(self.truth)} and "
                f"{len(self.labels)}."
            )
        shape = (n, len(self.classes))
        if self.probabilities is not None and self.probabilities.shape != shape:
            raise ParameterError(
                f"probabilities must have shape {shape}. Got {self.probabilities.shape}."
            )
        if len(self.seconds) not in (0, n):
            raise ParameterError(f"seconds must have {n} entries or none. Got {len(self.seconds)}.")

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self.paths)

    @property
    def right(self) -> np.ndarray:
        """Whether each answer is the truth; shape (n,), bool."""
        return np.array([a == b for a, b in zip(self.truth, self.labels, strict=True)], bool)
