"""The record that every header parser fills in."""

from __future__ import annotations

from typing import NamedTuple

from cvclassic.errors import ImageReadError


class ImageHeader(NamedTuple):
    """What the bytes of an image declare.

    A tuple and no dataclass, because one is made for every image and makes up a part of what
    reading costs beside decoding.

    Attributes
    ----------
    format : str
        One of :data:`cvclassic.images.formats.suffixes.READABLE`.
    width, height : int
        Size in pixels as stored, before ``orientation`` is applied.
    orientation : int
        EXIF orientation, 1 to 8; 1 is upright.
    bit_depth : int
        Bits of a sample; for palettes those of the index.
    sample_format : str
        ``"uint"``, ``"int"`` or ``"float"``.
    channels : int
        Samples of a pixel as stored, alpha included; 3 for a palette, and for formats that
        Pillow decodes.
    alpha : str
        What the last sample is: ``"none"`` (color), ``"straight"``, ``"premultiplied"`` or
        ``"unspecified"``.
    transparent_gray : int or None
        The gray value that a PNG declares transparent.
    max_value : int
        Largest value of a sample.
    inverted : bool
        True where 0 means white (TIFF).
    planar : bool
        True where each color has a plane of its own (TIFF).
    by_pillow : bool
        Whether Pillow decodes it, and not OpenCV.
    data_start : int
        Where the pixel data cannot lie before; metadata, and images in it, end there.
    end : int or None
        Where the file's structure says that it ends, if it does.
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    bit_depth: int = 8
    sample_format: str = "uint"
    channels: int = 3
    alpha: str = "none"
    transparent_gray: int | None = None
    max_value: int = 255
    inverted: bool = False
    planar: bool = False
    by_pillow: bool = False
    data_start: int = 0
    end: int | None = None


def cut_or_corrupt(cut: bool, where: str) -> tuple[str, str]:
    """Code and message for a header that is not whole."""
    return (
        ("truncated", f"the file ends inside its {where}") if cut else ("corrupt", f"bad {where}")
    )


def depth_error(header: ImageHeader) -> ImageReadError:
    """The error of samples of which nothing says what is black and what white."""
    return ImageReadError(
        "unsupported_depth",
        f"expected whole numbers of at most 16 bits. Got {header.bit_depth} bits "
        f"({header.sample_format})",
    )
