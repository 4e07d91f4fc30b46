"""Search by words: what images are tagged with, and what lies near it in a common space."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, hstack
from sklearn.decomposition import TruncatedSVD

from ..errors import DataError, ParameterError
from ..evaluate.keywords import average_precisions
from .index import ImageIndex
from .results import Hit, Hits
from .searching import highest
from .topics import word_counts
from .words import IndexWords, check_words

_CONCEPTS = (3, 6, 12, 25, 50, 100)
_TAGGED = 10  # images with words from which on the number of concepts is chosen
_NEAR = 0.5  # weight of the common space beside the words themselves


class WordSearcher:
    """Ranks the images of an index for words.

    An image has a word with the probability that its manifest or model says. Besides, visual words
    and keywords stand side by side in one matrix, M = K S D, of which a singular value
    decomposition keeps the strongest concepts: an image without words of its own is found where
    its visual words lie near those of images that have them.

    Parameters
    ----------
    index : ImageIndex
    words : IndexWords
    n_concepts : int, optional
        Unless given, those under which a fifth of the tagged images is found best while its words
        are hidden.
    random_state : int

    References
    ----------
    Deerwester et al., "Indexing by latent semantic analysis", JASIS 41(6), 1990. Hare, Lewis,
    Enser & Sandom, "A linear-algebraic technique with an application in semantic image retrieval",
    CIVR 2006 (visual words and keywords in one matrix).
    """

    def __init__(
        self,
        index: ImageIndex,
        words: IndexWords,
        *,
        n_concepts: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.words = words
        self._column = {word: i for i, word in enumerate(words.words)}
        counts, self.images = word_counts(index)
        self._n = index.searcher_.n_images
        name = index.searcher_.name
        marks = np.zeros((len(self.images), len(words.words)), np.float64)
        for row, image in enumerate(self.images.tolist()):
            for word, share in words.images.get(name(image), {}).items():
                marks[row, self._column[word]] = share
        self.marks = marks
        visual = _weighed(counts)
        k = n_concepts or choose_concepts(visual, marks, random_state)
        self.n_concepts = min(k, len(marks) - 1, visual.shape[1] + marks.shape[1] - 1)
        self._places = self._concepts = None
        if self.n_concepts >= 1:
            self._places, self._concepts = joint_space(visual, marks, self.n_concepts, random_state)

    def scores(self, words: Sequence[str]) -> np.ndarray:
        """How well each image of the index fits some words, (n,); -inf for removed images.

        Raises
        ------
        ParameterError
            The index does not know a word, or there is none.
        """
        if not words:
            raise ParameterError("words must hold at least one word. Got none.")
        columns = [self._column[word] for word in check_words(words, self.words)]
        found = self.marks[:, columns].mean(axis=1)
        if self._places is not None and self._concepts is not None:
            query = self._concepts[columns].sum(axis=0)
            query /= max(float(np.linalg.norm(query)), 1e-12)
            found = found + _NEAR * np.maximum(self._places @ query, 0)
        out = np.full(self._n, -np.inf)
        out[self.images] = found
        return out


def joint_space(
    visual: csr_array, marks: np.ndarray, n_concepts: int, random_state: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Images and keywords as directions in one space: M = K S D.

    Parameters
    ----------
    visual : csr_array of shape (n, v)
        Visual words of the images, rows of length 1.
    marks : ndarray of shape (n, k)
        Keywords of the images, as probabilities.
    n_concepts : int
    random_state : int

    Returns
    -------
    places : ndarray of shape (n, n_concepts)
        Places of the images in concept space, of length 1.
    concepts : ndarray of shape (k, n_concepts)
        Places of the keywords.
    """
    rare = np.log((len(marks) + 1) / np.maximum((marks > 0).sum(axis=0), 1))
    both = csr_array(hstack([visual, _unit(csr_array(marks * rare))]))
    model = TruncatedSVD(n_concepts, random_state=random_state)
    places = model.fit_transform(both)
    places /= np.maximum(np.linalg.norm(places, axis=1), 1e-12)[:, None]
    return places, (model.components_[:, visual.shape[1] :] * rare).T


def choose_concepts(visual: csr_array, marks: np.ndarray, random_state: int = 0) -> int:
    """Number of concepts under which tagged images are found best when their words are hidden.

    Too many concepts give each word one of its own, and say nothing of images without words.
    """
    tagged = np.flatnonzero(marks.any(axis=1))
    most = min(visual.shape[0], visual.shape[1] + marks.shape[1]) - 1
    if len(tagged) < _TAGGED or most < _CONCEPTS[0]:
        return max(min(_CONCEPTS[0], most), 1)
    rng = np.random.default_rng(random_state)
    hidden = np.sort(rng.permutation(tagged)[: max(len(tagged) // 5, 3)])
    part = marks.copy()
    part[hidden] = 0
    truth = marks[hidden] > 0.5
    known = truth.any(axis=0) & part.any(axis=0)
    if not known.any():
        return _CONCEPTS[0]
    best = (-1.0, 0)
    for k in (k for k in _CONCEPTS if k <= most):
        places, concepts = joint_space(visual, part, k, random_state)
        found = average_precisions(truth[:, known], places[hidden] @ concepts[known].T)
        best = max(best, (round(float(found.mean()), 9), -k))
    return -best[1]


def _weighed(counts: csr_array) -> csr_array:
    """Visual words by tf-idf, rows of length 1."""
    spread = np.bincount(counts.indices, minlength=counts.shape[1])
    rare = np.log((counts.shape[0] + 1) / np.maximum(spread, 1))
    return _unit(csr_array(counts.multiply(rare)))


def _unit(rows: csr_array) -> csr_array:
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return csr_array(rows.multiply((1 / np.maximum(length, 1e-12))[:, None]))


def query_words(
    index: ImageIndex,
    searcher: WordSearcher,
    words: Sequence[str],
    images: Sequence = (),
    *,
    top: int = 10,
    expand: bool = False,
) -> Hits:
    """Find images by words, and by what some images show.

    Parameters
    ----------
    index : ImageIndex
    searcher : WordSearcher
        Searcher of the same index.
    words : sequence of str
    images : sequence of images
        Images of one thing; what they find counts as much as the words.
    top : int
    expand : bool
        Query again with what the best hits show.

    Raises
    ------
    ParameterError
        The index does not know a word.
    ImageReadError
        An image cannot be read.
    """
    began = time.perf_counter()
    wanted = searcher.scores(words)
    if not images:
        best = highest(wanted, top)
        hits = [_hit(index, i, float(wanted[i])) for i in best.tolist() if wanted[i] > 0]
        return Hits(hits, 0, (1, 1), {"search": time.perf_counter() - began})
    codes = [index.coder_.code(image) for image in images]
    described = time.perf_counter()
    ranking = index.rank(codes, expand=expand)
    alive = np.isfinite(ranking.scores)
    scores = np.full(len(wanted), -np.inf)
    scores[alive] = _to_one(ranking.scores[alive]) + _to_one(wanted[alive])
    both = replace(ranking, scores=scores)
    seconds = {"describe": described - began, "search": time.perf_counter() - described}
    return Hits(index.hits(codes[0], both, top), len(codes[0]), codes[0].image_shape, seconds)


def _to_one(scores: np.ndarray) -> np.ndarray:
    """Scores with a largest of 1."""
    return scores / max(float(scores.max(initial=0)), 1e-12)


def _hit(index: ImageIndex, image: int, score: float) -> Hit:
    empty = np.empty((0, 2), np.float32)
    searcher = index.searcher_
    return Hit(searcher.name(image), image, score, 0, 0, None, empty, empty, searcher.shape(image))


def rank_words(
    index: ImageIndex, searcher: WordSearcher, truth: Mapping[str, Mapping[str, float]]
) -> tuple[dict[str, list[str]], dict[str, dict[str, list[str]]]]:
    """Rankings for every word that some image truly has, and what is relevant for each.

    Parameters
    ----------
    index : ImageIndex
    searcher : WordSearcher
    truth : mapping of str to mapping
        Words of each image that is judged, by its path; the others are left out of the rankings.

    Returns
    -------
    rankings : dict of str to list of str
    relevance : dict of str to dict
        As `cvclassic.evaluate.score_rankings` takes it.

    Raises
    ------
    DataError
        The index knows none of the words.
    """
    name = index.searcher_.name
    judged = {int(i): name(int(i)) for i in searcher.images if name(int(i)) in truth}
    words = {word for path in judged.values() for word in truth[path]}
    rankings, relevance = {}, {}
    for word in sorted(words & set(searcher.words.words)):
        scores = searcher.scores([word])
        order = sorted(judged, key=lambda i: (-scores[i], i))
        rankings[word] = [judged[i] for i in order]
        relevant = [path for path in judged.values() if word in truth[path]]
        relevance[word] = {"relevant": relevant, "junk": []}
    if not rankings:
        raise DataError("the index knows none of the words")
    return rankings, relevance
