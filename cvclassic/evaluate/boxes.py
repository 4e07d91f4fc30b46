"""Found boxes against true ones: one-to-one matching, precision and recall, average precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._basics.checks import check_number
from ..errors import ParameterError


def box_overlaps(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """Intersection over union of each box of one list with each of another.

    Parameters
    ----------
    first : array_like of shape (n, 4)
        Boxes (x, y, width, height) in pixels, the first two of the upper left corner.
    second : array_like of shape (m, 4)

    Returns
    -------
    ndarray of shape (n, m), float64
        From 0 to 1; 0 where both boxes are empty.

    Raises
    ------
    ParameterError
        These are no boxes.

    Examples
    --------
    >>> box_overlaps([[0, 0, 2, 2]], [[1, 0, 2, 2], [5, 5, 1, 1]]).round(2)
    array([[0.33, 0.  ]])
    """
    a, b = as_boxes(first, "first"), as_boxes(second, "second")
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    union = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def as_boxes(boxes: ArrayLike, name: str = "boxes") -> np.ndarray:
    """Boxes as float64 of shape (n, 4); an empty list is no box.

    Raises
    ------
    ParameterError
        The shape is another, a number is not finite, or a side is negative.
    """
    try:
        array = np.asarray(boxes, np.float64)
    except (TypeError, ValueError):
        array = np.zeros(1)
    if array.size == 0:
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise ParameterError(
            f"{name} must be rows of (x, y, width, height). Got shape {np.shape(array)} instead."
        )
    if not np.isfinite(array).all() or (array[:, 2:] < 0).any():
        raise ParameterError(f"{name} must be finite, with sides >= 0.")
    return array


def match_boxes(
    found: ArrayLike, scores: ArrayLike, truth: ArrayLike, *, min_overlap: float = 0.5
) -> np.ndarray:
    """Which true box each found box stands for, one to one.

    The best scored box chooses first, the largest overlap among the true boxes that are free. A
    second box on the same true one is false. This is the rule of the PASCAL VOC challenge, except
    that there a box whose best partner is taken is false even where it overlaps a free one.

    Parameters
    ----------
    found : array_like of shape (n, 4)
        Boxes (x, y, width, height) in one image, in pixels.
    scores : array_like of shape (n,)
        Higher is surer; of equal ones the first in the list chooses first.
    truth : array_like of shape (m, 4)
    min_overlap : float, default=0.5
        Intersection over union that a match needs, in (0, 1].

    Returns
    -------
    ndarray of shape (n,), int
        Row in `truth`, -1 for a false box.

    Raises
    ------
    ParameterError
        Boxes, scores or the overlap are not what they must be.

    References
    ----------
    Everingham et al., "The PASCAL Visual Object Classes (VOC) challenge", IJCV 88, 2010,
    section 4.2.

    Examples
    --------
    >>> match_boxes([[0, 0, 9, 9], [1, 0, 9, 9], [40, 0, 9, 9]], [0.5, 0.9, 0.7], [[1, 0, 9, 9]])
    array([-1,  0, -1])
    """
    check_number("min_overlap", min_overlap, 0, exclusive=True)
    if min_overlap > 1:
        raise ParameterError(f"min_overlap must be <= 1. Got {min_overlap!r} instead.")
    overlaps = box_overlaps(found, truth)
    scores = _as_scores(scores, len(overlaps))
    matched = np.full(len(overlaps), -1)
    for i in np.argsort(-scores, kind="stable"):
        if overlaps.shape[1] and overlaps[i].max() >= min_overlap:
            matched[i] = best = overlaps[i].argmax()
            overlaps[:, best] = -1  # taken
    return matched


def precision_recall(
    hits: ArrayLike, scores: ArrayLike, n_truth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision and recall of the boxes above each score.

    Parameters
    ----------
    hits : array_like of shape (n,), bool
        Whether each found box is a true one, those of all images in a row (see `match_boxes`).
    scores : array_like of shape (n,)
    n_truth : int
        True boxes in all images.

    Returns
    -------
    precision, recall : ndarray of shape (k,), float64
        From the highest score to the lowest; recall never falls. Recall is 0 where there is
        nothing to find.
    thresholds : ndarray of shape (k,), float64
        The distinct scores: boxes of score >= threshold are counted.

    Raises
    ------
    ParameterError
        There are more hits than true boxes, or a score is not finite.

    Examples
    --------
    >>> precision, recall, thresholds = precision_recall([True, False, True], [0.9, 0.8, 0.7], 4)
    >>> precision.round(2), recall, thresholds
    (array([1.  , 0.5 , 0.67]), array([0.25, 0.25, 0.5 ]), array([0.9, 0.8, 0.7]))
    """
    hits = np.asarray(hits, bool).ravel()
    scores = _as_scores(scores, len(hits))
    if hits.sum() > n_truth:
        raise ParameterError(f"n_truth must be >= the {hits.sum()} hits. Got {n_truth} instead.")
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))[: len(hits)]
    true = np.cumsum(hits[order])[last]
    return true / (last + 1), true / max(n_truth, 1), ordered[last]


def average_precision(hits: ArrayLike, scores: ArrayLike, n_truth: int) -> float:
    """Area under the curve of precision over recall.

    Precision is first raised to the best that is reached at any higher recall; what is never
    found counts 0.

    Parameters
    ----------
    hits, scores, n_truth
        As `precision_recall`.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    The area of PASCAL VOC since 2010: Everingham et al., "The PASCAL visual object classes
    challenge: a retrospective", IJCV 111, 2015, section 3.1.

    Examples
    --------
    >>> average_precision([True, False, True], [0.9, 0.8, 0.7], 2)
    0.8333333333333333
    """
    precision, recall, _ = precision_recall(hits, scores, n_truth)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0) * best).sum())


def recall_at_precision(
    hits: ArrayLike, scores: ArrayLike, n_truth: int, precision: float
) -> tuple[float, float]:
    """Highest recall whose precision is at least the one that is requested.

    Parameters
    ----------
    hits, scores, n_truth
        As `precision_recall`.
    precision : float
        In [0, 1].

    Returns
    -------
    recall : float
        0 where that precision is never reached.
    threshold : float
        Score that gives it, inf where there is none.

    Examples
    --------
    >>> recall_at_precision([True, False, True], [0.9, 0.8, 0.7], 4, 0.6)
    (0.5, 0.7)
    """
    reached, recall, thresholds = precision_recall(hits, scores, n_truth)
    good = np.flatnonzero(reached >= precision)
    if not len(good):
        return 0.0, float("inf")
    return float(recall[good[-1]]), float(thresholds[good[-1]])


def _as_scores(scores: ArrayLike, n: int) -> np.ndarray:
    array = np.asarray(scores, np.float64).ravel()
    if len(array) != n or not np.isfinite(array).all():
        raise ParameterError(f"scores must be {n} finite numbers, one per box.")
    return array
