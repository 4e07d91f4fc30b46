"""Formats that OpenCV does not decode reliably go through Pillow: the only place that calls it.

Plugins are called by the name that `identify` gives, never by trial. Opening reads the header
alone, so that limits hold before pixels.
"""

from __future__ import annotations

import importlib
import io
import logging
import re
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader, depth_error
from cvclassic.images.formats.iso_boxes import avif_bounds, jpeg2000_bounds
from cvclassic.images.formats.suffixes import shown_format
from cvclassic.images.formats.tiff import exif_orientation, tiff_header, xmp_orientation

# format -> (module, class)
_PLUGINS = {
    "avif": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "bmp": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "cur": ("PIL.CurImagePlugin", "CurImageFile"),
    "dcx": ("PIL.DcxImagePlugin", "DcxImageFile"),
    "dds": ("PIL.DdsImagePlugin", "DdsImageFile"),
    "fli": ("PIL.FliImagePlugin", "FliImageFile"),
    "gif": ("PIL.GifImagePlugin", "GifImageFile"),
    "heif": ("pillow_heif", "HeifImageFile"),
    "icns": ("PIL.IcnsImagePlugin", "IcnsImageFile"),
    "ico": ("PIL.IcoImagePlugin", "IcoImageFile"),
    "jpeg2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "msp": ("PIL.MspImagePlugin", "MspImageFile"),
    "pcx": ("PIL.PcxImagePlugin", "PcxImageFile"),
    "png": ("PIL.PngImagePlugin", "PngImageFile"),
    "pnm": ("PIL.PpmImagePlugin", "PpmImageFile"),
    "psd": ("PIL.PsdImagePlugin", "PsdImageFile"),
    "qoi": ("PIL.QoiImagePlugin", "QoiImageFile"),
    "sgi": ("PIL.SgiImagePlugin", "SgiImageFile"),
    "sun raster": ("PIL.SunImagePlugin", "SunImageFile"),
    "tga": ("PIL.TgaImagePlugin", "TgaImageFile"),
    "tiff": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "xbm": ("PIL.XbmImagePlugin", "XbmImageFile"),
    "xpm": ("PIL.XpmImagePlugin", "XpmImageFile"),
}
PILLOW_FORMATS = frozenset(_PLUGINS)
"""Formats that Pillow decodes; of PNG only the kinds that OpenCV does not decode surely."""

# what Pillow says of files that are whole but of a kind that it does not know
_UNKNOWN_KIND = re.compile(
    r"unsupported|unknown|unimplemented|not supported|not yet supported|cannot handle", re.I
)
_TRUNCATED = re.compile(r"truncated|unexpected end|not enough|reading past|end of file", re.I)
# Pillow's parsers raise whatever comes up in damaged files
_ERRORS = (
    OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError,
    EOFError, RuntimeError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
_PLANES_LOCK = threading.Lock()
_TURNED = ("heif", "tiff")  # upright as Pillow gives them

# an application that sets up no logging should not see Pillow's on its standard error
logging.getLogger("PIL").addHandler(logging.NullHandler())


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """An image whose header was read, and none of its pixels.

    Attributes
    ----------
    header : ImageHeader
    image : PIL.Image.Image
    """

    header: ImageHeader
    image: ImageFile.ImageFile


def open_with_pillow(
    data: bytes, name: str, check: Callable[[ImageHeader], None] = lambda header: None
) -> OpenedImage:
    """Read the header of an image of one of `PILLOW_FORMATS`.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
    check : callable
        Called with the size that is known before Pillow sees the file, where one is.

    Returns
    -------
    OpenedImage
        The size in its header is the largest that anything in the file declares, as that is what
        decoding may cost.

    Raises
    ------
    ImageReadError
        ``truncated``, ``corrupt``, ``too_large``, ``unsupported_format`` or
        ``unsupported_depth``.
    """
    declared = _BOUNDS[name](data) if name in _BOUNDS else None
    if declared is not None:
        check(declared)
    module, kind = _PLUGINS[name]
    if name == "bmp" and data[:2] != b"BM":
        kind = "DibImageFile"
    try:
        plugin = getattr(importlib.import_module(module), kind)
        image = (
            _open_planes(plugin, data) if declared and declared.planar else plugin(io.BytesIO(data))
        )
        width, height = image.size
        orientation = 1 if name in _TURNED else _orientation(image.info)
    except _ERRORS as error:
        if declared is not None and declared.sample_format != "uint":
            raise depth_error(declared) from None  # of several samples, which Pillow lacks
        raise explain_pillow_error(error, name) from None
    header = ImageHeader(name, width, height, orientation)
    if declared is not None:
        header = declared._replace(orientation=orientation)
        if width * height >= declared.width * declared.height:
            header = header._replace(width=width, height=height)
    return OpenedImage(header, image)


def _orientation(info: dict) -> int:
    """Orientation in the metadata of an image: that of EXIF, else that of XMP."""
    exif = info.get("exif") or b""
    found = exif_orientation(exif.removeprefix(b"Exif\0\0"))
    if found == 1 and isinstance(info.get("xmp"), bytes):
        found = xmp_orientation(info["xmp"])
    return found


def decode_with_pillow(opened: OpenedImage) -> np.ndarray:
    """Decode what was opened.

    Parameters
    ----------
    opened : OpenedImage

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W), (H, W, 2), (H, W, 3) or (H, W, 4)
        Gray or RGB, not turned by the header's orientation; the last of 2 or 4 samples is
        straight alpha.

    Raises
    ------
    ImageReadError
        ``truncated``, ``corrupt``, ``unsupported_format``, ``unsupported_depth`` or
        ``non_finite``.
    """
    image, header = opened.image, opened.header
    try:
        if header.format == "tiff":
            return _tiff_pixels(image, header)
        image.load()
        return _pixels(image, header)
    except ImageReadError:
        raise
    except _ERRORS as error:
        raise explain_pillow_error(error, header.format) from None


def explain_pillow_error(error: Exception, name: str) -> ImageReadError:
    """The record code that fits what Pillow says: damaged, cut off, too large or unknown."""
    shown = shown_format(name)
    if isinstance(error, SyntaxError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # Pillow wraps what its parsers raise
    text = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, Image.DecompressionBombError):
        return ImageReadError("too_large", f"the {shown} header declares too many pixels")
    if isinstance(error, EOFError | struct.error | IndexError) or _TRUNCATED.search(text):
        # the blocks of a GIF say where it ends: what lacks its end is damaged like a PNG is
        code = "corrupt" if name in ("gif", "png") else "truncated"
        return ImageReadError(code, f"the {shown} file is truncated")
    if isinstance(error, NotImplementedError | KeyError) or _UNKNOWN_KIND.search(text):
        return ImageReadError(
            "unsupported_format", f"{shown} of an unsupported kind ({text}): save it as PNG"
        )
    return ImageReadError("corrupt", f"the {shown} data are damaged ({text})")


def _pixels(image: Image.Image, header: ImageHeader) -> np.ndarray:
    """Samples of a loaded image; color where the format has no gray."""
    mode = image.mode
    if mode == "I" or mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if mode == "F":
        if not np.isfinite(np.asarray(image)).all():
            raise ImageReadError("non_finite", "the image holds NaN or infinite values")
        raise depth_error(header._replace(sample_format="float", bit_depth=32))
    if mode == "LAB":
        image, mode = _lab_to_rgb(image), "RGB"
    see_through = "transparency" in image.info
    if mode in ("1", "L") and header.format != "gif":
        wanted = "LA" if see_through else "L"
    elif mode in ("LA", "La"):
        wanted = "LA"
    elif mode in ("RGBA", "RGBa", "PA") or (see_through and mode in ("1", "L", "P", "RGB")):
        wanted = "RGBA"
    else:
        wanted = "RGB"
    return np.asarray(image if image.mode == wanted else image.convert(wanted))


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    """CIE L*a*b* to sRGB, which Pillow does only by color profiles."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
    assert turned is not None
    return turned


def _tiff_pixels(image: ImageFile.ImageFile, header: ImageHeader) -> np.ndarray:
    """Samples of a TIFF, which Pillow turns upright by itself.

    Pillow keeps only the upper byte of 16-bit color. Where that leaves too little, the lower
    byte is read as if the byte order were the other one.
    """
    if image.mode != "F" and (header.sample_format != "uint" or header.bit_depth > 16):
        raise depth_error(header)
    wide = header.bit_depth == 16 and image.mode in ("RGB", "RGBA")
    again = io.BytesIO(image.fp.getvalue()) if wide else None  # type: ignore[union-attr]
    image.load()
    pixels = _pixels(image, header)
    if header.inverted and pixels.dtype == np.uint16:
        pixels = ~pixels  # Pillow inverts up to 8 bits
    if not wide or again is None or int(pixels[..., :3].max(initial=0)) >= 64:
        return pixels
    if header.planar or header.alpha == "premultiplied":
        raise ImageReadError(
            "unsupported_format",
            "a 16-bit TIFF with small values in a rare order of samples: save it with "
            "interleaved RGB",
        )
    lower = type(image)(again)
    swapped = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
    tiles = []
    for tile in lower.tile:
        mode, *rest = cast("tuple", tile.args)
        tiles.append(tile._replace(args=(mode[:-1] + swapped[mode[-1]], *rest)))
    lower.tile = tiles
    lower.load()
    low = np.asarray(lower if lower.mode == image.mode else lower.convert(image.mode))
    return pixels.astype(np.uint16) << 8 | low


def _open_planes(plugin: type[ImageFile.ImageFile], data: bytes) -> ImageFile.ImageFile:
    """Open a TIFF whose colors lie in planes, to be read by libtiff.

    Pillow's own reader of uncompressed planes takes 16 bits for 8, and stumbles over a fourth.
    """
    with _PLANES_LOCK:
        usual, TiffImagePlugin.READ_LIBTIFF = TiffImagePlugin.READ_LIBTIFF, True
        try:
            return plugin(io.BytesIO(data))
        finally:
            TiffImagePlugin.READ_LIBTIFF = usual


def icon_bounds(data: bytes) -> ImageHeader:
    """Largest size that an image inside an icon declares.

    The icon's own table is not what the decoders of its images believe.
    """
    sizes = [struct.unpack(">II", m[1]) for m in re.finditer(rb"IHDR(.{8})", data, re.S)]
    for found in re.finditer(rb"\xff\x4f\xff\x51.{4}(.{16})", data, re.S):
        x1, y1, x0, y0 = struct.unpack(">IIII", found[1])
        sizes.append((max(x1 - x0, 0), max(y1 - y0, 0)))
    if data[:2] == b"\0\0" and int.from_bytes(data[4:6], "little") > 1000:
        raise ImageReadError("corrupt", "an icon declares more than 1000 images")
    if data[:2] == b"\0\0":  # ICO: bitmaps stand where its table says, color and mask as one
        for at in range(6, min(6 + 16 * int.from_bytes(data[4:6], "little"), len(data) - 15), 16):
            (start,) = struct.unpack_from("<I", data, at + 12)
            if data[start : start + 4] == b"\x28\0\0\0" and start + 12 <= len(data):
                width, height = struct.unpack_from("<ii", data, start + 4)
                sizes.append((abs(width), abs(height) // 2))
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return ImageHeader("icon", width, height)


_BOUNDS = {
    "avif": avif_bounds,
    "cur": icon_bounds,
    "icns": icon_bounds,
    "ico": icon_bounds,
    "jpeg2000": jpeg2000_bounds,
    "tiff": tiff_header,
}
