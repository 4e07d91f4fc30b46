"""Evaluation of windows stage by stage, computed here and not by OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from .cascades import Cascade, Tree
from .features_haar import haar_value
from .features_lbp import lbp_code
from .integral import CropSums, ScanSums, Sums

_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What became of n windows.

    Attributes
    ----------
    stage : ndarray of shape (n,), int32
        The stage that rejected each; the number of stages if it passed them all; -1 if it has too
        little contrast for Haar features.
    total : ndarray of shape (n,), float64
        Sum of the last stage that looked at it.
    passed : ndarray of shape (n,), bool
    """

    stage: np.ndarray
    total: np.ndarray
    passed: np.ndarray


def judge_crops(cascade: Cascade, crops: np.ndarray) -> Verdicts:
    """Judge images of the cascade's own size.

    Parameters
    ----------
    cascade : Cascade
    crops : ndarray of shape (n, height, width), uint8

    Returns
    -------
    Verdicts

    Raises
    ------
    ParameterError
        The crops have another size, or the cascade has tilted features.
    """
    expected = (cascade.height, cascade.width)
    if crops.ndim != 3 or crops.dtype != np.uint8 or crops.shape[1:] != expected:
        raise ParameterError(
            f"crops must be a uint8 array of shape (n, {expected[0]}, {expected[1]}). "
            f"Got {crops.dtype}, shape {crops.shape}."
        )
    parts = [
        judge(cascade, CropSums(crops[start : start + _AT_ONCE], cascade.kind == "haar"))
        for start in range(0, max(len(crops), 1), _AT_ONCE)
    ]
    return Verdicts(
        *(np.concatenate([getattr(p, k) for p in parts]) for k in ("stage", "total", "passed"))
    )


def judge_windows(cascade: Cascade, image: np.ndarray, xy: np.ndarray) -> Verdicts:
    """Judge windows of the cascade's own size in an image.

    Parameters
    ----------
    cascade : Cascade
    image : ndarray of shape (H, W), uint8
    xy : ndarray of shape (n, 2), int
        Left and top of each window.

    Returns
    -------
    Verdicts
    """
    return judge(cascade, ScanSums(image, np.asarray(xy), (cascade.width, cascade.height)))


def judge(cascade: Cascade, sums: Sums) -> Verdicts:
    """Judge windows by their integral images; a window that a stage rejects is left alone."""
    if cascade.tilted.any():
        raise ParameterError("cascades with tilted features can only be run by OpenCV")
    n = len(sums)
    stage = np.full(n, len(cascade.stages), np.int32)
    total = np.zeros(n)
    left = np.arange(n)
    if cascade.kind == "haar":
        enough = sums.contrast()[1]
        stage[~enough] = -1
        left = left[enough]
    rest = sums if len(left) == n else sums.part(left)
    for number, one in enumerate(cascade.stages):
        if not len(left):
            break
        reached = stage_total(cascade, one.trees, rest)
        total[left] = reached
        good = reached >= one.limit
        if not good.all():
            stage[left[~good]] = number
            left, rest = left[good], rest.part(good.nonzero()[0])
    return Verdicts(stage, total, stage == len(cascade.stages))


def stage_total(cascade: Cascade, trees: tuple[Tree, ...], sums: Sums) -> np.ndarray:
    """Sum of the trees' leaves in every window, in double precision and in OpenCV's order."""
    total = np.zeros(len(sums))
    for tree in trees:
        total += tree_value(cascade, tree, sums)
    return total


def tree_value(cascade: Cascade, tree: Tree, sums: Sums) -> np.ndarray:
    """Leaf that every window falls into, of shape (n,), float32."""
    place = np.zeros(len(sums), np.int32)
    for node in range(len(tree.feature)):
        # nodes lead on to later ones, so one walk through them in order is enough
        here = np.flatnonzero(place == node) if node else None
        if here is not None and not len(here):
            continue
        holds = node_test(cascade, tree, node, sums if here is None else sums.part(here))
        to = np.where(holds, tree.left[node], tree.right[node])
        if here is None:
            place = to
        else:
            place[here] = to
        if len(tree.feature) > 1:
            # a leaf must not look like the first node
            place = np.where(place == 0, -len(tree.leaves) - 1, place)
    if len(tree.feature) > 1:
        place = np.where(place == -len(tree.leaves) - 1, 0, place)
    return tree.leaves[-place]


def node_test(cascade: Cascade, tree: Tree, node: int, sums: Sums) -> np.ndarray:
    """Whether the test of a node holds in every window."""
    feature = cascade.features[tree.feature[node]]
    if cascade.kind == "lbp":
        return tree.test[node][lbp_code(sums, feature)]
    return haar_value(sums, feature) < tree.test[node]
