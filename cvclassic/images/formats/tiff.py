"""The directory of a TIFF file, which is also what EXIF data are stored in."""

from __future__ import annotations

import re
import struct

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader
from cvclassic.images.formats.suffixes import check_readable

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION = 254, 256, 257, 258, 262, 274
_SAMPLES, _PLANAR, _TILE_WIDTH, _TILE_HEIGHT, _SUB_DIRECTORIES = 277, 284, 322, 323, 330
_EXTRA, _SAMPLE_FORMAT, _DNG_VERSION = 338, 339, 50706
_COLOR_FILTER_ARRAY = 32803
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q"}


def read_directory(data: bytes) -> dict[int, int]:
    """First directory of a TIFF: tag -> value.

    Only whole numbers, and of a list the first. Classic and big TIFF, both byte orders.

    Raises
    ------
    struct.error
        The data end before the directory does.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (start,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, _inside(start, data))
    entry, head, inline = (20, 8, 8) if big else (12, 2, 4)
    if count > 4096:
        raise ImageReadError("corrupt", f"the TIFF directory declares {count} entries")
    found: dict[int, int] = {}
    for i in range(start + head, start + head + count * entry, entry):
        tag, kind, n = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, i)
        if kind not in _CODES or n < 1:
            continue
        code = order + _CODES[kind]
        at = i + entry - inline
        if n * struct.calcsize(code) > inline:
            (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at)
        if at + struct.calcsize(code) <= len(data):
            (value,) = struct.unpack_from(code, data, at)
            found.setdefault(tag, value)
    return found


def _inside(offset: int, data: bytes) -> int:
    """The offset, or struct.error where it lies past the data (also past what C can count)."""
    if offset >= len(data):
        raise struct.error("offset past the end")
    return offset


def exif_orientation(exif: bytes) -> int:
    """Orientation in EXIF data, 1 to 8; 1 where it is missing, damaged or out of range.

    Parameters
    ----------
    exif : bytes
        From the byte order mark (``II`` or ``MM``) on.

    References
    ----------
    .. [1] CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif
       Version 2.3", 4.6.4.A, tag 0112.
    """
    if exif[:2] not in (b"II", b"MM"):
        return 1
    try:
        value = read_directory(exif).get(_ORIENTATION, 1)
    except (struct.error, ImageReadError):
        return 1
    return value if 1 <= value <= 8 else 1


def xmp_orientation(xmp: bytes) -> int:
    """Orientation in XMP data, which counts where EXIF has none; 1 where it has none either.

    Examples
    --------
    >>> xmp_orientation(b'<rdf:Description tiff:Orientation="6"/>')
    6
    """
    found = re.search(rb'tiff:Orientation(?:="|>)([1-8])\b', xmp)
    return int(found[1]) if found else 1


def tiff_header(data: bytes) -> ImageHeader:
    """Sizes and kind of samples of a TIFF's first image; Pillow reads the rest.

    Raises
    ------
    ImageReadError
        ``too_large`` for tiles that are out of proportion, ``unsupported_format`` for camera raw,
        whose first image is a small preview.
    struct.error
        The data end before the directory does.
    """
    tags = read_directory(data)

    def get(tag: int, default: int) -> int:
        return tags.get(tag, default)

    if _WIDTH not in tags or _HEIGHT not in tags:
        raise ImageReadError("corrupt", "the TIFF directory declares no width or height")
    preview = get(_SUBFILE, 0) & 1 and _SUB_DIRECTORIES in tags
    if _DNG_VERSION in tags or preview or get(_PHOTOMETRIC, 1) == _COLOR_FILTER_ARRAY:
        check_readable("camera raw")
    width, height = get(_WIDTH, 0), get(_HEIGHT, 0)
    # A decoder holds one tile or strip: its declared size counts like the image's own.
    for side, tag in ((width, _TILE_WIDTH), (height, _TILE_HEIGHT)):
        if get(tag, 0) > max(4 * side, 4096):
            raise ImageReadError("too_large", f"the TIFF declares tiles of {get(tag, 0)} pixels")
    return ImageHeader(
        "tiff",
        width,
        height,
        bit_depth=get(_BITS, 1),
        sample_format={2: "int", 3: "float", 5: "int", 6: "float"}.get(
            get(_SAMPLE_FORMAT, 1), "uint"
        ),
        channels=get(_SAMPLES, 1),
        alpha={1: "premultiplied", 2: "straight"}.get(get(_EXTRA, -1), "none"),
        inverted=get(_PHOTOMETRIC, 1) == 0,
        planar=get(_PLANAR, 1) == 2 and get(_SAMPLES, 1) > 1,
    )
