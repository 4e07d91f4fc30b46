"""Bag of visual words: how often each word of a vocabulary occurs in an image."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_choice, check_integer, check_number
from .._basics.parameters import Pyramid, Seed
from .._basics.saving import SavedState, require_shape
from ..describe import Describer, LocalFeatures
from ..errors import ParameterError
from .base import LocalEncoder
from .vocabulary import codebook_size, kmeans_words, nearest_k_words, nearest_words

_NORMS = ("l1", "l2", "hellinger", None)


def normalize_histogram(histogram: np.ndarray, norm: str | None) -> np.ndarray:
    """Normalize a histogram; one of zeros stays as it is.

    Parameters
    ----------
    histogram : ndarray of shape (k,), float32
        Non-negative.
    norm : {"l1", "l2", "hellinger", None}
        Divide by the sum, by the Euclidean length, or divide by the sum and take the
        square root.

    Returns
    -------
    ndarray of shape (k,), float32

    Examples
    --------
    >>> normalize_histogram(np.array([1, 3], np.float32), "l1")
    array([0.25, 0.75], dtype=float32)
    """
    if norm is None:
        return histogram
    total = np.linalg.norm(histogram) if norm == "l2" else histogram.sum()
    if total > 0:
        histogram = histogram / total
    return np.sqrt(histogram) if norm == "hellinger" else histogram


class BagOfWords(LocalEncoder):
    """Histogram of visual words.

    `fit` clusters a class-balanced sample of local descriptors into `n_words` words;
    `transform` counts for every image the word nearest to each of its descriptors.

    Parameters
    ----------
    describer : Describer or None, default=None
        Gives the local features. None stands for ``SIFT()``.
    n_words : int, default=500
        Size of the vocabulary; half the number of local features where there are fewer.
    norm : {"l1", "l2", "hellinger", None}, default="hellinger"
        Normalization of the histogram.
    n_nearest : int, default=1
        Words that share the vote of a descriptor, at most `n_words`. 1 is hard assignment;
        more make a kernel codebook [2]_ over the nearest words.
    sigma : float, default=0.1
        Width of that kernel, a distance between descriptors: the weight of a word at
        distance d is ``exp(-d² / (2 sigma²))``, and the weights of a descriptor sum to 1.
    pyramid : sequence of (rows, columns), default=((1, 1),)
        Grids of a spatial pyramid; every cell has a histogram of its own.
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

    References
    ----------
    .. [1] Csurka et al., "Visual categorization with bags of keypoints", ECCV workshop 2004.
    .. [2] van Gemert, Veenman, Smeulders & Geusebroek, "Visual word ambiguity", PAMI 32(7),
       2010, eq. 9 (codeword uncertainty).

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (6, 64, 64), np.uint8)
    >>> BagOfWords(n_words=10, random_state=0).fit_transform(images).shape
    (6, 10)
    """

    saved_state = SavedState(
        arrays={"words_": 2},
        scalars={"n_features_out_": int},
        bounds={
            "n_words": (2, 10_000_000),
            "n_nearest": (1, 10_000),
            "sigma": (1e-6, 1e6),
            "pyramid": (1, 1000),
            "sample_mb": (0, 1e9),
        },
    )

    def __init__(
        self,
        describer: Describer | None = None,
        n_words: int = 500,
        norm: str | None = "hellinger",
        n_nearest: int = 1,
        sigma: float = 0.1,
        pyramid: Pyramid = ((1, 1),),
        sample_mb: float = 128,
        random_state: Seed = None,
        n_jobs: int | None = None,
    ) -> None:
        self.describer = describer
        self.n_words = n_words
        self.norm = norm
        self.n_nearest = n_nearest
        self.sigma = sigma
        self.pyramid = pyramid
        self.sample_mb = sample_mb
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_encoder(self) -> None:
        check_integer("n_words", self.n_words, 2)
        check_choice("norm", self.norm, _NORMS)
        check_nearest(self.n_nearest, self.n_words)
        check_number("sigma", self.sigma, 0, exclusive=True)

    def _fit_codebook(self, sample: np.ndarray, rng: np.random.RandomState) -> None:
        n_words = max(codebook_size(self.n_words, len(sample)), 2)
        self.words_ = kmeans_words(sample, n_words, random_state=rng, n_jobs=self.n_jobs)

    def _cell_dims(self) -> int:
        return len(self.words_)

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        if self.n_nearest == 1:
            words, votes = nearest_words(features.descriptors, self.words_), None
        else:
            nearest = min(self.n_nearest, len(self.words_))
            words, votes = soft_votes(features.descriptors, self.words_, nearest, self.sigma)
        histogram = np.zeros(self.n_features_out_, np.float32)
        for level in cells:
            flat = (level * len(self.words_) + words).ravel()
            weights = None if votes is None else votes.ravel()
            histogram += np.bincount(flat, weights, minlength=len(histogram))
        return normalize_histogram(histogram, self.norm)

    def _check_saved(self) -> None:
        require_shape(self, "words_", (len(self.words_), self._describer.n_dims))
        self._check_codebook(len(self.words_))
        self._check_saved_columns()


def soft_votes(
    descriptors: np.ndarray, words: np.ndarray, n_nearest: int, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Share the vote of each descriptor between its nearest words by a Gaussian of distance.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    words : ndarray of shape (n_words, d), float32
    n_nearest : int
    sigma : float

    Returns
    -------
    nearest : ndarray of shape (n_nearest, n), int32
    votes : ndarray of shape (n_nearest, n), float32
        Each column sums to 1.

    Examples
    --------
    >>> words = np.array([[0.0], [1.0], [9.0]], np.float32)
    >>> soft_votes(np.array([[0.5]], np.float32), words, 2, 1.0)[1].ravel().tolist()
    [0.5, 0.5]
    """
    nearest, distances = nearest_k_words(descriptors, words, n_nearest)
    # relative to the nearest, so that no sum of weights vanishes
    votes = np.exp((distances[0] - distances) / np.float32(2 * sigma**2))
    return nearest, votes / votes.sum(axis=0)


def check_nearest(n_nearest, n_words: int) -> None:
    """Raise `ParameterError` unless there are at least that many words."""
    check_integer("n_nearest", n_nearest, 1)
    if n_nearest > n_words:
        raise ParameterError(
            f"n_nearest must be at most n_words={n_words}. Got {n_nearest!r} instead."
        )
