"""Training of the first stage: windows of the lattice, and rounds of hard negatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .boosting import Trees, boost_trees
from .boxes import clip_boxes, pairwise_iou, suppress
from .channels import N_SCAN, N_UNSIGNED
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
_CACHE_BYTES = 400_000_000
_IGNORED = 0.3  # share of a window that may lie in an ignored region
ROUNDS = (1 / 4, 1 / 2)  # share of the trees that the first rounds of mining have
_FEW_NEW = 0.01  # mining ends when so few negatives are taken for objects
_MOST_ROUNDS = 3  # of mining with all trees


def atlas_of(image: np.ndarray, geometry: Geometry) -> Atlas:
    """Scanned channels of an image."""
    return Atlas(Pyramid(image), geometry.scales, geometry.window, geometry.margin)


class AtlasCache:
    """Scanned channels of training images; as many are kept as a bound on memory allows.

    Parameters
    ----------
    examples : sequence of Example
    geometry : Geometry
    max_side : int
    """

    def __init__(self, examples: Sequence[Example], geometry: Geometry, max_side: int) -> None:
        self.examples, self.geometry, self.max_side = examples, geometry, max_side
        self._kept: dict[int, Scanned] = {}
        self._room = _CACHE_BYTES

    def get(self, i: int) -> Scanned:
        """One image."""
        if i in self._kept:
            return self._kept[i]
        image, boxes, ignored = load_example(self.examples[i], self.max_side)
        atlas = atlas_of(image, self.geometry)
        overlaps = pairwise_iou(clip_boxes(atlas.boxes, image.shape[1], image.shape[0]), boxes)
        apart = in_ignored(atlas.boxes, ignored)
        made = Scanned(atlas, overlaps.max(axis=1, initial=0), apart, _objects_rows(overlaps))
        size = atlas.planes.nbytes + atlas.anchors.nbytes + atlas.boxes.nbytes
        if size <= self._room:
            self._room -= size
            self._kept[i] = made
        return made


@dataclass(frozen=True, eq=False)
class Scanned:
    """One training image as the first stage sees it.

    Attributes
    ----------
    atlas : Atlas
    overlaps : ndarray of shape (n,), float32
        Overlap of each window with the object that it overlaps most.
    ignored : ndarray of shape (n,), bool
    on_objects : list of ndarray of int
        Best windows of each object, best first.
    """

    atlas: Atlas
    overlaps: np.ndarray
    ignored: np.ndarray
    on_objects: list[np.ndarray]


def train_scanner(cache: AtlasCache, mine: np.ndarray, n_trees: int, seed: int) -> Trees:
    """Learn the first stage.

    Parameters
    ----------
    cache : AtlasCache
    mine : ndarray of int
        Images to learn from.
    n_trees : int
    seed : int

    Returns
    -------
    Trees
    """
    rng = np.random.default_rng(seed)
    good, bad = _first_windows(cache, mine, rng)
    for share in ROUNDS:
        trees = _boosted(good, bad, max(round(n_trees * share), 16), rng)
        bad = np.concatenate([bad, *_mined(cache, mine, trees, rng)])
    for _ in range(_MOST_ROUNDS):
        trees = _boosted(good, bad, n_trees, rng)
        new = np.concatenate(_mined(cache, mine, trees, rng, least=0.0))
        if len(new) < _FEW_NEW * len(bad):
            return trees
        bad = np.concatenate([bad, new])
    return _boosted(good, bad, n_trees, rng)


def _mined(cache: AtlasCache, mine, trees: Trees, rng, least: float = -math.inf) -> list:
    """Features of hard negatives of some images."""
    some = mine[_some(len(mine), _MOST_IMAGES, rng)]
    room = min(math.ceil(_HARD_NEGATIVES / len(some)), _PER_IMAGE)
    return [_hard_windows(cache.get(i), trees, room, least) for i in some]


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


def _first_windows(cache: AtlasCache, mine: np.ndarray, rng):
    """Windows on objects and their mirror images, and windows off them."""
    geometry = cache.geometry
    d = geometry.n_features
    good, bad = [np.zeros((0, d), np.uint8)], [np.zeros((0, d), np.uint8)]
    some = mine[_some(len(mine), 2 * _MOST_IMAGES, rng)]
    n_objects = max(sum(len(cache.examples[i].boxes) for i in some), 1)
    per_object = min(max(_MOST_POSITIVES // (2 * n_objects), 1), _PER_OBJECT)
    share = min(_MOST_POSITIVES / (2 * n_objects * per_object), 1.0)
    per_image = math.ceil(_RANDOM_NEGATIVES / len(some))
    for i in some:
        seen = cache.get(i)
        rows = np.concatenate([np.zeros(0, int), *(r[:per_object] for r in seen.on_objects)])
        if share < 1 and len(rows):
            rows = rows[rng.random(len(rows)) < share]
        good.append(seen.atlas.features(rows))
        free = np.flatnonzero((seen.overlaps < _BAD_OVERLAP) & ~seen.ignored)
        if len(free):
            n = min(per_image, len(free))
            bad.append(seen.atlas.features(rng.choice(free, n, replace=False)))
    found = np.concatenate(good)
    turned = mirrored_features(*geometry.window)
    return np.concatenate([found, found[:, turned]]), np.concatenate(bad)


def mirrored_features(wide: int, high: int) -> np.ndarray:
    """Where each feature of a window comes from in the window's mirror image."""
    channels = np.arange(N_SCAN)
    channels[N_SCAN - N_UNSIGNED :] = N_SCAN - N_UNSIGNED + (-np.arange(N_UNSIGNED)) % N_UNSIGNED
    index = np.arange(N_SCAN * high * wide).reshape(N_SCAN, high, wide)
    return index[channels][:, :, ::-1].ravel()


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


def _objects_rows(overlaps: np.ndarray) -> list[np.ndarray]:
    """Best windows of each object, if they overlap it enough."""
    if not overlaps.size:
        return []
    owner = overlaps.argmax(axis=1)
    rows = []
    for k in range(overlaps.shape[1]):
        own = np.where(owner == k, overlaps[:, k], 0)
        best = np.argsort(-own, kind="stable")[:_PER_OBJECT]
        top = own[best[0]]
        if top >= _FAIR_OVERLAP:
            least = GOOD_OVERLAP if top >= GOOD_OVERLAP else _FAIR_OVERLAP
            rows.append(best[own[best] >= max(least, top - 0.2)])
    return rows


def _hard_windows(seen: Scanned, trees: Trees, room: int, least: float) -> np.ndarray:
    """Features of the windows off objects that score highest, and more than `least`."""
    atlas = seen.atlas
    rows, scores = scan_windows(atlas, trees, most=_SCANNED)
    off = (seen.overlaps[rows] < _HARD_OVERLAP) & ~seen.ignored[rows] & (scores > least)
    rows, scores = rows[off], scores[off]
    order = np.argsort(-scores, kind="stable")[: max(600, 6 * room)]
    rows, scores = rows[order], scores[order]
    return atlas.features(rows[suppress(atlas.boxes[rows], scores, 0.7, room)])
