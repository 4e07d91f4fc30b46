"""One look at every picture: read once, decoded once, at a reduced scale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from ..errors import ImageReadError
from ..images import decode_image, map_blocks, read_file
from .dataset_listing import Listed
from .fingerprints import SIDE, contrast_of, fingerprint, sharpness_of

_MAX_BYTES = 256_000_000


@dataclass(frozen=True, eq=False)
class Scanned:
    """What is kept of a picture: some 500 bytes.

    Parameters
    ----------
    picture : Listed
    code, message : str
        Why it cannot be read; empty where it can.
    n_bytes : int
    digest : bytes
        Of the file's bytes, 16 bytes of BLAKE2b.
    width, height : int
        Full size in pixels.
    bits, tiny : ndarray
        As `fingerprint` gives them; None for a file that cannot be read.
    contrast, sharpness : float
        At a longer side of 256 pixels.
    warnings : tuple of (code, message)
    """

    picture: Listed
    code: str = ""
    message: str = ""
    n_bytes: int = 0
    digest: bytes = b""
    width: int = 0
    height: int = 0
    bits: np.ndarray | None = None
    tiny: np.ndarray | None = None
    contrast: float = 0.0
    sharpness: float = 0.0
    warnings: tuple[tuple[str, str], ...] = field(default=())


def scan_pictures(pictures: Iterable[Listed], *, n_jobs: int | None = None) -> Iterator[Scanned]:
    """Look at pictures, in order.

    Parameters
    ----------
    pictures : iterable of Listed
        Read no further ahead than the work needs.
    n_jobs : int or None
        As in joblib.

    Yields
    ------
    Scanned
        One for each.

    Examples
    --------
    >>> next(scan_pictures([Listed("missing.jpg")])).code
    'not_found'
    """
    for block in map_blocks(_scan_block, pictures, n_jobs=n_jobs, block_size=16):
        yield from block


def _scan_block(pictures: list[Listed]) -> list[Scanned]:
    return [_scan(picture) for picture in pictures]


def _scan(picture: Listed) -> Scanned:
    data, digest = b"", b""
    try:
        data = read_file(picture.path, max_bytes=_MAX_BYTES)
        digest = hashlib.blake2b(data, digest_size=16).digest()
        decoded = decode_image(data, max_side=SIDE, name=picture.path)
    except ImageReadError as error:
        return Scanned(picture, error.code, error.message, len(data), digest)
    pixels = decoded.pixels
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    bits, tiny = fingerprint(gray)
    return Scanned(
        picture,
        n_bytes=len(data),
        digest=digest,
        width=decoded.width,
        height=decoded.height,
        bits=bits,
        tiny=tiny,
        contrast=contrast_of(gray),
        sharpness=sharpness_of(gray),
        warnings=tuple((note.code, note.message) for note in decoded.warnings),
    )
