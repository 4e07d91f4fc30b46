"""Windows that agree become one box, as OpenCV groups them, with a score besides."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

_EPS = 0.2  # OpenCV's: how far sides may lie apart, over the mean of width and height
_ROWS = 512


def group_boxes(
    boxes: np.ndarray, scores: np.ndarray, min_neighbors: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Join windows that nearly coincide, and leave out groups of too few.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4), int
        Left, top, width, height of windows that passed.
    scores : ndarray of shape (n,)
        Score of each window, not negative.
    min_neighbors : int
        A box needs more windows than this, as in OpenCV; with 0 every window is a box.

    Returns
    -------
    boxes : ndarray of shape (m, 4), int32
        Mean of the windows of each group. Small groups inside larger boxes are left out.
    counts : ndarray of shape (m,), int32
        Windows in each group.
    scores : ndarray of shape (m,), float64
        Sum over each group.

    Examples
    --------
    >>> boxes = np.array([[10, 10, 24, 24], [12, 10, 24, 24], [80, 8, 24, 24]])
    >>> group_boxes(boxes, np.array([1.0, 2.0, 5.0]), 1)
    (array([[11, 10, 24, 24]], dtype=int32), array([2], dtype=int32), array([3.]))
    """
    boxes = np.asarray(boxes, np.int64).reshape(-1, 4)
    scores = np.asarray(scores, np.float64)
    order = np.lexsort((boxes[:, 2], boxes[:, 0], boxes[:, 1]))
    boxes, scores = boxes[order], scores[order]
    if min_neighbors == 0 or not len(boxes):
        return boxes.astype(np.int32), np.ones(len(boxes), np.int32), scores
    n, label = connected_components(_near(boxes), directed=False)
    counts = np.bincount(label, minlength=n)
    total = np.stack([np.bincount(label, boxes[:, i], n) for i in range(4)], axis=1)
    mean = np.rint(total.astype(np.float32) * (1 / counts.astype(np.float32))[:, None])
    score = np.bincount(label, scores, n)
    mean = mean.astype(np.int64)
    enough = counts > min_neighbors  # as OpenCV counts
    mean, counts, score = mean[enough], counts[enough], score[enough]
    keep = ~_inside(mean, counts)
    return mean[keep].astype(np.int32), counts[keep].astype(np.int32), score[keep]


def _near(boxes: np.ndarray) -> coo_matrix:
    """Which windows nearly coincide, as a sparse matrix."""
    left, top, width, height = boxes.T
    right, bottom = left + width, top + height
    rows, columns = [], []
    for start in range(0, len(boxes), _ROWS):
        part = slice(start, start + _ROWS)
        slack = np.minimum.outer(width[part], width) + np.minimum.outer(height[part], height)
        slack = _EPS * 0.5 * slack
        near = np.abs(np.subtract.outer(left[part], left)) <= slack
        for side in (top, right, bottom):
            near &= np.abs(np.subtract.outer(side[part], side)) <= slack
        i, j = near.nonzero()
        rows.append(i + start)
        columns.append(j)
    i, j = np.concatenate(rows), np.concatenate(columns)
    return coo_matrix((np.ones(len(i), bool), (i, j)), shape=(len(boxes), len(boxes)))


def _inside(boxes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Boxes of few windows that lie in one of more."""
    x, y, w, h = boxes.T
    dx, dy = np.rint(w * _EPS), np.rint(h * _EPS)
    within = x[:, None] >= x - dx
    within &= y[:, None] >= y - dy
    within &= (x + w)[:, None] <= x + w + dx
    within &= (y + h)[:, None] <= y + h + dy
    within &= (counts > np.maximum(counts[:, None], 3)) | (counts[:, None] < 3)
    np.fill_diagonal(within, False)
    return within.any(axis=1)
