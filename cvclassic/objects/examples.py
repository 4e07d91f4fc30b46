"""Training images with their boxes, read when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ..images import read_image

_LONG_SIDE = 1280
_LONGEST_SIDE = 4096
_GOOD_SIDE = 32  # pixels that the median object should keep


@dataclass(frozen=True, eq=False)
class Example:
    """One training image.

    Attributes
    ----------
    source : path, bytes or ndarray
    boxes : ndarray of shape (n, 4), float32
        (x, y, width, height) in pixels of the image, inside of it, sides >= 1.
    labels : ndarray of shape (n,), int
        Class of each box.
    ignored : ndarray of shape (m, 4), float32
        Regions that are neither objects nor background.
    """

    source: Any
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray


def load_example(example: Example, max_side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels, boxes and ignored regions of an example, reduced to a long side."""
    image = as_rgb(read_image(example.source))
    small, factor = reduce_image(image, max_side)
    return small, example.boxes * factor, example.ignored * factor


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Three channels, also of a gray image."""
    return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image


def reduce_image(image: np.ndarray, max_side: int) -> tuple[np.ndarray, np.float32]:
    """The image with its long side reduced to `max_side`, and the factor."""
    height, width = image.shape[:2]
    factor = min(max_side / max(height, width), 1.0)
    if factor < 1:
        size = (max(round(width * factor), 1), max(round(height * factor), 1))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image, np.float32(factor)


def plan_max_side(boxes: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> int:
    """Long side that images are reduced to: small objects are not reduced away.

    Parameters
    ----------
    boxes : sequence of ndarray of shape (n, 4)
    sizes : sequence of (height, width)
        Sizes of the images that contain the boxes.
    """
    sides = []
    for rows, (height, width) in zip(boxes, sizes, strict=True):
        factor = min(_LONG_SIDE / max(height, width), 1)
        sides.append(np.sqrt(rows[:, 2] * rows[:, 3]) * factor)
    median = float(np.median(np.concatenate(sides)))
    return int(min(max(_LONG_SIDE * _GOOD_SIDE / max(median, 1), _LONG_SIDE), _LONGEST_SIDE))
