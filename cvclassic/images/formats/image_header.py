"""The record that every header parser fills in."""

from __future__ import annotations

from typing import NamedTuple


class ImageHeader(NamedTuple):
    """What the bytes of a picture declare.

    A tuple and no dataclass, because one is made for every picture and makes up a part of what
    reading costs beside decoding.

    Attributes
    ----------
    format : str
        One of :data:`cvclassic.images.formats.headers.SUPPORTED`.
    width, height : int
        Size in pixels as stored, before ``orientation`` is applied.
    orientation : int
        EXIF orientation, 1 to 8; 1 is upright.
    bit_depth : int
        Bits of a sample; for palettes those of the index.
    sample_format : str
        ``"uint"``, ``"int"`` or ``"float"``.
    channels : int
        Samples of a pixel as stored, alpha included; 3 for a palette.
    alpha : str
        What the last sample is: ``"none"`` (color), ``"straight"``, ``"premultiplied"`` or
        ``"unspecified"``.
    transparent_gray : int or None
        The gray value that a PNG declares transparent.
    max_value : int
        Largest value of a sample.
    inverted : bool
        True where 0 means white (TIFF).
    data_start : int
        Where the pixel data cannot lie before; metadata, and pictures in it, end there.
    end : int or None
        Where the file's structure says that it ends, if it does.
    orientation_at : tuple of (int, str) or None
        Offset and ``struct`` code of a TIFF's orientation entry.
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
    data_start: int = 0
    end: int | None = None
    orientation_at: tuple[int, str] | None = None
