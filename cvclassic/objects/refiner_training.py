"""Training of the finer look, on boxes that the second stage has moved in unseen images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import box_changes, clip_boxes, mirror_boxes, pairwise_iou
from .channels import N_HOG
from .examples import Example, load_example
from .pyramid import MirrorPyramid, Pyramid
from .refiner import Refiner, best_first, fine_vectors
from .scan_training import in_ignored
from .window_rows import FAIR, WindowRows, stacked

_PENALTY = 0.03
_RIDGE = 30.0  # weaker ones move boxes too far: they are nearly right


@dataclass(frozen=True, eq=False)
class FineRows:
    """Boxes of one image.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4), float32
        In pixels of the reduced image.
    scores : ndarray of shape (n, c), float32
        Held-out scores of the second stage.
    vectors, mirrored, overlaps, changes, skipped : ndarray
        As in `ImageRows`.
    """

    boxes: np.ndarray
    scores: np.ndarray
    vectors: np.ndarray
    mirrored: np.ndarray
    overlaps: np.ndarray
    changes: np.ndarray
    skipped: np.ndarray


def fine_rows(
    example: Example,
    held_out: tuple[np.ndarray, np.ndarray],
    max_side: int,
    grid: tuple[int, int],
    most: int,
) -> FineRows:
    """Boxes of one image, sampled on a fine grid; `most` at most."""
    image, truth, ignored = load_example(example, max_side)
    pyramid = Pyramid(image)
    size = (pyramid.width, pyramid.height)
    rows = best_first(*held_out, size)[:most]
    boxes, scores = clip_boxes(held_out[0][rows], *size), held_out[1][rows]
    overlaps = pairwise_iou(boxes, truth)
    by_class = np.zeros(scores.shape, np.float32)
    changes = np.zeros((len(boxes), 4), np.float32)
    if len(truth) and len(boxes):
        for c in np.unique(example.labels):
            by_class[:, c] = overlaps[:, example.labels == c].max(axis=1)
        changes = box_changes(boxes, truth[overlaps.argmax(axis=1)]).astype(np.float32)
    near = by_class.max(axis=1, initial=0) >= FAIR
    mirrored = mirror_boxes(boxes[near], size[0])
    return FineRows(
        boxes,
        scores,
        fine_vectors(pyramid, boxes, *grid).astype(np.float16),
        fine_vectors(MirrorPyramid(pyramid), mirrored, *grid).astype(np.float16),
        by_class,
        changes,
        in_ignored(boxes, ignored),
    )


def train_refiner(
    images: Sequence[FineRows], folds: np.ndarray, grid: tuple[int, int]
) -> tuple[Refiner, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Learn the finer look; what its share should be is for `held_out` to say.

    Parameters
    ----------
    images : sequence of FineRows
    folds : ndarray of shape (n_images,), int
    grid : (int, int)
        Columns and rows.

    Returns
    -------
    refiner : Refiner
    held_out : list of (boxes, scores, finer scores)
        For each image, by weights that had not learned from it: boxes moved, scores before and now.
    """
    vectors, mirrored = stacked([i.vectors for i in images]), stacked([i.mirrored for i in images])
    boxes = np.concatenate([i.boxes for i in images])
    scores = np.concatenate([i.scores for i in images])
    overlaps = np.concatenate([i.overlaps for i in images])
    center, gain = np.zeros(grid[0] * grid[1] * N_HOG, np.float32), 1.0
    if len(vectors):
        center = vectors.mean(axis=0)
        length = float(np.mean([float(((v - center) ** 2).sum()) for v in vectors]))
        gain = float(np.float32(1 / np.sqrt(max(length, 1e-12))))
    for part in (vectors, mirrored):
        part -= center
        part *= np.float32(gain)
    near = overlaps.max(axis=1, initial=0) >= FAIR
    data = WindowRows(
        vectors,
        mirrored,
        overlaps,
        overlaps[near],
        np.concatenate([i.changes for i in images]),
        np.concatenate([i.skipped for i in images]),
        near,
    )
    owner = np.repeat(np.arange(len(images)), [len(i.boxes) for i in images])
    weights, changes, finer, moved = data.cross_fit(boxes, owner, folds, _PENALTY, _RIDGE)
    return Refiner(*grid, center, gain, weights, changes, 1.0), [
        (moved[owner == k], scores[owner == k], finer[owner == k]) for k in range(len(images))
    ]
