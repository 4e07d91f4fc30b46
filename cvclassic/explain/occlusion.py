"""Occlusion: what a decision loses when a window of the image is blurred away."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

_ACROSS = 6  # windows along the shorter side, before they overlap


def occlusion_shares(
    image: np.ndarray, decide: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, int, np.ndarray]:
    """Fall of a decision for each of a grid of windows that overlap by half.

    A window is replaced by a strongly blurred copy of the image, which has its brightness and
    color but no structure, and no edges that were not there.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    decide : callable
        Takes an array of images, (n, H, W[, 3]), and gives their decisions, (n,).

    Returns
    -------
    xy : ndarray of shape (n, 2), float32
        Centers of the windows.
    side : int
        Side of a window in pixels.
    shares : ndarray of shape (n,), float64
        Decision of the image minus that without the window.

    References
    ----------
    Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014,
    section 4.2.

    Examples
    --------
    >>> image = np.zeros((12, 12), np.uint8)
    >>> image[:4, :4] = 255
    >>> xy, side, shares = occlusion_shares(image, lambda some: some[:, :4, :4].mean(axis=(1, 2)))
    >>> bool((xy[shares.argmax()] < 4).all()), bool(shares[-1] == 0)
    (True, True)
    """
    height, width = image.shape[:2]
    side = max(2, round(min(height, width) / _ACROSS))
    step = max(1, side // 2)
    tops = _starts(height, side, step)
    lefts = _starts(width, side, step)
    blurred = cv2.GaussianBlur(image, (0, 0), max(height, width) / 6)
    whole = float(decide(image[None])[0])
    drops = []
    for top in tops:
        row = np.repeat(image[None], len(lefts), axis=0)
        for picture, left in zip(row, lefts, strict=True):
            window = (slice(top, top + side), slice(left, left + side))
            picture[window] = blurred[window]
        drops.append(whole - decide(row))
    x, y = np.meshgrid(lefts, tops)
    xy = np.stack([x.ravel(), y.ravel()], axis=1) + (side - 1) / 2
    return xy.astype(np.float32), side, np.concatenate(drops).astype(np.float64)


def _starts(length: int, side: int, step: int) -> list[int]:
    """Where windows begin: every `step` pixels, and the last at the edge."""
    last = max(length - side, 0)
    return sorted({*range(0, last + 1, step), last})
