"""From what a decoder gives to the common form: uint8, gray or RGB, upright."""

from __future__ import annotations

import cv2
import numpy as np

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader


def to_uint8(raw: np.ndarray, header: ImageHeader) -> np.ndarray:
    """Bring a decoded array to uint8, (H, W) or (H, W, 3) RGB.

    Parameters
    ----------
    raw : ndarray of uint8 or uint16, shape (H, W) or (H, W, 3 or 4)
        In OpenCV's order: blue, green, red, alpha.
    header : ImageHeader
        What the samples mean.

    Returns
    -------
    ndarray of uint8, shape (H, W) or (H, W, 3)
    """
    if raw.dtype not in (np.uint8, np.uint16):
        raise ImageReadError(
            "unsupported_depth", f"expected 8 or 16 bits a sample. Got {raw.dtype}"
        )
    if raw.ndim == 3 and raw.shape[2] == 1:
        raw = raw[..., 0]
    see_through = _gray_mask(raw, header)
    premultiplied = header.alpha == "premultiplied" or (
        # libtiff multiplies by alpha what it converts itself, which is everything of 8 bits.
        header.format == "tiff" and raw.dtype == np.uint8
    )
    if header.format == "tiff" and header.inverted and raw.dtype == np.uint16:
        raw = ~raw  # libtiff turns white-is-zero around for 8 bits only
    image = _to_eight_bits(raw, header)
    if image.ndim == 2:
        if see_through is not None:
            image[see_through] = 255
        return image
    if image.shape[2] == 2:
        image = image[..., [0, 0, 0, 1]]
    color = _over_white(image, header, premultiplied) if image.shape[2] == 4 else image
    if header.channels - (header.alpha != "none") == 1:
        return np.ascontiguousarray(color[..., 0])
    return cv2.cvtColor(color, cv2.COLOR_BGR2RGB)


def _to_eight_bits(raw: np.ndarray, header: ImageHeader) -> np.ndarray:
    """The upper eight bits; PNM by its declared maximum."""
    top = header.max_value
    if header.format == "pnm" and top not in (255, 65535):
        table = (np.arange(65536 if raw.dtype == np.uint16 else 256) * 255 + top // 2) // top
        return np.minimum(table, 255).astype(np.uint8)[raw]
    if raw.dtype == np.uint8:
        return raw
    shift = header.bit_depth - 8 if 8 < header.bit_depth < 16 and header.format != "tiff" else 8
    return np.minimum(raw >> shift, 255).astype(np.uint8)


def _gray_mask(raw: np.ndarray, header: ImageHeader) -> np.ndarray | None:
    """Where a gray PNG is declared transparent by one gray value (chunk ``tRNS``)."""
    if header.transparent_gray is None or raw.ndim != 2:
        return None
    value = header.transparent_gray
    if header.bit_depth < 8:
        value = value * 255 // header.max_value
    return raw == value


def _over_white(image: np.ndarray, header: ImageHeader, premultiplied: bool) -> np.ndarray:
    """Lay the first three channels over white by the fourth."""
    color, alpha = image[..., :3], image[..., 3:]
    no_alpha = header.format == "tiff" and header.alpha in ("none", "unspecified")
    # Many writers leave the fourth byte of a BMP empty: all zero means unused.
    unused = header.format == "bmp" and not alpha.any()
    if no_alpha or unused or alpha.min() == 255:
        return np.ascontiguousarray(color)
    wide = color.astype(np.uint16)
    rest = 255 - alpha.astype(np.uint16)
    if premultiplied:
        return np.minimum(wide + rest, 255).astype(np.uint8)
    return ((wide * alpha + 255 * rest + 127) // 255).astype(np.uint8)


def turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
        As stored.
    orientation : int
        1 to 8: where row 0 and column 0 of the stored picture lie.

    Returns
    -------
    ndarray
        C-contiguous.

    References
    ----------
    .. [1] CIPA DC-008, Exif 2.3, 4.6.4.A, tag 0112 Orientation.
    """
    match orientation:
        case 2:
            return cv2.flip(image, 1)
        case 3:
            return cv2.rotate(image, cv2.ROTATE_180)
        case 4:
            return cv2.flip(image, 0)
        case 5:
            return cv2.transpose(image)
        case 6:
            return cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            return cv2.flip(cv2.transpose(image), -1)
        case 8:
            return cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return image
