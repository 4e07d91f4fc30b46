"""One-to-one matching of edge pixels within a radius: what BSDS scores rest on.

Not a benchmark of its own; `edges_bsds` uses it.
"""

from __future__ import annotations

import cv2
import numpy as np


def max_matching(
    starts: np.ndarray, partners: np.ndarray, n_right: int
) -> tuple[np.ndarray, np.ndarray]:
    """Maximum matching of a bipartite graph, by forests of alternating paths.

    From all free nodes on the left, trees of alternating paths grow level by level, each node in
    one tree; every tree that reaches a free node on the right gives one augmenting path. When none
    does, the matching is maximum (Berge). A level is a handful of NumPy calls, whatever its size.

    Parameters
    ----------
    starts : ndarray of shape (n_left + 1,), int64
        ``partners[starts[i]:starts[i + 1]]`` are the neighbors of node i, the preferred first.
    partners : ndarray of int64
        Nodes on the right.
    n_right : int
        Number of nodes on the right.

    Returns
    -------
    left, right : ndarray of shape (n_left,) and (n_right,), int64
        Partner of each node, or -1.

    References
    ----------
    A. Azad, A. Buluc and A. Pothen, "Computing maximum cardinality matchings in parallel on
    bipartite graphs via tree-grafting", IEEE TPDS 28(1), 2017, algorithm 1.
    """
    degree = np.diff(starts)
    left = np.full(len(degree), -1, np.int64)
    right = np.full(n_right, -1, np.int64)
    for choice in range(int(degree.max(initial=0))):
        free = np.flatnonzero((left < 0) & (degree > choice))
        wanted = partners[starts[free] + choice]
        open_ = right[wanted] < 0
        free, wanted = free[open_], wanted[open_]
        right[wanted] = free
        won = right[wanted] == free
        left[free[won]] = wanted[won]
    while True:
        leaf, parent = _grow(starts, partners, degree, left, right)
        ends = leaf[leaf >= 0]
        if not len(ends):
            return left, right
        while len(ends):  # turn the paths over, all of them one step at a time
            node = parent[ends]
            before = left[node]
            left[node], right[ends] = ends, node
            ends = before[before >= 0]


def _grow(
    starts: np.ndarray,
    partners: np.ndarray,
    degree: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Forest of alternating paths: for each root a free node that it reaches, and the parents."""
    root = np.full(len(right), -1, np.int64)
    parent = np.full(len(right), -1, np.int64)
    leaf = np.full(len(left), -1, np.int64)
    front = np.flatnonzero((left < 0) & (degree > 0))
    roots = front.copy()
    while len(front):
        count = degree[front]
        offsets = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        reached = partners[np.repeat(starts[front], count) + offsets]
        source, tree = np.repeat(front, count), np.repeat(roots, count)
        new = root[reached] < 0
        reached, source, tree = reached[new], source[new], tree[new]
        parent[reached] = source  # of several, the last one written stays
        mine = parent[reached] == source
        reached, tree = reached[mine], tree[mine]
        root[reached] = tree
        free = right[reached] < 0
        leaf[tree[free]] = reached[free]
        on = ~free & (leaf[tree] < 0)
        front, roots = right[reached[on]], tree[on]
    return leaf, parent


def match_pixels(found: np.ndarray, truth: np.ndarray, radius: float) -> np.ndarray:
    """Pair pixels of two edge maps, each at most once, as many as possible.

    Parameters
    ----------
    found, truth : ndarray of shape (H, W), bool
        Edge maps.
    radius : float
        Largest distance of a pair, in pixels.

    Returns
    -------
    ndarray of shape (found.sum(),), bool
        Which of the found pixels have a partner, in the order of ``np.nonzero``.
    """
    y, x = np.nonzero(found)
    matched = np.zeros(len(y), bool)
    n_truth = int(truth.sum())
    if not len(y) or not n_truth:
        return matched
    distance = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = np.flatnonzero(distance[y, x] <= radius + 1e-5)
    reach = int(radius)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    squared = dy**2 + dx**2
    order = np.argsort(squared, kind="stable")
    order = order[squared[order] <= radius**2]
    dy, dx = dy[order], dx[order]
    index = np.full((truth.shape[0] + 2 * reach, truth.shape[1] + 2 * reach), -1, np.int64)
    inner = index[reach : reach + truth.shape[0], reach : reach + truth.shape[1]]
    inner[truth] = np.arange(n_truth)
    around = index[y[near, None] + reach + dy, x[near, None] + reach + dx]
    valid = around >= 0
    starts = np.concatenate([[0], np.cumsum(valid.sum(axis=1))])
    left, _ = max_matching(starts, around[valid], n_truth)
    matched[near] = left >= 0
    return matched
