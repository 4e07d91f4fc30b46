"""Haar-like features: differences of rectangles, over the contrast of the window.

References
----------
P. Viola and M. Jones, "Robust real-time face detection", IJCV 57(2), 2004, section 2 and figure 1;
variance normalization: section 5.2.
"""

from __future__ import annotations

import numpy as np

from .integral import Sums, rectangle

# Cells across and down, and the cells that count double against all: (left, top, width, height).
_PATTERNS = (
    (2, 1, (1, 0, 1, 1), 2.0),
    (1, 2, (0, 1, 1, 1), 2.0),
    (3, 1, (1, 0, 1, 1), 3.0),
    (1, 3, (0, 1, 1, 1), 3.0),
    (4, 1, (1, 0, 2, 1), 2.0),
    (1, 4, (0, 1, 1, 2), 2.0),
    (3, 3, (1, 1, 1, 1), 9.0),
)


def all_haar_features(width: int, height: int) -> np.ndarray:
    """Every edge, line and center that fits into a window, and every chessboard of four.

    Returns
    -------
    ndarray of shape (m, 3, 5), float64
        Left, top, width, height and weight of up to three rectangles.

    Examples
    --------
    >>> all_haar_features(24, 24).shape
    (210400, 3, 5)
    """
    found = []
    for across, down, (left, top, wide, high), weight in _PATTERNS:
        x, y, w, h = _places(width, height, across, down)
        whole = (x, y, across * w, down * h, np.full(len(x), -1.0))
        part = (x + left * w, y + top * h, wide * w, high * h, np.full(len(x), weight))
        found.append(_rows(whole, part))
    x, y, w, h = _places(width, height, 2, 2)
    two = np.full(len(x), 2.0)
    found.append(
        _rows((x, y, 2 * w, 2 * h, -two / 2), (x, y, w, h, two), (x + w, y + h, w, h, two))
    )
    return np.concatenate(found)


def _places(width: int, height: int, across: int, down: int) -> tuple[np.ndarray, ...]:
    """Left, top and size of the cells of all places of a pattern."""
    y, x, h, w = np.indices((height, width, height // down, width // across)).reshape(4, -1)
    w, h = w + 1, h + 1
    fits = (x + across * w <= width) & (y + down * h <= height)
    return x[fits], y[fits], w[fits], h[fits]


def _rows(*rectangles: tuple) -> np.ndarray:
    rows = np.zeros((len(rectangles[0][0]), 3, 5))
    for i, columns in enumerate(rectangles):
        rows[:, i] = np.stack(columns, axis=1)
    return rows


def haar_value(sums: Sums, feature: np.ndarray) -> np.ndarray:
    """One feature in every window.

    Parameters
    ----------
    sums : Sums
        Integral images of n windows, with squares.
    feature : ndarray of shape (3, 5)
        Left, top, width, height and weight of up to three rectangles.

    Returns
    -------
    ndarray of shape (n,), float32
        To the bit what OpenCV computes.
    """
    total = np.zeros(len(sums), np.float32)
    for x, y, w, h, weight in feature:
        if weight:
            part = rectangle(sums, int(x), int(y), int(w), int(h))
            total += np.float32(weight) * part.astype(np.float32)
    return total * sums.contrast()[0]
