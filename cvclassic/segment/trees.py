"""Boosted symmetric trees over features of 256 steps: quick to train, very quick to evaluate.

All nodes of one depth share one comparison, so a tree of depth d is d comparisons of whole planes,
each a bit of the number of a leaf. Nothing branches: 100 trees of depth 7 take a tenth of a second
per megapixel in NumPy and OpenCV; walking from node to node would take ten times that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

MAX_DEPTH = 8  # leaves are numbered in a byte
_BINS = 64
_BLOCK = 65_536  # pixels whose scores and leaves fit the cache
# Gradient and hessian of a sample share one float64: sums of the first, in steps of 1/1023, stay
# above 2**27, sums of the second, in steps of 1/255, stay below.
_SHIFT = 2.0**27
_MAX_ROWS = 500_000


@dataclass(frozen=True, eq=False)
class Trees:
    """A boosted ensemble.

    Attributes
    ----------
    features : ndarray of shape (n_trees, depth), int32
        Number of the plane that each depth compares.
    cuts : ndarray of shape (n_trees, depth), uint8
        Larger values give a bit of 1.
    leaves : ndarray of shape (n_trees, 2**depth, k), float32
        What each leaf adds to the scores; k is 1 for two classes.
    bias : ndarray of shape (k,), float32
    """

    features: np.ndarray
    cuts: np.ndarray
    leaves: np.ndarray
    bias: np.ndarray


NO_TREES = Trees(
    np.zeros((0, 1), np.int32),
    np.zeros((0, 1), np.uint8),
    np.zeros((0, 2, 1), np.float32),
    np.zeros(1, np.float32),
)


def train_trees(
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    n_classes: int,
    rng: np.random.Generator,
    *,
    n_trees: int = 100,
    depth: int = 7,
    learning_rate: float = 0.15,
    n_candidates: int = 32,
    row_share: float = 0.7,
    smoothing: float = 10.0,
) -> Trees:
    """Boost the logistic (two classes) or softmax loss by Newton steps.

    Parameters
    ----------
    features : ndarray of shape (n_features, n), uint8
    labels : ndarray of shape (n,), int
        From 0 to n_classes - 1.
    weights : ndarray of shape (n,), float
    n_classes : int
    rng : numpy.random.Generator
    n_trees, depth, learning_rate
        Size and number of steps.
    n_candidates : int
        Features that a depth chooses from, at random.
    row_share : float
        Share of the samples that a tree sees.
    smoothing : float
        Added to the sum of hessians of a leaf.

    Returns
    -------
    Trees

    References
    ----------
    .. [1] J. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of
       Statistics 29(5), 2001.
    .. [2] A. Dorogush, V. Ershov, A. Gulin, "CatBoost: gradient boosting with categorical features
       support", 2018, section 3 (oblivious trees).
    .. [3] L. Iosipoi, A. Vakhrushev, "SketchBoost: fast gradient boosted decision tree for
       multioutput problems", NeurIPS 2022, section 3.3 (random projections of the gradients).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 256, (3, 2000), dtype=np.uint8)
    >>> y = (x[1] > 100).astype(int)
    >>> trees = train_trees(x, y, np.ones(2000), 2, rng, n_trees=20, depth=2)
    >>> bool(((score_planes(list(x[:, None]), trees)[0, 0] > 0) == y).mean() > 0.98)
    True
    """
    trees, _ = _boost(
        features,
        labels,
        weights,
        n_classes,
        rng,
        n_trees,
        depth,
        learning_rate,
        n_candidates,
        row_share,
        smoothing,
    )
    return trees


def useful_features(
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    n_classes: int,
    rng: np.random.Generator,
    *,
    most: int = 64,
    n_trees: int = 24,
) -> np.ndarray:
    """Numbers of the features that a few trees choose, when they may choose among all.

    What no tree looks at need not be computed, and a choice among few good features is better than
    one among a random share of many.

    Parameters
    ----------
    features, labels, weights, n_classes, rng
        As `train_trees`.
    most : int
    n_trees : int

    Returns
    -------
    ndarray of int
        Sorted.
    """
    if len(features) <= most:
        return np.arange(len(features))
    rows = rng.permutation(len(labels))[:40_000]
    part = np.ascontiguousarray(features[:, rows])
    settings = (n_trees, 6, 0.3, len(features), 0.7, 10.0)
    _, gains = _boost(part, labels[rows], weights[rows], n_classes, rng, *settings)
    return np.sort(np.argsort(-gains, kind="stable")[:most])


def _boost(
    features,
    labels,
    weights,
    n_classes: int,
    rng: np.random.Generator,
    n_trees: int,
    depth: int,
    learning_rate: float,
    n_candidates: int,
    row_share: float,
    smoothing: float,
) -> tuple[Trees, np.ndarray]:
    """Trees, and what each feature gained."""
    # in random order a block of samples is a random choice, and is read faster than a choice
    order = rng.permutation(len(labels))
    features, labels = np.ascontiguousarray(features[:, order]), labels[order]
    k = 1 if n_classes == 2 else n_classes
    weights = (weights[order] / weights.mean()).astype(np.float32)
    prior = np.clip(np.bincount(labels, weights, n_classes) / weights.sum(), 1e-6, 1)
    bias = (np.log(prior[1:] / prior[:1]) if k == 1 else np.log(prior)).astype(np.float32)
    truth = (labels == np.arange(n_classes)[:, None])[-k:]
    scores = np.repeat(bias[:, None], len(labels), axis=1)
    chosen = np.zeros((n_trees, depth), np.int32)
    cuts = np.zeros((n_trees, depth), np.uint8)
    leaves = np.zeros((n_trees, 2**depth, k), np.float32)
    gains = np.zeros(len(features))
    size = min(max(int(row_share * len(labels)), min(len(labels), 1000)), _MAX_ROWS)
    for t in range(n_trees):
        start = int(rng.integers(len(labels) - size + 1))
        rows = slice(start, start + size)
        share = _probabilities(scores[:, rows])
        w = weights[rows]
        g = (truth[:, rows] - share) * w
        h = np.maximum(share * (1 - share), 1e-4) * w
        sketch = _sketch(g, h, rng)
        # three mixtures instead of one gradient: half of the samples will do to find the cuts
        searched = size if len(sketch[0]) < 3 else max(size // 2, min(size, 1000))
        packed = [_pack(*pair) for pair in zip(*(v[:, :searched] for v in sketch), strict=True)]
        part = features[:, start : start + searched]
        leaf = np.zeros(searched, np.uint16)
        for d in range(depth):
            candidates = rng.permutation(len(features))[:n_candidates]
            f, cut, gain = _best_cut(part, leaf, 2**d, candidates, packed, smoothing)
            chosen[t, d], cuts[t, d] = f, cut
            gains[f] += gain
            leaf = leaf * np.uint16(2) + (part[f] > cut)
        numbers = _leaf_numbers(features, chosen[t], cuts[t])
        for c in range(k):
            seen = numbers[rows]
            sums = np.bincount(seen, g[c], 2**depth), np.bincount(seen, h[c], 2**depth)
            leaves[t, :, c] = learning_rate * sums[0] / (sums[1] + smoothing)
            table = np.zeros(256, np.float32)
            table[: 2**depth] = leaves[t, :, c]
            scores[c] += cv2.LUT(numbers[None], table)[0]
    return Trees(chosen, cuts, leaves, bias), gains


def _best_cut(
    features: np.ndarray, leaf: np.ndarray, n_leaves: int, candidates, packed, smoothing: float
) -> tuple[int, int, float]:
    """Feature and cut that lower the loss most over all leaves together, and by how much."""
    best, found = -np.inf, (0, 255)
    before: float | None = None
    base = leaf * np.uint16(_BINS)
    for f in candidates:
        cell = base + (features[f] >> 2)
        gain = np.zeros(_BINS)
        for weights, scale in packed:
            g, h = _unpack(np.bincount(cell, weights, n_leaves * _BINS), scale)
            g = g.reshape(n_leaves, _BINS).cumsum(axis=1)
            h = h.reshape(n_leaves, _BINS).cumsum(axis=1)
            above = (g[:, -1:] - g) ** 2 / (h[:, -1:] - h + smoothing)
            gain += (g**2 / (h + smoothing) + above).sum(axis=0)
        # the last cut leaves everything below: what there is without a split
        before = float(gain[-1]) if before is None else before
        cut = int(gain[:-1].argmax())
        if gain[cut] > best:
            best, found = gain[cut], (int(f), cut * 4 + 3)
    return *found, float(best - (before or 0.0))


def _sketch(g: np.ndarray, h: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Three random mixtures of the gradients of many classes, for the search of cuts."""
    if len(g) <= 3:
        return g, h
    mix = rng.normal(size=(3, len(g))).astype(np.float32) / np.float32(np.sqrt(3))
    return mix @ g, np.repeat(h.mean(axis=0)[None], 3, axis=0)


def _pack(g: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Two numbers of each sample in one float64, so that one histogram sums both."""
    scale = max(float(np.abs(g).max()), 1e-9) / 1023, max(float(h.max()), 1e-9) / 255
    steps = np.rint(g.astype(np.float64) / scale[0]) * _SHIFT
    return steps + np.rint(h.astype(np.float64) / scale[1]), scale


def _unpack(sums: np.ndarray, scale: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    steps = np.floor(sums / _SHIFT)
    return steps * scale[0], (sums - steps * _SHIFT) * scale[1]


def _probabilities(scores: np.ndarray) -> np.ndarray:
    """Of scores of shape (k, ...)."""
    if len(scores) == 1:
        return 1 / (1 + np.exp(-scores))
    shares = np.exp(scores - scores.max(axis=0))
    shares /= shares.sum(axis=0)
    return shares


def _leaf_numbers(features, chosen: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    numbers = np.zeros(features.shape[1:], np.uint8)
    for f, cut in zip(chosen, cuts, strict=True):
        np.add(numbers, numbers, out=numbers)
        np.bitwise_or(numbers, (features[f] > cut).view(np.uint8), out=numbers)
    return numbers


def score_planes(planes: Sequence[np.ndarray], trees: Trees) -> np.ndarray:
    """Scores of every pixel.

    Parameters
    ----------
    planes : sequence of ndarray of shape (H, W), uint8
        Feature by feature; views will do.
    trees : Trees

    Returns
    -------
    ndarray of shape (k, H, W), float32
        Logarithm of the odds (k = 1), or logits of the classes.
    """
    height, width = planes[0].shape
    n_trees, n_leaves, k = trees.leaves.shape
    tables = np.zeros((n_trees, k, 256), np.float32)
    tables[:, :, :n_leaves] = trees.leaves.transpose(0, 2, 1)
    scores = np.empty((k, height, width), np.float32)
    scores[...] = trees.bias[:, None, None]
    n_rows = max(1, _BLOCK // width)
    for top in range(0, height, n_rows):
        block = [plane[top : top + n_rows] for plane in planes]
        numbers = np.empty(block[0].shape, np.uint8)
        above = np.empty(block[0].shape, bool)
        bits = above.view(np.uint8)
        for t in range(n_trees):
            numbers[...] = 0
            for f, cut in zip(trees.features[t].tolist(), trees.cuts[t], strict=True):
                np.greater(block[f], cut, out=above)
                np.add(numbers, numbers, out=numbers)
                np.bitwise_or(numbers, bits, out=numbers)
            for c in range(k):
                part = scores[c, top : top + n_rows]
                np.add(part, cv2.LUT(numbers, tables[t, c]).reshape(part.shape), out=part)
    return scores
