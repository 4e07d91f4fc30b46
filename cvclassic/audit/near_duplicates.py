"""Pairs of fingerprints that are nearly the same."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..errors import ParameterError

MAX_DISTANCE = 16  # of 128 bits
MIN_CORRELATION = 0.97  # of the tiny images
_BLOCK = 2048


def near_pairs(
    bits: np.ndarray,
    tiny: np.ndarray,
    *,
    max_distance: int = MAX_DISTANCE,
    min_correlation: float = MIN_CORRELATION,
) -> np.ndarray:
    """All pairs whose hashes are near and whose tiny images agree.

    Hamming distances come from products of ±1 vectors, block by block: for n images
    64 n² multiplications at the speed of BLAS, some seconds for 30,000.

    Parameters
    ----------
    bits : ndarray of shape (n, 16), uint8
        As `fingerprint` packs them.
    tiny : ndarray of shape (n, 256), int8
    max_distance : int
        Bits that may differ.
    min_correlation : float
        Minimum correlation of the tiny images.

    Returns
    -------
    ndarray of shape (m, 2), int
        Rows i < j, sorted.

    Examples
    --------
    >>> bits = np.array([[0] * 16, [1] + [0] * 15, [255] * 16], np.uint8)
    >>> near_pairs(bits, np.tile(np.arange(256) // 2 - 64, (3, 1)).astype(np.int8)).tolist()
    [[0, 1]]
    """
    n = len(bits)
    if bits.shape != (n, 16) or tiny.shape != (n, 256):
        raise ParameterError(
            f"bits and tiny must have shapes (n, 16) and (n, 256). Got {bits.shape} and "
            f"{tiny.shape}."
        )
    found = []
    least = 128 - 2 * max_distance  # equal bits minus different ones
    for start in range(0, n, _BLOCK):
        rows = _signs(bits[start : start + _BLOCK])
        for other in range(start, n, _BLOCK):
            product = rows @ _signs(bits[other : other + _BLOCK]).T
            if product.max() < least:
                continue
            at = np.flatnonzero(product.ravel() >= least)
            i, j = at // product.shape[1] + start, at % product.shape[1] + other
            found.append(np.column_stack([i, j])[i < j])
    pairs = np.concatenate(found) if found else np.empty((0, 2), int)
    agree = [
        _correlation(tiny[pairs[k : k + _BLOCK, 0]], tiny[pairs[k : k + _BLOCK, 1]])
        for k in range(0, len(pairs), _BLOCK)
    ]
    if agree:
        pairs = pairs[np.concatenate(agree) >= min_correlation]
    return pairs[np.lexsort(pairs.T[::-1])]


def _signs(bits: np.ndarray) -> np.ndarray:
    """Bits as -1 and 1, float32."""
    return np.unpackbits(bits, axis=1).astype(np.float32) * 2 - 1


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlation of rows; 0 where one is uniform."""
    a, b = a.astype(np.float32), b.astype(np.float32)
    top = np.einsum("nd,nd->n", a, b)
    size = np.sqrt(np.einsum("nd,nd->n", a, a) * np.einsum("nd,nd->n", b, b))
    return top / np.maximum(size, 1e-6)


def group_pairs(n: int, pairs: np.ndarray) -> list[list[int]]:
    """Groups of what is connected by pairs, each sorted, in the order of their first members.

    Examples
    --------
    >>> group_pairs(5, np.array([[0, 3], [3, 4]]))
    [[0, 3, 4]]
    """
    if not len(pairs):
        return []
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (n, n))
    _, member = connected_components(graph, directed=False)
    order = np.argsort(member, kind="stable")
    ends = np.flatnonzero(np.diff(member[order])) + 1
    groups = [part.tolist() for part in np.split(order, ends) if len(part) > 1]
    return sorted(groups)
