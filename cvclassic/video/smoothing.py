"""Labels over time: what a single frame says is uncertain, what its neighbors say helps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._basics.checks import check_number
from ..errors import ParameterError


def smooth_labels(probabilities: ArrayLike, times: ArrayLike, *, hold: float = 1.0) -> np.ndarray:
    """Probabilities of each frame given all frames: a hidden Markov model.

    The label stays as it is but for a chance that grows with time, and changes to any other alike;
    forward and backward pass [1]_.

    Parameters
    ----------
    probabilities : array_like of shape (n, n_classes)
        Of each frame by itself; a row of zeros says nothing.
    times : array_like of shape (n,)
        Seconds, increasing.
    hold : float
        Seconds that a label lasts on average.

    Returns
    -------
    ndarray of shape (n, n_classes)

    Raises
    ------
    ParameterError
        Shapes do not agree, or `hold` is not positive.

    References
    ----------
    .. [1] L. Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 77(2), 1989, equations 19
       to 27.

    Examples
    --------
    >>> alone = [[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.9, 0.1]]
    >>> smooth_labels(alone, [0, 0.1, 0.2, 0.3]).argmax(axis=1).tolist()
    [0, 0, 0, 0]
    """
    seen, moments = _checked(probabilities, times, hold)
    n, n_classes = seen.shape
    if n == 0 or n_classes < 2:
        return seen
    stay = np.exp(-np.diff(moments, prepend=moments[0]) / hold)
    forward = np.empty_like(seen)
    belief = np.full(n_classes, 1 / n_classes)
    for i in range(n):
        belief = stay[i] * belief + (1 - stay[i]) / n_classes
        belief = belief * seen[i]
        belief /= belief.sum()
        forward[i] = belief
    after = np.ones(n_classes)
    result = np.empty_like(seen)
    for i in range(n - 1, -1, -1):
        result[i] = forward[i] * after
        result[i] /= result[i].sum()
        message = after * seen[i]
        after = stay[i] * message + (1 - stay[i]) * message.mean()
        after /= after.max()
    return result


def _checked(probabilities, times, hold) -> tuple[np.ndarray, np.ndarray]:
    check_number("hold", hold, 0)
    seen = np.asarray(probabilities, float)
    moments = np.asarray(times, float)
    if seen.ndim != 2 or moments.shape != (len(seen),):
        raise ParameterError(
            f"expected probabilities of shape (n, n_classes) and n times. "
            f"Got {seen.shape} and {moments.shape} instead."
        )
    if hold == 0 or (np.diff(moments) < 0).any():
        raise ParameterError("hold must be > 0, and times must not decrease.")
    seen = np.where(seen.sum(axis=1, keepdims=True) > 0, seen, 1.0)
    return np.maximum(seen / seen.sum(axis=1, keepdims=True), 1e-6), moments


@dataclass(frozen=True)
class LabelSpan:
    """A time in which one label holds.

    Attributes
    ----------
    label : object
    start, end : float
        Seconds.
    probability : float
        Mean over the span.
    """

    label: object
    start: float
    end: float
    probability: float


def label_spans(labels, probabilities: ArrayLike, times: ArrayLike) -> list[LabelSpan]:
    """Runs of equal labels.

    Parameters
    ----------
    labels : sequence of n labels
    probabilities : array_like of shape (n,)
    times : array_like of shape (n,)

    Examples
    --------
    >>> [(s.label, s.start, s.end) for s in label_spans("aab", [1, 1, 1], [0.0, 1.0, 2.0])]
    [('a', 0.0, 2.0), ('b', 2.0, 3.0)]
    """
    moments = np.asarray(times, float)
    chances = np.asarray(probabilities, float)
    spans: list[LabelSpan] = []
    step = float(np.median(np.diff(moments))) if len(moments) > 1 else 0.0
    begin = 0
    for i in range(1, len(labels) + 1):
        if i == len(labels) or labels[i] != labels[begin]:
            end = moments[i] if i < len(labels) else moments[-1] + step
            mean = float(chances[begin:i].mean())
            spans.append(LabelSpan(labels[begin], float(moments[begin]), float(end), mean))
            begin = i
    return spans
