"""Features of any box: histograms of gradients, colors and a Fisher vector, from the pyramid."""

from __future__ import annotations

import math

import numpy as np

from .channels import N_HOG, SHRINK
from .pyramid import MirrorPyramid, Pyramid


def octave_for(boxes: np.ndarray, cells: float) -> np.ndarray:
    """Octave at which each box spans about so many cells on its geometric mean side; (n,), int."""
    side = np.sqrt(np.maximum(boxes[:, 2] * boxes[:, 3], 1))
    return np.ceil(np.log2(cells * SHRINK / side) - 0.5).astype(int)


def sample_grid(
    pyramid: Pyramid | MirrorPyramid,
    boxes: np.ndarray,
    columns: int,
    rows: int,
    *,
    around: float = 0.0,
) -> np.ndarray:
    """Cells of each box on a grid of its own, interpolated.

    Parameters
    ----------
    pyramid : Pyramid or MirrorPyramid
    boxes : ndarray of shape (n, 4)
    columns, rows : int
    around : float
        Share of the box's sides that the grid reaches over each edge.

    Returns
    -------
    ndarray of shape (n, rows, columns, 35), float32
    """
    out = np.empty((len(boxes), rows, columns, N_HOG), np.float32)
    levels = octave_for(boxes, math.sqrt(columns * rows) / (1 + 2 * around))
    levels = np.clip(levels, -5, 1)
    us = (np.arange(columns) + 0.5) / columns * (1 + 2 * around) - around
    vs = (np.arange(rows) + 0.5) / rows * (1 + 2 * around) - around
    for level in np.unique(levels):
        mine = np.flatnonzero(levels == level)
        cells = pyramid.hog(int(level))
        h, w = cells.shape[:2]
        b = boxes[mine]
        x = (b[:, 0:1] + us * b[:, 2:3]) * (w / pyramid.width) - 0.5
        y = (b[:, 1:2] + vs * b[:, 3:4]) * (h / pyramid.height) - 0.5
        out[mine] = _bilinear(cells, x, y)
    return out


def _bilinear(cells: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Values between cells at the crossings of (n, columns) and (n, rows); edges are repeated."""
    h, w = cells.shape[:2]
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    x0, y0 = x.astype(np.int32), y.astype(np.int32)
    x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
    fx, fy = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
    flat = cells.reshape(h * w, -1)

    def along(rows):
        base = (rows * w)[:, :, None]
        left, right = flat[base + x0[:, None]], flat[base + x1[:, None]]
        right -= left
        right *= fx[:, None, :, None]
        right += left
        return right

    top, bottom = along(y0), along(y1)
    bottom -= top
    bottom *= fy[:, :, None, None]
    bottom += top
    return bottom
