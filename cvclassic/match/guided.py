"""Guided matching: a second search where a homography predicts the match."""

from __future__ import annotations

import numpy as np

from ..describe import LocalFeatures
from .geometry import estimate_homography, project, reprojection_error


def guided_matches(
    a: LocalFeatures,
    b: LocalFeatures,
    xy_a: np.ndarray,
    xy_b: np.ndarray,
    model: np.ndarray,
    threshold: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair keypoints again, each only with those that the homography brings near, and fit again.

    Parameters
    ----------
    a, b : LocalFeatures
        All keypoints of both images.
    xy_a, xy_b : ndarray of shape (n, 2), float32
        The matches so far.
    model : ndarray of shape (3, 3), float64
        Their homography.
    threshold : float
        Largest reprojection error of an inlier, in pixels.
    seed : int
        Seed of the random samples.

    Returns
    -------
    xy_a, xy_b, model
        As given, but never with fewer inliers.

    References
    ----------
    .. [1] R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed., 2004, algorithm 4.6
       step (v).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xy = rng.uniform(0, 99, (40, 2)).astype(np.float32)
    >>> one = np.ones(40, np.float32)
    >>> features = LocalFeatures(xy, one, one, rng.random((40, 8), np.float32), (99, 99))
    >>> found, _, _ = guided_matches(features, features, xy[:9], xy[:9], np.eye(3), 3.0, 0)
    >>> len(found)
    40
    """
    from scipy.spatial import cKDTree

    best = xy_a, xy_b, model
    n_best = _n_inliers(*best, threshold)
    # From wide to narrow: far from the first matches the first homography may be well off.
    for radius in (4 * threshold, 2 * threshold, threshold, threshold):
        there = project(a.xy, best[2])
        usable = np.flatnonzero(np.isfinite(there).all(axis=1))
        near = cKDTree(b.xy).query_ball_point(there[usable], radius)
        counts = np.array([len(hits) for hits in near], int)
        if not counts.sum():
            return best
        rows = np.repeat(usable, counts)
        columns = np.concatenate([np.asarray(hits, int) for hits in near])
        distances = _pair_distances(a.descriptors[rows], b.descriptors[columns])
        # Without a second nearest to compare with, only those count that are as close as the
        # matches found before.
        good = distances <= _largest_distance(a, b, *best, threshold)
        pairs = _mutual_best(rows[good], columns[good], distances[good])
        new_a, new_b = a.xy[pairs[:, 0]], b.xy[pairs[:, 1]]
        fitted, _ = estimate_homography(new_a, new_b, threshold=threshold * 2 / 3, seed=seed)
        if fitted is None or _n_inliers(new_a, new_b, fitted, threshold) < n_best:
            return best
        best = new_a, new_b, fitted
        n_best = _n_inliers(*best, threshold)
    return best


def _n_inliers(xy_a: np.ndarray, xy_b: np.ndarray, model: np.ndarray, threshold: float) -> int:
    """Number of matches within the threshold."""
    return int((reprojection_error(xy_a, xy_b, model) <= threshold).sum())


def _pair_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distance of each row of a to the same row of b."""
    if a.dtype == np.uint8:
        return np.bitwise_count(a ^ b).sum(axis=1, dtype=np.float32)
    return np.linalg.norm(a - b, axis=1)


def _largest_distance(
    a: LocalFeatures,
    b: LocalFeatures,
    xy_a: np.ndarray,
    xy_b: np.ndarray,
    model: np.ndarray,
    threshold: float,
) -> float:
    """Largest descriptor distance among the inliers so far."""
    from scipy.spatial import cKDTree

    inliers = reprojection_error(xy_a, xy_b, model) <= threshold
    rows = cKDTree(a.xy).query(xy_a[inliers])[1]
    columns = cKDTree(b.xy).query(xy_b[inliers])[1]
    return float(_pair_distances(a.descriptors[rows], b.descriptors[columns]).max())


def _mutual_best(rows: np.ndarray, columns: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Pairs of which each is the other's nearest."""
    order = np.argsort(distances, kind="stable")
    rows, columns = rows[order], columns[order]
    best_of_row = np.zeros(len(rows), bool)
    best_of_row[np.unique(rows, return_index=True)[1]] = True
    best_of_column = np.zeros(len(rows), bool)
    best_of_column[np.unique(columns, return_index=True)[1]] = True
    both = best_of_row & best_of_column
    pairs = np.column_stack([rows[both], columns[both]])
    return pairs[np.argsort(pairs[:, 0], kind="stable")]
