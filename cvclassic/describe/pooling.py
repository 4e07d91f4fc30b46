"""Pooling of gradient planes into the bins of a regular grid, as banded matrix products.

What a bin holds is a weighted sum over pixels: linear, separable, and the same at every
node. One product for each axis computes just the sampled sums, with any window, at the
speed of BLAS; no plane is filtered where nothing is sampled.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .grid import N_BINS

_KEEP_BYTES = 64e6  # a thread keeps a buffer up to this size


class Buffers(threading.local):
    """Arrays that a thread uses again: fresh memory costs more than what is computed in it."""

    def __init__(self) -> None:
        self._flat: dict[str, np.ndarray] = {}

    def get(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Return a float32 array of `shape` with any finite content."""
        size = math.prod(shape)
        flat = self._flat.get(name)
        if flat is None or flat.size < size:
            flat = np.zeros(size, np.float32)
            if flat.nbytes <= _KEEP_BYTES:
                self._flat[name] = flat
        return flat[:size].reshape(shape)


def window_kernels(bin_size: int, window: str, window_size: float) -> np.ndarray:
    """Weights with which gradients count in each of the four bins along an axis.

    Parameters
    ----------
    bin_size : int
        Distance of bin centers in pixels.
    window : {"exact", "flat"}
        A triangle (linear interpolation between bins) times the Gaussian window of the
        descriptor, or times the Gaussian's mean over the bin.
    window_size : float
        Standard deviation of the Gaussian in bins.

    Returns
    -------
    ndarray of shape (4, 2 * bin_size - 1), float32
        For offsets ``-bin_size + 1 ... bin_size - 1`` from the center of the bin.

    Examples
    --------
    >>> window_kernels(2, "flat", 1e6)[0].tolist()
    [0.5, 1.0, 0.5]
    """
    offset = np.arange(-bin_size + 1, bin_size)
    center = bin_size * (np.arange(N_BINS) - 0.5 * (N_BINS - 1))[:, None]
    gauss = np.exp(-0.5 * ((offset + center) / (bin_size * window_size)) ** 2)
    if window == "flat":
        gauss = gauss.mean(axis=1, keepdims=True)
    return ((1 - np.abs(offset) / bin_size) * gauss).astype(np.float32)


class BinPooling(NamedTuple):
    """How samples of a line come out of its pixels; bin b of node k is sample k*node + b*bin."""

    bank: np.ndarray  # (samples, pixels), a band, the same for every block of `n_nodes` nodes
    starts: tuple[int, ...]  # first pixel of each sample
    width: int  # pixels of a kernel
    n_nodes: int
    step: int
    node: int
    bin: int
    weights: np.ndarray  # (4,) factor of each bin that the bank leaves out

    def n_samples(self, n_nodes: int) -> int:
        """Number of samples that holds all bins of that number of nodes."""
        return (n_nodes - 1) * self.node + (N_BINS - 1) * self.bin + 1

    def part(self, n_samples: int) -> np.ndarray:
        """Bank of the first samples, as narrow as they allow."""
        return self.bank[:n_samples, : self.starts[n_samples - 1] + self.width]

    def n_blocks(self, n_nodes: int) -> int:
        """Number of blocks along x that holds all samples of that number of nodes."""
        return -(-self.n_samples(n_nodes) // (self.n_nodes * self.node))

    def n_pixels(self, n_nodes: int) -> int:
        """Pixels of a line that those blocks read."""
        last = self.starts[self.n_nodes * self.node - 1] + self.width
        return (self.n_blocks(n_nodes) - 1) * self.n_nodes * self.step + last


@lru_cache(maxsize=64)
def bin_pooling(bin_size: int, window: str, window_size: float, step: int) -> BinPooling:
    """Pooling for a grid of `step` pixels.

    With the exact window each bin of a node has a kernel of its own. With the flat one all
    are the same but for a factor, and nodes share samples where `step` and `bin_size` have
    a divisor in common.
    """
    kernels = window_kernels(bin_size, window, window_size)
    width = kernels.shape[1]
    spacing = math.gcd(step, bin_size)
    if window == "flat" and step // spacing < N_BINS:
        weights = kernels[:, bin_size - 1].copy()
        kernels = kernels[:1] / weights[0]
        node, bin_ = step // spacing, bin_size // spacing
        n_nodes = max(1, 96 // step)
        starts = [i * spacing for i in range((n_nodes - 1) * node + (N_BINS - 1) * bin_ + 1)]
    else:
        weights = np.ones(N_BINS, np.float32)
        node, bin_ = N_BINS, 1
        n_nodes = max(1, 32 // step)
        starts = [k * step + i * bin_size for k in range(n_nodes) for i in range(N_BINS)]
    bank = np.zeros((len(starts), starts[-1] + width), np.float32)
    for i, start in enumerate(starts):
        bank[i, start : start + width] = kernels[i % len(kernels)]
    for array in (bank, weights):
        array.flags.writeable = False  # shared by all callers
    return BinPooling(bank, tuple(starts), width, n_nodes, step, node, bin_, weights)


def pool_along_x(pooling: BinPooling, lines: np.ndarray, n_nodes: int, out: np.ndarray) -> None:
    """Samples of every line.

    Parameters
    ----------
    pooling : BinPooling
    lines : ndarray of shape (n_lines, ``pooling.n_pixels(n_nodes)``), float32
    n_nodes : int
    out : ndarray of shape (n_lines, n_blocks * block), float32
    """
    block = pooling.n_nodes * pooling.node
    bank = pooling.part(block)
    # Overlapping windows of the lines instead of copies: all blocks have the same kernels.
    n_blocks, (n_lines, width) = pooling.n_blocks(n_nodes), lines.shape
    windows = as_strided(
        lines,
        (n_blocks, n_lines, bank.shape[1]),
        (pooling.n_nodes * pooling.step * 4, width * 4, 4),
    )
    samples = as_strided(out, (n_blocks, n_lines, block), (block * 4, out.strides[0], 4))
    np.matmul(windows, np.ascontiguousarray(bank.T), out=samples)


def bins_of_nodes(pooling: BinPooling, samples: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """View of samples as bins of nodes.

    Parameters
    ----------
    pooling : BinPooling
    samples : ndarray of shape (samples along y, planes, samples along x), float32
    shape : tuple of int
        Rows and columns of nodes.

    Returns
    -------
    ndarray of shape (rows, columns, 4, 4, planes), float32
        The bins of each node, row by row.
    """
    y, plane, x = samples.strides
    return as_strided(
        samples,
        (*shape, N_BINS, N_BINS, samples.shape[1]),
        (y * pooling.node, x * pooling.node, y * pooling.bin, x * pooling.bin, plane),
        writeable=False,
    )
