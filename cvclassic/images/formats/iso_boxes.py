"""Sizes in the formats that nest boxes: JPEG 2000 and AVIF.

Pillow reads the files; what is read here is what their decoders believe, which outer boxes may
contradict, so that limits hold before pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.av1 import item_starts, sequence_size
from cvclassic.images.formats.image_header import ImageHeader


def walk_boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Boxes between two offsets: (type, start of the content, end), cut at the data's end."""
    end = min(end, len(data))
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        elif size == 0:
            size = end - start
        if size < head:
            raise ImageReadError("corrupt", f"a box declares a length of {size} bytes")
        yield kind, start + head, min(start + size, end)
        start += size


def jpeg2000_bounds(data: bytes) -> ImageHeader:
    """Size marker of the codestream, bare or in a JP2 file (ITU-T T.800, A.5.1 and annex I)."""
    start = 0
    if data[:2] != b"\xff\x4f":
        for kind, begin, _ in walk_boxes(data, 0, len(data)):
            if kind == b"jp2c":
                start = begin
                break
        else:
            raise ImageReadError("truncated", "the file ends before its JPEG 2000 codestream")
    if data[start : start + 4] != b"\xff\x4f\xff\x51":
        raise ImageReadError("corrupt", "the JPEG 2000 codestream has no size marker")
    x1, y1, x0, y0 = struct.unpack_from(">IIII", data, start + 8)
    channels, depth = struct.unpack_from(">HB", data, start + 40)
    return ImageHeader(
        "jpeg2000",
        x1 - x0,
        y1 - y0,
        bit_depth=(depth & 0x7F) + 1,
        sample_format="int" if depth & 0x80 else "uint",
        channels=channels,
        alpha="straight" if channels in (2, 4) else "none",
        max_value=(1 << (depth & 0x7F) + 1) - 1,
        data_start=start,
    )


def avif_bounds(data: bytes) -> ImageHeader:
    """Largest size that an AVIF declares (ISO/IEC 14496-12 and 23008-12).

    An item may be a grid whose cells are smaller, and the data may hold larger frames than the
    boxes say, which is what the decoder believes: see ``av1.py``.
    """
    meta = _find(data, 0, len(data), b"meta")
    if meta is None:
        raise ImageReadError("truncated", "the file ends before its AVIF properties")
    begin, end = meta[0] + 4, meta[1]
    sizes = [(0, 0)]
    iprp = _find(data, begin, end, b"iprp")
    ipco = _find(data, *iprp, b"ipco") if iprp else None
    for kind, at, _ in walk_boxes(data, *ipco) if ipco else ():
        if kind == b"ispe":
            sizes.append(struct.unpack_from(">II", data, at + 4))
    iloc, idat = _find(data, begin, end, b"iloc"), _find(data, begin, end, b"idat")
    for start in item_starts(data, iloc[0], idat[0] if idat else None) if iloc else ():
        sizes.append(_size_of_item(data, start) or (0, 0))
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return ImageHeader("avif", width, height)


def _size_of_item(data: bytes, start: int) -> tuple[int, int] | None:
    """Size in an item's AV1 data; None where the item is something else, such as EXIF."""
    try:
        return sequence_size(data, start)
    except IndexError:
        return None


def _find(data: bytes, start: int, end: int, wanted: bytes) -> tuple[int, int] | None:
    """Content of the first box of a type."""
    for kind, begin, stop in walk_boxes(data, start, end):
        if kind == wanted:
            return begin, stop
    return None
