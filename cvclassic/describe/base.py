"""What all describers share: parameter checks, reduction to `max_side`, gray planes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.base import BaseEstimator

from ..images import load_pixels, map_blocks, read_image
from .features import LocalFeatures


def root_normalize(descriptors: np.ndarray) -> np.ndarray:
    """RootSIFT: L1-normalize, then take the square root; rows of zeros stay zero.

    Euclidean distance between the results is the Hellinger distance between the
    histograms.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
        Non-negative. Changed in place.

    Returns
    -------
    ndarray of shape (n, d), float32
        The same array; rows have Euclidean length 1.

    References
    ----------
    Arandjelović & Zisserman, "Three things everyone should know to improve object
    retrieval", CVPR 2012, section 3.

    Examples
    --------
    >>> root_normalize(np.array([[1.0, 3.0]], np.float32))
    array([[0.5      , 0.8660254]], dtype=float32)
    """
    total = descriptors.sum(axis=1, keepdims=True)
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    descriptors /= total
    return np.sqrt(descriptors, out=descriptors)


class Describer(BaseEstimator):
    """Base of estimators that turn one image into `LocalFeatures`.

    A describer learns nothing. Sub-classes have the parameter `max_side`, the attribute
    `n_dims` (length of a descriptor) and the methods `_check` (validates parameters) and
    `describe_pixels` (array of at most `max_side` to features).
    """

    max_side: int | None

    def describe(self, image) -> LocalFeatures:
        """Describe one image.

        Parameters
        ----------
        image : path, encoded bytes, or ndarray of shape (H, W) or (H, W, 3), uint8
            RGB where it has color.

        Returns
        -------
        LocalFeatures
            In the pixels of `image`, also where it had to be reduced to `max_side`; of a
            path or bytes, in the pixels of the reduced image.

        Raises
        ------
        ParameterError
            A parameter has an invalid value.
        ImageReadError
            The image cannot be read.
        """
        self._check()
        pixels = read_image(image, max_side=self.max_side)
        features = self.describe_pixels(pixels)
        if isinstance(image, np.ndarray) and image.shape[:2] != pixels.shape[:2]:
            factor = max(image.shape[:2]) / max(pixels.shape[:2])
            features = features.scaled(factor, image.shape[:2])
        return features

    def describe_all(self, X, *, n_jobs: int | None = None) -> Iterator[LocalFeatures]:
        """Describe many images, in order, in bounded memory.

        Parameters
        ----------
        X : iterable of images
            As `describe` takes them, or `Picture`.
        n_jobs : int or None
            As in joblib.

        Yields
        ------
        LocalFeatures
            In the pixels of the image reduced to `max_side`.
        """
        self._check()
        for block in map_blocks(self._describe_block, X, n_jobs=n_jobs):
            yield from block

    def _describe_block(self, images: list) -> list[LocalFeatures]:
        return [self.describe_pixels(load_pixels(image, self.max_side)) for image in images]

    def check_parameters(self) -> None:
        """Raise `ParameterError` for a parameter with an invalid value."""
        self._check()

    def _check(self) -> None:
        raise NotImplementedError

    def describe_pixels(self, pixels: np.ndarray) -> LocalFeatures:
        """Describe pixels of at most `max_side`, with parameters that were checked.

        What `describe` does after reading; sub-classes have it.
        """
        raise NotImplementedError
