"""Faces with their points drawn in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .overlays import ORANGE, SKY, YELLOW, Canvas

# Points that a line goes through, in the Multi-PIE mark-up; and whether it closes.
_LINES = (
    (range(17), False),  # jaw
    (range(17, 22), False),  # brows
    (range(22, 27), False),
    (range(27, 31), False),  # nose
    (range(31, 36), False),
    (range(36, 42), True),  # eyes
    (range(42, 48), True),
    (range(48, 60), True),  # lips
    (range(60, 68), True),
)


def draw_landmarks(
    image: np.ndarray,
    shapes: np.ndarray,
    *,
    boxes: np.ndarray | None = None,
    true: np.ndarray | None = None,
) -> np.ndarray:
    """Draw the points of faces, joined to brows, eyes, nose, lips and jaw.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    shapes : ndarray of shape (n, 68, 2)
    boxes : ndarray of shape (n, 4), optional
        x, y, width, height; drawn in yellow.
    true : ndarray of shape (m, 68, 2), optional
        Marked points; drawn in orange.

    Returns
    -------
    ndarray of uint8
        RGB; a whole number of times as large as the image.

    Examples
    --------
    >>> draw_landmarks(np.zeros((450, 450), np.uint8), np.zeros((1, 68, 2))).shape
    (900, 900, 3)
    """
    canvas = Canvas(image, fade=0.2)
    for x, y, width, height in () if boxes is None else boxes:
        corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
        for i in range(4):
            canvas.line(corners[i], corners[(i + 1) % 4], YELLOW)
    for shape in () if true is None else true:
        for point in shape:
            canvas.dot(point, ORANGE, 2.0)
    for shape in shapes:
        for points, closed in _LINES:
            ring = [*points, points[0]] if closed else [*points]
            for a, b in pairwise(ring):
                canvas.line(shape[a], shape[b], SKY, 0.6)
        for point in shape:
            canvas.dot(point, SKY, 1.8)
    return canvas.pixels
