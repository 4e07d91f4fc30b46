"""Large vocabularies: K-means in two levels; 100,000 words take minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import DataError, ParameterError
from ..images import map_blocks, single_threaded
from .vocabulary import nearest_words

_COARSE_ROWS = 256  # descriptors per cell that the first level is learned from
_FINE_ROWS = 64  # descriptors per word that the second level is learned from, at most
_ITERATIONS = 10


@dataclass(frozen=True, eq=False)
class WordTree:
    """A vocabulary whose words are grouped into cells.

    Parameters
    ----------
    cells : ndarray of shape (c, d), float32
        Centers of the cells.
    words : ndarray of shape (k, d), float32
        The words, cell by cell.
    starts : ndarray of shape (c + 1,), int64
        Words ``starts[i]`` to ``starts[i + 1]`` belong to cell i; every cell has one.
    """

    cells: np.ndarray
    words: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    def nearest(self, descriptors: np.ndarray) -> np.ndarray:
        """Index of the nearest word in the nearest cell, for every descriptor.

        Parameters
        ----------
        descriptors : ndarray of shape (n, d), float32

        Returns
        -------
        ndarray of shape (n,), int32
        """
        out = np.empty(len(descriptors), np.int32)
        for cell, rows in _members(nearest_words(descriptors, self.cells), len(self.cells)):
            first, last = self.starts[cell], self.starts[cell + 1]
            out[rows] = first
            if last - first > 1:
                out[rows] += nearest_words(descriptors[rows], self.words[first:last])
        return out


def _members(cell_of: np.ndarray, n_cells: int):
    """Each cell that has members, and which they are."""
    order = np.argsort(cell_of, kind="stable")
    ends = np.cumsum(np.bincount(cell_of, minlength=n_cells))
    start = 0
    for cell, end in enumerate(ends):
        if end > start:
            yield cell, order[start:end]
        start = end


def word_tree(
    sample: np.ndarray,
    n_words: int,
    *,
    random_state: np.random.RandomState,
    n_jobs: int | None = None,
) -> WordTree:
    """Cluster descriptors into a large vocabulary.

    About sqrt(n_words) cells are learned from a part of the sample, and each cell is divided
    into a number of words in proportion to the descriptors it holds. Seeds are drawn at random:
    K-means++ would be quadratic in the number of words, and gains nothing once clusters are
    this many.

    Parameters
    ----------
    sample : ndarray of shape (n, d), float32
    n_words : int
    random_state : numpy.random.RandomState
    n_jobs : int or None
        The result does not depend on it.

    Returns
    -------
    WordTree
        With `n_words` words.

    Raises
    ------
    DataError
        There are fewer descriptors than words.

    References
    ----------
    Nistér & Stewénius, "Scalable recognition with a vocabulary tree", CVPR 2006, section 3
    (here with two levels, and cells of unequal size).

    Examples
    --------
    >>> sample = np.random.default_rng(0).random((500, 8), np.float32)
    >>> tree = word_tree(sample, 40, random_state=np.random.RandomState(0))
    >>> len(tree), tree.nearest(tree.words[:3]).tolist()
    (40, [0, 1, 2])
    """
    if n_words < 1:
        raise ParameterError(f"n_words must be an integer >= 1. Got {n_words!r} instead.")
    if len(sample) < n_words:
        raise DataError(
            f"n_words={n_words} visual words need at least as many local features. "
            f"Got {len(sample)}. Use fewer words or more (or larger) images."
        )
    n_cells = max(1, round(n_words**0.5))
    few = min(len(sample), max(_COARSE_ROWS * n_cells, n_words))
    rows = np.sort(random_state.choice(len(sample), few, replace=False))
    seed = int(random_state.randint(2**31 - 1))
    with single_threaded():
        cells = _lloyd(sample[rows], n_cells, seed)
    blocks = [sample[i : i + (1 << 16)] for i in range(0, len(sample), 1 << 16)]
    jobs = [(block, cells) for block in blocks]
    cell_of = np.concatenate(
        list(map_blocks(lambda job: nearest_words(*job[0]), jobs, n_jobs=n_jobs, block_size=1))
    )
    counts = np.bincount(cell_of, minlength=n_cells)
    cells = cells[counts > 0]
    members = [rows for _, rows in _members(cell_of, n_cells)]
    shares = _share_out(n_words, np.array([len(rows) for rows in members]))
    tasks = [
        (sample, rows, int(k), (seed + i) % 2**32)
        for i, (rows, k) in enumerate(zip(members, shares, strict=True))
    ]
    found = list(map_blocks(_divide, tasks, n_jobs=n_jobs, block_size=1))
    starts = np.concatenate([[0], np.cumsum(shares)]).astype(np.int64)
    return WordTree(cells, np.ascontiguousarray(np.vstack(found)), starts)


def _share_out(total: int, sizes: np.ndarray) -> np.ndarray:
    """Words for each cell: at least one, at most as many as it has members, `total` in all."""
    wanted = total * sizes / sizes.sum()
    shares = np.clip(np.floor(wanted).astype(np.int64), 1, sizes)
    while (missing := total - int(shares.sum())) != 0:
        step = 1 if missing > 0 else -1
        can = np.flatnonzero(shares < sizes if step > 0 else shares > 1)
        first = can[np.argsort(step * (shares - wanted)[can], kind="stable")[: abs(missing)]]
        shares[first] += step
    return shares


def _divide(jobs: list[tuple]) -> np.ndarray:
    """The words of one cell."""
    ((sample, rows, k, seed),) = jobs
    if len(rows) > _FINE_ROWS * k:
        rng = np.random.RandomState(seed)
        rows = rows[np.sort(rng.choice(len(rows), _FINE_ROWS * k, replace=False))]
    return _lloyd(sample[rows], k, seed)


def _lloyd(rows: np.ndarray, k: int, seed: int) -> np.ndarray:
    """K-means from random rows; a cluster that loses its members starts again elsewhere."""
    rows = np.asarray(rows, np.float32)
    if k == 1:
        return rows.mean(axis=0, dtype=np.float64).astype(np.float32)[None]
    rng = np.random.RandomState(seed)
    words = rows[rng.choice(len(rows), k, replace=False)]
    for _ in range(_ITERATIONS):
        nearest = nearest_words(rows, words)
        counts = np.bincount(nearest, minlength=k)
        present = np.flatnonzero(counts)
        firsts = np.concatenate([[0], np.cumsum(counts[present])[:-1]])
        sums = np.add.reduceat(rows[np.argsort(nearest, kind="stable")], firsts, axis=0)
        words[present] = sums / counts[present, None]
        empty = np.flatnonzero(counts == 0)
        words[empty] = rows[rng.randint(len(rows), size=len(empty))]
    return words
