"""Make an image smaller, never larger."""

from __future__ import annotations

import numpy as np

from cvclassic._basics.checks import check_integer


def check_max_side(max_side: object) -> None:
    """Raise ParameterError unless ``max_side`` is None or a whole number >= 1."""
    check_integer("max_side", max_side, 1, none=True)


def reduced_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Size of an image after its longer side has been limited.

    Parameters
    ----------
    width, height : int
        Pixels.
    max_side : int or None
        Limit of the longer side; None for no limit.

    Returns
    -------
    width, height : int
        The longer side is ``max_side`` if it was longer; the shorter one is rounded, at least 1.

    Examples
    --------
    >>> reduced_size(640, 480, 320)
    (320, 240)
    >>> reduced_size(64, 48, 320)
    (64, 48)
    """
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    # In whole numbers, half up: the same on every machine.
    short = max(1, (2 * min(width, height) * max_side + longer) // (2 * longer))
    return (max_side, short) if width >= height else (short, max_side)


def resize_to(image: np.ndarray, max_side: int | None) -> np.ndarray:
    """Reduce an image so that its longer side is at most ``max_side`` pixels.

    Each new pixel is the mean of the area that it covers (``cv2.INTER_AREA``), so that fine
    detail fades and does not alias. An image that is small enough is returned as it is.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
    max_side : int or None
        Pixels; None returns the image as it is.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    ParameterError
        ``max_side`` is not a whole number >= 1.

    Examples
    --------
    >>> import numpy as np
    >>> resize_to(np.zeros((480, 640, 3), np.uint8), 320).shape
    (240, 320, 3)
    """
    check_max_side(max_side)
    height, width = image.shape[:2]
    return resize_exactly(image, *reduced_size(width, height, max_side))


def resize_exactly(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Reduce to a size that is known; the same array where it has that size already."""
    if image.shape[:2] == (height, width):
        return image
    import cv2

    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
