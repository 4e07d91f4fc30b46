"""Numerics of ridge regression: solution, left-out predictions, kernels."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from .gram import symmetric_product


def solve_ridge(
    square: np.ndarray, right: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> np.ndarray:
    """``(square + penalty I)^-1 @ right`` by Cholesky's factorisation.

    Parameters
    ----------
    square : ndarray of shape (m, m), float32
        Symmetric, positive semi-definite. Not changed.
    right : ndarray of shape (m, k), float32
    penalty : float
        Raised tenfold for as long as the sum is not positive definite in float32.
    weights : ndarray of shape (m,), optional
        What the penalty of each row is divided by: in a Gram matrix, how much each sample counts.

    Returns
    -------
    ndarray of shape (m, k), float32

    Examples
    --------
    >>> solve_ridge(np.eye(2, dtype="f"), np.ones((2, 1), "f"), 1.0).round(4).tolist()
    [[0.5], [0.5]]
    """
    for _ in range(20):
        factor = square.copy()
        added = np.float32(penalty) if weights is None else np.float32(penalty) / weights
        factor.flat[:: len(factor) + 1] += added
        factor, info = lapack.spotrf(factor.T, lower=0, overwrite_a=1, clean=0)
        if info == 0:
            return np.ascontiguousarray(lapack.spotrs(factor, right, lower=0)[0])
        penalty *= 10
    raise np.linalg.LinAlgError("the matrix is not positive semi-definite")


def left_out_by_axes(
    scores: np.ndarray,
    values: np.ndarray,
    targets: np.ndarray,
    penalty: float,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """What ridge regression with intercept says of each sample when it was left out.

    Parameters
    ----------
    scores : ndarray of shape (n, r), float32
        Left singular vectors of the centered X; with weights, of the rows of X, centered by the
        weighted mean, times the roots of their weights.
    values : ndarray of shape (r,)
        Squared singular values.
    targets : ndarray of shape (n, k)
    penalty : float
    weights : ndarray of shape (n,), optional
        How much each sample's error counts.

    Returns
    -------
    ndarray of shape (n, k)

    References
    ----------
    Golub, Heath & Wahba, "Generalized cross-validation as a method for choosing a good ridge
    parameter", Technometrics 21(2), 1979, section 1: the residual of a sample that is left out
    is its residual divided by one minus its leverage.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0]]) / np.sqrt(2)
    >>> left_out_by_axes(x, np.array([2.0]), np.array([[0.0], [1.0], [2.0]]), 0).round(6).ravel()
    array([0., 1., 2.])
    """
    n = len(targets)
    shrink = (values / (values + penalty)).astype(scores.dtype)
    if weights is not None:
        roots = np.sqrt(weights)[:, None]
        mean = np.average(targets, axis=0, weights=weights)
        fitted = (scores * shrink) @ (scores.T @ (roots * (targets - mean))) / roots + mean
        leverage = np.einsum("nr,nr,r->n", scores, scores, shrink) + weights / weights.sum()
        return targets - (targets - fitted) / np.maximum(1 - leverage, 1e-6)[:, None]
    mean = targets.mean(axis=0)
    fitted = (scores * shrink) @ (scores.T @ (targets - mean)) + mean
    leverage = np.einsum("nr,nr,r->n", scores, scores, shrink) + 1 / n
    return targets - (targets - fitted) / np.maximum(1 - leverage, 1e-6)[:, None]


def rbf_gram(A: np.ndarray, B: np.ndarray | None = None) -> np.ndarray:
    """``exp(-|a - b|²)`` for all rows, in the memory of one product.

    Parameters
    ----------
    A : ndarray of shape (n, d), float32
    B : ndarray of shape (m, d), float32, optional
        None stands for A, at half the cost.

    Returns
    -------
    ndarray of shape (n, m), float32

    Examples
    --------
    >>> rbf_gram(np.array([[0.0], [1.0]], np.float32)).round(3).tolist()
    [[1.0, 0.36800000071525574], [0.36800000071525574, 1.0]]
    """
    product = symmetric_product(A) if B is None else A @ B.T
    right = A if B is None else B
    product *= 2
    product -= np.einsum("nd,nd->n", A, A)[:, None]
    product -= np.einsum("nd,nd->n", right, right)
    np.minimum(product, 0, out=product)
    return np.exp(product, out=product)


def principal_axes(X: np.ndarray, n_axes: int, seed: int) -> np.ndarray:
    """Directions of most variance of centered vectors, by subspace iteration.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
        Centred.
    n_axes : int
        At most min(n, d).
    seed : int

    Returns
    -------
    ndarray of shape (d, n_axes), float32
        Orthonormal columns.

    References
    ----------
    Halko, Martinsson & Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011,
    algorithm 4.4.

    Examples
    --------
    >>> X = np.array([[-2.0, 0.1], [2.0, -0.1]], np.float32)
    >>> np.abs(principal_axes(X, 1, 0)).round(2).ravel().tolist()
    [1.0, 0.05000000074505806]
    """
    axes = np.random.default_rng(seed).standard_normal((X.shape[1], n_axes), np.float32)
    for _ in range(3):
        axes = np.linalg.qr(X.T @ (X @ axes))[0]
    return np.ascontiguousarray(axes)
