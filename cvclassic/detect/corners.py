"""Corners: Harris, Shi-Tomasi, FAST, and refinement below the pixel."""

from __future__ import annotations

from operator import attrgetter

import cv2
import numpy as np

from .._basics.checks import check_bool, check_choice
from ..images.checks import check_positive, check_real, check_whole, to_gray
from .results import Corners, keep_first


def harris_response(
    image: np.ndarray,
    *,
    k: float = 0.05,
    window: str = "box",
    size: int = 3,
    sigma: float = 1.0,
) -> np.ndarray:
    """Harris' measure of cornerness: ``det(M) - k trace(M)²``.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    k : float
        Weight of the squared trace; edges come out negative.
    window : {"box", "gaussian"}
        How the structure tensor M is averaged.
    size : int
        Side of the box in pixels.
    sigma : float
        Width of the Gaussian in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In units of OpenCV: gray levels in 0..1, Sobel and box divided by their sums.

    References
    ----------
    .. [1] C. Harris and M. Stephens, "A combined corner and edge detector", 1988, p. 150.

    Examples
    --------
    >>> image = np.zeros((20, 20), np.uint8)
    >>> image[10:, 10:] = 255
    >>> response = harris_response(image)
    >>> y, x = np.unravel_index(response.argmax(), response.shape)
    >>> abs(int(x) - 10) <= 1 and abs(int(y) - 10) <= 1
    True
    """
    check_choice("window", window, ("box", "gaussian"))
    check_real("k", k, 0, 0.25)
    gray = to_gray(image)
    if window == "box":
        check_whole("size", size, 1, 99)
        return cv2.cornerHarris(gray, size, 3, k)
    check_positive("sigma", sigma)
    # From here on planes are written over: fresh ones would cost more than the arithmetic.
    scale = 1 / (4 * 255)  # Sobel's smoothing sums to 4
    dx = cv2.Sobel(gray, cv2.CV_32F, 1, 0, scale=scale)
    dy = cv2.Sobel(gray, cv2.CV_32F, 0, 1, scale=scale)
    xy = cv2.multiply(dx, dy)
    xx, yy = cv2.multiply(dx, dx, dst=dx), cv2.multiply(dy, dy, dst=dy)
    for plane in (xx, xy, yy):
        cv2.GaussianBlur(plane, (0, 0), sigma, dst=plane)
    trace = cv2.add(xx, yy)
    det = cv2.subtract(cv2.multiply(xx, yy, dst=xx), cv2.multiply(xy, xy, dst=xy), dst=xx)
    return cv2.subtract(det, cv2.multiply(trace, trace, dst=trace, scale=k), dst=det)


def corners_harris(
    image: np.ndarray,
    *,
    max_corners: int | None = 1000,
    min_distance: int = 3,
    threshold: float = 0.01,
    k: float = 0.05,
    window: str = "gaussian",
    sigma: float = 1.0,
    subpixel: bool = True,
) -> Corners:
    """Find corners at maxima of Harris' measure.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    max_corners : int, optional
        Maximum number of corners; the strongest are kept.
    min_distance : int
        Minimum distance between corners along each axis, in pixels, also after refinement.
    threshold : float
        Minimum response, relative to the strongest.
    k, window, sigma
        As in `harris_response`.
    subpixel : bool
        Refine with `refine_corners`.

    Returns
    -------
    Corners
        Strongest first.

    References
    ----------
    .. [1] C. Harris and M. Stephens, "A combined corner and edge detector", 1988.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.uint8)
    >>> image[10:30, 10:30] = 255
    >>> len(corners_harris(image))
    4
    """
    gray = to_gray(image)
    response = harris_response(gray, k=k, window=window, sigma=sigma)
    return _peaks(gray, response, max_corners, min_distance, threshold, subpixel)


def corners_shi_tomasi(
    image: np.ndarray,
    *,
    max_corners: int | None = 1000,
    min_distance: int = 3,
    threshold: float = 0.01,
    size: int = 3,
    subpixel: bool = True,
) -> Corners:
    """Find corners at maxima of the structure tensor's smaller eigenvalue.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    max_corners, min_distance, threshold, subpixel
        As in `corners_harris`.
    size : int
        Side of the averaging box in pixels.

    Returns
    -------
    Corners
        Strongest first.

    References
    ----------
    .. [1] J. Shi and C. Tomasi, "Good features to track", CVPR 1994, eq. 6.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.uint8)
    >>> image[10:30, 10:30] = 255
    >>> len(corners_shi_tomasi(image))
    4
    """
    gray = to_gray(image)
    response = cv2.cornerMinEigenVal(gray, check_whole("size", size, 1, 99), ksize=3)
    return _peaks(gray, response, max_corners, min_distance, threshold, subpixel)


def corners_fast(
    image: np.ndarray,
    *,
    max_corners: int | None = 1000,
    threshold: int = 20,
    subpixel: bool = False,
) -> Corners:
    """Find corners where 9 of the 16 pixels on a circle are all brighter or all darker.

    Parameters
    ----------
    image, max_corners, subpixel
        As in `corners_harris`.
    threshold : int
        Minimum difference from the center, in gray levels.

    Returns
    -------
    Corners
        Strongest first; the response is the largest threshold at which it remains a corner.

    References
    ----------
    .. [1] E. Rosten and T. Drummond, "Machine learning for high-speed corner detection", ECCV 2006,
       section 2.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.uint8)
    >>> image[20, 20] = 255
    >>> corners_fast(image).xy.tolist()
    [[20.0, 20.0]]
    """
    gray = to_gray(image)
    check_whole("threshold", threshold, 1, 255)
    check_bool("subpixel", subpixel)
    _check_limit(max_corners)
    detector = cv2.FastFeatureDetector_create(threshold, nonmaxSuppression=True)
    found = detector.detect(gray)
    xy = np.array(cv2.KeyPoint_convert(found), np.float32).reshape(-1, 2)
    response = np.fromiter(map(attrgetter("response"), found), np.float32, len(found))
    # Responses are whole gray levels: bytes sort ten times as fast as numbers.
    order = np.argsort(255 - response.astype(np.uint8), kind="stable")[:max_corners]
    xy, response = xy[order], response[order]
    return Corners(refine_corners(gray, xy) if subpixel else xy, response)


def refine_corners(image: np.ndarray, xy: np.ndarray, *, radius: int = 4) -> np.ndarray:
    """Move corners to where the gradients around them meet.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    xy : ndarray of shape (n, 2)
        Corners in pixels.
    radius : int
        Half side of the window in pixels. A corner that would leave its window stays.

    Returns
    -------
    ndarray of shape (n, 2), float32
        Refined positions.

    References
    ----------
    .. [1] W. Foerstner and E. Guelch, "A fast operator for detection and precise location of
       distinct points, corners and centers of circular features", 1987, section 3.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.uint8)
    >>> image[20:, 20:] = 255
    >>> bool(np.abs(refine_corners(image, np.array([[21.0, 20.0]])) - 19.5).max() < 0.2)
    True
    """
    gray = to_gray(image)
    check_whole("radius", radius, 1, 99)
    start = np.array(xy, np.float32).reshape(-1, 2)
    # OpenCV refuses images that the window does not fit into.
    if not len(start) or min(gray.shape) < 2 * radius + 6:
        return start
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
    moved = cv2.cornerSubPix(gray, start[:, None].copy(), (radius, radius), (-1, -1), criteria)
    moved = moved.reshape(-1, 2)
    strayed = (np.abs(moved - start) > radius).any(axis=1) | ~np.isfinite(moved).all(axis=1)
    return np.where(strayed[:, None], start, moved)


def _peaks(
    gray: np.ndarray,
    response: np.ndarray,
    max_corners: int | None,
    min_distance: int,
    threshold: float,
    subpixel: bool,
) -> Corners:
    """Local maxima of a response that pass the threshold."""
    _check_limit(max_corners)
    check_whole("min_distance", min_distance, 1, 999)
    check_real("threshold", threshold, 0, 1)
    check_bool("subpixel", subpixel)
    # Rounding leaves a trace of response on flat images; a true corner has far more.
    least = max(threshold * float(response.max()), 1e-9)
    window = np.ones((2 * min_distance + 1,) * 2, np.uint8)
    top = (response >= cv2.dilate(response, window)) & (response > least)
    top = _one_per_plateau(top)
    y, x = np.nonzero(top)
    xy = np.stack([x, y], axis=1).astype(np.float32)
    corners = Corners(xy, response[y, x]).strongest(max_corners)
    if subpixel:
        return _one_per_place(
            Corners(refine_corners(gray, corners.xy), corners.response), min_distance
        )
    return corners


def _one_per_place(corners: Corners, min_distance: int) -> Corners:
    """Of corners that refinement has moved together, keep the strongest; those come first."""
    if len(corners) < 2:
        return corners
    from scipy.spatial import cKDTree

    nearer = np.nextafter(min_distance, 0)
    pairs = cKDTree(corners.xy).query_pairs(nearer, p=np.inf, output_type="ndarray")
    keep = keep_first(len(corners), pairs)
    return Corners(corners.xy[keep], corners.response[keep])


def _one_per_plateau(top: np.ndarray) -> np.ndarray:
    """Keep the pixel nearest to the center of each group of touching maxima."""
    n, labels, _, centers = cv2.connectedComponentsWithStats(top.view(np.uint8), connectivity=8)
    if n - 1 == int(top.sum()):
        return top
    y, x = np.nonzero(top)
    group = labels[y, x]
    distance = np.hypot(x - centers[group, 0], y - centers[group, 1])
    order = np.lexsort((distance, group))
    first = order[np.unique(group[order], return_index=True)[1]]
    single = np.zeros_like(top)
    single[y[first], x[first]] = True
    return single


def _check_limit(max_corners: int | None) -> None:
    """The limit is a whole number or None."""
    if max_corners is not None:
        check_whole("max_corners", max_corners, 1)
