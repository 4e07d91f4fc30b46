"""Boosted trees over all windows of an atlas, with a soft cascade."""

from __future__ import annotations

import numpy as np

from .boosting import Trees
from .pyramid import Atlas

BLOCK = 16  # trees between two chances to drop windows
_PLANE_TREES = 16  # compared on whole planes, before the first windows are dropped


def scan_windows(
    atlas: Atlas, trees: Trees, floors: np.ndarray | None = None, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Windows that pass a soft cascade.

    Parameters
    ----------
    atlas : Atlas
    trees : Trees
    floors : ndarray of shape (ceil(n_trees / 16),), optional
        Score that a window needs after each 16 trees.
    most : int, optional
        Keep at most so many windows after the last tree; halved no faster than every 16 trees.

    Returns
    -------
    rows : ndarray of shape (n,), int
        Windows of the atlas.
    scores : ndarray of shape (n,), float32

    References
    ----------
    Bourdev & Brandt, "Robust object detection via soft cascade", CVPR 2005.
    """
    rows = np.arange(len(atlas.anchors))
    if not len(rows):
        return rows, np.zeros(0, np.float32)
    offsets = atlas.offsets()
    scores = _plane_scores(atlas, trees[:_PLANE_TREES], offsets)[atlas.anchors]
    n = len(rows)
    flat = atlas.planes.reshape(-1)
    for k in range(_PLANE_TREES, len(trees) + BLOCK, BLOCK):
        stage = k // BLOCK
        keep = np.ones(len(rows), bool)
        if floors is not None:
            keep = scores >= floors[stage - 1]
        if most is not None and keep.sum() > max(most, n >> stage):
            room = max(most, n >> stage)
            keep = np.zeros(len(rows), bool)
            keep[np.argpartition(-scores, room - 1)[:room]] = True
        if not keep.all():
            rows, scores = rows[keep], scores[keep]
        if k >= len(trees) or not len(rows):
            break
        scores = scores + _gathered(flat, atlas.anchors[rows], trees[k : k + BLOCK], offsets)
    return rows, scores


def _plane_scores(atlas: Atlas, trees: Trees, offsets: np.ndarray) -> np.ndarray:
    """Score of a window at every position of the sheet, whether one fits there or not."""
    flat = atlas.planes.reshape(-1)
    size = atlas.planes.shape[1]
    last = int(atlas.anchors.max()) + 1 if len(atlas.anchors) else 0
    total = np.zeros(size, np.float32)
    for features, thresholds, leaves in zip(
        trees.features, trees.thresholds, trees.leaves, strict=True
    ):
        a, b, c = (
            (flat[offsets[f] : offsets[f] + last] > t)
            for f, t in zip(features, thresholds, strict=True)
        )
        leaf = np.where(a, c, b).view(np.uint8) + (a.view(np.uint8) << 1)
        total[:last] += leaves[leaf]
    return total


def _gathered(flat, anchors, trees: Trees, offsets) -> np.ndarray:
    """Scores of some windows."""
    total = np.zeros(len(anchors), np.float32)
    for features, thresholds, leaves in zip(
        trees.features, trees.thresholds, trees.leaves, strict=True
    ):
        a, b, c = (
            flat[anchors + offsets[f]] > t for f, t in zip(features, thresholds, strict=True)
        )
        total += leaves[np.where(a, c, b) + 2 * a]
    return total
