"""Training vectors in half precision, on disk if there are many.

A Fisher vector of the recipe `fisher` has 375,000 numbers. A linear classifier needs of all of them
only their inner products and, at the end, a weighted sum: both are made a few columns at a time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from mmap import mmap
from typing import IO

import numpy as np
from scipy.linalg import blas

from .._basics.half import to_half, to_single
from .._basics.platform import pread_into, pwrite
from ..errors import DataError
from .gram import copy_upper

_IN_MEMORY = 1 << 28  # bytes; more go into a file
_ENTRIES = 1 << 25  # of a piece, so that its numbers in single precision take 128 MB
_WIDEST, _NARROWEST = 8192, 256  # columns of a piece


class StoredVectors:
    """Rows of columns in blocks, each block with a weight.

    Numbers are kept in memory or in an unlinked temporary file (in ``TMPDIR``), a few columns of
    all rows after the other: what reads all of them reads them in order.

    Parameters
    ----------
    n_rows : int
        Rows that there is room for; those that are never written cost nothing.
    sizes : sequence of int
        Columns of each block.
    dtype : float16 or float32, default=float16
        In half precision, blocks are scaled by a power of two so that their numbers fit.

    Attributes
    ----------
    weights : ndarray of shape (n_blocks,), float32
        What the columns of each block are multiplied with; blocks of weight 0 are left out.
    n_written : int
        Rows that have been written.

    Raises
    ------
    DataError
        There is too little room for temporary files.

    Examples
    --------
    >>> vectors = StoredVectors(2, [1, 2])
    >>> vectors.write(0, np.array([[1, 2, 0], [0, 1, 1]], np.float32))
    >>> vectors.weights[:] = 1, 0.5
    >>> vectors.gram(np.arange(2)).tolist()
    [[2.0, 0.5], [0.5, 0.5]]
    >>> np.asarray(vectors).tolist()
    [[1.0, 1.0, 0.0], [0.0, 0.5, 0.5]]
    """

    def __init__(self, n_rows: int, sizes: Sequence[int], dtype: type = np.float16) -> None:
        self.weights = np.ones(len(sizes), np.float32)
        self._dtype = np.dtype(dtype)
        self._scales: np.ndarray | None = None
        self._sizes = list(sizes)
        n_bytes = self._dtype.itemsize * n_rows * sum(self._sizes)
        if in_file(n_bytes):
            _check_room(n_bytes)
        self._pieces = _cut(n_rows, self._sizes)
        self._shows = np.zeros((n_rows, len(sizes)), bool)  # which blocks of a row are not all 0
        self._rows = np.arange(0)
        self.n_written = 0
        self._file: IO[bytes] | None = None
        self._memory: np.ndarray | None = None
        if in_file(n_bytes):
            self._file = tempfile.TemporaryFile(prefix="cvclassic-")  # noqa: SIM115
        else:  # pages that are never written are never there
            self._memory = np.frombuffer(mmap(-1, max(n_bytes, 4)), self._dtype)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, without the columns of blocks of weight 0."""
        return len(self._rows), sum(self.block_sizes)

    @property
    def block_sizes(self) -> list[int]:
        """Columns of each block that is left."""
        return [s for s, weight in zip(self._sizes, self.weights, strict=True) if weight != 0]

    @property
    def described(self) -> np.ndarray:
        """Which rows are not all zeros, shape (n,)."""
        shown = self._shows[self._rows][:, self.weights != 0]
        return np.asarray(shown.any(axis=1))

    def write(self, start: int, vectors: np.ndarray) -> None:
        """Fill rows from `start` on with unweighted vectors.

        Parameters
        ----------
        start : int
        vectors : ndarray of shape (n, d), float32
            Vectors, with only the blocks whose weight is not 0. Rows are used once they are
            written.
        """
        n = len(vectors)
        self._rows = np.concatenate([self._rows, np.arange(self.n_written, start + n)])
        self.n_written = max(self.n_written, start + n)
        if self._scales is None:
            self._scales = self._scales_for(vectors)
        for block, columns, (first, stop, place) in self._used():
            values = vectors[:, columns] * self._scales[block]
            self._shows[start : start + n, block] |= values.any(axis=1)
            values = to_half(values) if self._dtype == np.float16 else values
            offset = place + start * (stop - first)
            if self._memory is not None:
                self._memory[offset : offset + values.size] = values.reshape(-1)
            elif self._file is not None:
                _write_all(self._file.fileno(), values, self._dtype.itemsize * offset)

    def _scales_for(self, vectors: np.ndarray) -> np.ndarray:
        """Powers of two that bring the numbers of each block to about 1: nothing is rounded."""
        scales = np.ones(len(self._sizes), np.float32)
        if self._dtype == np.float16:
            for block, (first, stop) in enumerate(pairwise(np.cumsum([0, *self._sizes]))):
                largest = float(np.abs(vectors[:, first:stop]).max(initial=0))
                if 0 < largest < np.inf:
                    scales[block] = 2.0 ** -np.frexp(largest)[1]
        return scales

    @property
    def rows(self) -> np.ndarray:
        """Which of the written rows are used, in this order."""
        return self._rows

    def take(self, which: np.ndarray) -> None:
        """Use some of the rows that are used now."""
        self._rows = self._rows[which]

    def choose(self, rows: np.ndarray) -> None:
        """Use these of the written rows, in this order."""
        self._rows = rows

    def gram(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Inner products of rows with each other, shape (n, n), float32."""
        n = len(self if rows is None else rows)
        product = np.zeros((n, n), np.float32, order="F")
        for _, _, piece in self._columns(rows):
            product = _add_products(product, piece)
        return _whole(product)

    def square_lengths(self) -> np.ndarray:
        """Unweighted sum of squares of each block, shape (n_blocks,), float32."""
        sums = np.zeros(len(self._sizes), np.float32)
        for block, _, piece in self._columns(None, weighted=False):
            sums[block] += np.einsum("nd,nd->", piece, piece)
        return sums

    def block_grams(self, rows: np.ndarray) -> np.ndarray:
        """Unweighted inner products of each block, shape (n_blocks, n, n), float32."""
        products = np.zeros((len(self._sizes), len(rows), len(rows)), np.float32)
        for block, _, piece in self._columns(rows, weighted=False):
            _add_products(products[block].T, piece)
        for product in products:
            _whole(product.T)
        return products

    def products(self, others: np.ndarray) -> np.ndarray:
        """Inner products of all rows with some of them, shape (n, len(others)), float32."""
        out = np.zeros((len(self), len(others)), np.float32)
        for _, _, piece in self._columns(None):
            out += piece @ piece[others].T
        return out

    def combine(self, coefficients: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Sums of rows.

        Parameters
        ----------
        coefficients : ndarray of shape (n, k), float32
        rows : ndarray of shape (n,), int, optional
            Which rows; None stands for all.

        Returns
        -------
        ndarray of shape (k, d), float32
        """
        out = np.empty((coefficients.shape[1], self.shape[1]), np.float32)
        turned = np.ascontiguousarray(coefficients.T)
        for _, columns, piece in self._columns(rows):
            np.matmul(turned, piece, out=out[:, columns])
        return out

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        out = np.empty(self.shape, np.float32)
        for _, columns, piece in self._columns(None):
            out[:, columns] = piece
        return out if dtype is None else out.astype(dtype, copy=False)

    def _columns(
        self, rows: np.ndarray | None, weighted: bool = True
    ) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Columns of rows: number of the block, where they lie in the result, values."""
        wanted = self._rows if rows is None else self._rows[rows]
        low, high = (int(wanted.min()), int(wanted.max()) + 1) if len(wanted) else (0, 0)
        every = len(wanted) == high - low and bool((np.diff(wanted) == 1).all())
        scales = np.ones_like(self.weights) if self._scales is None else self._scales
        weights = (self.weights if weighted else np.ones_like(self.weights)) / scales
        for block, columns, (first, stop, place) in self._used():
            weight = weights[block]
            width = stop - first
            stored = self._read(place + low * width, (high - low, width))
            piece = stored if every else stored[wanted - low]
            piece = to_single(piece) if self._dtype == np.float16 else piece.astype(np.float32)
            if weight != 1:
                piece *= weight
            yield block, columns, piece

    def _used(self) -> Iterator[tuple[int, slice, tuple[int, int, int]]]:
        """Pieces of blocks that are left: block, columns among those that are left, where it is."""
        done = 0
        for block, (first, stop, place) in self._pieces:
            if self.weights[block] != 0:
                yield block, slice(done, done + stop - first), (first, stop, place)
                done += stop - first

    def _read(self, offset: int, shape: tuple[int, int]) -> np.ndarray:
        size = shape[0] * shape[1]
        if self._memory is not None:
            return self._memory[offset : offset + size].reshape(shape)
        assert self._file is not None
        values = np.empty(shape, self._dtype)
        view = values.reshape(-1).view(np.uint8).data
        start, done = self._dtype.itemsize * offset, 0
        while done < len(view):
            got = pread_into(self._file.fileno(), view[done:], start + done)
            if not got:  # rows at the end that were never written
                view[done:] = bytes(len(view) - done)
                break
            done += got
        return values


def in_file(n_bytes: int) -> bool:
    """Whether so much goes into a file."""
    return n_bytes > _IN_MEMORY


def _cut(n_rows: int, sizes: Sequence[int]) -> list[tuple[int, tuple[int, int, int]]]:
    """Pieces of columns: (block, (first column, stop, offset in the storage))."""
    widest = min(max(_ENTRIES // max(n_rows, 1), _NARROWEST), _WIDEST)
    pieces, column = [], 0
    for block, size in enumerate(sizes):
        for first in range(column, column + size, widest):
            stop = min(first + widest, column + size)
            pieces.append((block, (first, stop, first * n_rows)))
        column += size
    return pieces


def _check_room(n_bytes: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DataError(
            f"the vectors of the training images need {n_bytes / 1e9:.1f} GB of temporary disk "
            f"space; {folder} has {free / 1e9:.1f} GB free. Set TMPDIR to another folder, or use a "
            "recipe with shorter vectors, such as fast."
        )


def _write_all(descriptor: int, values: np.ndarray, offset: int) -> None:
    view = values.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(view):
        done += pwrite(descriptor, view[done:], offset + done)


def _add_products(product: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """``product + rows @ rows.T``, lower triangle of a matrix in Fortran order, in place."""
    return blas.ssyrk(1.0, rows.T, beta=1.0, c=product, trans=1, lower=1, overwrite_c=1)


def _whole(product: np.ndarray) -> np.ndarray:
    """Both triangles of a symmetric matrix whose lower one in Fortran order is known."""
    square = product.T
    copy_upper(square)
    return square
