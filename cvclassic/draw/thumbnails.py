"""Small images for pages, small enough that thousands fit into one file."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from ..images import encode_image, reduced_size

SIDE = 96
_QUALITY = 70


@dataclass(frozen=True)
class Thumbnail:
    """An encoded image that a page can hold.

    Parameters
    ----------
    data : bytes
    width, height : int
        In pixels, as it is to be shown.
    kind : str
        What follows ``image/``.
    """

    data: bytes
    width: int
    height: int
    kind: str = "jpeg"

    @property
    def uri(self) -> str:
        """The image as a ``data:`` address."""
        return f"data:image/{self.kind};base64,{base64.b64encode(self.data).decode()}"


def make_thumbnail(pixels: np.ndarray, side: int = SIDE, quality: int = _QUALITY) -> Thumbnail:
    """Reduce an image and encode it.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, 3), uint8
    side : int
        Longer side of the result in pixels. Smaller images stay as they are in the file, and
        tiny ones are shown enlarged by a whole factor.
    quality : int
        JPEG quality; images below 64 pixels are written as PNG, because JPEG would blur them.

    Returns
    -------
    Thumbnail

    Examples
    --------
    >>> make_thumbnail(np.zeros((300, 600, 3), np.uint8)).width
    96
    >>> small = make_thumbnail(np.zeros((28, 28), np.uint8))
    >>> small.width, small.kind
    (84, 'png')
    """
    height, width = pixels.shape[:2]
    width, height = reduced_size(width, height, side)
    if (height, width) != pixels.shape[:2]:
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    if max(width, height) > 64:
        return Thumbnail(encode_image(pixels, ".jpg", quality=quality), width, height)
    factor = max(1, side // max(width, height))
    return Thumbnail(encode_image(pixels, ".png"), factor * width, factor * height, "png")
