"""VLAD: per visual word, the sum of the differences between descriptors and the word."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from .._basics.checks import check_bool, check_integer, check_number
from .._basics.parameters import Pyramid, Seed
from .._basics.saving import SavedState, require, require_shape
from ..describe import Describer, LocalFeatures, power_normalize
from .base import LocalEncoder, prior_share
from .mixture import principal_components
from .pyramid import cell_groups, sum_groups
from .vocabulary import codebook_size, kmeans_words, nearest_words


def word_sums(
    descriptors: np.ndarray, assignment: np.ndarray, n_words: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the descriptors of each word.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    assignment : ndarray of shape (n,), int
        Word of each descriptor.
    n_words : int

    Returns
    -------
    sums : ndarray of shape (n_words, d), float32
    counts : ndarray of shape (n_words, 1), float32

    Examples
    --------
    >>> sums, counts = word_sums(np.eye(2, dtype=np.float32), np.array([2, 2]), 3)
    >>> sums[2].tolist(), counts.ravel().tolist()
    ([1.0, 1.0], [0.0, 0.0, 2.0])
    """
    order = np.argsort(assignment, kind="stable")
    counts = np.bincount(assignment, minlength=n_words)
    ends = np.concatenate([[0], np.cumsum(counts)])
    members = csr_array((np.ones(len(order), np.float32), order, ends), shape=(n_words, len(order)))
    return members @ descriptors, counts.astype(np.float32)[:, None]


def vlad_normalize(residuals: np.ndarray, *, intra: bool, power: float) -> np.ndarray:
    """Normalize VLAD's residuals: signed power, each word, then the whole vector.

    Parameters
    ----------
    residuals : ndarray of shape (k, d), float32
        Changed in place.
    intra : bool
        Give the part of each word the length 1 (words without descriptors stay zero).
    power : float
        Exponent of the signed power normalization; 1 leaves it out.

    Returns
    -------
    ndarray of shape (k d,), float32
        A vector of Euclidean length 1, or zeros.

    Examples
    --------
    >>> vlad_normalize(np.array([[0, 3], [0, 0], [-2, 0.0]]), intra=True, power=1).round(3)
    array([ 0.   ,  0.707,  0.   ,  0.   , -0.707,  0.   ])
    """
    if power != 1:
        np.copysign(np.abs(residuals) ** power, residuals, out=residuals)
    if intra:
        lengths = np.sqrt(np.einsum("kd,kd->k", residuals, residuals))[:, None]
        np.divide(residuals, lengths, out=residuals, where=lengths > 0)
    return power_normalize(residuals.ravel(), 1)


def vlad_vector(
    descriptors: np.ndarray, words: np.ndarray, *, intra: bool = True, power: float = 1.0
) -> np.ndarray:
    """Vector of locally aggregated descriptors.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    words : ndarray of shape (k, d), float32
    intra : bool, default=True
        Give the part of each word the length 1.
    power : float, default=1.0
        Exponent of the signed power normalization, before that.

    Returns
    -------
    ndarray of shape (k d,), float32
        A vector of Euclidean length 1; zeros if there are no descriptors.

    References
    ----------
    Jégou et al., "Aggregating local descriptors into a compact image representation",
    CVPR 2010, section 3.2; intra-normalization: Arandjelović & Zisserman, "All about VLAD",
    CVPR 2013, section 3.2.

    Examples
    --------
    >>> words = np.array([[0, 0], [1, 1]], np.float32)
    >>> vlad_vector(np.array([[0.5, 0], [1, 3]], np.float32), words).round(3)
    array([0.707, 0.   , 0.   , 0.707], dtype=float32)
    """
    sums, counts = word_sums(descriptors, nearest_words(descriptors, words), len(words))
    return vlad_normalize(sums - counts * words, intra=intra, power=power)


class VLAD(LocalEncoder):
    """Vector of locally aggregated descriptors, with a spatial pyramid.

    `fit` clusters a class-balanced sample of local descriptors into `n_words` words; where it
    comes from few images, the words are moved towards the mean of all descriptors
    (`prior_share` says why and how far).

    `transform` sums, for each word and cell, the differences between the word and the
    descriptors nearest to it.

    Parameters
    ----------
    describer : Describer or None, default=None
        Gives the local features. None stands for ``SIFT()``.
    n_words : int, default=64
        Size of the vocabulary; half the number of local features where there are fewer.
    n_components : int or None, default=None
        Principal components that the descriptors are projected on; None (or at least
        their length) keeps them as they are.
    intra : bool, default=True
        Give the part of each word the length 1, so that bursts of one word count less.
    power : float, default=0.5
        Exponent of the signed power normalization; 1 leaves it out.
    pyramid : sequence of (rows, columns), default=((1, 1),)
        Grids of a spatial pyramid; each cell has a vector of its own, of length 1.
    sample_mb : float, default=128
        Bound on the descriptors that the vocabulary is learned from, in 10^6 bytes.
    random_state : int, RandomState or None, default=None
        Seed of sampling and clustering. With an integer the result is the same for every
        `n_jobs`.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    mean_, components_ : ndarray of shape (d,) and (n_components, d), float32
        The projection; both are None where descriptors are kept as they are.
    words_ : ndarray of shape (at most n_words, n_components), float32
        The vocabulary.
    n_features_out_ : int

    References
    ----------
    Jégou et al., "Aggregating local image descriptors into compact codes", PAMI 34(9), 2012,
    section 3; Arandjelović & Zisserman, "All about VLAD", CVPR 2013, section 3.2.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (6, 64, 64), np.uint8)
    >>> VLAD(n_words=4, random_state=0).fit_transform(images).shape
    (6, 512)
    """

    saved_state = SavedState(
        arrays={"mean_": 1, "components_": 2, "words_": 2},
        optional=("mean_", "components_"),
        scalars={"n_features_out_": int},
        bounds={"power": (0.01, 4), "pyramid": (1, 1000), "sample_mb": (0, 1e9)},
    )

    def __init__(
        self,
        describer: Describer | None = None,
        n_words: int = 64,
        n_components: int | None = None,
        intra: bool = True,
        power: float = 0.5,
        pyramid: Pyramid = ((1, 1),),
        sample_mb: float = 128,
        random_state: Seed = None,
        n_jobs: int | None = None,
    ) -> None:
        self.describer = describer
        self.n_words = n_words
        self.n_components = n_components
        self.intra = intra
        self.power = power
        self.pyramid = pyramid
        self.sample_mb = sample_mb
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_encoder(self) -> None:
        check_integer("n_words", self.n_words, 2)
        check_integer("n_components", self.n_components, 1, none=True)
        check_bool("intra", self.intra)
        check_number("power", self.power, 0, exclusive=True)

    def _fit_codebook(self, sample: np.ndarray, rng: np.random.RandomState) -> None:
        self.mean_ = self.components_ = None
        if self.n_components is not None and self.n_components < sample.shape[1]:
            self.mean_, self.components_ = principal_components(sample, self.n_components)
        projected = self.project(sample)
        n_words = max(codebook_size(self.n_words, len(sample)), 2)
        words = kmeans_words(projected, n_words, random_state=rng, n_jobs=self.n_jobs)
        share = np.float32(prior_share(self._n_images, n_words))
        self.words_ = words if share == 0 else words + share * (projected.mean(axis=0) - words)

    def project(self, descriptors: np.ndarray) -> np.ndarray:
        """Descriptors in the coordinates of the words."""
        if self.components_ is None:
            return descriptors
        return (descriptors - self.mean_) @ self.components_.T

    def _cell_dims(self) -> int:
        return self.words_.size

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        order, bounds, owners = cell_groups(cells)
        k, d = self.words_.shape
        n_groups = len(bounds) - 1
        x = self.project(features.descriptors)
        assignment = np.empty(len(x), np.int64)
        assignment[order] = np.repeat(np.arange(n_groups) * k, np.diff(bounds))
        assignment += nearest_words(x, self.words_)
        sums, counts = word_sums(x, assignment, n_groups * k)
        residuals = (sums - counts * np.tile(self.words_, (n_groups, 1))).reshape(n_groups, k, d)
        cell_sums = sum_groups(residuals, owners, sum(r * c for r, c in self.pyramid))
        for cell in cell_sums:
            vlad_normalize(cell, intra=self.intra, power=self.power)
        return cell_sums.ravel()

    def _check_saved(self) -> None:
        d = self._describer.n_dims
        require((self.mean_ is None) == (self.components_ is None), "mean_ is missing")
        if self.components_ is not None:
            require_shape(self, "mean_", (d,))
            require(self.components_.shape[1] == d, f"components_ must have {d} columns")
            d = len(self.components_)
        require_shape(self, "words_", (len(self.words_), d))
        self._check_codebook(len(self.words_))
        self._check_saved_columns()
