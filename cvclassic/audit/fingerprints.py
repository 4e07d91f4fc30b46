"""Fingerprints of images, for finding duplicates and blurred images."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 256
"""Longer side in pixels at which images are looked at; JPEG files are decoded at that scale."""
N_BITS = 128
_GRID = 16


def difference_bits(gray: np.ndarray) -> np.ndarray:
    """Difference hash: where brightness rises from one cell to the next, across and down.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8

    Returns
    -------
    ndarray of shape (128,), bool
        64 comparisons with the right-hand neighbor on a grid of 9 × 8 cells, and 64 with the
        one below on 8 × 9.

    References
    ----------
    Krawetz, "Kind of like that", 2013, describes the first half as dHash.

    Examples
    --------
    >>> ramp = np.tile(np.arange(0, 180, 2, dtype=np.uint8), (80, 1))
    >>> difference_bits(ramp)[:64].all(), difference_bits(ramp[:, ::-1])[:64].any()
    (np.True_, np.False_)
    """
    gray = np.ascontiguousarray(gray)
    across = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    down = cv2.resize(gray, (8, 9), interpolation=cv2.INTER_AREA).astype(np.int16)
    rises = np.diff(across, axis=1) > 0, np.diff(down, axis=0) > 0
    return np.concatenate([part.ravel() for part in rises])


def fingerprint(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash and a tiny image, by which near duplicates are found and confirmed.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8

    Returns
    -------
    bits : ndarray of shape (16,), uint8
        `difference_bits`, packed.
    tiny : ndarray of shape (256,), int8
        The image on 16 × 16 cells, with mean 0 and a standard deviation of 32.

    Examples
    --------
    >>> bits, tiny = fingerprint(np.zeros((40, 30), np.uint8))
    >>> bits.shape, tiny.any()
    ((16,), np.False_)
    """
    cells = cv2.resize(gray, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
    cells -= cells.mean()
    spread = float(cells.std())
    tiny = np.clip(np.rint(cells * (32 / max(spread, 1e-3))), -127, 127) if spread > 0.5 else cells
    return np.packbits(difference_bits(gray)), tiny.astype(np.int8).ravel()


def contrast_of(gray: np.ndarray) -> float:
    """Standard deviation of brightness, 0 to 127.5."""
    return float(cv2.meanStdDev(gray)[1].item())


def sharpness_of(gray: np.ndarray) -> float:
    """Variance of the Laplacian over the variance of brightness.

    The quotient does not depend on contrast. Images have to be of one size to be compared.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8

    Returns
    -------
    float
        0 for a uniform image.

    References
    ----------
    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study",
    ICPR 2000, section 2, for the variance of the Laplacian.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 255, (90, 90), np.uint8)
    >>> sharpness_of(noise) > 100 * sharpness_of(cv2.GaussianBlur(noise, (0, 0), 3))
    True
    """
    spread = contrast_of(gray) ** 2
    if spread < 1e-6:
        return 0.0
    edges = cv2.Laplacian(gray, cv2.CV_16S)
    return float(cv2.meanStdDev(edges)[1].item()) ** 2 / spread
