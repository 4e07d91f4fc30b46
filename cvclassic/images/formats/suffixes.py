"""Which suffix stands for which format."""

from __future__ import annotations

import os

SUFFIXES = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".jfif": "jpeg", ".png": "png",
    ".apng": "png", ".gif": "gif", ".bmp": "bmp", ".dib": "bmp", ".tif": "tiff", ".tiff": "tiff",
    ".webp": "webp", ".pgm": "pnm", ".ppm": "pnm", ".pbm": "pnm", ".pnm": "pnm", ".pam": "pnm",
    ".pfm": "pfm", ".jp2": "jpeg2000", ".j2k": "jpeg2000", ".j2c": "jpeg2000",
    ".jpc": "jpeg2000", ".jpx": "jpeg2000", ".avif": "avif",
}  # fmt: skip
"""Suffix in lower case -> format, for the formats that can be read."""


def suffix_format(path: str | bytes) -> str | None:
    """Format that a file's suffix stands for, or None.

    Examples
    --------
    >>> suffix_format("holiday.JPG"), suffix_format("notes.txt")
    ('jpeg', None)
    """
    # ".jpg" alone is a hidden file and no suffix, as for os.path.splitext, which is slower.
    stem, dot, suffix = os.fsdecode(path).rpartition(".")
    return SUFFIXES.get(dot + suffix.lower()) if stem and stem[-1] != "/" else None
