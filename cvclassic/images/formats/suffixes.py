"""Suffixes of formats, and hints for formats that are not read."""

from __future__ import annotations

import os
from importlib.util import find_spec

from cvclassic.errors import ImageReadError

_BY_FORMAT = {
    # read
    "jpeg": ".jpg .jpeg .jpe .jfif .mpo",
    "png": ".png .apng",
    "webp": ".webp",
    "gif": ".gif",
    "bmp": ".bmp .dib",
    "tiff": ".tif .tiff",
    "pnm": ".pgm .ppm .pbm .pnm .pam",
    "pfm": ".pfm",
    "jpeg2000": ".jp2 .j2k .j2c .jpc .jpx .jpf",
    "avif": ".avif .avifs",
    "heif": ".heic .heif .hif .heics",
    "tga": ".tga .icb .vda .vst",
    "psd": ".psd",
    "ico": ".ico",
    "cur": ".cur",
    "icns": ".icns",
    "pcx": ".pcx",
    "sgi": ".sgi .rgb .rgba .bw",
    "sun raster": ".ras",
    "dds": ".dds",
    "dcx": ".dcx",
    "fli": ".fli .flc",
    "msp": ".msp",
    "qoi": ".qoi",
    "xbm": ".xbm",
    "xpm": ".xpm",
    # images that are not read
    "JPEG XL": ".jxl",
    "JPEG XR": ".jxr .wdp .hdp",
    "camera raw": ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mos .mrw .nef .nrw .orf "
    ".pef .raf .rw2 .rwl .sr2 .srf .srw .x3f",
    "SVG": ".svg .svgz",
    "PostScript": ".eps",
    "OpenEXR": ".exr",
    "GIMP XCF": ".xcf",
    "DICOM": ".dcm .dicom",
    "FITS": ".fits",
}
SUFFIXES = {suffix: name for name, suffixes in _BY_FORMAT.items() for suffix in suffixes.split()}
"""Suffix in lower case -> format, for all that is an image, read or not."""

WAYS_OUT = {
    "heif": "pip install 'cvclassic[heif]', or convert it to JPEG",
    "JPEG XL": "convert it to PNG or JPEG first, such as with djxl",
    "JPEG XR": "convert it to PNG or TIFF first",
    "camera raw": "develop it to TIFF or JPEG first, such as with darktable or rawtherapee",
    "SVG": "draw it as PNG first, such as with inkscape or rsvg-convert",
    "PostScript": "draw it as PNG first, such as with ghostscript",
    "OpenEXR": "map it to 8 or 16 bits first, such as with oiiotool",
    "Radiance HDR": "map it to 8 or 16 bits first, such as with oiiotool",
    "GIMP XCF": "export it as PNG in GIMP first",
    "DICOM": "convert it to PNG first, such as with dcm2pnm, since the window is yours to choose",
    "FITS": "convert it to PNG or TIFF first, since the range is yours to choose",
}
"""Formats of images that are not read (HEIF: without its extra) -> what to do instead."""


READABLE = frozenset(list(_BY_FORMAT)[: list(_BY_FORMAT).index("JPEG XL")])
"""Formats that are read; ``"heif"`` only with its extra."""


def check_readable(name: str, size: int | None = None) -> None:
    """Raise `ImageReadError` for a format that is not read, with advice where there is one.

    Parameters
    ----------
    name : str
        As :func:`cvclassic.images.identify` gives it.
    size : int, optional
        Bytes of the file, for the message.
    """
    if name in READABLE and (name != "heif" or find_spec("pillow_heif") is not None):
        return
    many = "" if size is None else f" ({size} bytes)"
    if name in WAYS_OUT:
        said = f"{shown_format(name)} is not supported{many}: {WAYS_OUT[name]}"
        raise ImageReadError("unsupported_format", said)
    what = "an unknown format" if name == "unknown" else name
    raise ImageReadError("unsupported_format", f"not an image: it looks like {what}{many}")


_SHOWN = {
    "heif": "HEIC/HEIF", "jpeg2000": "JPEG 2000", "sun raster": "Sun raster", "webp": "WebP",
}  # fmt: skip


def shown_format(name: str) -> str:
    """A format's name as people write it.

    Examples
    --------
    >>> shown_format("png"), shown_format("webp"), shown_format("camera raw")
    ('PNG', 'WebP', 'camera raw')
    """
    return _SHOWN.get(name, name.upper() if name in READABLE else name)


def suffix_format(path: str | bytes) -> str | None:
    """Format of an image that a file's suffix stands for, or None.

    Examples
    --------
    >>> suffix_format("holiday.JPG"), suffix_format("notes.txt")
    ('jpeg', None)
    """
    # ".jpg" alone is a hidden file and no suffix, as for os.path.splitext, which is slower.
    stem, dot, suffix = os.fsdecode(path).rpartition(".")
    return SUFFIXES.get(dot + suffix.lower()) if stem and stem[-1] != "/" else None
