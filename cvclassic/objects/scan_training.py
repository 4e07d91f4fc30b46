"""Training of the first stage: windows of the lattice, and rounds of hard negatives."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .boosting import Trees, boost_trees
from .boxes import clip_boxes, mirror_boxes, pairwise_iou, suppress
from .examples import Example, load_example
from .geometry import Geometry
from .pyramid import Atlas, Pyramid
from .scanning import scan_windows

GOOD_OVERLAP = 0.6
_FAIR_OVERLAP = 0.5  # where no window of the lattice is better
_BAD_OVERLAP = 0.35
_HARD_OVERLAP = 0.4
_PER_OBJECT = 10
_MOST_POSITIVES = 4000
_RANDOM_NEGATIVES = 3500
_HARD_NEGATIVES = 3200  # of each round
_PER_IMAGE = 60
_MOST_IMAGES = 160  # that are looked at in a round
_SCANNED = 1500
_IGNORED = 0.3  # share of a window that may lie in an ignored region
ROUNDS = (1 / 8, 1 / 4)  # share of the trees that the rounds of mining have


def atlas_of(image: np.ndarray, geometry: Geometry) -> Atlas:
    """Scanned channels of an image."""
    return Atlas(Pyramid(image), geometry.scales, geometry.window, geometry.margin)


def train_scanner(
    examples: Sequence[Example], geometry: Geometry, max_side: int, n_trees: int, seed: int
) -> Trees:
    """Learn the first stage.

    Parameters
    ----------
    examples : sequence of Example
        Classes do not matter.
    geometry : Geometry
    max_side : int
    n_trees : int
    seed : int

    Returns
    -------
    Trees
    """
    rng = np.random.default_rng(seed)
    good, bad = _first_windows(examples, geometry, max_side, rng)
    for share in ROUNDS:
        trees = _boosted(good, bad, max(round(n_trees * share), 16), rng)
        some = _some(len(examples), _MOST_IMAGES, rng)
        room = min(math.ceil(_HARD_NEGATIVES / len(some)), _PER_IMAGE)
        found = [_hard_windows(examples[i], geometry, max_side, trees, room) for i in some]
        bad = np.concatenate([bad, *found])
    return _boosted(good, bad, n_trees, rng)


def _some(n: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Up to `most` of n, in their order."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _boosted(good, bad, n_trees: int, rng) -> Trees:
    if not len(good) or not len(bad):  # nothing to tell apart: every window scores the same
        none = np.zeros((n_trees, 3))
        return Trees(
            none.astype(np.int32), none.astype(np.uint8), np.zeros((n_trees, 4), np.float32)
        )
    rows = np.concatenate([good, bad])
    return boost_trees(rows, np.arange(len(rows)) < len(good), n_trees, rng=rng)


def _first_windows(examples, geometry: Geometry, max_side: int, rng):
    """Windows on objects, of images and their mirror images, and windows off them."""
    d = geometry.n_features
    good, bad = [np.zeros((0, d), np.uint8)], [np.zeros((0, d), np.uint8)]
    some = _some(len(examples), 2 * _MOST_IMAGES, rng)
    n_objects = max(sum(len(examples[i].boxes) for i in some), 1)
    per_object = min(max(_MOST_POSITIVES // (2 * n_objects), 1), _PER_OBJECT)
    share = min(_MOST_POSITIVES / (2 * n_objects * per_object), 1.0)
    per_image = math.ceil(_RANDOM_NEGATIVES / (2 * len(some)))
    for i in some:
        image, boxes, ignored = load_example(examples[i], max_side)
        for mirrored in (False, True):
            truth, apart = boxes, ignored
            if mirrored:
                image = np.ascontiguousarray(image[:, ::-1])
                truth, apart = (mirror_boxes(b, image.shape[1]) for b in (boxes, ignored))
            atlas = atlas_of(image, geometry)
            if not len(atlas.anchors):
                continue
            overlaps = pairwise_iou(clip_boxes(atlas.boxes, image.shape[1], image.shape[0]), truth)
            rows = positive_rows(overlaps, per_object)
            if share < 1 and len(rows):
                rows = rows[rng.random(len(rows)) < share]
            good.append(atlas.features(rows))
            free = overlaps.max(axis=1, initial=0) < _BAD_OVERLAP
            free &= ~in_ignored(atlas.boxes, apart)
            free_rows = np.flatnonzero(free)
            if len(free_rows):
                n = min(per_image, len(free_rows))
                bad.append(atlas.features(rng.choice(free_rows, n, replace=False)))
    return np.concatenate(good), np.concatenate(bad)


def in_ignored(boxes: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Boxes that lie in an ignored region to a good part."""
    if not len(ignored):
        return np.zeros(len(boxes), bool)
    low = np.maximum(boxes[:, None, :2], ignored[None, :, :2])
    high = np.minimum(
        (boxes[:, :2] + boxes[:, 2:])[:, None], (ignored[:, :2] + ignored[:, 2:])[None]
    )
    shared = np.clip(high - low, 0, None).prod(axis=2)
    return (shared > _IGNORED * (boxes[:, 2] * boxes[:, 3])[:, None]).any(axis=1)


def positive_rows(overlaps: np.ndarray, most: int) -> np.ndarray:
    """Best windows of each object, if they overlap it enough."""
    if not overlaps.size:
        return np.zeros(0, int)
    owner = overlaps.argmax(axis=1)
    rows = [np.zeros(0, int)]
    for k in range(overlaps.shape[1]):
        own = np.where(owner == k, overlaps[:, k], 0)
        best = np.argsort(-own, kind="stable")[:most]
        top = own[best[0]]
        if top >= _FAIR_OVERLAP:
            least = GOOD_OVERLAP if top >= GOOD_OVERLAP else _FAIR_OVERLAP
            rows.append(best[own[best] >= max(least, top - 0.2)])
    return np.concatenate(rows)


def _hard_windows(example: Example, geometry, max_side: int, trees: Trees, room: int):
    """Features of the windows off objects that score highest."""
    image, boxes, ignored = load_example(example, max_side)
    atlas = atlas_of(image, geometry)
    rows, scores = scan_windows(atlas, trees, most=_SCANNED)
    clipped = clip_boxes(atlas.boxes[rows], image.shape[1], image.shape[0])
    off = pairwise_iou(clipped, boxes).max(axis=1, initial=0) < _HARD_OVERLAP
    off &= ~in_ignored(atlas.boxes[rows], ignored)
    rows, scores = rows[off], scores[off]
    order = np.argsort(-scores, kind="stable")[: max(600, 6 * room)]
    rows, scores = rows[order], scores[order]
    return atlas.features(rows[suppress(atlas.boxes[rows], scores, 0.7, room)])
