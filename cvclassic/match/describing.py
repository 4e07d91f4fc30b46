"""Keypoints with descriptors for matching, also of simulated views."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .._basics.checks import check_choice
from ..describe import LocalFeatures, root_normalize
from ..detect.keypoints import run_detector
from ..images.checks import check_real, check_whole, to_gray

DESCRIPTORS = {
    "rootsift": "SIFT compared by the Hellinger distance",
    "sift": "SIFT compared by the Euclidean distance",
    "orb": "256 bits compared by the Hamming distance",
    "akaze": "486 bits compared by the Hamming distance",
    "brisk": "512 bits compared by the Hamming distance",
}
# Tilts of ASIFT's first two rings; rotations are spaced by 72 degrees over the tilt.
_TILTS = (1.0, 2.0)


def describe(
    image: np.ndarray,
    descriptor: str = "rootsift",
    *,
    max_keypoints: int | None = 4000,
    sensitivity: float = 2.0,
) -> LocalFeatures:
    """Detect keypoints and describe them.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    descriptor : {"rootsift", "sift", "orb", "akaze", "brisk"}
        Detector and descriptor.
    max_keypoints : int, optional
        Maximum number of keypoints; the strongest are kept.
    sensitivity : float
        As in `cvclassic.detect.detect_keypoints`; higher than there, as matching gains from faint
        keypoints and sorts out the bad ones.

    Returns
    -------
    LocalFeatures
        Strongest first. Descriptors are float32 for SIFT and RootSIFT; for the others uint8, eight
        bits in each.

    References
    ----------
    .. [1] R. Arandjelović and A. Zisserman, "Three things everyone should know to improve object
       retrieval", CVPR 2012, section 3 (RootSIFT).

    Examples
    --------
    >>> len(describe(np.full((64, 64), 9, np.uint8)))
    0
    """
    check_choice("descriptor", descriptor, tuple(DESCRIPTORS))
    gray = to_gray(image)
    return _features(gray, descriptor, max_keypoints, sensitivity)


def describe_views(
    image: np.ndarray,
    descriptor: str = "rootsift",
    *,
    max_keypoints: int | None = 4000,
    sensitivity: float = 2.0,
    tilts: Sequence[float] = _TILTS,
) -> LocalFeatures:
    """Describe an image as it looks from aslant, in several directions.

    Descriptors bear a change of the viewpoint of up to some 40 degrees. Images that are further
    apart are brought nearer by simulated tilts.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    descriptor, sensitivity
        As in `describe`.
    max_keypoints : int, optional
        For all views together.
    tilts : sequence of float
        Factors, at least 1, by which a view is narrowed; 1 is the image itself. A tilt t is taken
        in ``ceil(2.5 t)`` directions.

    Returns
    -------
    LocalFeatures
        In pixels of the image, view by view.

    References
    ----------
    .. [1] J.-M. Morel and G. Yu, "ASIFT: a new framework for fully affine invariant image
       comparison", SIAM J. Imaging Sciences 2(2), 2009, section 4.

    Examples
    --------
    >>> len(describe_views(np.full((64, 64), 9, np.uint8)))
    0
    """
    check_choice("descriptor", descriptor, tuple(DESCRIPTORS))
    gray = to_gray(image)
    views = []
    for tilt in tilts:
        check_real("tilts", tilt, 1, 16)
        n = math.ceil(2.5 * tilt) if tilt > 1 else 1
        views += [(tilt, 180.0 * i / n) for i in range(n)]
    share = None
    if max_keypoints is not None:
        share = max(check_whole("max_keypoints", max_keypoints, 1) // len(views), 1)
    parts = [_view_features(gray, *view, descriptor, share, sensitivity) for view in views]
    return LocalFeatures(
        np.concatenate([part.xy for part in parts]),
        np.concatenate([part.scale for part in parts]),
        np.concatenate([part.angle for part in parts]),
        np.concatenate([part.descriptors for part in parts]),
        gray.shape,
    )


def _features(
    gray: np.ndarray, descriptor: str, max_keypoints: int | None, sensitivity: float
) -> LocalFeatures:
    """Features of one gray plane."""
    method = "sift" if descriptor == "rootsift" else descriptor
    keypoints, descriptors = run_detector(gray, method, max_keypoints, sensitivity, describe=True)
    if not len(keypoints):
        descriptors = np.zeros((0, _n_dims(descriptor)), _dtype(descriptor))
    if descriptor == "rootsift":
        descriptors = root_normalize(np.array(descriptors, np.float32))
    return LocalFeatures(keypoints.xy, keypoints.scale, keypoints.angle, descriptors, gray.shape)


def _view_features(
    gray: np.ndarray,
    tilt: float,
    angle: float,
    descriptor: str,
    max_keypoints: int | None,
    sensitivity: float,
) -> LocalFeatures:
    """Features of one simulated view, in pixels of the image."""
    if tilt == 1:
        return _features(gray, descriptor, max_keypoints, sensitivity)
    view, there = _simulate(gray, tilt, angle)
    # More than the share, as those on the rim are about to go.
    wanted = None if max_keypoints is None else 2 * max_keypoints
    found = _features(view, descriptor, wanted, sensitivity)
    back = cv2.invertAffineTransform(there)
    xy = (found.xy @ back[:, :2].T + back[:, 2]).astype(np.float32)
    # The rim between image and padding is no feature of the image.
    away = found.scale[:, None] * 2 + 1
    height, width = gray.shape
    inside = ((xy >= away) & (xy <= np.array([width - 1, height - 1]) - away)).all(axis=1)
    index = np.flatnonzero(inside)[:max_keypoints]
    grown = found.scale * np.float32(math.sqrt(tilt))
    turned = np.mod(found.angle - np.float32(math.radians(angle)), np.float32(2 * np.pi))
    return LocalFeatures(xy, grown, turned, found.descriptors, gray.shape).take(index)


def _simulate(gray: np.ndarray, tilt: float, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn by an angle (degrees), then narrow along x; returns the view and the 2×3 map to it."""
    height, width = gray.shape
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0]])
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    corners = corners @ turn[:, :2].T
    turn[:, 2] = -corners.min(axis=0)
    size = np.ceil(np.ptp(corners, axis=0)).astype(int) + 1
    turned = cv2.warpAffine(
        gray, turn, (int(size[0]), int(size[1])), borderMode=cv2.BORDER_REPLICATE
    )
    # As ASIFT does, blur what the narrowing would alias.
    sigma = 0.8 * math.sqrt(tilt**2 - 1)
    turned = cv2.GaussianBlur(turned, (0, 0), sigma, sigmaY=0.01)
    narrow = np.array([[1 / tilt, 0, 0], [0, 1.0, 0]])
    view = cv2.warpAffine(turned, narrow, (max(int(size[0] / tilt), 1), int(size[1])))
    turn[0] /= tilt
    return view, turn


def _n_dims(descriptor: str) -> int:
    """Columns of the descriptors."""
    return {"orb": 32, "akaze": 61, "brisk": 64}.get(descriptor, 128)


def _dtype(descriptor: str) -> type:
    """Packed bits or numbers."""
    return np.float32 if descriptor in ("sift", "rootsift") else np.uint8
