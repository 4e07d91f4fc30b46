"""Edges by first and second derivatives: Canny, gradient magnitude, zero crossings."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_choice
from ..errors import ParameterError
from ..images.checks import check_real, to_gray

# A gray-level gradient below this (sum of absolute Sobel answers) is noise, not an edge.
_MIN_THRESHOLD = 16.0


def canny_thresholds(
    image: np.ndarray, *, sigma: float = 1.0, fraction: float = 0.2, ratio: float = 0.4
) -> tuple[float, float]:
    """Choose Canny's thresholds from the distribution of gradients.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    sigma : float
        Blur in pixels, as in `canny`.
    fraction : float
        Share of the pixels whose gradient lies above the high threshold.
    ratio : float
        Low threshold over high threshold.

    Returns
    -------
    low, high : float
        In units of OpenCV: sum of the absolute answers of both 3×3 Sobel kernels.

    References
    ----------
    .. [1] J. Canny, "A computational approach to edge detection", PAMI 8(6), 1986, section VI
       (thresholds from the histogram, hysteresis with a ratio of two to three).

    Examples
    --------
    >>> image = np.zeros((20, 20), np.uint8)
    >>> image[:, 10:] = 200
    >>> low, high = canny_thresholds(image)
    >>> low < high < 800
    True
    """
    dx, dy = _sobel(_blurred(to_gray(image), sigma))
    return _thresholds(dx, dy, fraction, ratio)


def canny(
    image: np.ndarray,
    *,
    low: float | None = None,
    high: float | None = None,
    sigma: float = 1.0,
    fraction: float = 0.2,
    l2: bool = False,
) -> np.ndarray:
    """Thin edges by gradient, non-maximum suppression and hysteresis.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    low, high : float, optional
        Thresholds in units of OpenCV, the sum of absolute Sobel responses (their Euclidean length
        with ``l2``). Without them they are those of `canny_thresholds`; one alone gives the other
        as 0.4 of it or 2.5 times it.
    sigma : float
        Gaussian blur beforehand, in pixels; 0 for none.
    fraction : float
        Share of pixels above the automatic high threshold.
    l2 : bool
        Euclidean gradient instead of the sum of absolutes.

    Returns
    -------
    ndarray of shape (H, W), bool
        True on edges.

    Raises
    ------
    ParameterError
        For thresholds that are negative or the wrong way round.

    References
    ----------
    .. [1] J. Canny, "A computational approach to edge detection", PAMI 8(6), 1986.

    Examples
    --------
    >>> image = np.zeros((20, 20), np.uint8)
    >>> image[:, 10:] = 200
    >>> np.flatnonzero(canny(image).all(axis=0)).size
    1
    """
    gray = _blurred(to_gray(image), sigma)
    for name, value in (("low", low), ("high", high)):
        if value is not None:
            check_real(name, value, 0)
    if high is None:
        if low is None:
            dx, dy = _sobel(gray)
            low, high = _thresholds(dx, dy, fraction, 0.4)
            if min(gray.shape) < 3:
                return np.zeros(gray.shape, bool)
            return cv2.Canny(dx, dy, low, high, L2gradient=bool(l2)).view(bool)
        high = 2.5 * low
    elif low is None:
        low = 0.4 * high
    if low > high:
        raise ParameterError(f"low must be <= high. Got {low:g} and {high:g} instead.")
    # OpenCV writes 0 and 255; any non-zero byte is a true bool after the comparison.
    return cv2.Canny(gray, low, high, L2gradient=bool(l2)) != 0


def gradient_magnitude(
    image: np.ndarray, *, operator: str = "sobel", sigma: float = 0.0
) -> np.ndarray:
    """Length of the gradient.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    operator : {"sobel", "scharr", "prewitt"}
        3×3 derivative kernels.
    sigma : float
        Gaussian blur beforehand, in pixels; 0 for none.

    Returns
    -------
    ndarray of shape (H, W), float32
        Gray levels per pixel.

    References
    ----------
    .. [1] H. Scharr, "Optimal operators in digital image processing", PhD thesis, Heidelberg, 2000.

    Examples
    --------
    >>> ramp = np.tile(np.arange(0, 50, 5, dtype=np.uint8), (8, 1))
    >>> float(gradient_magnitude(ramp)[4, 4])
    5.0
    """
    check_choice("operator", operator, ("sobel", "scharr", "prewitt"))
    plane = _blurred(to_gray(image).astype(np.float32), sigma)
    weights = {"sobel": (1, 2, 1), "scharr": (3, 10, 3), "prewitt": (1, 1, 1)}[operator]
    smooth = np.array(weights, np.float32) / sum(weights)
    derivative = np.array([-0.5, 0, 0.5], np.float32)
    border = cv2.BORDER_REFLECT_101
    dx = cv2.sepFilter2D(plane, cv2.CV_32F, derivative, smooth, borderType=border)
    dy = cv2.sepFilter2D(plane, cv2.CV_32F, smooth, derivative, borderType=border)
    return cv2.magnitude(dx, dy)


def log_edges(image: np.ndarray, *, sigma: float = 2.0, threshold: float = 1.0) -> np.ndarray:
    """Zero crossings of the Laplacian of Gaussian.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    sigma : float
        Gaussian blur in pixels.
    threshold : float
        Minimum jump across the crossing, in gray levels (the Laplacian is multiplied by sigma²).

    Returns
    -------
    ndarray of shape (H, W), bool
        True on the side of a crossing that lies nearer to zero.

    References
    ----------
    .. [1] D. Marr and E. Hildreth, "Theory of edge detection", Proc. R. Soc. B 207, 1980, p. 193.

    Examples
    --------
    >>> image = np.zeros((20, 20), np.uint8)
    >>> image[:, 10:] = 200
    >>> bool(log_edges(image)[:, 9:11].any(axis=1).all())
    True
    """
    check_real("sigma", sigma, 0, open_=True)
    check_real("threshold", threshold, 0)
    plane = _blurred(to_gray(image).astype(np.float32), sigma)
    laplacian = sigma**2 * cv2.Laplacian(plane, cv2.CV_32F, borderType=cv2.BORDER_REFLECT_101)
    found = np.zeros(plane.shape, bool)
    for one, two in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        a, b = laplacian[one], laplacian[two]
        crossing = (a * b <= 0) & (np.abs(a - b) > max(threshold, 1e-3))
        nearer = np.abs(a) <= np.abs(b)
        found[one] |= crossing & nearer
        found[two] |= crossing & ~nearer
    return found


def _blurred(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; the plane itself for sigma 0."""
    check_real("sigma", sigma, 0)
    if sigma == 0:
        return plane
    return cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def _sobel(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives in the form that OpenCV's Canny takes, with its borders."""
    return cv2.spatialGradient(gray, borderType=cv2.BORDER_REPLICATE)


def _thresholds(
    dx: np.ndarray, dy: np.ndarray, fraction: float, ratio: float
) -> tuple[float, float]:
    """Thresholds such that a fraction of the pixels lies above the high one."""
    check_real("fraction", fraction, 0, 1)
    check_real("ratio", ratio, 0, 1)
    # A sixteenth of the pixels is enough for a quantile.
    step = 4 if dx.size > 40_000 else 1
    strength = np.abs(dx[::step, ::step].astype(np.int32)) + np.abs(dy[::step, ::step])
    high = max(float(np.quantile(strength, 1 - fraction)), _MIN_THRESHOLD)
    return ratio * high, high
