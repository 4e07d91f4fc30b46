"""Contact sheets: many small images on one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ParameterError


def contact_sheet(
    pictures: Sequence[np.ndarray], columns: int | None = None, side: int = 96, gap: int = 4
) -> np.ndarray:
    """Lay images out in rows, each fitted into a square.

    Parameters
    ----------
    pictures : sequence of ndarray of shape (H, W) or (H, W, 3), uint8
    columns : int, optional
        None makes the sheet about square.
    side : int
        Side of the squares in pixels. Images keep their proportions; small ones are enlarged
        by whole factors, so that pixels stay squares.
    gap : int
        Pixels between the squares.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Raises
    ------
    ParameterError
        There are no images.

    Examples
    --------
    >>> contact_sheet([np.zeros((28, 28), np.uint8)] * 6, columns=3, side=28, gap=1).shape
    (59, 88, 3)
    """
    if len(pictures) == 0:
        raise ParameterError("images must hold at least one image. Got none.")
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    step = side + gap
    sheet = np.full((rows * step + gap, columns * step + gap, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        fitted = _fit(picture, side)
        h, w = fitted.shape[:2]
        top = gap + i // columns * step + (side - h) // 2
        left = gap + i % columns * step + (side - w) // 2
        sheet[top : top + h, left : left + w] = fitted if fitted.ndim == 3 else fitted[..., None]
    return sheet


def _fit(picture: np.ndarray, side: int) -> np.ndarray:
    """Enlarged by a whole factor, or reduced, so that the longer side fits."""
    height, width = picture.shape[:2]
    factor = side // max(height, width)
    if factor >= 1:
        return picture.repeat(factor, axis=0).repeat(factor, axis=1)
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
