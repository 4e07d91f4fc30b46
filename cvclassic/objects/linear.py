"""Linear models of the second stage: squared-hinge classifiers and ridge regression."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize


def fit_squared_hinge(
    rows: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    penalty: float,
    start: np.ndarray | None = None,
    max_iter: int = 60,
) -> np.ndarray:
    """One linear classifier a column of `targets`, all at once.

    Parameters
    ----------
    rows : ndarray of shape (n, d), float32
        Centered.
    targets : ndarray of shape (n, c)
        +1 or -1.
    weights : ndarray of shape (n, c)
        0 leaves a row out.
    penalty : float
        On half of the squared weights.
    start : ndarray of shape (d + 1, c), optional
    max_iter : int

    Returns
    -------
    ndarray of shape (d + 1, c), float32
        The last row is the intercept.

    References
    ----------
    Chapelle, "Training a support vector machine in the primal", Neural Computation 19, 2007.
    """
    d = rows.shape[1]
    c = targets.shape[1]
    targets, weights = targets.astype(np.float32), weights.astype(np.float32)

    def loss(flat: np.ndarray):
        solution = flat.reshape(d + 1, c)
        w = solution[:-1].astype(np.float32)
        slack = np.maximum(1 - targets * (rows @ w + solution[-1].astype(np.float32)), 0)
        value = float((weights * slack * slack).sum(dtype=np.float64))
        value += penalty / 2 * float((solution[:-1] ** 2).sum())
        slope = -2 * weights * slack * targets
        gradient = np.empty_like(solution)
        gradient[:-1] = rows.T @ slope + penalty * solution[:-1]
        gradient[-1] = slope.sum(axis=0)
        return value, gradient.ravel()

    first = np.zeros((d + 1) * c) if start is None else start.astype(np.float64).ravel()
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": max_iter})
    return found.x.reshape(d + 1, c).astype(np.float32)


def fit_ridge(rows: np.ndarray, targets: np.ndarray, strength: float) -> np.ndarray:
    """Ridge regression in its dual form, with an intercept.

    Parameters
    ----------
    rows : ndarray of shape (n, d), float32
    targets : ndarray of shape (n, c)
    strength : float
        Over the mean of the kernel's diagonal.

    Returns
    -------
    ndarray of shape (d + 1, c), float32
        The last row is the intercept.
    """
    if not len(rows):
        return np.zeros((rows.shape[1] + 1, targets.shape[1]), np.float32)
    mean, middle = rows.mean(axis=0), targets.mean(axis=0)
    centered = rows - mean
    kernel = (centered @ centered.T).astype(np.float64)
    kernel[np.diag_indices(len(kernel))] += strength * max(np.trace(kernel) / len(kernel), 1e-12)
    dual = np.linalg.solve(kernel, targets - middle)
    weights = centered.T @ dual.astype(np.float32)
    return np.concatenate([weights, (middle - mean @ weights)[None]]).astype(np.float32)
