"""Nearest neighbors between two sets of descriptors, with the tests that sort out bad ones."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_bool
from ..errors import ParameterError
from ..images.checks import check_real

_BLOCK = 1024  # rows of a block of distances; with 4,000 columns it stays near the cache


def match_descriptors(
    a: np.ndarray, b: np.ndarray, *, ratio: float | None = 0.85, mutual: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Pair the descriptors of two images.

    Parameters
    ----------
    a, b : ndarray of shape (n, d) and (m, d)
        Float descriptors are compared by the Euclidean distance, uint8 ones, taken as packed bits,
        by the Hamming distance.
    ratio : float, optional
        Keep a pair only if its distance is less than this times the distance to the second nearest.
    mutual : bool
        Keep a pair only if each is the nearest of the other.

    Returns
    -------
    pairs : ndarray of shape (k, 2), int64
        Rows of `a` and of `b`.
    distances : ndarray of shape (k,), float32
        Distance of each pair.

    Raises
    ------
    ParameterError
        When the descriptors do not have the same length and kind.

    References
    ----------
    .. [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
       section 7.1 (ratio test).

    Examples
    --------
    >>> a = np.array([[0, 0], [5, 5]], np.float32)
    >>> b = np.array([[5, 4], [9, 9], [0, 1]], np.float32)
    >>> pairs, distances = match_descriptors(a, b)
    >>> pairs.tolist(), distances.tolist()
    ([[0, 2], [1, 0]], [1.0, 1.0])
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or (a.dtype.kind != b.dtype.kind):
        raise ParameterError(
            "descriptors must have shape (n, d) with the same d and kind of numbers. "
            f"Got {a.shape} {a.dtype} and {b.shape} {b.dtype} instead."
        )
    check_bool("mutual", mutual)
    if ratio is not None:
        check_real("ratio", ratio, 0, 1, open_=True)
    if not len(a) or not len(b):
        return np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    search = _nearest_bits if a.dtype == np.uint8 else _nearest_floats
    nearest, first, second, back = search(a, b, ratio is not None, mutual)
    keep = np.ones(len(a), bool)
    if ratio is not None:
        keep &= first < ratio * second
    if mutual:
        keep &= back[nearest] == np.arange(len(a))
    rows = np.flatnonzero(keep)
    return np.stack([rows, nearest[rows]], axis=1).astype(np.int64), first[rows]


def _nearest_floats(
    a: np.ndarray, b: np.ndarray, want_second: bool, want_back: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Nearest row of b, first and second distance, and nearest row of a, by matrix products."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    # |a - b|² = |a|² + (|b|² - 2 a b): only the bracket decides for a given a.
    half_b = np.einsum("ij,ij->i", b, b) / 2
    half_a = np.einsum("ij,ij->i", a, a) / 2
    n = len(a)
    nearest = np.empty(n, np.int64)
    second_at = np.empty(n, np.int64)
    back_value = np.full(len(b), np.inf, np.float32)
    back = np.zeros(len(b), np.int64)
    bt = np.ascontiguousarray(b.T)
    for start in range(0, n, _BLOCK):
        part = slice(start, start + _BLOCK)
        bracket = half_b - a[part] @ bt
        rows = np.arange(len(bracket))
        if want_back:
            total = bracket + half_a[part, None]
            best = total.argmin(axis=0)
            value = total[best, np.arange(len(b))]
            better = value < back_value
            back_value[better], back[better] = value[better], best[better] + start
        nearest[part] = bracket.argmin(axis=1)
        if want_second:
            bracket[rows, nearest[part]] = np.inf
            second_at[part] = bracket.argmin(axis=1)
    # Subtracting the winners again gives distances free of the product's cancellation.
    first = np.linalg.norm(a - b[nearest], axis=1).astype(np.float32)
    second = np.full(n, np.inf, np.float32)
    if want_second and len(b) > 1:
        second = np.linalg.norm(a - b[second_at], axis=1).astype(np.float32)
    return nearest, first, second, back


def _nearest_bits(
    a: np.ndarray, b: np.ndarray, want_second: bool, want_back: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same for packed bits, by OpenCV's batch distance."""
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    distance, index = cv2.batchDistance(a, b, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    first = distance[:, 0].astype(np.float32)
    second = np.full(len(a), np.inf, np.float32)
    if want_second and len(b) > 1:
        second = distance[:, 1].astype(np.float32)
    back = np.zeros(len(b), np.int64)
    if want_back:
        back = cv2.batchDistance(b, a, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=1)[1][:, 0]
    return index[:, 0].astype(np.int64), first, second, back
