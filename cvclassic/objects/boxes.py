"""Boxes: overlap, clipping, mirror images, non-maximum suppression, sliding windows."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_integer, check_number
from ..errors import ParameterError
from ..evaluate import as_boxes

_TOGETHER = 32  # rows of overlaps that are computed at once
_LARGEST_CHANGE = 0.5  # of log sides, by regression


def pairwise_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of one list with each of another; float32."""
    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    ax1, ay1 = a[:, 0] + a[:, 2], a[:, 1] + a[:, 3]
    bx1, by1 = b[:, 0] + b[:, 2], b[:, 1] + b[:, 3]
    w = np.minimum(ax1[:, None], bx1) - np.maximum(a[:, 0, None], b[:, 0])
    h = np.minimum(ay1[:, None], by1) - np.maximum(a[:, 1, None], b[:, 1])
    shared = np.maximum(w, 0) * np.maximum(h, 0)
    union = (a[:, 2] * a[:, 3])[:, None] + b[:, 2] * b[:, 3] - shared
    return shared / np.maximum(union, np.float32(1e-9))


def clip_boxes(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """The parts of boxes that lie in an image."""
    low = np.clip(boxes[:, :2], 0, (width, height))
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (width, height))
    return np.concatenate([low, high - low], axis=1).astype(boxes.dtype, copy=False)


def mirror_boxes(boxes: np.ndarray, width: int) -> np.ndarray:
    """Boxes after left and right of an image were swapped."""
    out = np.array(boxes)
    out[:, 0] = width - boxes[:, 0] - boxes[:, 2]
    return out


def changed_boxes(boxes: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Boxes moved and resized as a regression says (Girshick et al., CVPR 2014, appendix C)."""
    centers = boxes[:, :2] + boxes[:, 2:] / 2 + changes[:, :2] * boxes[:, 2:]
    sides = boxes[:, 2:] * np.exp(np.clip(changes[:, 2:], -_LARGEST_CHANGE, _LARGEST_CHANGE))
    return np.concatenate([centers - sides / 2, sides], axis=1).astype(np.float32)


def box_changes(boxes: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What `changed_boxes` needs to turn boxes into others; (n, 4)."""
    centers = (targets[:, :2] + targets[:, 2:] / 2 - boxes[:, :2] - boxes[:, 2:] / 2) / boxes[:, 2:]
    return np.concatenate([centers, np.log(targets[:, 2:] / boxes[:, 2:])], axis=1)


def suppress(
    boxes: np.ndarray, scores: np.ndarray, overlap: float, most: int | None = None
) -> np.ndarray:
    """Greedy non-maximum suppression: rows of the boxes that stay, best first."""
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    alive = np.ones(len(boxes), bool)
    kept: list[int] = []
    start = 0
    while len(rows := np.flatnonzero(alive[start:])[:_TOGETHER] + start):
        beaten = pairwise_iou(boxes[rows], boxes[start:]) > overlap
        for row, its in zip(rows.tolist(), beaten, strict=True):
            if not alive[row]:
                continue
            kept.append(row)
            if most is not None and len(kept) >= most:
                return order[kept]
            alive[start:][its] = False
        start = int(rows[-1]) + 1
    return order[kept]


def iou(first, second) -> np.ndarray:
    """Intersection over union of each box of one list with each of another.

    Parameters
    ----------
    first : array_like of shape (n, 4)
        Boxes (x, y, width, height).
    second : array_like of shape (m, 4)

    Returns
    -------
    ndarray of shape (n, m), float32

    Raises
    ------
    ParameterError
        These are no boxes.

    Examples
    --------
    >>> iou([[0, 0, 2, 2]], [[1, 0, 2, 2], [5, 5, 1, 1]]).round(2).tolist()
    [[0.33000001311302185, 0.0]]
    """
    return pairwise_iou(as_boxes(first, "first"), as_boxes(second, "second"))


def nms(boxes, scores, overlap: float = 0.5, *, soft: float | None = None, min_score: float = 0.0):
    """Non-maximum suppression: of boxes that overlap, the one of the highest score stays.

    Parameters
    ----------
    boxes : array_like of shape (n, 4)
        (x, y, width, height).
    scores : array_like of shape (n,)
    overlap : float, default=0.5
        Boxes that overlap a better one by more are removed. Not used where `soft` is given.
    soft : float, optional
        Lower scores instead, by the factor ``exp(-overlap**2 / soft)`` for each better box; 0.5 is
        usual.
    min_score : float, default=0
        With `soft`, boxes whose score falls below are removed.

    Returns
    -------
    kept : ndarray of int
        Rows that stay, best first.
    scores : ndarray of shape (len(kept),), float64
        Their scores.

    Raises
    ------
    ParameterError
        Boxes, scores or a number are invalid.

    References
    ----------
    Bodla, Singh, Chellappa & Davis, "Soft-NMS: improving object detection with one line of code",
    ICCV 2017, equation for Gaussian penalties.

    Examples
    --------
    >>> boxes = [[0, 0, 9, 9], [1, 0, 9, 9], [40, 0, 9, 9]]
    >>> nms(boxes, [0.5, 0.9, 0.7])[0].tolist()
    [1, 2]
    >>> nms(boxes, [0.5, 0.9, 0.7], soft=0.5)[1].round(2).tolist()
    [0.9, 0.7, 0.14]
    """
    rows = as_boxes(boxes)
    values = np.array(scores, np.float64).ravel()
    if len(values) != len(rows) or not np.isfinite(values).all():
        raise ParameterError(f"scores must be {len(rows)} finite numbers, one per box.")
    check_number("overlap", overlap, 0)
    if soft is None:
        kept = suppress(rows, values, overlap)
        return kept, values[kept]
    check_number("soft", soft, 0, exclusive=True)
    left = list(range(len(rows)))
    order = []
    while left:
        best = max(left, key=lambda i: (values[i], -i))
        left.remove(best)
        if values[best] < min_score:
            break
        order.append(best)
        if left:
            shared = pairwise_iou(rows[best : best + 1], rows[left])[0].astype(np.float64)
            values[left] *= np.exp(-(shared**2) / soft)
    return np.array(order, int), values[order]


def sliding_windows(
    image_size: tuple[int, int], window: tuple[float, float], stride: int, scale: float = 1.0
) -> np.ndarray:
    """Boxes of a window that slides over an image.

    Parameters
    ----------
    image_size : (int, int)
        Width and height of the image in pixels.
    window : (float, float)
        Width and height of the window.
    stride : int
        Pixels from a window to the next.
    scale : float, default=1
        The window and the stride are enlarged by it: larger objects.

    Returns
    -------
    ndarray of shape (n, 4), float64
        (x, y, width, height), row by row; those that fit into the image.

    Examples
    --------
    >>> sliding_windows((40, 20), (20, 20), 10)[:, 0].tolist()
    [0.0, 10.0, 20.0]
    """
    check_integer("stride", stride, 1)
    check_number("scale", scale, 0, exclusive=True)
    wide, high = (side * scale for side in window)
    step = stride * scale
    xs = np.arange(0, image_size[0] - wide + 1e-9, step)
    ys = np.arange(0, image_size[1] - high + 1e-9, step)
    x, y = np.meshgrid(xs, ys)
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, wide), np.full(x.size, high)], axis=1)
