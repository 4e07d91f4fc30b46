"""Boosted trees over all windows of an atlas, with a soft cascade."""

from __future__ import annotations

import cv2
import numpy as np

from .boosting import Trees
from .pyramid import Atlas

BLOCK = 16  # trees between two chances to drop windows


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
        Maximum number of windows to keep after the last tree; halved no faster than every 16 trees.

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
    offsets = atlas.offsets().tolist()
    flat = atlas.planes.reshape(-1)
    anchors = atlas.anchors.astype(np.intp)
    n = len(rows)
    scores = np.zeros(n, np.float32)
    for k in range(0, len(trees), BLOCK):
        _add_scores(flat, anchors, trees[k : k + BLOCK], offsets, scores)
        stage = k // BLOCK + 1
        keep = np.ones(len(rows), bool)
        if floors is not None:
            keep = scores >= floors[stage - 1]
        if most is not None and keep.sum() > max(most, n >> stage):
            room = max(most, n >> stage)
            keep = np.zeros(len(rows), bool)
            keep[np.argpartition(-scores, room - 1)[:room]] = True
        if not keep.all():
            rows, scores, anchors = rows[keep], scores[keep], anchors[keep]
        if not len(rows):
            break
    return rows, scores


def _add_scores(flat, anchors, trees: Trees, offsets: list[int], total: np.ndarray) -> None:
    """Scores of windows, added to what they have."""
    table = np.zeros(256, np.float32)
    for features, thresholds, leaves in zip(
        trees.features.tolist(), trees.thresholds, trees.leaves, strict=True
    ):
        # a slice and one index for all trees: comparing bytes is most of the work that is left
        root, low, high = (
            flat[offsets[f] :].take(anchors, mode="clip") > t
            for f, t in zip(features, thresholds, strict=True)
        )
        high ^= low  # high where the root says so, else low
        high &= root
        high ^= low
        leaf = root.view(np.uint8)
        leaf <<= 1
        leaf |= high.view(np.uint8)
        table[:4] = leaves
        total += cv2.LUT(leaf, table).ravel()
