"""From what a decoder gives to the common form: uint8, gray or RGB, upright."""

from __future__ import annotations

import cv2
import numpy as np

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader


def to_uint8(raw: np.ndarray, header: ImageHeader) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Bring decoded samples to uint8, (H, W) or (H, W, 3) RGB.

    Parameters
    ----------
    raw : ndarray of uint8 or uint16, shape (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4)
        Gray or RGB; the last of 2 or 4 samples is straight alpha.
    header : ImageHeader
        What the samples mean.

    Returns
    -------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
    notes : list of (code, message)
        ``low_range`` where 16 bits are used in part.
    """
    if raw.dtype not in (np.uint8, np.uint16):
        raise ImageReadError(
            "unsupported_depth", f"expected 8 or 16 bits per sample. Got {raw.dtype}"
        )
    if raw.ndim == 3 and raw.shape[2] == 1:
        raw = raw[..., 0]
    see_through = _gray_mask(raw, header)
    image, notes = _to_eight_bits(raw, header)
    if image.ndim == 2:
        if see_through is not None:
            image = np.where(see_through, np.uint8(255), image)
    elif image.shape[2] == 2:
        image = _over_white(image[..., :1], image[..., 1:])[..., 0]
    elif image.shape[2] == 4:
        # Many writers leave the fourth byte of a BMP empty: all zero means unused.
        unused = header.format == "bmp" and not image[..., 3].any()
        image = image[..., :3] if unused else _over_white(image[..., :3], image[..., 3:])
    return np.ascontiguousarray(image), notes


def _to_eight_bits(
    raw: np.ndarray, header: ImageHeader
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """The upper eight bits of those that are used; PNM by its declared maximum."""
    top = header.max_value
    if header.format == "pnm" and not header.by_pillow and top not in (255, 65535):
        table = (np.arange(65536 if raw.dtype == np.uint16 else 256) * 255 + top // 2) // top
        return np.minimum(table, 255).astype(np.uint8)[raw], []
    if raw.dtype == np.uint8:
        return raw, []
    bits, notes = 16, []
    if header.format == "tiff" and 8 < header.bit_depth < 16:
        bits = header.bit_depth  # which JPEG 2000 brings to 16 itself
    elif header.bit_depth == 16 or header.format == "array":
        bits = used_bits(raw[..., : raw.shape[2] - 1 + raw.shape[2] % 2] if raw.ndim == 3 else raw)
    image = np.minimum(raw >> bits - 8, 255).astype(np.uint8)
    if bits < 16 and header.bit_depth == 16:
        said = f"its 16-bit values use only {bits} bits; they are scaled to the full range"
        notes = [("low_range", said)]
        if raw.ndim == 3 and raw.shape[2] in (2, 4):
            image[..., -1] = raw[..., -1] >> 8
    return image, notes


def used_bits(values: np.ndarray) -> int:
    """Bits that 16-bit samples use, of the numbers that cameras have: 8, 10, 12, 14 or 16.

    Examples
    --------
    >>> used_bits(np.array([0, 4095], np.uint16)), used_bits(np.array([0, 4096], np.uint16))
    (12, 14)
    """
    top = int(values.max(initial=0))
    if top == 0:
        return 16
    return next(bits for bits in (8, 10, 12, 14, 16) if top < 1 << bits)


def _gray_mask(raw: np.ndarray, header: ImageHeader) -> np.ndarray | None:
    """Where a gray PNG is declared transparent by one gray value (chunk ``tRNS``)."""
    if header.transparent_gray is None or raw.ndim != 2 or header.by_pillow:
        return None
    value = header.transparent_gray
    if header.bit_depth < 8:
        value = value * 255 // header.max_value
    return raw == value


def _over_white(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Lay an image over white by its alpha, rounded."""
    if alpha.min(initial=255) == 255:
        return color
    wide = alpha.astype(np.uint16)
    return ((color * wide + 255 * (255 - wide) + 127) // 255).astype(np.uint8)


def turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
        As stored.
    orientation : int
        1 to 8: where row 0 and column 0 of the stored image lie.

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
