"""Netpbm: headers of all kinds, and the samples of the binary ones.

Pillow reads plain files and bitmaps, but of 16-bit color only the upper byte, and no PAM.
"""

from __future__ import annotations

import re

import numpy as np

from cvclassic.errors import ImageReadError
from cvclassic.images.formats.image_header import ImageHeader, cut_or_corrupt, depth_error


def pnm_header(data: bytes) -> ImageHeader:
    """P1 to P6, and P7 (PAM)."""
    if data[:6] == b"P7 332":
        raise ImageReadError(
            "unsupported_format", "an XV thumbnail is not supported: save it as PNG"
        )
    if data[:2] == b"P7":
        return _pam_header(data)
    wanted = 2 if data[1:2] in b"14" else 3
    # A comment runs from # to the end of its line.
    blank = rb"(?:\s|#[^\n\r]*[\n\r])+"
    found = re.compile(rb"P\d" + (blank + rb"(-?\d+)") * wanted).match(data[:65536])
    if not found:
        raise ImageReadError(*cut_or_corrupt(len(data) < 16, "PNM header"))
    numbers = [int(v) for v in found.groups() if len(v) <= 12]
    if len(numbers) < wanted or min(numbers) < 0:
        raise ImageReadError("corrupt", "the PNM header holds a number out of range")
    maximum = numbers[2] if wanted == 3 else 1
    if not 1 <= maximum <= 65535:
        raise ImageReadError("corrupt", f"the PNM header declares a maximum of {maximum}")
    return ImageHeader(
        "pnm",
        numbers[0],
        numbers[1],
        bit_depth=16 if maximum > 255 else 8,
        channels=3 if data[1:2] in b"36" else 1,
        max_value=maximum,
        by_pillow=data[1:2] in b"1234",
        data_start=found.end() + 1,
    )


def _pam_header(data: bytes) -> ImageHeader:
    """PAM: one ``NAME value`` a line up to ENDHDR."""
    end = data.find(b"ENDHDR", 0, 65536)
    if end < 0:
        raise ImageReadError("truncated", "the file ends inside its PAM header")
    fields = dict(re.findall(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL)\s+(\d{1,9})\s*$", data[:end], re.M))
    if len(fields) < 4:
        raise ImageReadError("corrupt", "the PAM header lacks WIDTH, HEIGHT, DEPTH or MAXVAL")
    width, height, depth, maximum = (
        int(fields[k]) for k in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    )
    if not 1 <= maximum <= 65535 or not 1 <= depth <= 4:
        raise ImageReadError(
            "corrupt", f"the PAM header declares {depth} channels and a maximum of {maximum}"
        )
    return ImageHeader(
        "pnm",
        width,
        height,
        bit_depth=16 if maximum > 255 else 8,
        channels=depth,
        alpha="straight" if depth in (2, 4) else "none",
        max_value=maximum,
        data_start=data.find(b"\n", end) + 1 or len(data),
    )


def pfm_header(data: bytes) -> ImageHeader:
    """Portable float map: ``PF`` or ``Pf``, size, scale."""
    found = re.match(rb"P([Ff])\s+(\d{1,9})\s+(\d{1,9})\s+[-+.\deE]+\s", data[:256])
    if not found:
        raise ImageReadError(*cut_or_corrupt(len(data) < 16, "PFM header"))
    return ImageHeader(
        "pfm",
        int(found[2]),
        int(found[3]),
        bit_depth=32,
        sample_format="float",
        channels=3 if found[1] == b"F" else 1,
        data_start=found.end(),
    )


def decode_pnm(data: bytes, header: ImageHeader) -> np.ndarray:
    """Samples of a binary PGM, PPM or PAM, as they are stored.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W) or (H, W, channels)

    Raises
    ------
    ImageReadError
        ``truncated``.
    """
    kind = np.dtype(">u2" if header.bit_depth == 16 else "u1")
    count = header.width * header.height * header.channels
    if len(data) < header.data_start + count * kind.itemsize:
        raise ImageReadError("truncated", "the PNM ends before its last row")
    samples = np.frombuffer(data, kind, count, header.data_start)
    shape = (header.height, header.width, header.channels)
    return samples.reshape(shape[: 2 if header.channels == 1 else 3]).astype(kind.newbyteorder("="))


def refuse_pfm(data: bytes, header: ImageHeader) -> ImageReadError:
    """The error that a float map is: of its own kind where it holds NaN or infinite values."""
    count = header.width * header.height * header.channels
    order = "<" if data[: header.data_start].split()[-1:][0].startswith(b"-") else ">"
    there = min(count, (len(data) - header.data_start) // 4)
    if not np.isfinite(np.frombuffer(data, f"{order}f4", there, header.data_start)).all():
        return ImageReadError("non_finite", "the image holds NaN or infinite values")
    return depth_error(header)
