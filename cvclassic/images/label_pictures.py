"""Label images: images whose values are numbers of classes or objects, and no colors."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np

from cvclassic._basics.atomic import atomic_file
from cvclassic.errors import DataError, ImageReadError
from cvclassic.images.files import read_file
from cvclassic.images.formats.headers import read_header

_FORMATS = ("png", "tiff", "bmp", "gif", "pnm", "webp")


def read_label_picture(path: str | os.PathLike, *, max_pixels: int = 200_000_000) -> np.ndarray:
    """Read a label image with its values as they are.

    Parameters
    ----------
    path : str or Path
        PNG, TIFF, BMP, GIF, PNM or lossless WebP: gray of 1 to 16 bits, a palette (its indices
        count, not its colors), or color in which all channels are the same.
    max_pixels : int
        Larger images are refused.

    Returns
    -------
    ndarray of shape (H, W), int32

    Raises
    ------
    ImageReadError
        The file cannot be read, or its values are no numbers of classes.
    """
    from PIL import Image

    name = os.fsdecode(path)
    data = read_file(name)
    try:
        header = read_header(data)
    except ImageReadError as error:
        raise ImageReadError(error.code, error.message, name) from None
    if header.format not in _FORMATS:
        raise ImageReadError(
            "unsupported_format",
            f"a mask must be stored without loss, as PNG is. Got {header.format}",
            name,
        )
    if header.width * header.height > max_pixels:
        raise ImageReadError(
            "too_large", f"{header.width} x {header.height} pixels are too many", name
        )
    try:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(io.BytesIO(data)) as picture:
                mode = picture.mode
                values = np.asarray(picture)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise ImageReadError("corrupt", f"the mask cannot be decoded ({error})", name) from None
    if mode == "1":
        values = values * np.uint8(255)
    if values.ndim == 3:
        colors = values[..., : 1 if mode == "LA" else 3]
        if (colors != colors[..., :1]).any():
            raise ImageReadError(
                "unsupported_format",
                "a mask must hold numbers of classes, and this one holds colors",
                name,
            )
        values = colors[..., 0]
    if values.dtype.kind not in "iub" or values.ndim != 2:
        raise ImageReadError("unsupported_depth", f"a mask cannot be of mode {mode}", name)
    values = values.astype(np.int32)
    if values.min() < 0:
        raise ImageReadError("unsupported_depth", "a mask cannot hold negative numbers", name)
    return values


def write_label_picture(path: str | os.PathLike, labels: np.ndarray) -> None:
    """Write numbers of classes or objects as a gray PNG of 16 bits.

    Parameters
    ----------
    path : str or Path
        Ends in .png.
    labels : ndarray of shape (H, W), int
        From 0 to 65,535.

    Raises
    ------
    DataError
        A number is too large, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_label_picture(folder + "/a.png", np.array([[0, 700]]))
    ...     read_label_picture(folder + "/a.png").tolist()
    [[0, 700]]
    """
    target = Path(os.fsdecode(path))
    data = encode_label_picture(labels)
    try:
        with atomic_file(target) as file:
            file.write(data)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror or error})") from None


def encode_label_picture(labels: np.ndarray) -> bytes:
    """The bytes of what `write_label_picture` writes.

    Raises
    ------
    DataError
        A number is too large.
    """
    import cv2

    labels = np.asarray(labels)
    if labels.size and (labels.min() < 0 or labels.max() > 65_535):
        raise DataError(
            f"a label image holds numbers from 0 to 65,535. Got {labels.min()} to {labels.max()}"
        )
    # the fastest compression: long runs of equal values shrink well at any level
    _, data = cv2.imencode(".png", labels.astype(np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()
