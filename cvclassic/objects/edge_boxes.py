"""Edge boxes: a box that encloses whole contours is likely to hold an object."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..detect import soft_edges
from .boxes import sliding_windows, suppress
from .examples import reduce_image

_SIDE = 256  # pixels of the long side that edges are looked for in
_LEAST_EDGE = 0.1
_DIRECTIONS = 8
_MOST_GROUPS = 400
_ASPECTS = (1 / 3, 1 / 2, 1 / 1.41, 1, 1.41, 2, 3)
_SMALLEST = 12.0  # pixels of the reduced image
_SCALE_STEP = 1.35
_STEP = 0.15  # of a side, between two windows
_PERIMETER_POWER = 1.5
_MOST_WINDOWS = 24_000
_RESCORED = 2500
_PATHS = 2  # steps along which contours are followed
_BLOCK = 1024


def edge_boxes(image: np.ndarray, n: int) -> np.ndarray:
    """Windows by the contours that they enclose, best first.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8
    n : int

    Returns
    -------
    ndarray of shape (m, 4), float32

    References
    ----------
    Zitnick & Dollár, "Edge boxes: locating object proposals from edges", ECCV 2014: equation 1
    (affinity), 2 (weight of a group), 3 (score of a box). A group crosses the border of a box here
    when its extent does.
    """
    height, width = image.shape[:2]
    small, factor = reduce_image(image, _SIDE)
    strength = soft_edges(small)
    windows = _windows(small.shape[1], small.shape[0])
    extents, sizes, affinity = contour_groups(strength)
    if not len(windows):
        return np.array([[0, 0, width, height]], np.float32)
    if len(sizes):
        scores = _scores(windows, extents, sizes, None)
        best = np.argsort(-scores, kind="stable")[:_RESCORED]
        windows = windows[best]
        scores = _scores(windows, extents, sizes, affinity)
    else:
        scores = np.zeros(len(windows))
    kept = suppress(windows, scores, 0.75, n)
    boxes = windows[kept] / factor
    boxes[:, 2:] = np.minimum(boxes[:, 2:], (width, height) - boxes[:, :2])
    return boxes.astype(np.float32)


def _windows(width: int, height: int) -> np.ndarray:
    """Windows of all sizes and aspects, the whole image among them."""
    out = [np.array([[0, 0, width, height]], float)]
    side = min(_SMALLEST, width, height)
    while side <= max(width, height):
        for aspect in _ASPECTS:
            w, h = side * math.sqrt(aspect), side / math.sqrt(aspect)
            if w <= width and h <= height:
                step = max(round(_STEP * min(w, h)), 1)
                out.append(sliding_windows((width, height), (w, h), step))
        side *= _SCALE_STEP
    joined = np.concatenate(out).astype(np.float32)
    return joined[:: -(-len(joined) // _MOST_WINDOWS)]


def contour_groups(strength: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Connected edge pixels of like direction.

    Parameters
    ----------
    strength : ndarray of shape (h, w), float32
        Thinned soft edges.

    Returns
    -------
    extents : ndarray of shape (k, 4), float32
        First and last column and row: x0, y0, x1, y1.
    sizes : ndarray of shape (k,), float32
        Sum of the strengths.
    affinity : ndarray of shape (k, k), float32
        How well one group continues another, from 0 to 1; 0 where they do not meet.
    """
    h, w = strength.shape
    on = strength > _LEAST_EDGE
    blurred = cv2.GaussianBlur(strength, (0, 0), 1.5)
    gx, gy = (cv2.Sobel(blurred, cv2.CV_32F, i, 1 - i) for i in (1, 0))
    xx, yy, xy = (cv2.GaussianBlur(p, (0, 0), 1.5) for p in (gx * gx, gy * gy, gx * gy))
    normal = 0.5 * np.arctan2(2 * xy, xx - yy)  # of the ridge, in (-pi/2, pi/2]
    bins = np.rint(normal / math.pi * _DIRECTIONS).astype(int) % _DIRECTIONS
    labels = np.zeros((h, w), np.int32)
    n = 0
    for k in range(_DIRECTIONS):
        count, own = cv2.connectedComponents((on & (bins == k)).astype(np.uint8), connectivity=8)
        labels += np.where(own > 0, own + n, 0).astype(np.int32)
        n += count - 1
    ys, xs = np.nonzero(labels)
    rows = labels[ys, xs] - 1
    sizes = np.bincount(rows, strength[ys, xs], n)
    chosen = np.argsort(-sizes, kind="stable")[:_MOST_GROUPS]
    number = np.full(n + 1, -1)
    number[chosen + 1] = np.arange(len(chosen))
    labels = number[labels]
    own = labels[ys, xs]
    ys, xs, own = ys[own >= 0], xs[own >= 0], own[own >= 0]
    k = len(chosen)
    extents = np.concatenate([np.full((k, 2), np.inf), np.full((k, 2), -np.inf)], axis=1)
    for column, values in enumerate((xs, ys)):
        np.minimum.at(extents[:, column], own, values)
        np.maximum.at(extents[:, column + 2], own, values)
    return (
        extents.astype(np.float32),
        sizes[chosen].astype(np.float32),
        _affinity(labels, normal, xs, ys, own, k),
    )


def _affinity(labels, normal, xs, ys, own, k: int) -> np.ndarray:
    """Equation 1 for groups whose pixels lie within two of each other."""
    count = np.maximum(np.bincount(own, minlength=k), 1)
    x, y = np.bincount(own, xs, k) / count, np.bincount(own, ys, k) / count
    turn = normal[ys, xs]
    double = np.bincount(own, np.sin(2 * turn), k), np.bincount(own, np.cos(2 * turn), k)
    along = 0.5 * np.arctan2(*double) + math.pi / 2
    out = np.zeros((k, k), np.float32)
    h, w = labels.shape
    for dy in range(3):
        for dx in range(-2, 3):
            near = (ys + dy < h) & (xs + dx >= 0) & (xs + dx < w)
            other = labels[ys[near] + dy, xs[near] + dx]
            one = own[near]
            meets = (other >= 0) & (other != one)
            i, j = one[meets], other[meets]
            between = np.arctan2(y[j] - y[i], x[j] - x[i])
            value = (np.cos(along[i] - between) * np.cos(along[j] - between)) ** 2
            out[i, j] = np.maximum(out[i, j], value)
            out[j, i] = np.maximum(out[j, i], value)
    return out


def _scores(windows, extents, sizes, affinity: np.ndarray | None) -> np.ndarray:
    """Equation 3; without affinities, only groups that cross the border do not count."""
    out = np.empty(len(windows), np.float32)
    near = None if affinity is None else _neighbors(affinity)
    low, high = windows[:, :2], windows[:, :2] + windows[:, 2:]
    inner_low, inner_high = windows[:, :2] + windows[:, 2:] / 4, high - windows[:, 2:] / 4
    for start in range(0, len(windows), _BLOCK):
        part = slice(start, start + _BLOCK)
        inside = _within(extents, low[part] - 1, high[part])
        touched = (
            (extents[:, 2] >= low[part, 0:1]) & (extents[:, 0] < high[part, 0:1])
            & (extents[:, 3] >= low[part, 1:2]) & (extents[:, 1] < high[part, 1:2])
        )  # fmt: skip
        weight = inside.astype(np.float32)
        if near is not None:
            others, values = near
            crossing = (touched & ~inside).astype(np.float32)
            for _ in range(_PATHS):
                for column in range(others.shape[1]):
                    reached = crossing[:, others[:, column]]
                    reached *= values[:, column]
                    np.maximum(crossing, reached, out=crossing)
            weight *= 1 - crossing
        core = _within(extents, inner_low[part], inner_high[part])
        sides = windows[part, 2:].sum(axis=1)
        total = weight @ sizes - (weight * core) @ sizes
        out[part] = total / (2 * sides) ** _PERIMETER_POWER
    return out


def _within(extents, low, high) -> np.ndarray:
    return (
        (extents[:, 0] >= low[:, 0:1]) & (extents[:, 2] < high[:, 0:1])
        & (extents[:, 1] >= low[:, 1:2]) & (extents[:, 3] < high[:, 1:2])
    )  # fmt: skip


def _neighbors(affinity: np.ndarray, most: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """The groups that continue each group best, and how well."""
    others = np.argsort(-affinity, axis=1, kind="stable")[:, :most]
    return others, np.take_along_axis(affinity, others, axis=1)
