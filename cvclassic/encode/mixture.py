"""Gaussian mixtures with diagonal covariances, and principal components before them.

Everything is matrix products: with the row ``e = [x, x², 1]`` of a descriptor, the
log-density of all Gaussians is ``e @ table``, and the sums that expectation-maximization
and Fisher vectors need are ``posteriors.T @ e``.
"""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ..images import thread_map
from .vocabulary import kmeans_words, nearest_words

_BLOCK = 512  # rows: 512 x 256 posteriors (float32) stay in the level-2 cache
_NOTHING = np.float32(-40)  # log-posterior that no float32 sum sees; less gives slow denormals
_WEIGHT_FLOOR = 1e-6


def principal_components(sample: np.ndarray, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and first principal axes of descriptors.

    Parameters
    ----------
    sample : ndarray of shape (n, d), float32
    n_components : int
        At most d.

    Returns
    -------
    mean : ndarray of shape (d,), float32
    components : ndarray of shape (n_components, d), float32
        Orthonormal rows, by falling variance; each with its largest entry positive, so
        that the sign does not depend on the library.

    Examples
    --------
    >>> sample = np.array([[0, 1], [2, 1], [4, 1]], np.float32)
    >>> principal_components(sample, 1)
    (array([2., 1.], dtype=float32), array([[1., 0.]], dtype=float32))
    """
    mean = sample.mean(axis=0, dtype=np.float64)
    scatter = np.zeros((sample.shape[1],) * 2)
    for start in range(0, len(sample), 32 * _BLOCK):
        block = sample[start : start + 32 * _BLOCK] - mean.astype(np.float32)
        scatter += block.T @ block
    axes = np.linalg.eigh(scatter)[1][:, ::-1][:, :n_components].T
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    axes = axes * np.where(largest < 0, -1.0, 1.0)[:, None]
    return mean.astype(np.float32), np.ascontiguousarray(axes, np.float32)


def density_table(weights: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Matrix that turns rows ``[x, x², 1]`` into log-densities of all Gaussians.

    Parameters
    ----------
    weights : ndarray of shape (k,)
    means, variances : ndarray of shape (k, d)

    Returns
    -------
    ndarray of shape (2 d + 1, k), float32

    Examples
    --------
    >>> table = density_table(np.ones(1), np.zeros((1, 1)), np.ones((1, 1)))
    >>> bool(np.isclose(table[2, 0], -0.5 * np.log(2 * np.pi)))
    True
    """
    means, variances = np.asarray(means, np.float64), np.asarray(variances, np.float64)
    constant = np.log(np.asarray(weights, np.float64)) - 0.5 * np.sum(
        np.log(2 * np.pi * variances) + means**2 / variances, axis=1
    )
    table = np.concatenate([means / variances, -0.5 / variances, constant[:, None]], axis=1)
    return np.ascontiguousarray(table.T, np.float32)


def mixture_sums(
    x: np.ndarray,
    table: np.ndarray,
    bounds: np.ndarray | None = None,
    posteriors: np.ndarray | None = None,
) -> tuple[np.ndarray, float]:
    """Sums of ``[x, x², 1]`` over descriptors, weighted by the posterior of each Gaussian.

    Parameters
    ----------
    x : ndarray of shape (n, d), float32
        Best roughly centered: squares of large numbers cost digits.
    table : ndarray of shape (2 d + 1, k), float32
        From `density_table`.
    bounds : ndarray of shape (n_groups + 1,), int, optional
        Sum the rows ``bounds[g]`` to ``bounds[g + 1]`` apart from the others.
    posteriors : ndarray of shape (k, n), optional
        Filled with the posteriors, for those who want to know more than the sums.

    Returns
    -------
    sums : ndarray of shape (k, 2 d + 1) or (n_groups, k, 2 d + 1), float32
    log_likelihood : float
        Log-likelihood of all descriptors together.

    Examples
    --------
    >>> table = density_table(np.ones(1), np.zeros((1, 1)), np.ones((1, 1)))
    >>> mixture_sums(np.array([[2.0], [3.0]], np.float32), table)[0]
    array([[ 5., 13.,  2.]], dtype=float32)
    """
    n, d = x.shape
    edges = np.array([0, n]) if bounds is None else bounds
    rows = np.ascontiguousarray(table.T)
    sums = np.zeros((len(edges) - 1, *rows.shape), np.float32)
    log_likelihood = 0.0
    ones = np.ones(len(rows), np.float32)
    extended = np.empty((min(n, _BLOCK), 2 * d + 1), np.float32)
    densities = np.empty((len(rows), min(n, _BLOCK)), np.float32)  # fresh memory is slow
    group = 0
    for start in range(0, n, _BLOCK):
        block = x[start : start + _BLOCK]
        stop = start + len(block)
        e = extended[: len(block)]
        e[:, :d] = block
        np.multiply(block, block, out=e[:, d:-1])
        e[:, -1] = 1
        # Gaussians by descriptors: maximum and sum run along memory
        density = np.matmul(rows, e.T, out=densities[:, : len(block)])
        top = density.max(axis=0)
        density -= top
        np.maximum(density, _NOTHING, out=density)
        np.exp(density, out=density)
        total = ones @ density
        log_likelihood += float(np.sum(np.log(total), dtype=np.float64) + top.sum(dtype=np.float64))
        if posteriors is not None:
            np.divide(density, total, out=posteriors[:, start:stop])
        e /= total[:, None]  # instead of the posteriors, which have more entries
        first = start
        while first < stop:
            last = min(int(edges[group + 1]), stop)
            inside = slice(first - start, last - start)
            sums[group] += density[:, inside] @ e[inside]
            group += last == edges[group + 1]
            first = last
    return (sums[0] if bounds is None else sums), log_likelihood


def fit_mixture(
    sample: np.ndarray,
    n_gaussians: int,
    *,
    random_state: np.random.RandomState,
    n_jobs: int | None = None,
    max_iter: int = 25,
    tol: float = 1e-3,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a diagonal Gaussian mixture by expectation-maximization from K-means words.

    Parameters
    ----------
    sample : ndarray of shape (n, d), float32
    n_gaussians : int
    random_state : numpy.random.RandomState
    n_jobs : int or None
        The result does not depend on it.
    max_iter : int
        Stop after this number of iterations ...
    tol : float
        ... or once the mean log-likelihood rises by less.

    Returns
    -------
    weights : ndarray of shape (n_gaussians,), float32
    means, variances : ndarray of shape (n_gaussians, d), float32

    Raises
    ------
    DataError
        There are fewer than two descriptors a Gaussian.

    References
    ----------
    Sánchez et al., "Image classification with the Fisher vector: theory and practice",
    IJCV 105(3), 2013, appendix B.

    Examples
    --------
    >>> rng = np.random.RandomState(0)
    >>> sample = np.r_[rng.normal(0, 1, (500, 1)), rng.normal(9, 1, (500, 1))]
    >>> weights, means, _ = fit_mixture(sample.astype("f4"), 2, random_state=rng)
    >>> sorted(abs(means).ravel().round().tolist()), weights.round(2).tolist()
    ([0.0, 9.0], [0.5, 0.5])
    """
    if len(sample) < 2 * n_gaussians:
        raise DataError(
            f"n_gaussians={n_gaussians} Gaussians need at least {2 * n_gaussians} local features; "
            f"the training images gave {len(sample)}. Use fewer Gaussians or more images."
        )
    center = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = sample.var(axis=0, dtype=np.float64)
    floor = 1e-3 * spread + 1e-4 * spread.mean() + 1e-12
    words = kmeans_words(sample, n_gaussians, random_state=random_state, n_jobs=n_jobs, max_iter=10)
    blocks = [sample[start : start + 32 * _BLOCK] for start in range(0, len(sample), 32 * _BLOCK)]

    def hard(block: np.ndarray) -> tuple[np.ndarray, float]:
        x = block - center
        posteriors = np.zeros((len(x), n_gaussians), np.float32)
        posteriors[np.arange(len(x)), nearest_words(block, words)] = 1
        return posteriors.T @ np.concatenate([x, x * x, np.ones((len(x), 1), "f4")], axis=1), 0.0

    d = sample.shape[1]
    with thread_map(n_jobs) as run:

        def gather(step) -> tuple[np.ndarray, float]:
            sums, log_likelihood = np.zeros((n_gaussians, 2 * d + 1)), 0.0
            for block_sums, block_value in run(step, blocks):
                sums = sums + block_sums.astype(np.float64)
                log_likelihood += block_value
            return sums, log_likelihood / len(sample)

        sums, before = gather(hard)[0], -np.inf
        for _ in range(max_iter):
            mass = sums[:, -1:] + 1e-9
            weights = np.maximum(mass[:, 0] / mass.sum(), _WEIGHT_FLOOR)
            weights /= weights.sum()
            means = sums[:, :d] / mass
            variances = np.maximum(sums[:, d:-1] / mass - means**2, floor)
            table = density_table(weights, means, variances)
            sums, value = gather(lambda block, table=table: mixture_sums(block - center, table))
            if value - before < tol:
                break
            before = value
    return weights.astype(np.float32), (means + center).astype(np.float32), variances.astype("f4")


def smooth_mixture(
    weights: np.ndarray, means: np.ndarray, variances: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Move every Gaussian of a mixture a part of the way to the Gaussian of all descriptors.

    Parameters
    ----------
    weights : ndarray of shape (k,), float32
    means, variances : ndarray of shape (k, d), float32
    share : float
        From 0 (nothing moves) to 1.

    Returns
    -------
    means, variances : ndarray of shape (k, d), float32

    Examples
    --------
    >>> means, variances = np.array([[-1.0], [1.0]], "f4"), np.ones((2, 1), "f4")
    >>> smooth_mixture(np.full(2, 0.5, "f4"), means, variances, 0.5)[0].ravel().tolist()
    [-0.5, 0.5]
    """
    if share == 0:
        return means, variances
    center = weights @ means
    spread = weights @ (variances + means**2) - center**2
    moved = means + np.float32(share) * (center - means)
    return moved, variances + np.float32(share) * (spread - variances)
