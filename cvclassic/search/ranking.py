"""One score out of words, geometry and compact codes."""

from __future__ import annotations

import numpy as np

VERIFY = 40  # candidates whose geometry is looked at
_PER_INLIER = 0.4  # an image with n inliers counts 1 + 0.4 n times as much
_SURE, _SURELY = (
    6,
    12,
)  # inliers: from here on chance is unlikely; from there on out of the question
_BONUS = 2.0
_COMPACT = 1.7  # weight of the compact similarity
_RELIABLE = 64  # dimensions from which on it has its full weight
_BACKGROUND = 20  # rank of an image that, as a rule, has nothing to do with the query
_FLOOR = 0.02


def fuse(
    words: np.ndarray,
    inliers: dict[int, int],
    similarity: np.ndarray | None,
    n_dims: int = 128,
) -> np.ndarray:
    """Calibrated sum of what words, geometry and compact codes say.

    Scores of words have no scale of their own: they depend on the number of keypoints of the query
    and on the vocabulary. They are brought to one by the score that the image of rank 20 has,
    which as a rule shows something else, and enter by their logarithm. Inliers multiply the
    score of words instead of replacing it, as views of solid objects have few of them.

    Parameters
    ----------
    words : ndarray of shape (n,), float64
        Scores of visual words.
    inliers : dict of int to int
        Number of inliers of the images that were verified.
    similarity : ndarray of shape (n,), float64, or None
        Cosines of compact vectors, -1 to 1.
    n_dims : int
        Length of the compact vectors. Those learned from few images are short and say little of
        new ones, so they count less.

    Returns
    -------
    ndarray of shape (n,), float64

    References
    ----------
    Zheng et al., "Query-adaptive late fusion for image search and person re-identification",
    CVPR 2015 (why scores are to be normalized by those of unrelated images).

    Examples
    --------
    >>> fuse(np.array([4.0, 1.0, 1.0]), {0: 10}, None).round(1).tolist()
    [4.4, 0.7, 0.7]
    """
    n = len(words)
    rank = min(_BACKGROUND, max(2, n // 4), n)
    hit = np.flatnonzero(words > 0)  # of very many images most have nothing in common with a query
    some = words[hit]
    background = (
        np.partition(some, len(some) - rank)[len(some) - rank] if len(some) >= rank > 0 else 0
    )
    background = max(float(background), _FLOOR * float(words.max(initial=0)), 1e-12)
    scores = np.zeros(n)
    scores[hit] = some / background
    for image, number in inliers.items():
        scores[image] *= 1 + _PER_INLIER * number
    scores[hit] = np.log1p(scores[hit])
    for image, number in inliers.items():
        scores[image] += _BONUS * np.clip((number - _SURE) / (_SURELY - _SURE), 0, 1)
    if similarity is not None:
        scores += _COMPACT * min(1.0, n_dims / _RELIABLE) * similarity
    return scores
