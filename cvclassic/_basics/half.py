"""Half precision, by OpenCV where it can: NumPy converts a number at a time."""

from __future__ import annotations

import cv2
import numpy as np

_convert = getattr(cv2, "convertFp16", None)  # later versions of OpenCV are to drop it


def to_half(values: np.ndarray) -> np.ndarray:
    """Numbers rounded to half precision.

    Parameters
    ----------
    values : ndarray of shape (n, d), float32

    Returns
    -------
    ndarray of shape (n, d), float16

    Examples
    --------
    >>> to_half(np.array([[1.0, 0.1]], np.float32)).tolist()
    [[1.0, 0.0999755859375]]
    """
    if _convert is None or not values.size:
        return values.astype(np.float16)
    return _convert(values).view(np.float16).reshape(values.shape)


def to_single(values: np.ndarray) -> np.ndarray:
    """Numbers of half precision in single precision.

    Parameters
    ----------
    values : ndarray of shape (n, d), float16

    Returns
    -------
    ndarray of shape (n, d), float32

    Examples
    --------
    >>> to_single(np.array([[0.5, -2]], np.float16)).tolist()
    [[0.5, -2.0]]
    """
    if _convert is None or not values.size:
        return values.astype(np.float32)
    return _convert(values.view(np.int16)).reshape(values.shape)
