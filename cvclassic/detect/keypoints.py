"""Keypoints that come with a scale and an orientation: SIFT, ORB, AKAZE, BRISK."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import cv2
import numpy as np

from .._basics.checks import check_choice
from .._basics.opencv import find_creator
from ..images.checks import check_real, check_whole, to_gray
from .results import Keypoints

KEYPOINT_METHODS = {
    "sift": "extrema of the difference of Gaussians",
    "orb": "FAST corners on a pyramid",
    "akaze": "Hessian extrema in a nonlinear scale space",
    "brisk": "FAST corners in scale space",
}

# How OpenCV's thresholds follow from `sensitivity` 1; lower thresholds find fainter keypoints.
_CREATORS = {
    "sift": ("SIFT", lambda limit, s: _sift_options(limit, s)),
    "orb": ("ORB", lambda limit, s: {"nfeatures": limit or 100_000, "fastThreshold": _gray(20, s)}),
    "akaze": ("AKAZE", lambda limit, s: {"threshold": 0.001 / s}),
    "brisk": ("BRISK", lambda limit, s: {"thresh": _gray(30, s)}),
}


# OpenCV 4.14 refuses narrower images, and its AKAZE aborts the whole process on a single row.
_MIN_SIDE = 8


def detect_keypoints(
    image: np.ndarray,
    method: str = "sift",
    *,
    max_keypoints: int | None = 2000,
    sensitivity: float = 1.0,
) -> Keypoints:
    """Find keypoints.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    method : {"sift", "orb", "akaze", "brisk"}
        The detector.
    max_keypoints : int, optional
        Maximum number of keypoints; the strongest are kept.
    sensitivity : float
        Divides the detector's threshold on contrast: 2 finds keypoints half as strong.

    Returns
    -------
    Keypoints
        Strongest first.

    Raises
    ------
    MissingDependencyError
        This build of OpenCV lacks the detector.

    References
    ----------
    .. [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004.
    .. [2] E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011.
    .. [3] P. Alcantarilla, J. Nuevo and A. Bartoli, "Fast explicit diffusion for accelerated
       features in nonlinear scale spaces", BMVC 2013.
    .. [4] S. Leutenegger, M. Chli and R. Siegwart, "BRISK: binary robust invariant scalable
       keypoints", ICCV 2011.

    Examples
    --------
    >>> len(detect_keypoints(np.full((60, 60), 90, np.uint8), "orb"))
    0
    """
    gray = to_gray(image)
    found, _ = run_detector(gray, method, max_keypoints, sensitivity, describe=False)
    return found


def run_detector(
    gray: np.ndarray,
    method: str,
    max_keypoints: int | None,
    sensitivity: float,
    *,
    describe: bool,
) -> tuple[Keypoints, np.ndarray]:
    """Detect and, if asked, describe in one pass.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
        The image.
    method, max_keypoints, sensitivity
        As in `detect_keypoints`.
    describe : bool
        Whether descriptors are wanted.

    Returns
    -------
    keypoints : Keypoints
        Strongest first.
    descriptors : ndarray of shape (n, d)
        float32 for SIFT, uint8 (packed bits) for the others; d = 0 if not wanted.
    """
    check_choice("method", method, tuple(_CREATORS))
    check_real("sensitivity", sensitivity, 0, open_=True)
    if max_keypoints is not None:
        check_whole("max_keypoints", max_keypoints, 1)
    name, options = _CREATORS[method]
    detector = find_creator(f"{name}_create")(**options(max_keypoints or 0, sensitivity))
    found: Sequence[cv2.KeyPoint] = ()
    descriptors = None
    if min(gray.shape) >= _MIN_SIDE:
        if describe:
            found, descriptors = detector.detectAndCompute(gray, None)
        else:
            found = detector.detect(gray)
    xy = np.array(cv2.KeyPoint_convert(found), np.float32).reshape(-1, 2)
    # One pass an attribute is the quickest way out of OpenCV's objects.
    size, angle, response = (
        np.fromiter(map(attrgetter(name), found), np.float32, len(found))
        for name in ("size", "angle", "response")
    )
    # OpenCV's limits are soft (SIFT may give one more) or missing (AKAZE, BRISK).
    order = _strongest_first(xy, response)[:max_keypoints]
    angle = np.where(angle < 0, np.float32(0), np.radians(angle))
    keypoints = Keypoints(xy[order], size[order], angle[order], response[order])
    if descriptors is None:
        return keypoints, np.zeros((len(keypoints), 0), np.uint8)
    return keypoints, descriptors[order]


def _strongest_first(xy: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Order by response; ties by position, so that the result does not depend on OpenCV's order."""
    order = np.argsort(-response)
    ranked = response[order]
    like_next = ranked[1:] == ranked[:-1]
    tied = np.flatnonzero(np.append(like_next, False) | np.append(False, like_next))
    # Sorting by three keys takes ten times as long as by one, so only those that need it.
    rows = np.sort(order[tied])
    order[tied] = rows[np.lexsort((xy[rows, 0], xy[rows, 1], -response[rows]))]
    return order


def _gray(threshold: int, sensitivity: float) -> int:
    """A threshold in gray levels, at least 1."""
    return max(round(threshold / sensitivity), 1)


def _sift_options(limit: int, sensitivity: float) -> dict[str, object]:
    """Options of SIFT.

    Without the precise doubling of the image, positions are a quarter of a pixel too large.
    """
    return {
        "nfeatures": limit,
        "contrastThreshold": 0.04 / sensitivity,
        "enable_precise_upscale": True,
    }
