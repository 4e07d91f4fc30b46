"""What the second stage learns from: windows that the first stage finds in unseen images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .boosting import Trees
from .boxes import box_changes, clip_boxes, mirror_boxes, pairwise_iou
from .examples import Example, load_example
from .fisher_windows import Codebook, box_levels, cell_descriptors
from .geometry import Geometry
from .pyramid import Atlas, MirrorPyramid, Pyramid
from .scan_training import in_ignored
from .scanning import BLOCK, scan_windows
from .state import first_stage
from .window_rows import FAIR
from .window_vectors import raw_vectors

_BEST_OF_OBJECT = 2
_CODED_IMAGES = 150
_CODED_ROWS = 300  # descriptors of an image


@dataclass(frozen=True, eq=False)
class ImageRows:
    """Windows of one image.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4), float32
        In pixels of the reduced image.
    vectors : ndarray of shape (n, d), float16
    mirrored : ndarray of shape (m, d), float16
        Mirror images of those windows that overlap an object well.
    overlaps : ndarray of shape (n, c), float32
        Best overlap with an object of each class.
    changes : ndarray of shape (n, 4), float32
        From the window to the object that it overlaps most.
    skipped : ndarray of shape (n,), bool
        Windows in ignored regions.
    size : (int, int)
        Width and height of the reduced image.
    traces : ndarray of shape (k, n_blocks), float32
        Scores after every 16 trees of the best window of each object.
    n_found, n_objects : int
        Objects that some window overlaps by half, and objects.
    """

    boxes: np.ndarray
    vectors: np.ndarray
    mirrored: np.ndarray
    overlaps: np.ndarray
    changes: np.ndarray
    skipped: np.ndarray
    size: tuple[int, int]
    traces: np.ndarray
    n_found: int
    n_objects: int

    @property
    def best(self) -> np.ndarray:
        """Best overlap with any object; (n,)."""
        return self.overlaps.max(axis=1, initial=0)


def codebook_samples(examples: Sequence[Example], max_side: int, seed: int) -> Iterator[np.ndarray]:
    """Descriptors of objects and of boxes beside them."""
    rng = np.random.default_rng(seed)
    n = min(len(examples), _CODED_IMAGES)
    for i in np.sort(rng.choice(len(examples), n, replace=False)):
        image, boxes, _ = load_example(examples[i], max_side)
        if not len(boxes):
            continue
        boxes = boxes[rng.permutation(len(boxes))[:8]]
        beside = boxes.copy()
        beside[:, :2] += rng.uniform(-1, 1, (len(boxes), 2)) * boxes[:, 2:]
        pyramid = Pyramid(image)
        rows = []
        for box in np.concatenate([boxes, beside]):
            cells = pyramid.hog(int(box_levels(box[None])[0]))
            fx, fy = cells.shape[1] / pyramid.width, cells.shape[0] / pyramid.height
            x0, y0 = max(int(box[0] * fx), 0), max(int(box[1] * fy), 0)
            x1, y1 = int((box[0] + box[2]) * fx) + 1, int((box[1] + box[3]) * fy) + 1
            part = cells[y0:y1, x0:x1]
            if min(part.shape[:2]) < 2:  # boxes of a pixel: whatever is in the image
                part = cells
            rows.append(cell_descriptors(part).reshape(-1, 4 * cells.shape[2]))
        joined = np.concatenate(rows)
        yield joined[rng.permutation(len(joined))[:_CODED_ROWS]]


def image_rows(
    example: Example,
    geometry: Geometry,
    max_side: int,
    trees: Trees,
    codebook: Codebook,
    grid: tuple[int, int],
    n_windows: int,
    n_kept: int,
    n_classes: int,
) -> ImageRows:
    """Windows of one image, found by trees that have not learned from it.

    `n_kept` windows at most are kept: those on objects, and the best scored of the others.
    """
    image, truth, ignored = load_example(example, max_side)
    pyramid = Pyramid(image)
    size = (pyramid.width, pyramid.height)
    found = first_stage(pyramid, geometry, trees, None, n_windows)
    boxes, scores = found.boxes, found.scores
    any_overlap = pairwise_iou(clip_boxes(boxes, *size), truth)
    n_found = int((any_overlap.max(axis=0, initial=0) >= 0.5).sum())
    traces, best_boxes, best_scores = _best_windows(pyramid, geometry, trees, truth)
    boxes, scores = np.concatenate([boxes, best_boxes]), np.concatenate([scores, best_scores])
    overlaps = pairwise_iou(clip_boxes(boxes, *size), truth)
    best = overlaps.max(axis=1, initial=0)
    if len(boxes) > n_kept:
        # windows on objects first, then by score: what is close to the border teaches most
        order = np.argsort(-(scores + 1e3 * (best >= FAIR)), kind="stable")
        keep = np.sort(order[:n_kept])
        boxes, scores, overlaps, best = boxes[keep], scores[keep], overlaps[keep], best[keep]
    by_class = np.zeros((len(boxes), n_classes), np.float32)
    changes = np.zeros((len(boxes), 4), np.float32)
    if len(truth) and len(boxes):
        for c in np.unique(example.labels):
            by_class[:, c] = overlaps[:, example.labels == c].max(axis=1)
        changes = box_changes(boxes, truth[overlaps.argmax(axis=1)]).astype(np.float32)
    vectors = raw_vectors(pyramid, boxes, scores, *grid, codebook)
    near = best >= FAIR
    mirrored = raw_vectors(
        MirrorPyramid(pyramid), mirror_boxes(boxes[near], size[0]), scores[near], *grid, codebook
    )
    return ImageRows(
        boxes,
        vectors.astype(np.float16),
        mirrored.astype(np.float16),
        by_class,
        changes,
        in_ignored(boxes, ignored),
        size,
        traces,
        n_found,
        len(truth),
    )


def _best_windows(pyramid: Pyramid, geometry: Geometry, trees: Trees, truth: np.ndarray):
    """For each object: scores on the way of its highest window; its best-lying windows."""
    blocks = -(-len(trees) // BLOCK)
    none = np.zeros((0, blocks), np.float32), np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    if not len(truth):
        return none
    atlas = Atlas(pyramid, geometry.scales, geometry.window, geometry.margin)
    if not len(atlas.anchors):
        return none
    overlaps = pairwise_iou(clip_boxes(atlas.boxes, pyramid.width, pyramid.height), truth)
    rows, scores = scan_windows(atlas, trees, most=4000)
    traces, lying = [], []
    for k in range(len(truth)):
        reach = overlaps[rows, k]
        if reach.max(initial=0) < FAIR:
            continue
        top = rows[np.where(reach >= 0.6 if reach.max() >= 0.6 else reach >= FAIR, scores, -np.inf)
                   .argmax()]  # fmt: skip
        features = atlas.features(np.array([top]))
        steps = [trees[a : a + BLOCK].scores(features)[0] for a in range(0, len(trees), BLOCK)]
        traces.append(np.cumsum(steps))
        lying.append(np.argsort(-reach, kind="stable")[:_BEST_OF_OBJECT])
    if not traces:
        return none
    chosen = np.unique(np.concatenate(lying))
    return np.array(traces, np.float32), atlas.boxes[rows[chosen]], scores[chosen]
