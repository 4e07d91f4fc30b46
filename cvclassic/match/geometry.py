"""Homographies and fundamental matrices from correspondences, and what follows from them."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_image, check_positive, check_real, check_whole

MIN_MATCHES = {"homography": 4, "fundamental": 8}


def estimate_homography(
    xy_a: np.ndarray,
    xy_b: np.ndarray,
    *,
    threshold: float = 2.0,
    confidence: float = 0.9999,
    max_iterations: int = 10_000,
    seed: int = 0,
) -> tuple[np.ndarray | None, np.ndarray]:
    """Fit the homography that takes points of one image to the other, by MAGSAC++.

    Parameters
    ----------
    xy_a, xy_b : ndarray of shape (n, 2)
        Matching positions in pixels, some of them wrong.
    threshold : float
        Largest reprojection error of an inlier, in pixels.
    confidence : float
        Desired probability of having drawn a sample without a wrong match.
    max_iterations : int
        Maximum number of samples.
    seed : int
        Seed of the random samples.

    Returns
    -------
    homography : ndarray of shape (3, 3), float64, or None
        None where no model was found.
    inliers : ndarray of shape (n,), bool
        All false where no model was found.

    References
    ----------
    .. [1] D. Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", CVPR 2020,
       algorithm 1.
    .. [2] R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed., 2004, algorithm 4.6.

    Examples
    --------
    >>> a = np.random.default_rng(0).uniform(0, 100, (30, 2))
    >>> homography, inliers = estimate_homography(a, a + [5, 7])
    >>> homography.round(3)[:2, 2].tolist(), bool(inliers.all())
    ([5.0, 7.0], True)
    """
    a, b = check_points(xy_a, xy_b)
    parameters = _magsac(threshold, confidence, max_iterations, seed)
    none = np.zeros(len(a), bool)
    if len(np.unique(a, axis=0)) < 4 or len(np.unique(b, axis=0)) < 4:
        return None, none
    try:
        model, _ = cv2.findHomography(a, b, parameters)
    except cv2.error:  # all points on a line, among others
        return None, none
    if model is None or not np.isfinite(model).all() or abs(np.linalg.det(model)) < 1e-12:
        return None, none
    inliers = reprojection_error(a, b, model) <= threshold
    return (model, inliers) if inliers.sum() >= 4 else (None, none)


def estimate_fundamental(
    xy_a: np.ndarray,
    xy_b: np.ndarray,
    *,
    threshold: float = 1.5,
    confidence: float = 0.9999,
    max_iterations: int = 10_000,
    seed: int = 0,
) -> tuple[np.ndarray | None, np.ndarray]:
    """Fit the fundamental matrix of two views of a rigid scene, by MAGSAC++.

    Parameters
    ----------
    xy_a, xy_b : ndarray of shape (n, 2)
        Matching positions in pixels, some of them wrong.
    threshold : float
        Largest distance of an inlier from its epipolar line, in pixels.
    confidence, max_iterations, seed
        As in `estimate_homography`.

    Returns
    -------
    fundamental : ndarray of shape (3, 3), float64, or None
        ``[x_b, 1] F [x_a, 1]^T = 0``; None where no model was found.
    inliers : ndarray of shape (n,), bool
        All false where no model was found.

    References
    ----------
    .. [1] D. Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", CVPR 2020.
    .. [2] R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed., 2004, eq. 9.3.

    Examples
    --------
    >>> model, inliers = estimate_fundamental(np.zeros((3, 2)), np.zeros((3, 2)))
    >>> model is None, int(inliers.sum())
    (True, 0)
    """
    a, b = check_points(xy_a, xy_b)
    parameters = _magsac(threshold, confidence, max_iterations, seed)
    none = np.zeros(len(a), bool)
    if len(np.unique(a, axis=0)) < 8 or len(np.unique(b, axis=0)) < 8:
        return None, none
    try:
        model, _ = cv2.findFundamentalMat(a, b, parameters)
    except cv2.error:
        return None, none
    if model is None or model.shape != (3, 3) or not np.isfinite(model).all():
        return None, none
    inliers = epipolar_error(a, b, model) <= threshold
    return (model, inliers) if inliers.sum() >= 8 else (None, none)


def project(xy: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Take points through a homography.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Positions in pixels.
    homography : ndarray of shape (3, 3)
        The map.

    Returns
    -------
    ndarray of shape (n, 2), float64
        Infinite where a point goes to the horizon.

    References
    ----------
    .. [1] R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed., 2004, eq. 2.5.

    Examples
    --------
    >>> project(np.array([[1.0, 2.0]]), np.diag([2.0, 2.0, 1.0])).tolist()
    [[2.0, 4.0]]
    """
    xy = np.asarray(xy, np.float64).reshape(-1, 2)
    moved = xy @ homography[:, :2].T + homography[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        result = moved[:, :2] / moved[:, 2:]
    return np.where(np.isfinite(result), result, np.inf)


def reprojection_error(xy_a: np.ndarray, xy_b: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Distance from where a homography takes each point to where its partner is.

    Parameters
    ----------
    xy_a, xy_b : ndarray of shape (n, 2)
        Matching positions in pixels.
    homography : ndarray of shape (3, 3)
        From the first image to the second.

    Returns
    -------
    ndarray of shape (n,), float64
        Pixels of the second image.

    References
    ----------
    .. [1] R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed., 2004, eq. 4.6.

    Examples
    --------
    >>> reprojection_error(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.eye(3)).tolist()
    [5.0]
    """
    return np.linalg.norm(project(xy_a, homography) - np.asarray(xy_b, np.float64), axis=1)


def epipolar_error(xy_a: np.ndarray, xy_b: np.ndarray, fundamental: np.ndarray) -> np.ndarray:
    """Distance of each point from its partner's epipolar line, the larger of both images.

    Examples
    --------
    >>> across = np.array([[0.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # a camera that moved sideways
    >>> epipolar_error(np.array([[0.0, 1.0]]), np.array([[9.0, 3.0]]), across).tolist()
    [2.0]
    """
    a = np.column_stack([xy_a, np.ones(len(xy_a))])
    b = np.column_stack([xy_b, np.ones(len(xy_b))])
    in_b, in_a = a @ fundamental.T, b @ fundamental
    product = np.abs((b * in_b).sum(axis=1))
    width = np.minimum(np.hypot(in_b[:, 0], in_b[:, 1]), np.hypot(in_a[:, 0], in_a[:, 1]))
    return product / np.maximum(width, 1e-12)


def warp_onto(image: np.ndarray, homography: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Lay an image over another.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The first image.
    homography : ndarray of shape (3, 3)
        From the first image to the second.
    shape : tuple of int
        Height and width of the second image.

    Returns
    -------
    ndarray of shape (height, width, 4), uint8
        Red, green, blue, and opacity: 0 where the first image shows nothing.

    References
    ----------
    .. [1] R. Szeliski, "Computer Vision: Algorithms and Applications", 2nd ed., 2022, s. 3.6.1.

    Examples
    --------
    >>> shift = np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    >>> warp_onto(np.full((4, 4), 9, np.uint8), shift, (4, 4))[0, :, 3].tolist()
    [0, 0, 255, 255]
    """
    image = check_image(image)
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    opaque = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return cv2.warpPerspective(opaque, np.asarray(homography, np.float64), shape[1::-1])


def check_points(xy_a: np.ndarray, xy_b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two finite arrays of shape (n, 2), float64."""
    a, b = np.asarray(xy_a, np.float64), np.asarray(xy_b, np.float64)
    if a.ndim != 2 or a.shape[1:] != (2,) or a.shape != b.shape:
        raise ParameterError(
            f"points must both have shape (n, 2). Got {a.shape} and {b.shape} instead."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ParameterError("points must be finite. Got infinite or missing ones instead.")
    return a, b


def _magsac(threshold: float, confidence: float, max_iterations: int, seed: int) -> cv2.UsacParams:
    """OpenCV's settings for MAGSAC++ with its own refinement."""
    parameters = cv2.UsacParams()
    parameters.threshold = check_positive("threshold", threshold)
    parameters.confidence = check_real("confidence", confidence, 0, 1)
    parameters.maxIterations = check_whole("max_iterations", max_iterations, 1)
    parameters.randomGeneratorState = check_whole("seed", seed, 0, 2**31 - 1)
    parameters.score = cv2.SCORE_METHOD_MAGSAC
    parameters.loMethod = cv2.LOCAL_OPTIM_SIGMA
    parameters.sampler = cv2.SAMPLING_UNIFORM
    parameters.loIterations = 10
    parameters.loSampleSize = 50
    return parameters
