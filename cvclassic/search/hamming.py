"""Hamming embedding: 64 bits that tell where in the cell of its word a descriptor lies."""

from __future__ import annotations

import numpy as np

N_BITS = 64
_FEW = 4  # descriptors of a word that its own medians are learned from, at least


def random_projection(n_dims: int, rng: np.random.RandomState) -> np.ndarray:
    """Orthonormal directions that descriptors are projected on.

    Parameters
    ----------
    n_dims : int
        Length of a descriptor.
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of shape (n_dims, 64), float32
        Orthonormal columns; with fewer dimensions than bits, columns of length 1.

    References
    ----------
    Jégou, Douze & Schmid, "Hamming embedding and weak geometric consistency for large scale
    image search", ECCV 2008, section 3.2.
    """
    if n_dims >= N_BITS:
        basis, _ = np.linalg.qr(rng.standard_normal((n_dims, n_dims)))
        return np.ascontiguousarray(basis[:, :N_BITS], np.float32)
    columns = rng.standard_normal((n_dims, N_BITS))
    return (columns / np.linalg.norm(columns, axis=0)).astype(np.float32)


def learn_thresholds(
    projected: np.ndarray, words: np.ndarray, n_words: int, fallback: np.ndarray
) -> np.ndarray:
    """Median of each projected dimension in the cell of each word.

    Parameters
    ----------
    projected : ndarray of shape (n, 64), float32
    words : ndarray of shape (n,), int
        Word of each descriptor.
    n_words : int
    fallback : ndarray of shape (n_words, 64), float32
        For words with hardly any descriptors: their own projections.

    Returns
    -------
    ndarray of shape (n_words, 64), float32
    """
    thresholds = fallback.astype(np.float32, copy=True)
    order = np.argsort(words, kind="stable")
    ends = np.cumsum(np.bincount(words, minlength=n_words))
    start = 0
    for word, end in enumerate(ends):
        if end - start >= _FEW:
            thresholds[word] = np.median(projected[order[start:end]], axis=0)
        start = end
    return thresholds


def pack_bits(above: np.ndarray) -> np.ndarray:
    """Rows of 64 truth values as one number each.

    Examples
    --------
    >>> row = np.zeros((1, 64), bool)
    >>> row[0, 7] = True
    >>> pack_bits(row).tolist()
    [1]
    """
    return np.packbits(above, axis=1).view("<u8").ravel()


def hamming_weights(threshold: int, sigma: float) -> np.ndarray:
    """What a match counts for each Hamming distance from 0 to 64.

    A Gaussian up to the threshold and nothing beyond.

    References
    ----------
    Jégou, Douze & Schmid, "Improving bag-of-features for large scale image search",
    IJCV 87(3), 2010, equation 16.

    Examples
    --------
    >>> hamming_weights(1, 16.0)[:3].round(3).tolist()
    [1.0, 0.996, 0.0]
    """
    distance = np.arange(N_BITS + 1)
    return np.where(distance <= threshold, np.exp(-((distance / sigma) ** 2)), 0.0)
