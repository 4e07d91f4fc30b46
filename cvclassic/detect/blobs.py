"""Blobs in scale space: LoG, DoG and DoH."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from ..images.checks import check_real, check_whole, to_gray
from .results import Blobs
from .scale_space import blur_step, check_sigmas, gaussians, scale_extrema


def blobs_log(
    image: np.ndarray,
    *,
    min_sigma: float = 2.0,
    max_sigma: float = 32.0,
    n_scales: int = 12,
    threshold: float = 0.1,
    overlap: float = 0.5,
    polarity: str = "both",
) -> Blobs:
    """Find blobs at extrema of the scale-normalized Laplacian of Gaussian.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    min_sigma, max_sigma : float
        Range of Gaussian widths in pixels; a blob's radius is sqrt(2) times its width.
    n_scales : int
        Widths between the two, in equal ratios.
    threshold : float
        Minimum absolute response, for an image from 0 to 1. A perfect disc of contrast c has a
        response of 2 c / e = 0.74 c.
    overlap : float
        If two blobs share more than this part of the smaller one, the weaker is dropped.
    polarity : {"both", "bright", "dark"}
        Bright on dark, dark on bright, or both.

    Returns
    -------
    Blobs
        Strongest first; the response of dark blobs is negative. Edges, lines and the rings of the
        other sign that surround every blob respond too; they are left out, by the ratio of the
        response's curvatures (at most 10, Lowe 2004, section 4.1) and by what a stronger blob
        nearby explains.

    References
    ----------
    .. [1] T. Lindeberg, "Feature detection with automatic scale selection", IJCV 30(2), 1998,
       eq. 18.

    Examples
    --------
    >>> y, x = np.mgrid[:60, :60]
    >>> disc = (((x - 30) ** 2 + (y - 25) ** 2 < 8**2) * 255).astype(np.uint8)
    >>> blobs = blobs_log(disc)
    >>> blobs.xy[0].tolist(), abs(float(blobs.radius[0]) - 8) < 1
    ([30.0, 25.0], True)
    """
    sigmas = _sigmas(min_sigma, max_sigma, n_scales)
    answers = [-(xx + yy) for xx, yy, _ in _hessians(image, sigmas)]
    return scale_extrema(answers, sigmas, threshold, overlap, polarity)


def blobs_dog(
    image: np.ndarray,
    *,
    min_sigma: float = 2.0,
    max_sigma: float = 32.0,
    ratio: float = 1.6,
    threshold: float = 0.1,
    overlap: float = 0.5,
    polarity: str = "both",
) -> Blobs:
    """Find blobs at extrema of the difference of Gaussians.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    min_sigma, max_sigma, overlap, polarity
        As in `blobs_log`.
    ratio : float
        Between neighboring widths; 1.6 comes close to the Laplacian.
    threshold : float
        Minimum absolute response, for an image from 0 to 1. Differences are divided by
        ``ratio - 1``, so that responses do not depend on it.

    Returns
    -------
    Blobs
        Strongest first; the response of dark blobs is negative.

    References
    ----------
    .. [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
       eq. 1.

    Examples
    --------
    >>> y, x = np.mgrid[:60, :60]
    >>> disc = (((x - 30) ** 2 + (y - 25) ** 2 < 8**2) * 255).astype(np.uint8)
    >>> blobs_dog(disc).xy[0].tolist()
    [30.0, 25.0]
    """
    plane = _plane(image)
    check_real("ratio", ratio, 1, 10, open_=True)
    check_sigmas(min_sigma, max_sigma)
    n = int(math.log(max_sigma / min_sigma) / math.log(ratio) + 1)
    sigmas = [min_sigma * ratio**i for i in range(n + 1)]
    planes = list(gaussians(plane, sigmas))
    gain = np.float32(1 / (ratio - 1))
    answers = [(planes[i] - planes[i + 1]) * gain for i in range(n)]
    return scale_extrema(answers, sigmas[:n], threshold, overlap, polarity)


def blobs_doh(
    image: np.ndarray,
    *,
    min_sigma: float = 2.0,
    max_sigma: float = 32.0,
    n_scales: int = 12,
    threshold: float = 0.0025,
    overlap: float = 0.5,
) -> Blobs:
    """Find blobs at maxima of the scale-normalized determinant of the Hessian.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    min_sigma, max_sigma, n_scales, overlap
        As in `blobs_log`.
    threshold : float
        Minimum determinant, for an image from 0 to 1. A perfect disc of contrast c has a
        response of 0.13 c².

    Returns
    -------
    Blobs
        Strongest first. The determinant does not tell bright from dark; saddles are left out, and
        what a stronger blob nearby explains, as in `blobs_log`.

    References
    ----------
    .. [1] T. Lindeberg, "Feature detection with automatic scale selection", IJCV 30(2), 1998,
       section 5.

    Examples
    --------
    >>> y, x = np.mgrid[:60, :60]
    >>> disc = (((x - 30) ** 2 + (y - 25) ** 2 < 8**2) * 255).astype(np.uint8)
    >>> blobs_doh(disc).xy[0].tolist()
    [30.0, 25.0]
    """
    sigmas = _sigmas(min_sigma, max_sigma, n_scales)
    answers, bends = [], []
    for xx, yy, xy in _hessians(image, sigmas):
        answers.append(xx * yy - xy * xy)
        bends.append(xx + yy)
    return scale_extrema(answers, sigmas, threshold, overlap, "bright", bends=bends)


def _plane(image: np.ndarray) -> np.ndarray:
    """Gray from 0 to 1."""
    return to_gray(image).astype(np.float32) * np.float32(1 / 255)


def _sigmas(min_sigma: float, max_sigma: float, n_scales: int) -> list[float]:
    """Widths in equal ratios."""
    check_sigmas(min_sigma, max_sigma)
    return np.geomspace(min_sigma, max_sigma, check_whole("n_scales", n_scales, 1, 200)).tolist()


def _hessians(image: np.ndarray, sigmas: list[float]) -> Iterator[tuple[np.ndarray, ...]]:
    """xx, yy and xy of the image at each width."""
    for sigma, smooth in zip(sigmas, gaussians(_plane(image), sigmas), strict=True):
        yield _second_derivatives(smooth, sigma)


def _second_derivatives(smooth: np.ndarray, sigma: float) -> tuple[np.ndarray, ...]:
    """xx, yy and xy, times sigma².

    The step of the differences grows with the blur: steps of one pixel would multiply the rounding
    of a wide blur by sigma². It is a multiple of the factor by which `gaussians` reduces for this
    blur, so that the ripple of interpolating between those cells, which is periodic, falls out.
    """
    step = blur_step(sigma)
    second = np.zeros(2 * step + 1, np.float32)
    second[[0, step, -1]] = np.array([1, -2, 1]) * (sigma / step) ** 2
    first = np.zeros(2 * step + 1, np.float32)
    first[[0, -1]] = np.array([-0.5, 0.5]) * sigma / step
    one = np.ones(1, np.float32)
    border = cv2.BORDER_REFLECT
    xx = cv2.sepFilter2D(smooth, cv2.CV_32F, second, one, borderType=border)
    yy = cv2.sepFilter2D(smooth, cv2.CV_32F, one, second, borderType=border)
    xy = cv2.sepFilter2D(smooth, cv2.CV_32F, first, first, borderType=border)
    return xx, yy, xy
