"""Multi-block local binary patterns: which of eight blocks are as bright as the one between them.

References
----------
L. Zhang, R. Chu, S. Xiang, S. Liao and S. Z. Li, "Face detection based on multi-block LBP
representation", ICB 2007, section 2.
"""

from __future__ import annotations

import numpy as np

from .integral import Sums

# Clockwise from the top left; OpenCV's highest bit comes first.
_RING = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def all_lbp_features(width: int, height: int) -> np.ndarray:
    """Every 3 x 3 blocks that fit into a window.

    Returns
    -------
    ndarray of shape (m, 4), int32
        Left, top, width and height of the first block.

    Examples
    --------
    >>> all_lbp_features(24, 24).shape
    (8464, 4)
    """
    return np.array(
        [
            (x, y, w, h)
            for w in range(1, width // 3 + 1)
            for h in range(1, height // 3 + 1)
            for y in range(height - 3 * h + 1)
            for x in range(width - 3 * w + 1)
        ],
        np.int32,
    )


def lbp_code(sums: Sums, feature: np.ndarray) -> np.ndarray:
    """Code of one feature in every window.

    Parameters
    ----------
    sums : Sums
        Integral images of n windows.
    feature : sequence of 4 int
        Left, top, width and height of the first block.

    Returns
    -------
    ndarray of shape (n,), uint8

    Examples
    --------
    >>> from .integral import CropSums
    >>> lbp_code(CropSums(np.array([[[9, 0, 0], [0, 5, 0], [0, 0, 0]]], np.uint8)), [0, 0, 1, 1])
    array([128], dtype=uint8)
    """
    x, y, w, h = (int(v) for v in feature)
    corner = [[sums.at(x + i * w, y + j * h) for i in range(4)] for j in range(4)]
    rows = [[upper[i + 1] - upper[i] for i in range(3)] for upper in corner]
    block = [[rows[j + 1][i] - rows[j][i] for i in range(3)] for j in range(3)]
    code = np.zeros(len(sums), np.uint8)
    for i, j in _RING:
        code <<= 1
        code |= block[j][i] >= block[1][1]
    return code


def lbp_codes(sums: Sums, features: np.ndarray, out: np.ndarray) -> None:
    """Codes of many features, into an array of shape (features, windows), uint8."""
    for row, feature in zip(out, features, strict=True):
        row[:] = lbp_code(sums, feature)
