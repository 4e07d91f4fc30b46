"""Topics of an index: what its images are about, by which visual words occur together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack
from sklearn.decomposition import NMF, LatentDirichletAllocation, TruncatedSVD

from .._basics.checks import check_choice, check_integer
from ..errors import DataError, ParameterError
from .index import ImageIndex

METHODS = ("lsi", "plsa", "lda")
_ROUNDS = 200  # of pLSA
_MANY = 100  # images
_FREQUENT = 0.5  # words in more images than this share say nothing of topics


@dataclass(frozen=True, eq=False)
class Topics:
    """Topics of images.

    Parameters
    ----------
    method : {"lsi", "plsa", "lda"}
    weights : ndarray of shape (n_images, k), float64
        How much each topic is in each image. For "plsa" and "lda" rows are shares that sum to 1
        (0 for an image without keypoints); for "lsi" they are coordinates, M = K S D.
    words : ndarray of shape (k, n_words), float64
        How much each word belongs to each topic.
    images : ndarray of shape (n_images,), int
        Numbers of the images, through all segments.
    strengths : ndarray of shape (k,), float64
        Singular values for "lsi"; shares of all keypoints for the others.
    """

    method: str
    weights: np.ndarray
    words: np.ndarray
    images: np.ndarray
    strengths: np.ndarray

    def top_images(self, topic: int, n: int) -> np.ndarray:
        """Numbers of the images that show most of a topic."""
        return self.images[np.argsort(-self.weights[:, topic], kind="stable")[:n]]

    def top_words(self, topic: int, n: int) -> np.ndarray:
        """The words that belong most to a topic."""
        return np.argsort(-self.words[topic], kind="stable")[:n]


def word_counts(index: ImageIndex) -> tuple[csr_array, np.ndarray]:
    """How often each word occurs in each image.

    Parameters
    ----------
    index : ImageIndex

    Returns
    -------
    counts : csr_array of shape (n_images, n_words), float64
    images : ndarray of shape (n_images,), int
        Their numbers, through all segments; those that were removed are left out.
    """
    parts, numbers = [], []
    for s, (segment, gone) in enumerate(zip(index.segments_, index.removed_, strict=True)):
        segment.touch(np.arange(segment.n_words))
        words = np.repeat(np.arange(segment.n_words), np.diff(segment.starts))
        shape = (len(segment), segment.n_words)
        whole = csr_array((np.ones(len(words)), (segment.owners.astype(np.int64), words)), shape)
        whole.sum_duplicates()
        alive = np.flatnonzero(~gone)
        parts.append(whole[alive])
        numbers.append(alive + index.searcher_.firsts[s])
    if not parts or not sum(part.shape[0] for part in parts):
        raise DataError("the index holds no image")
    return csr_array(vstack(parts)), np.concatenate(numbers)


def find_topics(
    index: ImageIndex, n_topics: int = 20, *, method: str = "lda", random_state: int = 0
) -> Topics:
    """Find topics of the images of an index.

    Parameters
    ----------
    index : ImageIndex
    n_topics : int
    method : {"lsi", "plsa", "lda"}
        Latent semantic indexing (singular vectors of the tf-idf matrix), probabilistic latent
        semantic analysis (as a factorization of the counts under the Kullback-Leibler
        divergence), or latent Dirichlet allocation.
    random_state : int

    Raises
    ------
    ParameterError
        There are fewer images or words than topics.

    References
    ----------
    Deerwester et al., "Indexing by latent semantic analysis", JASIS 41(6), 1990. Hofmann,
    "Unsupervised learning by probabilistic latent semantic analysis", Machine Learning 42, 2001.
    Blei, Ng & Jordan, "Latent Dirichlet allocation", JMLR 3, 2003. Gaussier & Goutte, "Relation
    between PLSA and NMF and implications", SIGIR 2005. Sivic et al., "Discovering objects and
    their location in images", ICCV 2005 (topics over visual words).
    """
    check_integer("n_topics", n_topics, 1)
    check_choice("method", method, METHODS)
    counts, images = word_counts(index)
    most = min(counts.shape) - (method == "lsi")
    if n_topics > most:
        raise ParameterError(f"n_topics must be at most {most} here. Got {n_topics} instead.")
    spread = np.bincount(counts.indices, minlength=counts.shape[1])
    if len(images) >= _MANY:
        counts = csr_array(counts.multiply(spread <= _FREQUENT * len(images)))
        counts.eliminate_zeros()
    if method == "lsi":
        rare = np.log((len(images) + 1) / np.maximum(spread, 1))
        scaled = csr_array(counts.multiply(rare))
        length = np.sqrt(scaled.multiply(scaled).sum(axis=1))
        scaled = csr_array(scaled.multiply((1 / np.maximum(length, 1e-12))[:, None]))
        model = TruncatedSVD(n_topics, random_state=random_state)
        weights = model.fit_transform(scaled)
        signs = np.where(np.abs(weights.max(axis=0)) >= np.abs(weights.min(axis=0)), 1, -1)
        return Topics(
            method, weights * signs, model.components_ * signs[:, None], images,
            model.singular_values_,
        )  # fmt: skip
    if method == "plsa":
        model = NMF(
            n_topics, init="nndsvda", solver="mu", beta_loss="kullback-leibler",
            max_iter=_ROUNDS, random_state=random_state, tol=1e-3,
        )  # fmt: skip
        weights = model.fit_transform(counts)
        mass = model.components_.sum(axis=1)
        weights = weights * mass
        words = model.components_ / np.maximum(mass, 1e-12)[:, None]
    else:
        model = LatentDirichletAllocation(n_topics, random_state=random_state, max_iter=30)
        weights = model.fit_transform(counts) * counts.sum(axis=1)[:, None]
        words = model.components_ / model.components_.sum(axis=1, keepdims=True)
    share = weights.sum(axis=0) / max(float(weights.sum()), 1e-12)
    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    order = np.argsort(-share, kind="stable")
    return Topics(method, weights[:, order], words[order], images, share[order])


def places_of_words(
    index: ImageIndex, words: Sequence[int], images: Sequence[int]
) -> dict[int, list[tuple[int, np.ndarray]]]:
    """Where words occur in some images: for each word (image, packed place), a place per image."""
    wanted = {int(image) for image in images}
    found: dict[int, list[tuple[int, np.ndarray]]] = {int(word): [] for word in words}
    for s, segment in enumerate(index.segments_):
        first = int(index.searcher_.firsts[s])
        for word, places in found.items():
            part = slice(int(segment.starts[word]), int(segment.starts[word + 1]))
            seen = set()
            for owner, place in zip(segment.owners[part], segment.places[part], strict=True):
                image = int(owner) + first
                if image in wanted and image not in seen:
                    seen.add(image)
                    places.append((image, place))
    return found
