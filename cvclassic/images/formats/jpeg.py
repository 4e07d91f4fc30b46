"""JPEG: decode at a reduced scale, and tell a missing end mark from missing data."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader

_END = b"\xff\xd9"
# The gray flags are the bare scale bits; those called COLOR would say BGR as well.
_SCALE_FLAGS = {
    1: 0,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
# Entropy-coded data that no encoder wrote: where the decoder gets to read them, pixels differ.
_FILLERS = (b"\x55\xaa\x33\xc9" * 512, b"\x9c\x0b\x72\xe1" * 512)


def decode_jpeg(
    data: bytes,
    header: ImageHeader,
    max_side: int | None,
    allow_truncated: bool,
    decode: Callable[[bytes, int], np.ndarray | None],
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Pixels, gray or RGB, as stored (not turned), and notes (code, message).

    ``decode`` turns bytes and flags into an array, or None: ``reading.py`` alone calls OpenCV.
    """
    flags = _flags(header, max_side)
    # 0xFF in data is followed by 0, so the mark stands only at the end - or in metadata, where
    # thumbnails have theirs: these lie before the frame header.
    end = len(data) if data.endswith(_END) else data.rfind(_END, header.data_start) + 2
    if end < 2:
        return _decode_unended(data, header, flags, allow_truncated, decode)
    raw = decode(data, flags)
    if raw is None:
        raise ImageReadError("corrupt", "the JPEG data cannot be decoded")
    if end < len(data):
        return raw, [("trailing_data", f"{len(data) - end} bytes follow the image")]
    return raw, []


def _flags(header: ImageHeader, max_side: int | None) -> int:
    """Flags of ``cv2.imdecode``: gray or color, and the scale."""
    scale = 1
    if max_side is not None:
        longer = max(header.width, header.height)
        while scale < 8 and -(-longer // (2 * scale)) >= max_side:
            scale *= 2
    color = cv2.IMREAD_GRAYSCALE if header.channels == 1 else cv2.IMREAD_COLOR_RGB
    return _SCALE_FLAGS[scale] | color | cv2.IMREAD_IGNORE_ORIENTATION


def _decode_unended(
    data: bytes,
    header: ImageHeader,
    flags: int,
    allow_truncated: bool,
    decode: Callable[[bytes, int], np.ndarray | None],
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """A JPEG without end mark: is only the mark missing, or data as well?

    The decoder cannot be asked. But if all data of the last scan are there, it has no use for what
    stands between them and the end mark, so different fillings give the same pixels. That it is
    the last scan, the scans themselves tell.
    """
    body = data.rstrip(b"\0").removesuffix(b"\xff")
    raw = decode(body + _END, flags)
    if raw is not None:
        others = (decode(body + filler + _END, flags) for filler in _FILLERS)
        if _scans_are_complete(body, header) and all(
            other is not None and np.array_equal(raw, other) for other in others
        ):
            return raw, [("missing_eoi", "the JPEG has no end marker")]
        if allow_truncated:
            return raw, [("truncated", "the JPEG is truncated; the missing part is gray")]
    raise ImageReadError("truncated", "the JPEG is truncated")


def _scans_are_complete(data: bytes, header: ImageHeader) -> bool:
    """Whether the scans that begin in the data hold every bit of every coefficient.

    A progressive JPEG may break off between two scans, and then looks whole (ITU-T T.81, G.1.1).
    """
    names = data[header.data_start - 3 * header.channels : header.data_start : 3]
    missing = {name: [1] * 64 for name in names}  # bits of each coefficient that are to come
    i = header.data_start
    while (i := data.find(b"\xff", i)) >= 0 and i + 1 < len(data):
        marker = data[i + 1]
        if marker == 0xFF:
            i += 1
            continue
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            i += 2
            continue
        if i + 4 > len(data):
            return False
        length = data[i + 2] << 8 | data[i + 3]
        segment = data[i + 4 : i + 2 + length]
        if length < 2 or len(segment) < length - 2:
            return False
        if marker == 0xDA and len(segment) >= 4 + 2 * segment[0]:
            first, last, shift = segment[-3:]
            for name in segment[1 : 1 + 2 * segment[0] : 2]:
                if name in missing and last < 64:
                    missing[name][first : last + 1] = [shift & 15] * (last + 1 - first)
        i += 2 + length
    return not any(map(any, missing.values()))
