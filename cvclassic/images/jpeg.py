"""JPEG: decode at a reduced scale, and tell a missing end mark from missing data."""

from __future__ import annotations

import cv2
import numpy as np

from cvclassic.errors import ImageReadError
from cvclassic.images.imageheader import ImageHeader

_END = b"\xff\xd9"
# Entropy-coded data that no encoder wrote: where the decoder gets to read them, pixels differ.
_FILLERS = (b"\x55\xaa\x33\xc9" * 512, b"\x9c\x0b\x72\xe1" * 512)


def decode_jpeg(
    data: bytes, header: ImageHeader, max_side: int | None, allow_truncated: bool
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Pixels in OpenCV's order, as stored (not turned), and notes (code, message)."""
    flags = _flags(header, max_side)
    # 0xFF in data is followed by 0, so the mark stands only at the end - or in metadata, where
    # thumbnails have theirs: these lie before the frame header.
    end = len(data) if data.endswith(_END) else data.rfind(_END, header.data_start) + 2
    if end < 2:
        return _decode_unended(data, flags, allow_truncated)
    raw = _imdecode(data, flags)
    if raw is None:
        raise ImageReadError("corrupt", "the JPEG data cannot be decoded")
    if end < len(data):
        return raw, [("trailing_data", f"{len(data) - end} bytes follow the picture")]
    return raw, []


def _flags(header: ImageHeader, max_side: int | None) -> int:
    """Flags of ``cv2.imdecode``: grey or colour, and the scale."""
    scale = 1
    if max_side is not None:
        longer = max(header.width, header.height)
        while scale < 8 and -(-longer // (2 * scale)) >= max_side:
            scale *= 2
    grey = header.channels == 1
    flags = {
        1: cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR,
        2: cv2.IMREAD_REDUCED_GRAYSCALE_2 if grey else cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_GRAYSCALE_4 if grey else cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_GRAYSCALE_8 if grey else cv2.IMREAD_REDUCED_COLOR_8,
    }[scale]
    return flags | cv2.IMREAD_IGNORE_ORIENTATION


def _imdecode(data: bytes, flags: int) -> np.ndarray | None:
    """``cv2.imdecode`` that gives None for every failure."""
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


def _decode_unended(
    data: bytes, flags: int, allow_truncated: bool
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """A JPEG without end mark: is only the mark missing, or data as well?

    The decoder cannot be asked. But if all data are there, it has no use for what stands between
    them and the end mark, so different fillings give the same pixels.
    """
    body = data.rstrip(b"\0").removesuffix(b"\xff")
    raw = _imdecode(body + _END, flags)
    if raw is not None:
        others = (_imdecode(body + filler + _END, flags) for filler in _FILLERS)
        if all(other is not None and np.array_equal(raw, other) for other in others):
            return raw, [("missing_eoi", "the JPEG has all its data but no end mark")]
        if allow_truncated:
            return raw, [("truncated", "the JPEG ends early; what is missing is grey")]
    raise ImageReadError("truncated", "the JPEG ends before its data do")
