"""Kernel ridge regression from a part of the samples, where all of them are too many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import blas, lapack

from .ridge_solving import rbf_gram, solve_ridge

_JITTERS = (1e-4, 1e-3, 1e-2, 0.1)  # tried on the diagonal of a kernel matrix, which is 1
_ROWS = 2000  # samples whose kernel values are there at once


def solve_on_landmarks(
    Z: np.ndarray,
    landmarks: np.ndarray,
    targets: np.ndarray,
    penalty: float,
    weights: np.ndarray | None = None,
    gram: Callable[[np.ndarray, np.ndarray], np.ndarray] = rbf_gram,
) -> np.ndarray:
    """Coefficients of kernel ridge regression on all samples, as a sum over a few of them.

    Nyström's method: the kernel is replaced by the inner product of its values at the landmarks,
    made orthonormal. Memory holds two matrices of the landmarks' number squared.

    Parameters
    ----------
    Z : ndarray of shape (n, r), float32
    landmarks : ndarray of shape (m, r), float32
        Some of them.
    targets : ndarray of shape (n, k), float32
    penalty : float
        As in exact kernel ridge regression.
    weights : ndarray of shape (n,), optional
        How much each sample's error counts.
    gram : callable
        The kernel.

    Returns
    -------
    ndarray of shape (m, k), float32
        Decisions are ``gram(x, landmarks) @ coefficients``.

    References
    ----------
    Williams & Seeger, "Using the Nyström method to speed up kernel machines", NIPS 2000;
    Rudi, Camoriano & Rosasco, "Less is more: Nyström computational regularization", NIPS 2015,
    for why a part of the samples is enough.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 50, dtype=np.float32)[:, None]
    >>> found = solve_on_landmarks(x, x[::5], x, 0.01)
    >>> bool(np.abs(rbf_gram(x, x[::5]) @ found - x).max() < 0.05)
    True
    """
    root = _root(gram(landmarks, landmarks))
    m = len(landmarks)
    square = np.zeros((m, m), np.float32, order="F")
    right = np.zeros((m, targets.shape[1]))
    for start in range(0, len(Z), _ROWS):
        rows = slice(start, start + _ROWS)
        # columns are samples: root @ features = kernel values
        values = np.asfortranarray(gram(landmarks, Z[rows]))
        features = blas.strsm(1.0, root, values, lower=1, overwrite_b=1)
        told = targets[rows]
        if weights is not None:
            share = weights[rows]
            told = told * share[:, None]
            square = _add(square, features * np.sqrt(share))
        else:
            square = _add(square, features)
        right += features @ told
    square = np.tril(square)
    square += np.tril(square, -1).T
    solved = solve_ridge(square, right.astype(np.float32), penalty)
    return np.ascontiguousarray(blas.strsm(1.0, root, solved, lower=1, trans_a=1))


def landmark_features(
    values: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Vectors whose inner products are nearly the kernel, and the way back to the landmarks.

    Parameters
    ----------
    values : ndarray of shape (n, m), float32
        The kernel between samples and landmarks.
    own : ndarray of shape (m, m), float32
        Between landmarks.

    Returns
    -------
    features : ndarray of shape (n, m), float32
    to_landmarks : callable
        Turns coefficients of the features, (m, k), into those of the landmarks' kernel values.

    Examples
    --------
    >>> x = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
    >>> features, _ = landmark_features(rbf_gram(x, x[::2]), rbf_gram(x[::2]))
    >>> bool(np.abs(features @ features.T - rbf_gram(x)).max() < 0.01)
    True
    """
    root = _root(own)
    features = blas.strsm(1.0, root, np.asfortranarray(values.T), lower=1, overwrite_b=1)

    def to_landmarks(coefficients: np.ndarray) -> np.ndarray:
        some = np.asfortranarray(coefficients, np.float32)
        return np.ascontiguousarray(blas.strsm(1.0, root, some, lower=1, trans_a=1))

    return np.ascontiguousarray(features.T), to_landmarks


def _root(own: np.ndarray) -> np.ndarray:
    """Lower Cholesky factor of a kernel matrix, with as little on its diagonal as float32 needs."""
    for added in _JITTERS:
        raised = own.copy()
        raised.flat[:: len(own) + 1] += np.float32(added)
        root, info = lapack.spotrf(raised.T, lower=1, overwrite_a=1, clean=1)
        if info == 0:
            return root
    raise np.linalg.LinAlgError("the kernel matrix of the landmarks is not positive definite")


def _add(square: np.ndarray, features: np.ndarray) -> np.ndarray:
    """``square + features @ features.T``, lower triangle, in place."""
    return blas.ssyrk(1.0, np.asfortranarray(features), beta=1.0, c=square, lower=1, overwrite_c=1)
