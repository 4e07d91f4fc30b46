"""Headers of the formats that nest boxes: JPEG 2000 and AVIF."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.av1 import item_starts, sequence_size
from cvclassic.images.formats.image_header import ImageHeader
from cvclassic.images.formats.tiff import exif_orientation


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


def jpeg2000_header(data: bytes) -> ImageHeader:
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


# (rotation anticlockwise in quarter turns, mirror axis or None) -> EXIF orientation. The rotation
# comes first, then the mirror; axis 0 swaps top and bottom, axis 1 left and right.
_TURNS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip


def avif_header(data: bytes) -> ImageHeader:
    """Properties of an AVIF's primary item (ISO/IEC 14496-12 and 23008-12).

    The boxes ``irot`` and ``imir`` are what counts for orientation. A file that has neither is
    turned by its EXIF data, if it has any.
    """
    meta = _find(data, 0, len(data), b"meta")
    if meta is None:
        raise ImageReadError("truncated", "the file ends before its AVIF properties")
    begin, end = meta[0] + 4, meta[1]
    primary, properties, links = 1, [], {}
    pitm = _find(data, begin, end, b"pitm")
    if pitm:
        wide = data[pitm[0]] > 0
        (primary,) = struct.unpack_from(">I" if wide else ">H", data, pitm[0] + 4)
    iprp = _find(data, begin, end, b"iprp")
    if iprp:
        ipco = _find(data, *iprp, b"ipco")
        properties = list(walk_boxes(data, *ipco)) if ipco else []
        ipma = _find(data, *iprp, b"ipma")
        links = _associations(data, ipma[0]) if ipma else {}
    mine = [properties[k - 1] for k in links.get(primary, []) if 0 < k <= len(properties)]
    width = height = 0
    turn, mirror, depth, channels, alpha = 0, None, 8, 3, "none"
    for kind, at, stop in mine or properties:
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", data, at + 4)
        elif kind == b"irot":
            turn = data[at] & 3
        elif kind == b"imir":
            mirror = data[at] & 1
        elif kind == b"pixi" and stop > at + 5:
            channels, depth = data[at + 4], data[at + 5]
        elif kind == b"av1C":
            flags = data[at + 2]
            depth = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
            channels = 1 if flags & 0x10 else channels
    if any(kind == b"auxC" and b"alpha" in data[at:stop] for kind, at, stop in properties):
        alpha, channels = "straight", channels + 1
    # An item may be a grid whose cells are smaller: the largest extent is what costs memory.
    for kind, at, _ in properties:
        if kind == b"ispe":
            w, h = struct.unpack_from(">II", data, at + 4)
            if not mine or w * h > width * height:
                width, height = w, h
    # ... and so may the data, which the decoder believes rather than the boxes.
    iloc, idat = _find(data, begin, end, b"iloc"), _find(data, begin, end, b"idat")
    for start in item_starts(data, iloc[0], idat[0] if idat else None) if iloc else ():
        size = _size_of_item(data, start)
        if size is not None and size[0] * size[1] > width * height:
            width, height = size
    if turn or mirror is not None:
        orientation = _TURNS[turn, mirror]
    else:
        orientation = _avif_exif(data, begin, end)
    return ImageHeader(
        "avif",
        width,
        height,
        orientation,
        bit_depth=depth,
        channels=channels,
        alpha=alpha,
        max_value=(1 << depth) - 1,
    )


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


def _associations(data: bytes, at: int) -> dict[int, list[int]]:
    """Item -> its properties, counted from 1 (box ``ipma``)."""
    version, flags = data[at], data[at + 3]
    (count,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    links: dict[int, list[int]] = {}
    for _ in range(count):
        (item,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        n = data[at]
        at += 1
        if flags & 1:
            links[item] = [v & 0x7FFF for v in struct.unpack_from(f">{n}H", data, at)]
            at += 2 * n
        else:
            links[item] = [v & 0x7F for v in data[at : at + n]]
            at += n
    return links


def _avif_exif(data: bytes, begin: int, end: int) -> int:
    """Orientation in the file's EXIF item, found by its mark: item locations come in many forms."""
    iinf = _find(data, begin, end, b"iinf")
    if iinf is None or b"Exif" not in data[slice(*iinf)]:
        return 1
    at = data.find(b"Exif\0\0", end)
    if at >= 0:
        return exif_orientation(data[at + 6 :])
    for mark in (b"II*\0", b"MM\0*"):
        at = data.find(mark, end)
        if at >= 0:
            return exif_orientation(data[at:])
    return 1
