"""What an explanation of a picture consists of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a picture is rather of one class than of another.

    Parameters
    ----------
    label, against : object
        The two classes.
    decision : float
        What the head decides for `label` minus what it decides for `against`; positive where
        it prefers `label`.
    bias : float
        What of it no keypoint has a share in.
    xy : ndarray of shape (n, 2), float32
        Positions (x, y) in pixels of a picture of `image_shape`.
    scale : ndarray of shape (n,), float32
        Diameter of the described neighborhood's unit, as in `LocalFeatures`; of windows, their
        side.
    shares : ndarray of shape (n,), float64
        Share of each keypoint in `decision`: positive speaks for `label`, negative for
        `against`. Unless the recipe sees the picture as a whole,
        ``bias + shares.sum() == decision`` up to rounding.
    words : ndarray of shape (n,), int, or None
        Visual word or Gaussian of each keypoint.
    members : ndarray of shape (n,), int
        Which of the recipe's encoders, for recipes with several.
    classes : tuple
        All classes.
    decisions, probabilities : ndarray of shape (n_classes,), float64
        Of the head, for each class.
    exact : bool
        Whether the shares are the decision itself, taken apart, and not an approximation.
    how : str
        How they were computed, in a sentence.
    image_shape : tuple of int
        Height and width of the picture as the recipe sees it.
    """

    label: object
    against: object
    decision: float
    bias: float
    xy: np.ndarray
    scale: np.ndarray
    shares: np.ndarray
    words: np.ndarray | None
    members: np.ndarray
    classes: tuple
    decisions: np.ndarray
    probabilities: np.ndarray
    exact: bool
    how: str
    image_shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.shares)

    def probability(self, label: object) -> float:
        """Probability of a class."""
        return float(self.probabilities[self.classes.index(label)])

    @property
    def sums(self) -> bool:
        """Whether the shares and the bias add up to the decision."""
        return self.words is not None


def class_column(classes: tuple, name: str, label: object) -> int:
    """Column of a class, which may be given as text.

    Raises
    ------
    ParameterError
        There is no such class; the message names those that come nearest.

    Examples
    --------
    >>> class_column((3, 7), "label", "7")
    1
    """
    from difflib import get_close_matches

    texts = [str(known) for known in classes]
    if label in classes:
        return classes.index(label)
    if str(label) in texts:
        return texts.index(str(label))
    near = get_close_matches(str(label), texts, 5, 0.5) or texts[:5]
    more = "" if len(texts) <= len(near) else " and others"
    raise ParameterError(
        f"{name} must be one of the model's {len(texts)} classes, such as "
        f"{', '.join(map(repr, near))}{more}. Got {str(label)!r} instead."
    )
