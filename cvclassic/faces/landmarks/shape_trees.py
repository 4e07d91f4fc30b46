"""Gradient-boosted regression trees on differences of pixels that move with the shape.

All trees of a stage look at the same pixels, so that a stage is one look-up of those pixels and one
pass over arrays that hold all trees: no loop over trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .alignment import N_LANDMARKS
from .shape_regression import CROP, Training, in_crop

SCALE = 64.0  # pixels across the face
N_STAGES, N_TREES = 10, 500
DEPTH = 4
LEARNING_RATE = 0.1
_N_PIXELS = 400
_CANDIDATES = 20  # pairs of pixels tried at a node
_NEARNESS = 0.1  # of a pair, over the size of the face: Kazemi & Sullivan's exponential prior
_MARGIN = 0.1  # around the mean shape, where pixels are looked at


@dataclass(frozen=True, eq=False)
class TreeStage:
    """Trees of one depth, node by node: node i goes on to 2 i + 1, or to 2 i + 2 if above.

    Parameters
    ----------
    scale : float
    anchors : ndarray of shape (n_pixels,), int
        Point that each pixel moves with.
    offsets : ndarray of shape (n_pixels, 2), float32
        From there, in the mean shape's frame.
    pairs : ndarray of shape (n_trees, n_nodes, 2), int
        Pixels whose difference is compared.
    thresholds : ndarray of shape (n_trees, n_nodes), float32
    leaves : ndarray of shape (n_trees, n_nodes + 1, 136), float32
    """

    scale: float
    anchors: np.ndarray
    offsets: np.ndarray
    pairs: np.ndarray
    thresholds: np.ndarray
    leaves: np.ndarray

    def move(self, crop: np.ndarray, points: np.ndarray) -> np.ndarray:
        """How the points move: the sum of one leaf of each tree."""
        seen = look_up(crop, points, self.anchors, self.offsets, self.scale)
        found = fall(seen[None], self.pairs, self.thresholds)[0]
        return self.leaves[np.arange(len(found)), found].sum(axis=0).reshape(-1, 2)


def look_up(
    crop: np.ndarray, points: np.ndarray, anchors: np.ndarray, offsets: np.ndarray, scale: float
) -> np.ndarray:
    """Brightness of the pixels nearest to places that move with the points; int16."""
    at = np.rint(in_crop(points[anchors] + offsets, scale)).astype(int)
    np.clip(at, 0, CROP - 1, out=at)
    return crop[at[:, 1], at[:, 0]].astype(np.int16)


def fall(seen: np.ndarray, pairs: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Leaf that each row of pixels reaches in each tree.

    Parameters
    ----------
    seen : ndarray of shape (n, n_pixels), int16
    pairs : ndarray of shape (n_trees, n_nodes, 2), int
    thresholds : ndarray of shape (n_trees, n_nodes)

    Returns
    -------
    ndarray of shape (n, n_trees), int

    Examples
    --------
    >>> pairs = np.array([[[0, 1], [1, 2], [0, 2]]])
    >>> fall(np.array([[9, 1, 5]], np.int16), pairs, np.array([[5.0, 0.0, 5.0]])).tolist()
    [[2]]
    """
    n_trees, n_nodes, _ = pairs.shape
    trees = np.arange(n_trees)
    node = np.zeros((len(seen), n_trees), int)
    rows = np.arange(len(seen))[:, None]
    for _ in range(n_nodes.bit_length()):
        pair = pairs[trees, node]
        above = seen[rows, pair[..., 0]] - seen[rows, pair[..., 1]] > thresholds[trees, node]
        node = 2 * node + 1 + above
    return node - n_nodes


def _draw_pixels(mean: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Places around the mean shape: point that each moves with, and offset from there."""
    low, high = mean.min(axis=0) - _MARGIN, mean.max(axis=0) + _MARGIN
    places = rng.uniform(low, high, (_N_PIXELS, 2))
    distances = np.linalg.norm(places[:, None] - mean, axis=2)
    anchors = distances.argmin(axis=1)
    return anchors, (places - mean[anchors]).astype(np.float32)


def _draw_splits(
    chances: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Candidate pairs (n, 2) of pixels, the near ones more often, and thresholds (n,)."""
    first, second = np.divmod(np.searchsorted(chances, rng.random(n)), _N_PIXELS)
    np.minimum(first, _N_PIXELS - 1, out=first)
    return np.stack([first, second], axis=1), rng.uniform(-64, 64, n).astype(np.float32)


def grow_tree(
    seen: np.ndarray, residuals: np.ndarray, chances: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One tree: at each node the candidate that explains most of the residuals.

    Parameters
    ----------
    seen : ndarray of shape (n_pixels, n), int16
    residuals : ndarray of shape (n, 136), float32
    chances : ndarray of shape (n_pixels ** 2,)
        Cumulated chances of pairs.
    rng : numpy.random.Generator

    Returns
    -------
    pairs : ndarray of shape (n_nodes, 2), int
    thresholds : ndarray of shape (n_nodes,), float32
    leaf : ndarray of shape (n,), int
        Leaf that each row falls into.

    References
    ----------
    Kazemi & Sullivan, "One millisecond face alignment with an ensemble of regression trees",
    CVPR 2014, section 2.3, equations (8) to (10): minimizing the squared error is maximizing
    ``|R_l| |mu_l|^2 + |R_r| |mu_r|^2``.
    """
    n_nodes = 2**DEPTH - 1
    pairs, thresholds = np.zeros((n_nodes, 2), int), np.zeros(n_nodes, np.float32)
    members = {0: np.arange(seen.shape[1])}
    for node in range(n_nodes):
        rows = members.pop(node)
        tried, limits = _draw_splits(chances, _CANDIDATES, rng)
        chosen = 0
        above = seen[tried[:, 0][:, None], rows] - seen[tried[:, 1][:, None], rows]
        above = above > limits[:, None]
        if len(rows) > 1:
            mine = residuals[rows]
            count = above.sum(axis=1)
            total = above.astype(np.float32) @ mine
            rest = mine.sum(axis=0) - total
            gain = (total**2).sum(axis=1) / np.maximum(count, 1)
            gain += (rest**2).sum(axis=1) / np.maximum(len(rows) - count, 1)
            chosen = int(gain.argmax())
        pairs[node], thresholds[node] = tried[chosen], limits[chosen]
        members[2 * node + 1] = rows[~above[chosen]]
        members[2 * node + 2] = rows[above[chosen]]
    leaf = np.empty(seen.shape[1], int)
    for node, rows in members.items():
        leaf[rows] = node - n_nodes
    return pairs, thresholds, leaf


def fit_trees(
    training: Training, seed: int, progress: Callable[[int, int], None]
) -> list[TreeStage]:
    """Stages of trees, each tree fitted to what those before it left.

    References
    ----------
    Kazemi & Sullivan, as `grow_tree`, algorithm 1; the prior on pairs is section 2.3.2.
    """
    rng = np.random.default_rng(seed)
    stages = []
    for number in range(N_STAGES):
        anchors, offsets = _draw_pixels(training.mean, rng)
        places = training.mean[anchors] + offsets
        chances = np.exp(-np.linalg.norm(places[:, None] - places, axis=2) / _NEARNESS)
        np.fill_diagonal(chances, 0)
        chances = np.cumsum(chances / chances.sum())
        seen, _, wanted = training.look(
            SCALE, lambda crop, points, a=anchors, o=offsets: look_up(crop, points, a, o, SCALE)
        )
        seen = np.ascontiguousarray(seen.T)
        residuals = wanted.reshape(len(wanted), -1).astype(np.float32)
        moves = np.zeros_like(residuals)
        trees: list[tuple[np.ndarray, np.ndarray]] = []
        leaves = np.zeros((N_TREES, 2**DEPTH, 2 * N_LANDMARKS), np.float32)
        for t in range(N_TREES):
            if t % 50 == 0:
                progress(number * N_TREES + t, N_STAGES * N_TREES)
            pairs, thresholds, leaf = grow_tree(seen, residuals, chances, rng)
            trees.append((pairs, thresholds))
            members = (leaf == np.arange(2**DEPTH)[:, None]).astype(np.float32)
            counts = np.maximum(members.sum(axis=1, keepdims=True), 1)
            leaves[t] = LEARNING_RATE * (members @ residuals) / counts
            step = leaves[t][leaf]
            residuals -= step
            moves += step
        pairs, thresholds = (np.stack(parts) for parts in zip(*trees, strict=True))
        stages.append(TreeStage(SCALE, anchors, offsets, pairs, thresholds, leaves))
        training.move(moves.reshape(-1, N_LANDMARKS, 2))
    progress(N_STAGES * N_TREES, N_STAGES * N_TREES)
    return stages
