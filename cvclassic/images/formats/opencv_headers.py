"""Headers of the formats that OpenCV decodes: JPEG, PNG and WebP.

They exist because a decoder believes what a file says: 57 bytes can ask for 4 GB.
"""

from __future__ import annotations

import struct
import zlib

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader, cut_or_corrupt
from cvclassic.images.formats.tiff import exif_orientation, xmp_orientation

_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"


def jpeg_header(data: bytes) -> ImageHeader:
    """Walk the marker segments up to the frame header (ITU-T T.81, annex B)."""
    orientation, by_xmp = None, 1
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
                orientation or by_xmp,
                bit_depth=depth,
                channels=channels,
                data_start=i + 2 + length,
            )
        if marker == 0xE1 and orientation is None and data[i + 4 : i + 10] == b"Exif\0\0":
            orientation = exif_orientation(data[i + 10 : i + 2 + length])
        elif marker == 0xE1 and data[i + 4 : i + 33] == _XMP_MARK:
            by_xmp = xmp_orientation(data[i + 33 : i + 2 + length])
        i += 2 + length


def png_header(data: bytes) -> ImageHeader:
    """Walk the chunks: each must lie inside the file (ISO/IEC 15948, 5.3)."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ImageReadError(*cut_or_corrupt(len(data) < 8, "PNG signature"))
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    orientation, gray, end, i, start = None, None, None, 8, 0
    animated, by_text = False, 1
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
        elif kind in (b"iTXt", b"tEXt", b"zTXt"):
            by_text = _text_orientation(kind, data[i + 8 : i + 8 + length]) or by_text
        elif kind == b"acTL":
            animated = True
        elif kind == b"tRNS" and color == 0 and length >= 2:
            (gray,) = struct.unpack_from(">H", data, i + 8)
        i += 12 + length
    return ImageHeader(
        "png",
        width,
        height,
        orientation or by_text,
        bit_depth=depth,
        channels={0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(color, 3),
        alpha="straight" if color in (4, 6) else "none",
        transparent_gray=gray,
        max_value=(1 << min(depth, 16)) - 1,
        by_pillow=color == 3 or animated,
        data_start=start,
        end=end,
    )


def _text_orientation(kind: bytes, chunk: bytes) -> int | None:
    """Orientation in the text of a PNG: XMP, or EXIF as ImageMagick wrote it in hexadecimal."""
    keyword, _, text = chunk.partition(b"\0")
    if keyword == b"XML:com.adobe.xmp" and kind == b"iTXt" and text[:1] in (b"\0", b"\1"):
        packed = text[:1] == b"\1"
        text = text[2:].split(b"\0", 2)[-1]
        return xmp_orientation(_unpack(text) if packed else text)
    if keyword in (b"Raw profile type exif", b"Raw profile type APP1"):
        words = (_unpack(text[1:]) if kind == b"zTXt" else text).split()  # name, length, hex
        try:
            exif = bytes.fromhex(b"".join(words[2:]).decode("ascii"))
        except ValueError:
            return None
        return exif_orientation(exif.removeprefix(b"Exif\0\0"))
    return None


def _unpack(packed: bytes) -> bytes:
    """The first part of a compressed text; nothing where it is damaged."""
    try:
        return zlib.decompressobj().decompress(packed, 1 << 20)
    except zlib.error:
        return b""


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
        raise ImageReadError(*cut_or_corrupt(len(data) < 16, "WebP header"))
    flags = data[20]
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    orientation, by_xmp = None, 1
    i = 30
    while flags & 0x0C and i + 8 <= len(data):
        chunk, length = struct.unpack_from("<4sI", data, i)
        content = data[i + 8 : i + 8 + length]
        if chunk == b"EXIF":
            orientation = exif_orientation(content.removeprefix(b"Exif\0\0"))
        elif chunk == b"XMP ":
            by_xmp = xmp_orientation(content)
        i += 8 + length + (length & 1)
    return ImageHeader("webp", width, height, orientation or by_xmp, end=end)
