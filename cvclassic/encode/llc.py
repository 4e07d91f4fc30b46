"""Locality-constrained linear coding: a descriptor as a blend of its nearest words."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_integer, check_number
from .._basics.deprecation import renamed_parameter
from .._basics.parameters import Pyramid, Seed
from .._basics.saving import SavedState, require_shape
from ..describe import Describer, LocalFeatures
from .bag_of_words import check_nearest, normalize_histogram
from .base import LocalEncoder
from .vocabulary import codebook_size, kmeans_words, nearest_k_words


def solve_ones(matrices: np.ndarray) -> np.ndarray:
    """Solve ``A w = 1`` for many small symmetric positive definite matrices at once.

    Gaussian elimination, which needs no pivots here, with every step over all matrices: for
    5 x 5 that is far faster than a LAPACK call for each.

    Parameters
    ----------
    matrices : ndarray of shape (k, k, n)
        Overwritten.

    Returns
    -------
    ndarray of shape (k, n)

    Examples
    --------
    >>> solve_ones(np.array([[[2.0]], [[4.0]]]).reshape(1, 1, 2))
    array([[0.5 , 0.25]])
    """
    k = len(matrices)
    w = np.ones(matrices.shape[1:], matrices.dtype)
    for i in range(k):
        for j in range(i + 1, k):
            factor = matrices[j, i] / matrices[i, i]
            matrices[j, i + 1 :] -= factor * matrices[i, i + 1 :]
            w[j] -= factor * w[i]
    for i in reversed(range(k)):
        for j in range(i + 1, k):
            w[i] -= matrices[i, j] * w[j]
        w[i] /= matrices[i, i]
    return w


def llc_codes(
    descriptors: np.ndarray, words: np.ndarray, n_nearest: int = 5, regularization: float = 1e-4
) -> tuple[np.ndarray, np.ndarray]:
    """Weights that rebuild each descriptor from its nearest words and sum to one.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    words : ndarray of shape (n_words, d), float32
    n_nearest : int
        Words that a descriptor is built from.
    regularization : float
        Share of the covariance's trace that is added to its diagonal.

    Returns
    -------
    nearest : ndarray of shape (n_nearest, n), int32
        The words, nearest first.
    codes : ndarray of shape (n_nearest, n), float32
        Their weights.

    References
    ----------
    Wang, Yang, Yu, Lv, Huang & Gong, "Locality-constrained linear coding for image
    classification", CVPR 2010, eq. 7 and section 3.

    Examples
    --------
    >>> words = np.array([[0, 0], [1, 0], [9, 9]], np.float32)
    >>> nearest, codes = llc_codes(np.array([[0.25, 0]], np.float32), words, 2, 1e-9)
    >>> nearest.ravel().tolist(), codes.ravel().round(3).tolist()
    ([0, 1], [0.75, 0.25])
    """
    nearest, distances = nearest_k_words(descriptors, words, n_nearest)
    gram = words @ words.T
    squared = np.diag(gram)
    # (w_i - x)·(w_j - x) from the distances of both to x and from each other
    covariance = np.empty((n_nearest, n_nearest, len(descriptors)), np.float32)
    for i in range(n_nearest):
        for j in range(n_nearest):
            apart = squared[nearest[i]] + squared[nearest[j]] - 2 * gram[nearest[i], nearest[j]]
            covariance[i, j] = 0.5 * (distances[i] + distances[j] - apart)
    trace = np.maximum(distances.sum(axis=0), np.float32(1e-6) * (squared.max() + 1))
    for i in range(n_nearest):
        covariance[i, i] += np.float32(max(regularization, 1e-6)) * trace
    codes = solve_ones(covariance)
    codes /= codes.sum(axis=0)
    return nearest, codes


class LLC(LocalEncoder):
    """Locality-constrained linear coding with maximum pooling.

    Each descriptor is rebuilt from its few nearest words; of the weights of a word the
    largest in each cell of the pyramid is kept. Made for a linear SVM.

    Parameters
    ----------
    describer : Describer or None, default=None
        Gives the local features. None stands for ``SIFT()``.
    n_words : int, default=1024
        Size of the vocabulary; half the number of local features where there are fewer.
    n_nearest : int, default=5
        Words that a descriptor is rebuilt from, at most `n_words`.
    regularization : float, default=1e-4
        Larger values share the weight more evenly.
    pyramid : sequence of (rows, columns), default=((1, 1), (2, 2), (4, 4))
        Grids of a spatial pyramid; every cell has a vector of its own.
    sample_mb : float, default=128
        Bound on the descriptors that the vocabulary is learned from, in 10^6 bytes.
    random_state : int, RandomState or None, default=None
        Seed of sampling and clustering. With an integer the result is the same for every
        `n_jobs`.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    words_ : ndarray of shape (at most n_words, d), float32
        The vocabulary.
    n_features_out_ : int
        Vectors have Euclidean length 1.

    References
    ----------
    Wang, Yang, Yu, Lv, Huang & Gong, "Locality-constrained linear coding for image
    classification", CVPR 2010.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (6, 64, 64), np.uint8)
    >>> LLC(n_words=10, pyramid=((1, 1),), random_state=0).fit_transform(images).shape
    (6, 10)
    """

    saved_state = SavedState(
        arrays={"words_": 2},
        scalars={"n_features_out_": int},
        bounds={
            "n_words": (2, 10_000_000),
            "n_nearest": (1, 1000),
            "regularization": (0, 1e6),
            "pyramid": (1, 1000),
            "sample_mb": (0, 1e9),
        },
    )

    @renamed_parameter("0.2", "regularisation", "regularization")
    def __init__(
        self,
        describer: Describer | None = None,
        n_words: int = 1024,
        n_nearest: int = 5,
        regularization: float = 1e-4,
        pyramid: Pyramid = ((1, 1), (2, 2), (4, 4)),
        sample_mb: float = 128,
        random_state: Seed = None,
        n_jobs: int | None = None,
    ) -> None:
        self.describer = describer
        self.n_words = n_words
        self.n_nearest = n_nearest
        self.regularization = regularization
        self.pyramid = pyramid
        self.sample_mb = sample_mb
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_encoder(self) -> None:
        check_integer("n_words", self.n_words, 2)
        check_nearest(self.n_nearest, self.n_words)
        check_number("regularization", self.regularization, 0)

    def _fit_codebook(self, sample: np.ndarray, rng: np.random.RandomState) -> None:
        n_words = max(codebook_size(self.n_words, len(sample)), 2)
        self.words_ = kmeans_words(sample, n_words, random_state=rng, n_jobs=self.n_jobs)

    def _cell_dims(self) -> int:
        return len(self.words_)

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        nearest, codes = llc_codes(
            features.descriptors,
            self.words_,
            min(self.n_nearest, len(self.words_)),
            self.regularization,
        )
        pooled = np.zeros(self.n_features_out_, np.float32)
        for level in cells:
            np.maximum.at(pooled, level * len(self.words_) + nearest, codes)
        return normalize_histogram(pooled, "l2")

    def _check_saved(self) -> None:
        require_shape(self, "words_", (len(self.words_), self._describer.n_dims))
        self._check_codebook(len(self.words_))
        self._check_saved_columns()
