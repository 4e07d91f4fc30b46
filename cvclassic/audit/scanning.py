"""Reads and decodes every image once, at a reduced scale."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ..errors import ImageReadError
from ..images import decode_image, map_blocks, read_file, resize_to
from ..images.checks import to_gray
from .dataset_listing import Listed
from .fingerprints import SIDE, contrast_of, fingerprint, sharpness_of

_MAX_BYTES = 256_000_000
_FEATURES_SIDE = 512  # as the recipes for photographs see images


@dataclass(frozen=True, eq=False)
class Scanned:
    """What is kept of an image: some 500 bytes.

    Parameters
    ----------
    image : Listed
    code, message : str
        Why it cannot be read; empty where it can.
    n_bytes : int
    digest : bytes
        16-byte BLAKE2b digest of the file.
    width, height : int
        Full size in pixels.
    bits, tiny : ndarray
        As `fingerprint` gives them; None for a file that cannot be read.
    contrast, sharpness : float
        At a longer side of 256 pixels.
    warnings : tuple of (code, message)
    n_features : int or None
        Local features, where they were counted.
    """

    image: Listed
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
    n_features: int | None = None


def scan_images(
    images: Iterable[Listed],
    *,
    n_jobs: int | None = None,
    count_features: Callable[[np.ndarray], int] | None = None,
) -> Iterator[Scanned]:
    """Look at images, in order.

    Parameters
    ----------
    images : iterable of Listed
        Read no further ahead than the work needs.
    n_jobs : int or None
        As in joblib.
    count_features : callable, optional
        Number of local features of an image, (H, W) or (H, W, 3); the image is then decoded at
        up to 512 pixels.

    Yields
    ------
    Scanned
        One for each.

    Examples
    --------
    >>> next(scan_images([Listed("missing.jpg")])).code
    'not_found'
    """
    look = partial(_scan_block, count_features=count_features)
    for block in map_blocks(look, images, n_jobs=n_jobs, block_size=16):
        yield from block


def _scan_block(
    images: list[Listed], count_features: Callable[[np.ndarray], int] | None
) -> list[Scanned]:
    return [_scan(image, count_features) for image in images]


def _scan(image: Listed, count_features: Callable[[np.ndarray], int] | None) -> Scanned:
    try:
        data = read_file(image.path, max_bytes=_MAX_BYTES)
    except ImageReadError as error:
        return Scanned(image, error.code, error.message)
    return look_at(image, data, count_features=count_features)


def look_at(
    image: Listed,
    data: bytes | np.ndarray,
    *,
    count_features: Callable[[np.ndarray], int] | None = None,
) -> Scanned:
    """Look at one image.

    Parameters
    ----------
    image : Listed
    data : bytes or ndarray
        Its file, or its pixels.
    count_features : callable, optional
        As in `scan_images`.

    Returns
    -------
    Scanned
    """
    content = data if isinstance(data, bytes) else data.tobytes()
    digest = hashlib.blake2b(content, digest_size=16).digest()
    n_bytes = len(content)
    side = SIDE if count_features is None else _FEATURES_SIDE
    try:
        decoded = decode_image(data, max_side=side, name=image.path)
    except ImageReadError as error:
        return Scanned(image, error.code, error.message, n_bytes, digest)
    n_features = None if count_features is None else count_features(decoded.pixels)
    pixels = resize_to(decoded.pixels, SIDE)
    gray = to_gray(pixels)
    bits, tiny = fingerprint(gray)
    return Scanned(
        image,
        n_bytes=n_bytes,
        digest=digest,
        width=decoded.width,
        height=decoded.height,
        bits=bits,
        tiny=tiny,
        contrast=contrast_of(gray),
        sharpness=sharpness_of(gray),
        warnings=tuple((note.code, note.message) for note in decoded.warnings),
        n_features=n_features,
    )
