"""Boxes of faces that landmarks start from."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..detection.haar import HaarFaceDetector

_LONG_SIDE = 800  # of the image that is searched


@cache
def _detector() -> HaarFaceDetector:
    """Made once: the default cascade, as 68 points are those of a face that looks at the camera."""
    return HaarFaceDetector(max_side=_LONG_SIDE)


def find_boxes(image: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) of faces: x, y, width, height; the largest first.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    """
    boxes = _detector().detect(image).boxes.astype(float)
    return boxes[np.lexsort((*boxes.T[:2], -boxes[:, 2]))]


def box_of_face(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The detected box (4,) around marked points (68, 2); NaN where there is none."""
    boxes = find_boxes(image)
    middle, size = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0).mean()
    off = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - middle).max(axis=1) / size
    ratio = boxes[:, 2] / size
    good = (off < 0.35) & (ratio > 0.6) & (ratio < 1.8)
    return boxes[good][off[good].argmin()] if good.any() else np.full(4, np.nan)
