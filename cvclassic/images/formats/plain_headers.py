"""Headers of the plain formats: JPEG, PNG, GIF, BMP, WebP, PNM and PFM."""

from __future__ import annotations

import re
import struct

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader
from cvclassic.images.formats.tiff import exif_orientation


def jpeg_header(data: bytes) -> ImageHeader:
    """Walk the marker segments up to the frame header (ITU-T T.81, annex B)."""
    orientation = None
    i = 2
    while True:
        i = data.find(b"\xff", i)
        if i < 0:
            raise ImageReadError("truncated", "the file ends before its JPEG frame header")
        marker = data[i + 1]
        if marker == 0xFF:
            i += 1
            continue
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            i += 2
            continue
        if marker in (0xD9, 0xDA):
            raise ImageReadError("corrupt", "the JPEG has no frame header before its data")
        length = data[i + 2] << 8 | data[i + 3]
        if length < 2:
            raise ImageReadError("corrupt", f"a JPEG segment declares a length of {length} bytes")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            depth, height, width, channels = struct.unpack_from(">BHHB", data, i + 4)
            return ImageHeader(
                "jpeg",
                width,
                height,
                orientation or 1,
                bit_depth=depth,
                channels=channels,
                data_start=i + 2 + length,
            )
        if marker == 0xE1 and orientation is None and data[i + 4 : i + 10] == b"Exif\0\0":
            orientation = exif_orientation(data[i + 10 : i + 2 + length])
        i += 2 + length


def png_header(data: bytes) -> ImageHeader:
    """Walk the chunks: each must lie inside the file (ISO/IEC 15948, 5.3)."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ImageReadError(*_cut_or_corrupt(len(data) < 8, "PNG signature"))
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    orientation, gray, end, i, start = 1, None, None, 8, 0
    while i + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, i)
        if length > 0x7FFFFFFF:
            raise ImageReadError("too_large", f"a PNG chunk declares {length} bytes")
        if i + 12 + length > len(data):
            raise ImageReadError(
                "corrupt", f"a PNG chunk of {length} bytes runs past the end of the file"
            )
        if i == 8 and (kind, length) != (b"IHDR", 13):
            raise ImageReadError("corrupt", "the PNG does not begin with its IHDR chunk")
        if kind == b"IEND":
            end = i + 12 + length
            break
        if kind == b"IDAT":
            start = start or i
        elif kind == b"eXIf":
            orientation = exif_orientation(data[i + 8 : i + 8 + length])
        elif kind == b"tRNS" and color == 0 and length >= 2:
            (gray,) = struct.unpack_from(">H", data, i + 8)
        i += 12 + length
    return ImageHeader(
        "png",
        width,
        height,
        orientation,
        bit_depth=depth,
        channels={0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(color, 3),
        alpha="straight" if color in (4, 6) else "none",
        transparent_gray=gray,
        max_value=(1 << min(depth, 16)) - 1,
        data_start=start,
        end=end,
    )


def _cut_or_corrupt(cut: bool, where: str) -> tuple[str, str]:
    """Code and message for a header that is not whole."""
    return (
        ("truncated", f"the file ends inside its {where}") if cut else ("corrupt", f"bad {where}")
    )


def gif_header(data: bytes) -> ImageHeader:
    """Logical screen, and the first frame, which must lie on it (GIF89a, 18-20)."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    i = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while data[i] == 0x21:
        i += 2
        while data[i]:
            i += 1 + data[i]
        i += 1
    if data[i] != 0x2C:
        raise ImageReadError("corrupt", "the GIF has no picture")
    left, top, w, h = struct.unpack_from("<HHHH", data, i + 1)
    return ImageHeader("gif", max(width, left + w), max(height, top + h), data_start=i)


def bmp_header(data: bytes) -> ImageHeader:
    """Info header in its old (12 bytes) and its newer forms; a negative height is top-down."""
    offset, size = struct.unpack_from("<II", data, 10)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    return ImageHeader("bmp", width, abs(height), bit_depth=bits, data_start=offset)


def webp_header(data: bytes) -> ImageHeader:
    """The three kinds of first chunk, and EXIF (RFC 9649)."""
    (riff,) = struct.unpack_from("<I", data, 4)
    kind = data[12:16]
    end = riff + 8
    if kind == b"VP8 ":
        width, height = (v & 0x3FFF for v in struct.unpack_from("<HH", data, 26))
        return ImageHeader("webp", width, height, end=end)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return ImageHeader("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, end=end)
    if kind != b"VP8X":
        raise ImageReadError(*_cut_or_corrupt(len(data) < 16, "WebP header"))
    flags = data[20]
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    orientation = 1
    i = 30
    while flags & 0x08 and i + 8 <= len(data):
        chunk, length = struct.unpack_from("<4sI", data, i)
        if chunk == b"EXIF":
            orientation = exif_orientation(data[i + 8 : i + 8 + length].removeprefix(b"Exif\0\0"))
            break
        i += 8 + length + (length & 1)
    return ImageHeader("webp", width, height, orientation, end=end)


def pnm_header(data: bytes) -> ImageHeader:
    """P1 to P6, and P7 (PAM)."""
    if data[:2] == b"P7":
        return _pam_header(data)
    wanted = 2 if data[1:2] in b"14" else 3
    # A comment runs from # to the end of its line.
    blank = rb"(?:\s|#[^\n\r]*[\n\r])+"
    found = re.compile(rb"P\d" + (blank + rb"(-?\d+)") * wanted).match(data[:65536])
    if not found:
        raise ImageReadError(*_cut_or_corrupt(len(data) < 16, "PNM header"))
    numbers = [int(v) for v in found.groups() if len(v) <= 12]
    if len(numbers) < wanted or min(numbers) < 0:
        raise ImageReadError("corrupt", "the PNM header holds a number out of range")
    maximum = numbers[2] if wanted == 3 else 1
    if not 1 <= maximum <= 65535:
        raise ImageReadError("corrupt", f"the PNM header declares a maximum of {maximum}")
    plain = data[1:2] in b"123"
    return ImageHeader(
        "pnm",
        numbers[0],
        numbers[1],
        bit_depth=16 if maximum > 255 else 8,
        channels=3 if data[1:2] in b"36" else 1,
        # The decoder stretches bitmaps and plain files up to 255 by itself, binary ones not.
        max_value=255 if wanted == 2 or (plain and maximum < 256) else maximum,
        data_start=found.end(),
    )


def _pam_header(data: bytes) -> ImageHeader:
    """PAM: one ``NAME value`` a line up to ENDHDR."""
    end = data.find(b"ENDHDR", 0, 65536)
    if end < 0:
        raise ImageReadError("truncated", "the file ends inside its PAM header")
    fields = dict(re.findall(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL)\s+(\d{1,9})\s*$", data[:end], re.M))
    if len(fields) < 4:
        raise ImageReadError("corrupt", "the PAM header lacks WIDTH, HEIGHT, DEPTH or MAXVAL")
    width, height, depth, maximum = (
        int(fields[k]) for k in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    )
    return ImageHeader(
        "pnm",
        width,
        height,
        bit_depth=16 if maximum > 255 else 8,
        channels=depth,
        alpha="straight" if depth in (2, 4) else "none",
        max_value=max(1, maximum),
        data_start=end,
    )


def pfm_header(data: bytes) -> ImageHeader:
    """Portable float map: ``PF`` or ``Pf``, size, scale."""
    found = re.match(rb"P([Ff])\s+(\d{1,9})\s+(\d{1,9})\s", data[:256])
    if not found:
        raise ImageReadError(*_cut_or_corrupt(len(data) < 16, "PFM header"))
    return ImageHeader(
        "pfm",
        int(found[2]),
        int(found[3]),
        bit_depth=32,
        sample_format="float",
        channels=3 if found[1] == b"F" else 1,
        data_start=found.end(),
    )
