"""Header of an image file, read from its bytes before any pixel is decoded.

What is read here decides which decoder is called, and whether one is called at all.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from cvclassic.errors import ImageReadError
from cvclassic.images.formats import opencv_headers, pnm
from cvclassic.images.formats.image_header import ImageHeader
from cvclassic.images.formats.suffixes import READABLE, WAYS_OUT, check_readable, shown_format

if TYPE_CHECKING:
    from cvclassic.images.formats.pillow import OpenedImage

_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")

# (offset, magic bytes, name); the first that fits wins.
_MAGIC = (
    (0, b"\x89PNG", "png"),
    (0, b"GIF8", "gif"),
    (8, b"CR\x02", "camera raw"),  # Canon's, in a TIFF
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (0, b"MM\0+", "tiff"),
    (8, b"WEBP", "webp"),
    (0, b"\0\0\0\x0cjP  ", "jpeg2000"),
    (0, b"\xff\x4f\xff\x51", "jpeg2000"),
    (0, b"BM", "bmp"),
    (0, b"8BPS", "psd"),
    (0, b"icns", "icns"),
    (0, b"\x01\xda", "sgi"),
    (0, b"\x59\xa6\x6a\x95", "sun raster"),
    (0, b"DDS ", "dds"),
    (0, b"qoif", "qoi"),
    (0, b"\xb1\x68\xde\x3a", "dcx"),
    (4, b"\x11\xaf", "fli"),
    (4, b"\x12\xaf", "fli"),
    (0, b"DanM", "msp"),
    (0, b"LinS", "msp"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript"),
    (0, b"/* XPM */", "xpm"),
    (0, b"IIRO", "camera raw"),
    (0, b"IIRS", "camera raw"),
    (0, b"MMOR", "camera raw"),
    (0, b"IIU\0", "camera raw"),
    (0, b"FUJIFILMCCD-RAW", "camera raw"),
    (0, b"FOVb", "camera raw"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"#?RGBE", "Radiance HDR"),
    (0, b"gimp xcf", "GIMP XCF"),
    (128, b"DICM", "DICOM"),
    (0, b"II\xbc", "JPEG XR"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"RIFF", "RIFF (sound or video)"),
    (0, b"\x93NUMPY", "NumPy array"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"\x1aE\xdf\xa3", "Matroska video"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"\x7fELF", "program"),
    (0, b"version https://git-lfs", "Git-LFS pointer"),
)


_PARSERS = {
    "jpeg": opencv_headers.jpeg_header,
    "pfm": pnm.pfm_header,
    "png": opencv_headers.png_header,
    "pnm": pnm.pnm_header,
    "webp": opencv_headers.webp_header,
}


def identify(data: bytes) -> str:
    """Name the format of a file from its first bytes.

    Parameters
    ----------
    data : bytes
        The file, or at least its first kilobyte.

    Returns
    -------
    str
        A format such as ``"png"``, or a readable name of something else, such as ``"HTML"``,
        ``"gzip"``, ``"Git-LFS pointer"``, ``"text"`` or ``"unknown"``.

    Examples
    --------
    >>> identify(b"\\x89PNG\\r\\n\\x1a\\n")
    'png'
    >>> identify(b"<!DOCTYPE html><title>404</title>")
    'HTML'
    """
    if data[:2] == b"\xff\xd8":
        return "jpeg"
    head = bytes(data[:1024])
    if head[4:8] == b"ftyp":
        return _ftyp_name(head)
    for offset, magic, name in _MAGIC:
        if head.startswith(magic, offset):
            return name
    if re.match(rb"P[1-7][\s#]", head):
        return "pnm"
    if re.match(rb"P[Ff]\s", head):
        return "pfm"
    if re.match(rb"\s*(/\*.*?\*/\s*)?#define[ \t]+\w*width[ \t]+\d+", head, re.S):
        return "xbm"
    if re.match(rb"[\x28\x6c\x7c]\0\0\0.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0", head, re.S):
        return "bmp"  # without the file header, as the clipboard has it
    if re.match(rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", head):
        return "pcx"
    if re.match(rb"\0\0[\x01\x02]\0(?!\0\0)", head):
        return "ico" if head[2] == 1 else "cur"
    return "tga" if _looks_like_tga(head) else _text_name(head)


def _looks_like_tga(head: bytes) -> bool:
    """TGA has no mark at its beginning, but few files have such a header by chance."""
    if len(head) < 18:
        return False
    colors, kind, first, n_colors, color_bits = struct.unpack_from("<BBHHB", head, 1)
    width, height, depth, flags = struct.unpack_from("<HHBB", head, 12)
    depths = {1: (8, 16), 2: (15, 16, 24, 32), 3: (1, 8, 16)}.get(kind & 7, ())
    mapped = kind & 7 == 1
    return (
        kind in (1, 2, 3, 9, 10, 11)
        and depth in depths
        and width > 0
        and height > 0
        and flags & 0xC0 == 0
        and flags & 15 <= 8
        and (
            (colors == 1 and color_bits in (15, 16, 24, 32) and n_colors > 0)
            or (colors == 0 and not mapped and first == n_colors == color_bits == 0)
        )
    )


def is_image_format(name: str) -> bool:
    """Whether a name that `identify` gives is that of an image, read or not.

    Examples
    --------
    >>> is_image_format("png"), is_image_format("camera raw"), is_image_format("gzip")
    (True, True, False)
    """
    return name in READABLE or name in WAYS_OUT


def read_header(data: bytes) -> ImageHeader:
    """Read size, orientation and sample type of an image without decoding it.

    Parameters
    ----------
    data : bytes
        The whole file; only headers and the lengths of its parts are looked at.

    Returns
    -------
    ImageHeader

    Raises
    ------
    ImageReadError
        ``empty``, ``unsupported_format`` (the message names what it is), ``truncated`` where the
        file ends inside its header, ``corrupt`` where the header contradicts itself,
        ``too_large`` where one part declares a length that no image has.

    Examples
    --------
    >>> header = read_header(b"P5 3 2 255 " + bytes(6))
    >>> header.format, header.width, header.height
    ('pnm', 3, 2)
    """
    return open_image(data)[0]


def open_image(
    data: bytes, check: Callable[[ImageHeader], None] = lambda header: None
) -> tuple[ImageHeader, OpenedImage | None]:
    """The header of an image, and the image as Pillow has opened it where Pillow will decode it.

    Parameters
    ----------
    data : bytes
    check : callable
        Called with what is known of the size before Pillow sees the file, and again with the
        header; raises ImageReadError for what is too large.

    Raises
    ------
    ImageReadError
        As `read_header`, or as `check` raises.
    """
    if not data:
        raise ImageReadError("empty", "the file has 0 bytes")
    name = identify(data)
    check_readable(name)
    opened = None
    try:
        if name in _PARSERS:
            header = _PARSERS[name](data)
        if name not in _PARSERS or header.by_pillow:
            from cvclassic.images.formats.pillow import open_with_pillow

            opened = open_with_pillow(data, name, check)
            if name not in _PARSERS:
                header = opened.header
    except (struct.error, IndexError):
        said = f"the file ends inside its {shown_format(name)} header"
        raise ImageReadError("truncated", said) from None
    if header.width < 1 or header.height < 1:
        size = f"{header.width} x {header.height} pixels"
        raise ImageReadError("corrupt", f"the {shown_format(name)} header declares {size}")
    check(header)
    return header, opened


def _ftyp_name(head: bytes) -> str:
    """AVIF, HEIC or a film: the brands in an ISO file's first box say which."""
    size = int.from_bytes(head[:4], "big")
    brands = [head[8:12]] + [head[i : i + 4] for i in range(16, min(size, len(head)), 4)]
    if any(b in (b"avif", b"avis") for b in brands):
        return "avif"
    if any(b in _HEIF_BRANDS for b in brands):
        return "heif"
    if head[8:12] == b"crx ":
        return "camera raw"
    return "MP4 or QuickTime video"


def _text_name(head: bytes) -> str:
    """SVG, HTML, XML, text or unknown."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<?xml", b"<!--", b"<svg", b"<!doctype svg")) and b"<svg" in text:
        return "SVG"
    if text.startswith(b"<?xml") and b"<html" not in text:
        return "XML"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--")):
        return "HTML"
    if not head or any(c < 32 and c not in b"\t\n\r\f\x1b" for c in head):
        return "unknown"
    for cut in range(4):  # a character may straddle the end of the kilobyte
        try:
            head[: len(head) - cut].decode("utf-8")
            return "text"
        except UnicodeDecodeError:
            continue
    return "unknown"
