"""Arrays to image files."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from cvclassic._basics.atomic import atomic_file
from cvclassic.errors import DataError, ParameterError

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm")


def encode_image(image: np.ndarray, suffix: str, *, quality: int = 95) -> bytes:
    """Encode an image in memory.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
        Gray or RGB.
    suffix : str
        ``".png"``, ``".jpg"``, ``".webp"``, ``".bmp"``, ``".tif"``, ``".ppm"``, ``".pgm"`` ...
    quality : int
        0 to 100, for JPEG and WebP (for WebP 100 is lossy, too).

    Returns
    -------
    bytes

    Raises
    ------
    ParameterError
        The array is no image or the suffix names no format that can be written.
    """
    kind = suffix.lower()
    if kind not in _SUFFIXES:
        raise ParameterError(
            f"the suffix of an image must be one of {', '.join(_SUFFIXES)}. Got {suffix!r} instead."
        )
    ok = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size > 0
    if not ok or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        what = (
            f"{image.dtype}, shape {image.shape}"
            if isinstance(image, np.ndarray)
            else type(image).__name__
        )
        raise ParameterError(
            f"image must be a uint8 array of shape (H, W) or (H, W, 3). Got {what} instead."
        )
    if kind == ".pgm" and image.ndim == 3:
        raise ParameterError(".pgm holds gray images only. Got a color image instead.")
    if not isinstance(quality, int) or not 0 <= quality <= 100:
        raise ParameterError(f"quality must be an integer from 0 to 100. Got {quality!r} instead.")
    options = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, quality],
    }.get(kind, [])
    if image.ndim == 3:
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    else:
        bgr = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if kind == ".ppm" else image
    try:
        ok, encoded = cv2.imencode(kind, bgr, options)
    except cv2.error as error:
        ok, encoded = False, error
    if not ok:
        raise ParameterError(f"an image of shape {image.shape} cannot be written as {kind}")
    return encoded.tobytes()


def write_image(path: str | os.PathLike, image: np.ndarray, *, quality: int = 95) -> None:
    """Write an image; the file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        The suffix names the format, see :func:`cvclassic.images.encode_image`. An existing file is
        replaced.
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
        Gray or RGB.
    quality : int
        0 to 100, for JPEG and WebP.

    Raises
    ------
    ParameterError
        The array is no image or the suffix names no format that can be written.
    DataError
        The folder is missing or cannot be written to.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from pathlib import Path
    >>> from cvclassic.images import read_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(Path(folder, "gray.png"), np.full((2, 3), 7, np.uint8))
    ...     read_image(Path(folder, "gray.png")).tolist()
    [[7, 7, 7], [7, 7, 7]]
    """
    target = Path(os.fsdecode(path))
    data = encode_image(image, target.suffix, quality=quality)
    try:
        with atomic_file(target) as file:
            file.write(data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{target}: the image cannot be written ({reason})") from None
