"""Small patches of an image: where they lie, brought to one contrast, decorrelated."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


@lru_cache(maxsize=8)
def patch_grid(
    shape: tuple[int, ...], patch_size: int, stride: int, pool: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where the pixels of every patch lie, patches sorted by their pooling cell.

    Parameters
    ----------
    shape : (h, w) or (h, w, 3)
    patch_size, stride : int
        Pixels.
    pool : int
        Cells a side.

    Returns
    -------
    index : ndarray of shape (d, n), int
        Places in the flattened image: a column a patch, channel by channel.
    starts : ndarray of shape (pool² + 1,), int
        Cell i holds the patches from ``starts[i]`` to ``starts[i + 1]``.

    Examples
    --------
    >>> index, starts = patch_grid((4, 4), patch_size=3, stride=1, pool=2)
    >>> index[:, 1].tolist(), starts.tolist()
    ([1, 2, 3, 5, 6, 7, 9, 10, 11], [0, 1, 2, 3, 4])
    """
    places = np.arange(np.prod(shape)).reshape(shape)
    windows = sliding_window_view(places, (patch_size, patch_size), axis=(0, 1))
    windows = windows[::stride, ::stride]
    rows, columns = windows.shape[:2]
    cell = (np.arange(rows) * pool // rows)[:, None] * pool + np.arange(columns) * pool // columns
    order = np.argsort(cell.ravel(), kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell.ravel(), minlength=pool * pool))])
    index = windows.reshape(rows * columns, -1)[order].T
    index = np.ascontiguousarray(index)
    index.flags.writeable = starts.flags.writeable = False
    return index, starts


def normalize_patches(patches: np.ndarray, contrast: float) -> np.ndarray:
    """Subtract the mean of each patch and divide by its contrast.

    Parameters
    ----------
    patches : ndarray of shape (d, n), float32
        A column a patch, 0..255. Changed in place.
    contrast : float
        Added to the variance, so that noise in flat patches is not blown up.

    Returns
    -------
    ndarray of shape (d, n), float32
        The same array.

    References
    ----------
    Coates, Lee & Ng, "An analysis of single-layer networks in unsupervised feature learning",
    AISTATS 2011, section 3.1.1; Coates & Ng, "Learning feature representations with K-means",
    2012, section 2.2, equation (1), for the constant.

    Examples
    --------
    >>> normalize_patches(np.array([[0.0], [255.0]], np.float32), 10).round(2).ravel().tolist()
    [-1.0, 1.0]
    """
    d = np.float32(len(patches))
    patches -= patches.sum(axis=0) / d
    variance = np.einsum("dn,dn->n", patches, patches) / d
    patches /= np.sqrt(variance + np.float32(contrast))
    return patches


def zca_whitening(patches: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and symmetric matrix that make the covariance of patches nearly the identity.

    Parameters
    ----------
    patches : ndarray of shape (d, n), float32
        A column a patch.
    epsilon : float
        Added to the eigenvalues, so that directions of mere noise are not blown up.

    Returns
    -------
    mean : ndarray of shape (d,), float32
    matrix : ndarray of shape (d, d), float32
        Whitened patches are ``matrix @ (patches - mean[:, None])``.

    References
    ----------
    Coates & Ng, "Learning feature representations with K-means", 2012, section 2.2.

    Examples
    --------
    >>> patches = np.random.default_rng(0).normal(size=(3, 1000)).astype(np.float32)
    >>> mean, matrix = zca_whitening(5 * patches, 1e-6)
    >>> np.allclose(np.cov(matrix @ (5 * patches - mean[:, None])), np.eye(3), atol=1e-3)
    True
    """
    mean = patches.mean(axis=1, dtype=np.float64)
    values, vectors = np.linalg.eigh(np.cov(patches.astype(np.float64)))
    matrix = (vectors / np.sqrt(np.maximum(values, 0) + epsilon)) @ vectors.T
    return mean.astype(np.float32), matrix.astype(np.float32)
