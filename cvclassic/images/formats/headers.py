"""What a picture file says about itself, read from its bytes before any pixel is decoded.

Pure functions on bytes. They exist because a decoder believes what a file says: 57 bytes can ask
for 4 GB. What is read here decides whether the decoder is called at all.
"""

from __future__ import annotations

import re
import struct

from cvclassic.errors import ImageReadError
from cvclassic.images.formats import iso_boxes as boxes
from cvclassic.images.formats import plain_headers as rasters
from cvclassic.images.formats import tiff
from cvclassic.images.formats.image_header import ImageHeader
from cvclassic.images.formats.suffixes import WAYS_OUT

SUPPORTED = (
    "avif", "bmp", "gif", "jpeg", "jpeg2000", "pfm", "png", "pnm", "tiff", "webp",
)  # fmt: skip
"""Names of the formats that :func:`cvclassic.images.read_image` decodes."""

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
    (0, b"\0\0\1\0", "ico"),
    (0, b"\0\0\2\0", "ico"),
    (0, b"icns", "icns"),
    (0, b"\x01\xda", "sgi"),
    (0, b"\x59\xa6\x6a\x95", "sun raster"),
    (0, b"DDS ", "dds"),
    (0, b"qoif", "qoi"),
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
    "avif": boxes.avif_header,
    "bmp": rasters.bmp_header,
    "gif": rasters.gif_header,
    "jpeg": rasters.jpeg_header,
    "jpeg2000": boxes.jpeg2000_header,
    "pfm": rasters.pfm_header,
    "png": rasters.png_header,
    "pnm": rasters.pnm_header,
    "tiff": tiff.tiff_header,
    "webp": rasters.webp_header,
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
        A name out of :data:`SUPPORTED`, or a readable name of something else, such as
        ``"HTML"``, ``"gzip"``, ``"Git-LFS pointer"``, ``"text"`` or ``"unknown"``.

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
    return _text_name(head)


def is_image_format(name: str) -> bool:
    """Whether a name that `identify` gives is that of an image, read or not.

    Examples
    --------
    >>> is_image_format("png"), is_image_format("camera raw"), is_image_format("gzip")
    (True, True, False)
    """
    return name in SUPPORTED or name in WAYS_OUT


def check_format(name: str, size: int | None = None) -> None:
    """Raise `ImageReadError` for a format that is not read, with the way out where there is one.

    Parameters
    ----------
    name : str
        As `identify` gives it.
    size : int, optional
        Bytes of the file, for the message.
    """
    if name in SUPPORTED:
        return
    many = "" if size is None else f" ({size} bytes)"
    if name in WAYS_OUT:
        shown = {"heif": "HEIC/HEIF"}.get(name, name)
        raise ImageReadError("unsupported_format", f"{shown} is not read{many}: {WAYS_OUT[name]}")
    what = "something unknown" if name == "unknown" else name
    raise ImageReadError("unsupported_format", f"this is no image: it looks like {what}{many}")


def read_header(data: bytes) -> ImageHeader:
    """Read size, orientation and sample type of a picture without decoding it.

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
        ``too_large`` where one part declares a length that no picture has.

    Examples
    --------
    >>> header = read_header(b"P5 3 2 255 " + bytes(6))
    >>> header.format, header.width, header.height
    ('pnm', 3, 2)
    """
    if not data:
        raise ImageReadError("empty", "the file has 0 bytes")
    name = identify(data)
    check_format(name)
    try:
        header = _PARSERS[name](data)
    except (struct.error, IndexError):
        raise ImageReadError("truncated", f"the file ends inside its {name} header") from None
    if header.width < 1 or header.height < 1:
        raise ImageReadError(
            "corrupt", f"the {name} header declares {header.width} x {header.height} pixels"
        )
    return header


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
