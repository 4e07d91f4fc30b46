"""Boxes of faces for landmarks: OpenCV's frontal cascade, as it comes."""

from __future__ import annotations

import threading
from functools import lru_cache

import cv2
import numpy as np

from ..describe import to_grey

_LONG_SIDE = 640  # of the picture that is searched
_LEAST = 24  # pixels of a face in it


@lru_cache(maxsize=32)
def _cascade(_thread: int) -> cv2.CascadeClassifier:
    """One classifier object a thread: shared ones give wrong results."""
    return cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")


def find_boxes(image: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) of faces: x, y, width, height; the largest first.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    """
    grey = to_grey(image)
    factor = max(max(grey.shape) / _LONG_SIDE, 1.0)
    if factor > 1:
        size = [max(round(side / factor), 1) for side in grey.shape[::-1]]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    if min(grey.shape) < _LEAST:
        return np.empty((0, 4))
    found = _cascade(threading.get_ident()).detectMultiScale(
        cv2.equalizeHist(grey), 1.1, 3, minSize=(_LEAST, _LEAST)
    )
    boxes = np.array(found, float).reshape(-1, 4) * factor
    order = np.lexsort((*boxes.T[:2], -boxes[:, 2]))
    return boxes[order]


def box_of_face(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The detected box (4,) around marked points (68, 2); NaN where there is none."""
    boxes = find_boxes(image)
    middle, size = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0).mean()
    off = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - middle).max(axis=1) / size
    ratio = boxes[:, 2] / size
    good = (off < 0.35) & (ratio > 0.6) & (ratio < 1.8)
    return boxes[good][off[good].argmin()] if good.any() else np.full(4, np.nan)
