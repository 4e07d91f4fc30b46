"""Figures as files of at most a megabyte."""

from __future__ import annotations

import cv2
import numpy as np

from ..images import encode_image

MOST_BYTES = 1_000_000


def encode_drawing(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    """Encode a figure so that it takes at most a megabyte.

    A PNG that is larger gets a palette of 256 colors, and if that is not enough, fewer pixels.
    Use `encode_image` for images whose exact pixels matter.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, 3), uint8
    suffix : str
        Such as ``".png"`` or ``".why.jpg"``; its end says which kind.

    Returns
    -------
    bytes

    Raises
    ------
    ParameterError
        The suffix names no image format that can be written.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    >>> len(encode_drawing(noise)) <= MOST_BYTES < len(encode_image(noise, ".png"))
    True
    """
    suffix = "." + suffix.rpartition(".")[2]
    lossy = suffix.lower() in (".jpg", ".jpeg", ".webp")
    data = encode_image(pixels, suffix, **({"quality": 88} if lossy else {}))
    if len(data) <= MOST_BYTES or not (lossy or suffix.lower() == ".png"):
        return data
    for scale in (1.0, 0.85, 0.7, 0.58, 0.48, 0.38, 0.3):
        small = pixels
        if scale < 1:
            size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
            small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        data = encode_image(small, suffix, quality=75) if lossy else _palette_png(small)
        if len(data) <= MOST_BYTES:
            break
    return data


def write_drawing(path, pixels: np.ndarray) -> None:
    """Write a figure of at most a megabyte; it appears whole or not at all.

    Raises
    ------
    OSError
        The file cannot be written.
    ParameterError
        The suffix names no image format that can be written.
    """
    import os

    from .._basics.atomic import atomic_file
    from .._basics.marks import mark_image

    data = encode_drawing(pixels, os.path.splitext(os.fsdecode(path))[1])
    with atomic_file(path) as file:
        file.write(mark_image(data))


def _palette_png(pixels: np.ndarray) -> bytes:
    """A PNG of 256 colors."""
    import io

    from PIL import Image

    image = Image.fromarray(pixels)
    if image.mode == "RGB":
        image = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
