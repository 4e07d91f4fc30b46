"""Which windows are scanned: one shape for each cluster of aspect ratios, scales and stretches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .channels import N_SCAN, SHRINK

_AREA = 196  # cells of a window
_SMALL_AREA = 48  # where objects are so small that images would have to be enlarged much
_PER_OCTAVE = 3
_STRETCH = 1.35  # step between two aspect ratios
_LARGEST_SCALE = 2.0
_LARGEST_IMAGE = 4096
_MARGIN = 0.25  # share of a window that may lie outside the image
_OUTER = 4  # per cent of boxes left and right that stretches need not reach


@dataclass(frozen=True)
class Geometry:
    """Windows of one detector.

    Attributes
    ----------
    window : (int, int)
        Width and height in cells.
    margin : (int, int)
        Cells that a window may reach over an edge.
    scales : tuple of (float, float)
        Horizontal and vertical scale of each level.
    """

    window: tuple[int, int]
    margin: tuple[int, int]
    scales: tuple[tuple[float, float], ...]

    @property
    def n_features(self) -> int:
        """Bytes of a window."""
        return N_SCAN * self.window[0] * self.window[1]

    def sizes(self) -> np.ndarray:
        """Width and height of the windows of each level in pixels of the image; (n, 2)."""
        return np.array(self.window) * SHRINK / np.array(self.scales)


def plan_geometry(boxes: np.ndarray, longest: int = 1280) -> Geometry:
    """Windows that reach boxes of these sizes.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        (x, y, width, height), sides > 0.
    longest : int
        Longest side of an image; none is enlarged to more than 4096 pixels.

    Returns
    -------
    Geometry
    """
    width, height = boxes[:, 2], boxes[:, 3]
    aspect, side = np.log(width / height), np.sqrt(width * height)
    low, high = np.percentile(aspect, [_OUTER, 100 - _OUTER])
    middle = (low + high) / 2
    smallest, largest = np.percentile(side, 3), np.percentile(side, 99) * 1.1
    enlarged = math.sqrt(_AREA) * SHRINK / smallest
    most = max(min(_LARGEST_SCALE, _LARGEST_IMAGE / longest), 0.25)
    area = _AREA if enlarged <= most else _AREA * (most / enlarged) ** 2
    area = max(area, _SMALL_AREA)
    high_cells = min(max(round(math.sqrt(area / math.exp(middle))), 2), 48)
    wide_cells = min(max(round(area / high_cells), 2), 48)
    base = math.sqrt(wide_cells * high_cells) * SHRINK
    top = min(base / smallest, most)
    bottom = min(base / largest, top)
    n = max(math.ceil(math.log2(top / bottom) * _PER_OCTAVE), 0) + 1
    n_stretches = max(math.ceil((high - low) / math.log(_STRETCH)), 1)
    edges = np.linspace(low, high, n_stretches + 1)
    stretches = (edges[1:] + edges[:-1]) / 2 - math.log(wide_cells / high_cells)
    levels = top * 2 ** (-np.arange(n) / _PER_OCTAVE)
    used = _used(
        np.log(side)[:, None] - np.log(base / levels),
        aspect[:, None] - math.log(wide_cells / high_cells) - stretches,
    )
    scales = tuple(
        (level * math.exp(-s / 2), level * math.exp(s / 2))
        for level, row in zip(levels.tolist(), used.tolist(), strict=True)
        for s, is_used in zip(stretches.tolist(), row, strict=True)
        if is_used
    )
    margin = tuple(max(round(_MARGIN * cells), 1) for cells in (wide_cells, high_cells))
    return Geometry((wide_cells, high_cells), (margin[0], margin[1]), scales)


def _used(levels: np.ndarray, stretches: np.ndarray) -> np.ndarray:
    """Which windows are the nearest to a box, or next to such a one; (n_levels, n_stretches), bool.

    Where classes differ, most combinations have no objects: no person is as small as a license
    plate, and no plate as tall as a person.

    Parameters
    ----------
    levels, stretches : ndarray of shape (n, n_levels), (n, n_stretches)
        Difference of each box to each level and to each stretch, in logarithms.
    """
    near = np.zeros((levels.shape[1], stretches.shape[1]), np.uint8)
    near[np.abs(levels).argmin(axis=1), np.abs(stretches).argmin(axis=1)] = 1
    return cv2.dilate(near, np.ones((3, 3), np.uint8)).astype(bool)
