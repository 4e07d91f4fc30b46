"""A mark in the files that cvclassic writes, so that only these are replaced."""

from __future__ import annotations

import os
import re
import zlib

MARK = "cvclassic"
_GENERATOR = b'<meta name="generator" content="cvclassic'
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_HEAD, _TAIL = 1 << 20, 1 << 18


def mark_image(data: bytes) -> bytes:
    """Say in a PNG or JPEG file who wrote it; other formats stay as they are.

    Parameters
    ----------
    data : bytes
        A whole file.

    Returns
    -------
    bytes
        The same pixels, and 30 bytes more.

    Examples
    --------
    >>> mark_image(b"BM, a bitmap")
    b'BM, a bitmap'
    """
    if data.startswith(_PNG):
        text = b"tEXtSoftware\0" + MARK.encode()
        chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
        return data[:33] + chunk + data[33:]  # after the header, which must come first
    if data.startswith(_JPEG):
        at = 2
        if data[2:4] == b"\xff\xe0":  # JFIF's own segment must come first
            at = 4 + int.from_bytes(data[4:6], "big")
        comment = b"\xff\xfe" + (len(MARK) + 2).to_bytes(2, "big") + MARK.encode()
        return data[:at] + comment + data[at:]
    return data


def is_own_file(path: str | os.PathLike) -> bool:
    """Whether cvclassic wrote an image, a page, a plot, a video or a model.

    Also where the file is empty, or cannot be read: the writer will say why.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    bool
    """
    try:
        with open(path, "rb") as file:
            start = file.read(_HEAD)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _TAIL, 0))
            end = file.read()
    except OSError:
        return True
    if not start:
        return True
    if start.startswith(_PNG):
        return b"tEXtSoftware\0" + MARK.encode() in start
    if start.startswith(_JPEG):
        return b"\xff\xfe\0\x0b" + MARK.encode() in start
    if start.startswith(b"%PDF"):
        return b"/Creator (cvclassic" in start + end
    if start[4:8] == b"ftyp" or start.startswith(b"\x1a\x45\xdf\xa3"):  # MP4, Matroska
        return MARK.encode() in start + end
    if start[8:9] == b"{":  # arrays under a JSON description
        return MARK.encode() in start[8 : 8 + int.from_bytes(start[:8], "little")]
    if start.lstrip()[:1] == b"<":
        return _GENERATOR in start[:2000] or b"<dc:title>cvclassic<" in start
    return False


def begins_with(path: str | os.PathLike, pattern: str) -> bool:
    """Whether a text file begins as files of its kind do, or is empty or cannot be read.

    Parameters
    ----------
    path : str or Path
    pattern : str
        Regular expression.

    Returns
    -------
    bool
    """
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return True
    return not start.strip() or re.match(pattern, start.decode("utf-8", "replace")) is not None
