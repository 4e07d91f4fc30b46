"""Images to arrays: the only place in cvclassic that decodes.

Order of things: bytes (see ``files.py``), header (``headers.py``), limits, and only then pixels.
OpenCV is handed bytes, never a path.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from cvclassic.errors import ImageReadError, ParameterError
from cvclassic.images.files import read_file, show_path
from cvclassic.images.formats.decoder_warnings import hear
from cvclassic.images.formats.headers import ImageHeader, open_image
from cvclassic.images.formats.jpeg import decode_jpeg
from cvclassic.images.formats.pixels import to_uint8, turn_upright
from cvclassic.images.formats.pnm import decode_pnm, refuse_pfm
from cvclassic.images.formats.suffixes import shown_format, suffix_format
from cvclassic.images.memory import is_pil_image, pil_pixels
from cvclassic.images.resizing import check_max_side, reduced_size, resize_exactly

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

    from cvclassic.images.formats.pillow import OpenedImage

MAX_SIDE = 65_535
"""Longest side in pixels that is decoded, whatever ``max_pixels`` allows."""

ImageSource: TypeAlias = (
    "str | os.PathLike | bytes | bytearray | memoryview | np.ndarray | PILImage"
)


@dataclass(frozen=True)
class ImageWarning:
    """Something odd about an image that was decoded anyway.

    Attributes
    ----------
    code : str
        ``"ext_mismatch"``, ``"trailing_data"``, ``"missing_eoi"``, ``"low_range"``,
        ``"truncated"`` (only with ``allow_truncated=True``) or ``"corrupt_data"`` (only under
        :func:`cvclassic.images.watch_decoders`).
    message : str
    """

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image and what was noticed while it was read.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Gray or RGB, upright, not longer than ``max_side``.
    format : str
        As the bytes say, whatever the suffix; ``"array"`` for an array.
    width, height : int
        Full size in pixels, upright, before ``max_side``.
    warnings : tuple of ImageWarning
    """

    pixels: np.ndarray
    format: str
    width: int
    height: int
    warnings: tuple[ImageWarning, ...] = ()


def read_image(
    source: ImageSource,
    *,
    max_side: int | None = None,
    max_pixels: int = 50_000_000,
    max_bytes: int = 256_000_000,
    allow_truncated: bool = False,
) -> np.ndarray:
    """Read an image as an array.

    - **Decoders**: OpenCV for JPEG, WebP and plain PNG, Pillow for everything else (AVIF, BMP, GIF,
      JPEG 2000, TIFF, TGA, PSD, ICO ...; HEIC with the extra ``cvclassic[heif]``).
    - **Gray or color** is what the file says: one channel gives (H, W), all others (H, W, 3) RGB.
      A palette is color (BMP palettes of grays are gray), and so are GIF and WebP always.
    - **Orientation**: turned upright by EXIF, or by AVIF's and HEIC's own properties, so that all
      eight orientations of an image give the same pixels.
    - **Alpha** is laid over white: ``round((color * alpha + 255 * (255 - alpha)) / 255)``. A
      fourth channel that a TIFF does not call alpha is dropped.
    - **16 bits** become 8 by dropping the lower byte (``>> 8``). Where the values use only a part
      of the range, as of cameras with 12 bits, it is the upper byte of the bits that are used (8,
      10, 12 or 14, from the largest value), with the warning ``low_range``. Other depths keep
      their upper 8 bits; PNM files are scaled by their declared maximum.
    - Float and 32-bit files are refused: nothing says which range is black to white.
    - Of an animation or a many-paged file the first image is read.

    Parameters
    ----------
    source : str, os.PathLike, bytes or ndarray
        A path, also of an image in an archive (``photos.zip!a.jpg``), or a URL; or an encoded
        image (``bytes`` are never a path); or an array of uint8 (or uint16, see above), shape
        (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA; arrays of floats from 0 to 1 and of
        bool are taken as black to white. Or an image of Pillow's, turned upright by its EXIF.
    max_side : int, optional
        Reduce the longer side to this many pixels; nothing is ever enlarged. JPEG is decoded at
        the smallest of the scales 1, 1/2, 1/4, 1/8 that is still as large.
    max_pixels : int
        Larger images are refused before they are decoded, and so are those with a side of more
        than 65,535 pixels.
    max_bytes : int
        Larger files are refused before they are read.
    allow_truncated : bool
        Give what there is of a JPEG that ends early; the rest is gray.

    Returns
    -------
    ndarray of uint8, shape (H, W) or (H, W, 3)
        C-contiguous. An array that is fit already is returned itself, not a copy.

    Raises
    ------
    ImageReadError
        ``code`` is one of ``not_found permission not_regular symlink_loop path_invalid
        path_encoding path_too_long unreadable io empty unsupported_format unsupported_depth
        truncated corrupt too_large non_finite encrypted``.
    ParameterError
        A parameter has an invalid value or type.

    See Also
    --------
    decode_image : the same with format, full size and warnings.

    Examples
    --------
    >>> read_image(b"P5 3 2 255 " + bytes(6)).shape
    (2, 3)
    """
    return decode_image(
        source,
        max_side=max_side,
        max_pixels=max_pixels,
        max_bytes=max_bytes,
        allow_truncated=allow_truncated,
    ).pixels


def decode_image(
    source: ImageSource,
    *,
    max_side: int | None = None,
    max_pixels: int = 50_000_000,
    max_bytes: int = 256_000_000,
    allow_truncated: bool = False,
    name: str | os.PathLike = "",
) -> DecodedImage:
    """Read an image, with its format, full size and what was odd about it.

    Safe to call from many threads at once.

    Parameters
    ----------
    source, max_side, max_pixels, max_bytes, allow_truncated
        As in :func:`read_image`.
    name : str or os.PathLike, optional
        For ``bytes``: the file that they come from, for messages and for ``ext_mismatch``.

    Returns
    -------
    DecodedImage

    Raises
    ------
    ImageReadError, ParameterError
        As in :func:`read_image`.

    Examples
    --------
    >>> decoded = decode_image(b"P5 3 2 255 " + bytes(6), name="gray.png")
    >>> decoded.format, decoded.width, decoded.height, decoded.warnings[0].code
    ('pnm', 3, 2, 'ext_mismatch')
    """
    check_max_side(max_side)
    if isinstance(source, np.ndarray):
        return _from_array(source, max_side)
    if is_pil_image(source):
        return _from_array(pil_pixels(source), max_side)
    if isinstance(source, (bytes, bytearray, memoryview)):
        data, path = bytes(source), os.fspath(name)
    elif isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        data = read_file(path, max_bytes=max_bytes)
    else:
        raise ParameterError(
            "source must be a path (str or Path), the bytes of an image, an array or a PIL image. "
            f"Got {type(source).__name__} instead."
        )
    try:
        if len(data) > max_bytes:
            raise ImageReadError(
                "too_large", f"expected at most {max_bytes} bytes. Got {len(data)} bytes"
            )
        decoded = _decode(data, max_side, max_pixels, allow_truncated)
    except ImageReadError as error:
        shown = show_path(path) if path else f"<{len(data)} bytes>"
        raise ImageReadError(error.code, error.message, shown) from None
    expected = suffix_format(path) if path else None
    if expected not in (None, decoded.format):
        kind = shown_format(decoded.format)
        what = f"{kind} file with the extension {os.path.splitext(os.fsdecode(path))[1]}"
        note = ImageWarning("ext_mismatch", what)
        decoded = replace(decoded, warnings=(note, *decoded.warnings))
    return decoded


def _decode(
    data: bytes, max_side: int | None, max_pixels: int, allow_truncated: bool
) -> DecodedImage:
    """Header, limits, pixels."""
    header, opened = open_image(data, lambda header: _check_size(header, max_pixels))
    if header.format == "jpeg" and header.bit_depth != 8:
        raise ImageReadError(
            "unsupported_depth", f"the JPEG has {header.bit_depth} bits per sample"
        )
    if header.format == "jpeg":
        (pixels, notes), damage = hear(
            lambda: decode_jpeg(data, header, max_side, allow_truncated, _imdecode)
        )
        if notes and notes[0][0] != "trailing_data":
            damage = []  # said about what was put in the place of the missing end
    else:
        raw, damage = hear(lambda: _decode_other(data, header, opened))
        pixels, notes = to_uint8(raw, header)
        if header.end is not None and header.end < len(data):
            notes.append(("trailing_data", f"{len(data) - header.end} bytes follow the image"))
    pixels = turn_upright(pixels, header.orientation)
    height, width = pixels.shape[:2]
    if header.format == "jpeg":  # may have been decoded at a smaller scale
        width, height = header.width, header.height
        if header.orientation > 4:
            width, height = height, width
    if max_side is not None:
        pixels = resize_exactly(pixels, *reduced_size(width, height, max_side))
    return DecodedImage(
        pixels, header.format, width, height, tuple(ImageWarning(*n) for n in notes + damage)
    )


def _check_size(header: ImageHeader, max_pixels: int) -> None:
    """Refuse what would cost too much memory."""
    size = f"{header.width} x {header.height} pixels"
    if header.width * header.height > max_pixels:
        raise ImageReadError("too_large", f"expected at most {max_pixels} pixels. Got {size}")
    if max(header.width, header.height) > MAX_SIDE:
        raise ImageReadError("too_large", f"expected sides of at most {MAX_SIDE}. Got {size}")


def _imdecode(data: bytes, flags: int) -> np.ndarray | None:
    """``cv2.imdecode`` that gives None for every failure."""
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


def _decode_other(data: bytes, header: ImageHeader, opened: OpenedImage | None) -> np.ndarray:
    """Samples of anything but JPEG as they are stored, gray or RGB, perhaps with alpha."""
    if opened is not None:
        from cvclassic.images.formats.pillow import decode_with_pillow

        return decode_with_pillow(opened)
    if header.format == "pnm":
        return decode_pnm(data, header)
    if header.format == "pfm":
        raise refuse_pfm(data, header)
    raw = _imdecode(data, cv2.IMREAD_UNCHANGED)
    if raw is None:
        if header.end is not None and header.end > len(data):
            raise ImageReadError("truncated", f"the {shown_format(header.format)} is truncated")
        raise ImageReadError("corrupt", f"the {shown_format(header.format)} data are damaged")
    if raw.ndim == 2 or raw.shape[2] < 3:
        return raw
    if header.channels in (1, 2):  # OpenCV gives gray with alpha as color with alpha
        return raw[..., [0, 3]] if raw.shape[2] == 4 else raw[..., 0]
    return cv2.cvtColor(raw, cv2.COLOR_BGRA2RGBA if raw.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _from_array(array: np.ndarray, max_side: int | None) -> DecodedImage:
    """Check an array and bring it to the common form."""
    shown = f"<array of {array.dtype}, shape {array.shape}>"
    if array.size == 0:
        raise ImageReadError("empty", "the array has no pixels", shown)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageReadError(
            "unsupported_format",
            "expected the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)",
            shown,
        )
    if array.dtype.kind in "fc" and not np.isfinite(array).all():
        raise ImageReadError("non_finite", "the array holds NaN or infinite values", shown)
    if array.dtype.kind == "f" and array.min() >= 0 and array.max() <= 1:
        array = np.rint(array * 255).astype(np.uint8)  # as scikit-image and matplotlib hold them
    elif array.dtype == bool:
        array = array * np.uint8(255)
    if array.dtype not in (np.uint8, np.uint16):
        span = f". Got {array.min():.4g} to {array.max():.4g}" if array.dtype.kind in "iuf" else ""
        raise ImageReadError(
            "unsupported_depth",
            f"expected uint8 (0 black, 255 white), uint16, or floats from 0 to 1{span}",
            shown,
        )
    height, width = array.shape[:2]
    channels = 1 if array.ndim == 2 else array.shape[2]
    notes: list[tuple[str, str]] = []
    if channels == 1:
        array = array.reshape(height, width)
    if array.dtype == np.uint8 and channels != 4:
        pixels = np.ascontiguousarray(array)
    else:
        depth = 8 * array.dtype.itemsize
        header = ImageHeader(
            "array",
            width,
            height,
            bit_depth=depth,
            channels=channels,
            alpha="straight" if channels == 4 else "none",
            max_value=(1 << depth) - 1,
        )
        pixels, notes = to_uint8(np.ascontiguousarray(array), header)
    pixels = resize_exactly(pixels, *reduced_size(width, height, max_side))
    return DecodedImage(pixels, "array", width, height, tuple(ImageWarning(*n) for n in notes))
