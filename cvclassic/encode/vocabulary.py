"""Visual vocabularies: K-means by matrix products, and the nearest word of a descriptor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..errors import DataError
from ..images import thread_map

_SCORES = 1 << 18  # of a block of distances: 1 MB of float32 stays in the level-2 cache
_CHUNK = 1 << 15  # descriptors that one job assigns and sums
_SEED_ROWS = 10  # descriptors a word that the seeds are chosen from
_GROWTH = 4  # each part of the sample is so many times as large as the one before
_START_ROWS = 16  # descriptors a word in the first part, at least


def codebook_size(asked: int, n_features: int, least: int = 1) -> int:
    """Number of words (or Gaussians) that can be learned from `n_features` local features.

    Parameters
    ----------
    asked : int
    n_features : int
        Number of local features to learn from.
    least : int
        Features per word that learning needs.

    Returns
    -------
    int
        `asked`, or where there are too few features for that, half of the most that could be
        learned: words that are single features would say nothing of new images.

    Examples
    --------
    >>> codebook_size(500, 900), codebook_size(500, 320)
    (500, 160)
    """
    if n_features >= least * asked:
        return asked
    return max(n_features // (2 * least), 1)


def codebook_note(name: str, asked: int, learned: int) -> str | None:
    """A sentence where a codebook has fewer words than the parameter `name` asked for."""
    if learned == asked:
        return None
    few = "is too many for the few local features of the training images"
    return f"{name}={asked} {few}: {learned} were learned"


def nearest_words(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Index of the nearest word (Euclidean) of every descriptor.

    The nearest word has the largest ``x·w - |w|²/2``. With a column of ones beside the
    descriptors and one of ``-|w|²/2`` beside the words that is a single matrix product, and its
    maximum is looked for while the block is still in the cache.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    words : ndarray of shape (k, d), float32

    Returns
    -------
    ndarray of shape (n,), int32

    Examples
    --------
    >>> words = np.array([[0, 0], [1, 1]], np.float32)
    >>> nearest_words(np.array([[0.9, 0.8], [0.1, 0]], np.float32), words)
    array([1, 0], dtype=int32)
    """
    out = np.empty(len(descriptors), np.int32)
    for part, scores in _scores(descriptors, words):
        out[part] = scores.argmax(axis=1)
    return out


def nearest_k_words(
    descriptors: np.ndarray, words: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest words of every descriptor, nearest first.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    words : ndarray of shape (n_words, d), float32
    k : int
        At most `n_words`.

    Returns
    -------
    nearest : ndarray of shape (k, n), int32
    squared_distances : ndarray of shape (k, n), float32

    Examples
    --------
    >>> words = np.array([[0, 0], [1, 0], [5, 0]], np.float32)
    >>> nearest, distances = nearest_k_words(np.array([[0.75, 0]], np.float32), words, 2)
    >>> nearest.ravel().tolist(), distances.ravel().tolist()
    ([1, 0], [0.0625, 0.5625])
    """
    nearest = np.empty((k, len(descriptors)), np.int32)
    distances = np.empty((k, len(descriptors)), np.float32)
    for part, scores in _scores(descriptors, words):
        rows = np.arange(len(scores))
        for rank in range(k):
            best = scores.argmax(axis=1)
            nearest[rank, part] = best
            distances[rank, part] = scores[rows, best]
            scores[rows, best] = -np.inf
    distances *= -2
    distances += np.einsum("nd,nd->n", descriptors, descriptors)
    return nearest, np.maximum(distances, 0, out=distances)


def _scores(descriptors: np.ndarray, words: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """x·w - |w|²/2 of all words, for blocks of descriptors; the array is used again."""
    k, d = words.shape
    bank = np.empty((d + 1, k), np.float32)
    bank[:d] = words.T
    bank[d] = -0.5 * np.einsum("kd,kd->k", words, words)
    rows = max(1, min(len(descriptors), _SCORES // k))
    block = np.ones((rows, d + 1), np.float32)
    scores = np.empty((rows, k), np.float32)
    for start in range(0, len(descriptors), rows):
        part = slice(start, min(start + rows, len(descriptors)))
        n = part.stop - start
        block[:n, :d] = descriptors[part]
        np.matmul(block[:n], bank, out=scores[:n])
        yield part, scores[:n]


def _seed_words(sample: np.ndarray, k: int, rng: np.random.RandomState) -> np.ndarray:
    """k-means++ seeds (Arthur & Vassilvitskii 2007, section 2.2) from a part of the sample."""
    n = min(len(sample), max(_SEED_ROWS * k, 2000))
    part = sample[np.sort(rng.choice(len(sample), n, replace=False))]
    squared = np.einsum("nd,nd->n", part, part)
    seeds = np.empty((k, part.shape[1]), np.float32)
    distance = np.full(n, np.inf, np.float32)
    index = rng.randint(n)
    for i in range(k):
        seeds[i] = part[index]
        new = part @ (-2 * seeds[i])
        new += squared
        new += squared[index]
        np.minimum(distance, np.maximum(new, 0, out=new), out=distance)
        distance[index] = 0
        cumulative = np.cumsum(distance, dtype=np.float64)
        if cumulative[-1] <= 0:  # fewer distinct descriptors than words
            index = rng.randint(n)
        else:
            index = int(np.searchsorted(cumulative, rng.uniform() * cumulative[-1], side="right"))
            index = min(index, n - 1)
    return seeds


def _sum_by_word(
    sample: np.ndarray, rows: np.ndarray, words: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the descriptors nearest to each word, of one chunk of the sample."""
    block = sample[rows]
    nearest = nearest_words(block, words)
    counts = np.bincount(nearest, minlength=len(words))
    present = np.flatnonzero(counts)
    starts = np.concatenate([[0], np.cumsum(counts[present])[:-1]])
    sums = np.zeros_like(words)
    sums[present] = np.add.reduceat(block[np.argsort(nearest, kind="stable")], starts, axis=0)
    return sums, counts


def kmeans_words(
    sample: np.ndarray,
    n_words: int,
    *,
    random_state: np.random.RandomState,
    n_jobs: int | None = None,
    max_iter: int = 30,
    tol: float = 1e-3,
) -> np.ndarray:
    """Cluster descriptors into visual words.

    Lloyd's iterations from k-means++ seeds, first on a part of the sample, then on parts
    four times as large each until it is all of them: words travel most of their way while a
    pass is cheap.

    Parameters
    ----------
    sample : ndarray of shape (n, d), float32
    n_words : int
    random_state : numpy.random.RandomState
    n_jobs : int or None
        The result does not depend on it.
    max_iter : int
        Maximum number of passes over each part.
    tol : float
        Go on to the next part once the inertia falls by a smaller share than this.

    Returns
    -------
    ndarray of shape (n_words, d), float32

    Raises
    ------
    DataError
        There are fewer descriptors than words.

    References
    ----------
    Arthur & Vassilvitskii, "k-means++", SODA 2007. Newling & Fleuret, "Nested mini-batch
    K-means", NIPS 2016 (why to grow the batch).

    Examples
    --------
    >>> sample = np.repeat(np.eye(4, dtype=np.float32), 10, axis=0)
    >>> words = kmeans_words(sample, 4, random_state=np.random.RandomState(0))
    >>> sorted(words.argmax(axis=1).tolist())
    [0, 1, 2, 3]
    """
    if len(sample) < n_words:
        raise DataError(
            f"n_words={n_words} visual words need at least as many local features; the training "
            f"images gave {len(sample)}. Use fewer words or more (or larger) images."
        )
    size = len(sample)
    sizes = [size]
    while size > _START_ROWS * n_words * _GROWTH:
        size //= _GROWTH
        sizes.insert(0, size)
    with thread_map(n_jobs) as run:
        words = _seed_words(sample, n_words, random_state)
        order = random_state.permutation(len(sample))
        for size in sizes:
            rows = np.sort(order[:size])
            words = _lloyd(sample, rows, words, random_state, run, max_iter, tol)
    return words


def _lloyd(sample, rows, words, rng, run, max_iter, tol) -> np.ndarray:
    """Lloyd's iterations on some rows of the sample."""
    before = np.inf
    chunks = [rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK)]
    norm = sum(float(np.einsum("nd,nd->", b, b)) for b in (sample[c] for c in chunks))
    for _ in range(max_iter):
        sums, counts = np.zeros(words.shape), np.zeros(len(words), np.int64)
        for some, number in run(partial(_sum_by_word, sample, words=words), chunks):
            sums += some
            counts += number
        filled = counts > 0
        means = sums[filled] / counts[filled, None]
        # for the new means: sum |x|^2 - sum n_k |mean_k|^2
        inertia = norm - float(np.sum(counts[filled] * np.einsum("kd,kd->k", means, means)))
        words = words.copy()
        words[filled] = means
        empty = np.flatnonzero(~filled)
        words[empty] = sample[rows[rng.randint(len(rows), size=len(empty))]]
        if inertia >= (1 - tol) * before and not len(empty):
            break
        before = inertia
    return words
