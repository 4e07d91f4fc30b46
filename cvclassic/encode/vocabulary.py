"""Visual vocabularies: K-means by matrix products, and the nearest word of a descriptor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import DataError
from ..images import map_blocks

_BLOCK = 2048  # rows of a distance block: 2048 x 1000 float32 stay in the level-2/3 cache


def nearest_words(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Index of the nearest word (Euclidean) of every descriptor.

    The squared distance is |x|² - 2 x·w + |w|²; |x|² does not change the order, so that a
    block costs one matrix product and one pass for the minimum.

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
    half_norms = 0.5 * np.einsum("kd,kd->k", words, words)
    out = np.empty(len(descriptors), np.int32)
    transposed = np.ascontiguousarray(words.T)
    for start in range(0, len(descriptors), _BLOCK):
        scores = descriptors[start : start + _BLOCK] @ transposed
        scores -= half_norms
        out[start : start + _BLOCK] = scores.argmax(axis=1)
    return out


def _seed_words(sample: np.ndarray, k: int, rng: np.random.RandomState) -> np.ndarray:
    """k-means++ seeds (Arthur & Vassilvitskii 2007, section 2.2) from a part of the sample."""
    part = sample[rng.choice(len(sample), min(len(sample), max(10 * k, 2000)), replace=False)]
    squared = np.einsum("nd,nd->n", part, part)
    seeds = np.empty((k, part.shape[1]), np.float32)
    distance = np.full(len(part), np.inf, np.float64)
    index = rng.randint(len(part))
    for i in range(k):
        seeds[i] = part[index]
        new = squared - 2 * (part @ seeds[i]) + squared[index]
        np.minimum(distance, np.maximum(new, 0), out=distance)
        cumulative = np.cumsum(distance)
        if cumulative[-1] <= 0:  # fewer distinct descriptors than words
            index = rng.randint(len(part))
        else:
            index = int(np.searchsorted(cumulative, rng.uniform() * cumulative[-1], side="right"))
            index = min(index, len(part) - 1)
    return seeds


def _blocks(sample: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(sample), 16 * _BLOCK):
        yield sample[start : start + 16 * _BLOCK]


def kmeans_words(
    sample: np.ndarray,
    n_words: int,
    *,
    random_state: np.random.RandomState,
    n_jobs: int | None = None,
    max_iter: int = 30,
    tol: float = 1e-3,
) -> np.ndarray:
    """Cluster descriptors into visual words (Lloyd's iterations from k-means++ seeds).

    Parameters
    ----------
    sample : ndarray of shape (n, d), float32
    n_words : int
    random_state : numpy.random.RandomState
    n_jobs : int or None
        The result does not depend on it.
    max_iter : int
        Stop after so many iterations ...
    tol : float
        ... or once the inertia falls by a smaller share than this.

    Returns
    -------
    ndarray of shape (n_words, d), float32

    Raises
    ------
    DataError
        There are fewer descriptors than words.

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
            f"pictures gave {len(sample)}. Use fewer words or more (or larger) pictures."
        )
    words = _seed_words(sample, n_words, random_state)
    blocks = list(_blocks(sample))
    norm = float(np.einsum("nd,nd->", sample, sample, dtype=np.float64))
    before = np.inf
    for _ in range(max_iter):

        def step(part: list[np.ndarray], words=words):
            (block,) = part
            nearest = nearest_words(block, words)
            order = np.argsort(nearest, kind="stable")
            counts = np.bincount(nearest, minlength=n_words)
            present = np.flatnonzero(counts)
            starts = np.concatenate([[0], np.cumsum(counts[present])[:-1]])
            sums = np.zeros_like(words, dtype=np.float64)
            sums[present] = np.add.reduceat(block[order], starts, axis=0, dtype=np.float64)
            return sums, counts

        sums = np.zeros(words.shape, np.float64)
        counts = np.zeros(n_words, np.int64)
        for block_sums, block_counts in map_blocks(step, blocks, n_jobs=n_jobs, block_size=1):
            sums += block_sums
            counts += block_counts
        filled = counts > 0
        # inertia for the new means: sum |x|^2 - sum n_k |mean_k|^2
        means = sums[filled] / counts[filled, None]
        inertia = norm - float(np.sum(counts[filled] * np.einsum("kd,kd->k", means, means)))
        words = words.copy()
        words[filled] = means
        empty = np.flatnonzero(~filled)
        words[empty] = sample[random_state.randint(len(sample), size=len(empty))]
        if before < np.inf and before - inertia <= tol * before and not len(empty):
            break
        before = inertia
    return words
