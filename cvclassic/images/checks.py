"""Checks of ranges and images that filters and later packages share."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_integer, check_number
from ..errors import ParameterError


def check_whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """The value as an int, if it is a whole number in a closed range."""
    check_integer(name, value, low, high)
    return int(value)


def check_real(
    name: str, value: float, low: float = -1e300, high: float | None = None, *, open_: bool = False
) -> float:
    """The value as a float, if it is a finite number in a range; ``open_`` excludes its low end."""
    check_number(name, value, low, high, exclusive=open_)
    return float(value)


def check_positive(name: str, value: float) -> float:
    """The value as a float, if it is a finite number above zero."""
    return check_real(name, value, 0, open_=True)


def check_image(image: np.ndarray, name: str = "image") -> np.ndarray:
    """The image, contiguous, if it is uint8 of shape (H, W) or (H, W, 3)."""
    shaped = isinstance(image, np.ndarray) and (
        image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    )
    if not shaped or image.dtype != np.uint8 or 0 in image.shape[:2]:
        got = (
            f"{image.dtype}, shape {image.shape}"
            if isinstance(image, np.ndarray)
            else type(image).__name__
        )
        raise ParameterError(
            f"{name} must be a uint8 array of shape (H, W) or (H, W, 3). Got {got} instead."
        )
    return np.ascontiguousarray(image)


def to_gray(image: np.ndarray, name: str = "image") -> np.ndarray:
    """Luma plane (ITU-R BT.601) of an RGB image, after checks; a gray one comes back itself.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
    name : str
        For messages.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        C-contiguous.

    Raises
    ------
    ParameterError
    """
    image = check_image(image, name)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
