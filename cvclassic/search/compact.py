"""Compact codes: a whole image in at most 64 bytes, compared by plain scans."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..describe import ColorStats, DenseSIFT
from ..encode import FisherVector
from ..images import Picture, map_blocks

N_DIMS = 128  # of four bits each
_STEP = 0.335  # of a uniform quantizer with 16 levels, in standard deviations (Max 1960, table II)
_WHITENING = 0.25  # power of the variance that dimensions are divided by
_SHARE = 0.7  # weight of the shape beside the color
_SIDE = 200


class CompactCoder(BaseEstimator):
    """Fisher vectors of local color and of dense SIFT, reduced to 128 numbers of 4 bits.

    Parameters
    ----------
    random_state : int
    n_jobs : int or None

    Attributes
    ----------
    color_, shape_ : FisherVector
    mean_ : ndarray of shape (d,), float32
    components_ : ndarray of shape (d, k), float32
        Principal axes, each divided by the 0.5th power of its standard deviation.
    scale_ : ndarray of shape (k,), float32
        Standard deviation of each reduced dimension.

    References
    ----------
    Perronnin, Liu, Sánchez & Poirier, "Large-scale image retrieval with compressed Fisher
    vectors", CVPR 2010. Jégou & Chum, "Negative evidences and co-occurences in image
    retrieval: the benefit of PCA and whitening", ECCV 2012. Max, "Quantizing for minimum
    distortion", IRE Transactions on Information Theory 6(1), 1960.
    """

    def __init__(self, random_state=0, n_jobs=None):
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Learn from a sample of images."""
        shared = {"n_gaussians": 64, "sample_mb": 16, "random_state": self.random_state}
        self.color_ = FisherVector(
            ColorStats(step=4, bin_sizes=(2, 5), max_side=150, color_space="lab"),
            n_components=24,
            n_jobs=self.n_jobs,
            **shared,
        ).fit(X)
        self.shape_ = FisherVector(
            DenseSIFT(step=6, bin_sizes=(4, 8), window="flat", max_side=_SIDE),
            n_components=48,
            n_jobs=self.n_jobs,
            **shared,
        ).fit(X)
        vectors = np.vstack(list(map_blocks(self._long, X, n_jobs=self.n_jobs)))
        self.mean_ = vectors.mean(axis=0)
        centered = vectors - self.mean_
        # of few long vectors the Gram matrix has the same eigenvalues as the covariance
        values, left = np.linalg.eigh(centered @ centered.T)
        keep = values[::-1] > 1e-6 * max(values[-1], 1e-12)
        values, left = values[::-1][keep][:N_DIMS], left[:, ::-1][:, keep][:, :N_DIMS]
        axes = centered.T @ (left / np.sqrt(values))
        spread = np.sqrt(values / len(X))
        if not len(values):  # images that are all alike
            axes, spread = np.zeros((len(self.mean_), 1), np.float32), np.ones(1)
        self.components_ = (axes / spread ** (2 * _WHITENING)).astype(np.float32)
        reduced = _unit(centered @ self.components_)
        self.scale_ = np.maximum(reduced.std(axis=0), 1e-6).astype(np.float32)
        return self

    def vectors(self, images: list) -> np.ndarray:
        """Reduced vectors of length 1, of shape (n, k), float32."""
        return _unit((self._long(images) - self.mean_) @ self.components_)

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Codes of reduced vectors.

        Parameters
        ----------
        vectors : ndarray of shape (n, k), float32

        Returns
        -------
        ndarray of shape (n, ceil(k / 2)), uint8
        """
        levels = np.clip(np.floor(vectors / (self.scale_ * _STEP)), -8, 7).astype(np.int8) + 8
        if levels.shape[1] % 2:
            levels = np.pad(levels, ((0, 0), (0, 1)))
        return (levels[:, ::2] | (levels[:, 1::2] << 4)).astype(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Vectors of length 1 that codes stand for, of shape (n, k), float32."""
        levels = np.empty((len(codes), codes.shape[1], 2), np.float32)
        levels[:, :, 0] = codes & 15
        levels[:, :, 1] = codes >> 4
        levels -= 7.5
        return _unit(levels.reshape(len(codes), -1)[:, : len(self.scale_)] * self.scale_)

    @property
    def n_bytes(self) -> int:
        """Length of a code."""
        return (len(self.scale_) + 1) // 2

    def _long(self, images: list) -> np.ndarray:
        """Fisher vectors side by side."""
        pixels = [Picture(one) if not isinstance(one, Picture) else one for one in images]
        color = _unit(self.color_.block_vectors(pixels))
        shape = _unit(self.shape_.block_vectors(pixels))
        return _unit(np.hstack([color, _SHARE * shape]))


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros stay zeros."""
    length = np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    return (rows / np.maximum(length, 1e-12)).astype(np.float32)
