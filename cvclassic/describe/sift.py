"""Sparse SIFT: keypoints where the difference of Gaussians has an extremum."""

from __future__ import annotations

from operator import attrgetter

import cv2
import numpy as np

from .._basics.checks import check_bool, check_integer, check_number
from .._basics.saving import SavedState
from ..errors import ParameterError
from ..images.checks import to_gray
from .base import Describer, root_normalize
from .features import LocalFeatures

_MOST_SIGMA = 100
_ATTRIBUTES = attrgetter("pt", "size", "angle", "response")
_KEYPOINT = np.dtype([("xy", "f4", 2), ("size", "f4"), ("angle", "f4"), ("response", "f4")])


def sift_features(
    gray: np.ndarray,
    *,
    max_keypoints: int | None = None,
    contrast_threshold: float = 0.04,
    edge_threshold: float = 10.0,
    sigma: float = 1.6,
    root: bool = False,
) -> LocalFeatures:
    """Detect and describe SIFT keypoints.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    max_keypoints : int, optional
        Maximum number of keypoints, a hard limit; the strongest are kept. (OpenCV may exceed its
        own limit by one.)
    contrast_threshold, edge_threshold, sigma : float
        As in OpenCV's SIFT.
    root : bool
        RootSIFT descriptors of Euclidean length 1 instead of integers from 0 to 255.

    Returns
    -------
    LocalFeatures
        With 128 dimensions; n = 0 for a uniform or a tiny image.

    References
    ----------
    Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004.

    Examples
    --------
    >>> len(sift_features(np.zeros((32, 32), np.uint8)))
    0
    """
    extractor = cv2.SIFT_create(
        nfeatures=max_keypoints or 0,
        contrastThreshold=contrast_threshold,
        edgeThreshold=edge_threshold,
        sigma=sigma,
    )
    keypoints, descriptors = extractor.detectAndCompute(gray, None)
    if descriptors is None:
        return LocalFeatures.empty(128, gray.shape)
    table = np.fromiter(map(_ATTRIBUTES, keypoints), _KEYPOINT, len(keypoints))
    features = LocalFeatures(
        np.ascontiguousarray(table["xy"]),
        table["size"].copy(),
        np.radians(table["angle"]),
        descriptors,
        gray.shape,
    )
    if max_keypoints is not None and len(features) > max_keypoints:
        strongest = np.argsort(-table["response"], kind="stable")[:max_keypoints]
        features = features.take(np.sort(strongest))
    if root:
        root_normalize(features.descriptors)
    return features


class SIFT(Describer):
    """SIFT keypoints and descriptors of an image.

    Parameters
    ----------
    root : bool, default=True
        RootSIFT [1]_: compare descriptors by the Hellinger distance.
    max_side : int or None, default=640
        Larger images are reduced to this long side first: SIFT needs about 225 bytes a
        pixel.
    max_keypoints : int or None, default=2000
        Maximum number of keypoints; the strongest are kept.
    contrast_threshold : float, default=0.02
        Lower finds fainter keypoints. Half of OpenCV's default: classification gains from
        more keypoints.
    edge_threshold : float, default=10
        Higher keeps more keypoints that lie on edges.
    sigma : float, default=1.6
        Blur of the first octave, in pixels.

    References
    ----------
    .. [1] Arandjelović & Zisserman, "Three things everyone should know to improve object
       retrieval", CVPR 2012, section 3.

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    >>> SIFT().describe(image).descriptors.shape[1]
    128
    """

    saved_state = SavedState(
        bounds={
            "max_side": (16, 100_000),
            "max_keypoints": (1, 10_000_000),
            "contrast_threshold": (0, 1e6),
            "edge_threshold": (1e-6, 1e6),
            "sigma": (0.01, 100),
        }
    )

    n_dims = 128

    def __init__(
        self,
        root: bool = True,
        max_side: int | None = 640,
        max_keypoints: int | None = 2000,
        contrast_threshold: float = 0.02,
        edge_threshold: float = 10.0,
        sigma: float = 1.6,
    ) -> None:
        self.root = root
        self.max_side = max_side
        self.max_keypoints = max_keypoints
        self.contrast_threshold = contrast_threshold
        self.edge_threshold = edge_threshold
        self.sigma = sigma

    def _check(self) -> None:
        check_bool("root", self.root)
        check_integer("max_side", self.max_side, 16, none=True)
        check_integer("max_keypoints", self.max_keypoints, 1, none=True)
        check_number("contrast_threshold", self.contrast_threshold, 0)
        check_number("edge_threshold", self.edge_threshold, 0, exclusive=True)
        check_number("sigma", self.sigma, 0, exclusive=True)
        if self.sigma > _MOST_SIGMA:  # OpenCV would fill the memory with its kernel
            raise ParameterError(
                f"sigma must be at most {_MOST_SIGMA}. Got {self.sigma!r} instead."
            )

    def describe_pixels(self, pixels: np.ndarray) -> LocalFeatures:
        return sift_features(
            to_gray(pixels),
            max_keypoints=self.max_keypoints,
            contrast_threshold=self.contrast_threshold,
            edge_threshold=self.edge_threshold,
            sigma=self.sigma,
            root=self.root,
        )
