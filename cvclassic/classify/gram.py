"""Classifiers that see the training images only through their Gram matrix.

With n images and vectors much longer than n, all that a linear classifier can learn lies
in the span of the n vectors: n x n numbers are enough, however long the vectors are.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import blas


def symmetric_product(X: np.ndarray) -> np.ndarray:
    """``X @ X.T`` with half the work of the general product.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
        C order spares a copy.

    Returns
    -------
    ndarray of shape (n, n), float32

    Examples
    --------
    >>> symmetric_product(np.array([[1, 2], [3, 4]], np.float32)).tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    if X.flags.f_contiguous and not X.flags.c_contiguous:
        product = blas.ssyrk(1.0, X, lower=1).T
    else:
        product = blas.ssyrk(1.0, X.T, trans=1, lower=1).T
    copy_upper(product)
    return product


def copy_upper(square: np.ndarray, block: int = 1024) -> None:
    """Copy the upper triangle into the lower one, block by block: no second array is made."""
    n = len(square)
    for i in range(0, n, block):
        for j in range(0, i, block):
            square[i : i + block, j : j + block] = square[j : j + block, i : i + block].T
        corner = square[i : i + block, i : i + block]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T


def clear_lower(square: np.ndarray, block: int = 256) -> None:
    """Set what lies below the diagonal to zero.

    LAPACK's own way (``clean`` of SciPy's ``spotrf``) takes longer than the factorization.
    """
    for i in range(0, len(square), block):
        square[i : i + block, :i] = 0
        corner = square[i : i + block, i : i + block]
        corner[:] = np.triu(corner)


def svm_dual(
    gram: np.ndarray,
    targets: np.ndarray,
    C: float,
    *,
    start: np.ndarray | None = None,
    max_epochs: int = 200,
    tol: float = 0.01,
    random_state: int = 0,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Train one-against-rest SVMs with squared hinge loss, all classes in one pass.

    Minimizes ``|w|²/2 + C Σ max(0, 1 - y f(x))²`` for every column of `targets` by dual
    coordinate descent. A step updates one image for all classes: a row of the Gram matrix
    times the coefficients.

    Parameters
    ----------
    gram : ndarray of shape (n, n), float32
        Inner products of the training vectors. Add a constant for a bias term.
    targets : ndarray of shape (n, k), float32
        +1 or -1.
    C : float
        Weight of the loss.
    start : ndarray of shape (n, k), optional
        Coefficients to start from, as this function returns them.
    max_epochs : int
        Passes over the images at most.
    tol : float
        Stop once no projected gradient exceeds it.
    random_state : int
        Seed of the order of the images.
    weights : ndarray of shape (n,), optional
        Above 0: factor that each image's loss is multiplied by.

    Returns
    -------
    ndarray of shape (n, k), float32
        Signed dual coefficients A: decisions are ``gram @ A``.

    References
    ----------
    Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", ICML 2008,
    algorithm 1 with L2 loss.

    Examples
    --------
    >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]], np.float32)
    >>> coefficients = svm_dual(x @ x.T, np.sign(x), C=1.0)
    >>> np.sign((x @ x.T @ coefficients).ravel())
    array([-1., -1.,  1.,  1.], dtype=float32)
    """
    n, k = targets.shape
    ridges = np.full(n, 0.5 / C, np.float32)
    if weights is not None:
        ridges = (0.5 / (C * weights.astype(np.float64))).astype(np.float32)
    curvature = np.maximum(np.diagonal(gram) + ridges, np.finfo(np.float32).tiny)
    signed = np.zeros((n, k), np.float32) if start is None else start.copy()
    rng = np.random.default_rng(random_state)
    for _ in range(max_epochs):
        worst = 0.0
        for i in rng.permutation(n):
            y = targets[i]
            dual = signed[i] * y  # the non-negative dual variables
            gradient = y * (gram[i] @ signed) - 1 + ridges[i] * dual
            moved = np.maximum(dual - gradient / curvature[i], 0)
            step = moved - dual
            worst = max(worst, float(np.abs(step).max()) * curvature[i])
            signed[i] += y * step
        if worst < tol:
            break
    return signed


def one_against_rest(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Targets of shape (n, n_classes): +1 in the column of the label, -1 elsewhere."""
    targets = np.full((len(labels), n_classes), -1, np.float32)
    targets[np.arange(len(labels)), labels] = 1
    return targets


def stratified_folds(
    labels: np.ndarray, n_folds: int, random_state: int, groups: np.ndarray | None = None
) -> np.ndarray:
    """Fold of every sample; the members of a class are dealt out evenly, at random.

    Parameters
    ----------
    labels : ndarray of shape (n,), int
    n_folds : int
    random_state : int
    groups : ndarray of shape (n,), int, optional
        As `group_numbers` gives them: samples with the same number go into the same fold, that
        of the first of them.

    Returns
    -------
    ndarray of shape (n,), int
    """
    if groups is not None:
        _, first, group = np.unique(groups, return_index=True, return_inverse=True)
        return stratified_folds(labels[first], n_folds, random_state)[group]
    rng = np.random.default_rng(random_state)
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(len(labels), int)
    folds[order] = np.arange(len(labels)) % n_folds
    return folds
