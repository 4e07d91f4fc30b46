"""Smooths labels over time: a single frame is uncertain, its neighbors help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._basics.checks import check_number
from ..errors import ParameterError


def smooth_labels(probabilities: ArrayLike, times: ArrayLike, *, hold: float = 1.0) -> np.ndarray:
    """Probabilities of each frame given all frames: a hidden Markov model.

    The label changes with a probability that grows with time, to any other label alike;
    forward and backward pass [1]_.

    Parameters
    ----------
    probabilities : array_like of shape (n, n_classes)
        Probabilities in each frame by itself; a row of zeros means no answer.
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
    if len(seen) == 0 or seen.shape[1] < 2:
        return seen
    stay = np.exp(-np.diff(moments, prepend=moments[0]) / hold)
    belief = np.full(seen.shape[1], 1 / seen.shape[1])
    return _backward(_forward(seen, stay, belief), seen, stay)


def _forward(seen: np.ndarray, stay: np.ndarray, belief: np.ndarray) -> np.ndarray:
    """Beliefs given the frames so far, from the belief before the first one."""
    beliefs = np.empty_like(seen)
    for i in range(len(seen)):
        belief = stay[i] * belief + (1 - stay[i]) / len(belief)
        belief = belief * seen[i]
        belief /= belief.sum()
        beliefs[i] = belief
    return beliefs


def _backward(beliefs: np.ndarray, seen: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """Beliefs given all frames."""
    after = np.ones(seen.shape[1])
    result = np.empty_like(seen)
    for i in range(len(seen) - 1, -1, -1):
        result[i] = beliefs[i] * after
        result[i] /= result[i].sum()
        message = after * seen[i]
        after = stay[i] * message + (1 - stay[i]) * message.mean()
        after /= after.max()
    return result


class LagSmoother:
    """`smooth_labels` for videos without an end: what is known `lag` seconds later decides.

    Parameters
    ----------
    hold : float
        Seconds that a label lasts on average.
    lag : float, optional
        Seconds after a frame that are looked at, at least. [default: twice `hold`, after which a
        frame says next to nothing]

    Raises
    ------
    ParameterError
        A number is not positive.

    Examples
    --------
    >>> smoother = LagSmoother(hold=1.0, lag=0.2)
    >>> ready = [smoother.add([0.9, 0.1], 0.1 * i) for i in range(10)]
    >>> sum(map(len, ready)), len(smoother.finish())
    (6, 4)
    """

    def __init__(self, hold: float = 1.0, lag: float | None = None) -> None:
        self._hold = hold
        self._lag = 2 * hold if lag is None else lag
        check_number("hold", hold, 0)
        check_number("lag", self._lag, 0)
        if hold == 0:
            raise ParameterError("hold must be > 0.")
        self._seen: list[np.ndarray] = []
        self._times: list[float] = []
        self._belief: np.ndarray | None = None  # of the last frame given out
        self._before = 0.0  # its time

    def add(self, probabilities: ArrayLike, moment: float) -> np.ndarray:
        """Take a frame; smoothed rows of those that are far enough back, oldest first."""
        row, _ = _checked(np.atleast_2d(np.asarray(probabilities, float)), [moment], self._hold)
        self._seen.append(row[0])
        self._times.append(moment)
        # twice the lag at least, so that a frame is not gone over again for each new one
        if moment - self._times[0] < 2 * self._lag:
            return row[:0]
        return self._give(int(np.searchsorted(self._times, moment - self._lag, side="right")))

    def finish(self) -> np.ndarray:
        """Rows of the frames that are left."""
        return self._give(len(self._seen))

    def _give(self, n: int) -> np.ndarray:
        if not n:
            return np.empty((0, 0))
        seen, moments = np.array(self._seen), np.array(self._times)
        belief, before = self._belief, self._before
        if belief is None:
            belief, before = np.full(seen.shape[1], 1 / seen.shape[1]), moments[0]
        stay = np.exp(-np.maximum(np.diff(moments, prepend=before), 0) / self._hold)
        beliefs = _forward(seen, stay, belief)
        result = _backward(beliefs, seen, stay)
        self._belief, self._before = beliefs[n - 1], moments[n - 1]
        self._seen, self._times = self._seen[n:], self._times[n:]
        return result[:n]


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
