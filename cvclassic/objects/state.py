"""State of a trained detector, and how it scans one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..images import Detections
from .boosting import Trees
from .boxes import changed_boxes, clip_boxes, pairwise_iou, suppress
from .examples import as_rgb, reduce_image
from .geometry import Geometry
from .pyramid import Atlas, Pyramid
from .refiner import Refiner
from .scanning import scan_windows
from .window_vectors import WindowVectors

_SCANNED = 1000
_THIN = 0.75  # overlap of windows that go on to the second stage
_NMS = 0.45
_VOTE_OVERLAP = 0.55
_VOTE_FLOOR = -0.8
_MOST_PER_CLASS = 100
_LEAST_SCORE = 1e-3


@dataclass(frozen=True, eq=False)
class DetectorState:
    """The parts of a trained detector.

    Attributes
    ----------
    classes : tuple of str
    geometry : Geometry
    max_side : int
        Larger images are reduced.
    n_windows : int
        That go on to the second stage.
    trees : Trees
    floors : ndarray of shape (k,), float32
        Soft cascade: the score that a window needs after every 16 trees.
    vectors : WindowVectors
    weights : ndarray of shape (d + 1, c), float32
        Weights of the classifiers, one column per class; the last row is the intercept.
    changes : ndarray of shape (d + 1, 4), float32
        Weights of the regression of boxes.
    refiner : Refiner or None
        The finer look at the boxes; None where it did not help.
    calibration : ndarray of shape (2, c), float32
        Probability is the logistic function of slope * score + offset.
    """

    classes: tuple[str, ...]
    geometry: Geometry
    max_side: int
    n_windows: int
    trees: Trees
    floors: np.ndarray
    vectors: WindowVectors
    weights: np.ndarray
    changes: np.ndarray
    refiner: Refiner | None
    calibration: np.ndarray


@dataclass(frozen=True, eq=False)
class Candidates:
    """Windows that passed the first stage.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4), float32
    scores : ndarray of shape (n,), float32
    """

    boxes: np.ndarray
    scores: np.ndarray


def first_stage(
    pyramid: Pyramid, geometry: Geometry, trees: Trees, floors: np.ndarray | None, most: int
) -> Candidates:
    """The best windows of an image, thinned out."""
    atlas = Atlas(pyramid, geometry.scales, geometry.window, geometry.margin)
    if not len(atlas.anchors):
        return Candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    rows, scores = scan_windows(atlas, trees, floors, max(_SCANNED, 4 * most))
    boxes = atlas.boxes[rows]
    kept = suppress(boxes, scores, _THIN, most)
    return Candidates(boxes[kept], scores[kept])


def vote(kept: np.ndarray, boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Each kept box as the mean of all boxes around it, weighted by score and overlap.

    References
    ----------
    Gidaris & Komodakis, "Object detection via a multi-region and semantic segmentation-aware CNN
    model", ICCV 2015, section 5.
    """
    own = boxes[kept]
    overlaps = pairwise_iou(own, boxes)
    weights = np.where(overlaps > _VOTE_OVERLAP, overlaps, 0)
    weights *= np.maximum(scores - _VOTE_FLOOR, 0)
    weights[np.arange(len(kept)), kept] += 1e-6
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    mean = (weights @ corners) / weights.sum(axis=1, keepdims=True)
    return np.concatenate([mean[:, :2], mean[:, 2:] - mean[:, :2]], axis=1).astype(np.float32)


def settle(
    boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of one class after suppression and voting, best first, and their raw scores.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
    scores : ndarray of shape (n,)
    size : (int, int)
        Width and height of the image.
    """
    boxes = clip_boxes(boxes, *size)
    real = (boxes[:, 2] >= 1) & (boxes[:, 3] >= 1)
    boxes, scores = boxes[real], scores[real]
    kept = suppress(boxes, scores, _NMS, _MOST_PER_CLASS)
    if not len(kept):
        return boxes[:0], scores[:0]
    return vote(kept, boxes, scores), scores[kept]


def probabilities(scores: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """Logistic function of slope * score + offset."""
    return 1 / (1 + np.exp(-(calibration[0] * scores + calibration[1])))


def detect_objects(state: DetectorState, image: np.ndarray) -> Detections:
    """Objects in one image, most probable first.

    Parameters
    ----------
    state : DetectorState
    image : ndarray of shape (H, W) or (H, W, 3), uint8

    Returns
    -------
    Detections
        Scores are probabilities.
    """
    small, factor = reduce_image(as_rgb(image), state.max_side)
    pyramid = Pyramid(small)
    found = first_stage(pyramid, state.geometry, state.trees, state.floors, state.n_windows)
    if not len(found.boxes):
        return Detections.empty()
    vectors = state.vectors.of(pyramid, found.boxes, found.scores)
    scores = vectors @ state.weights[:-1] + state.weights[-1]
    boxes = changed_boxes(found.boxes, vectors @ state.changes[:-1] + state.changes[-1])
    if state.refiner is not None:
        boxes, scores = state.refiner.refine(pyramid, boxes, scores)
    size = (pyramid.width, pyramid.height)
    parts = []
    for c, name in enumerate(state.classes):
        kept, raw = settle(boxes, scores[:, c], size)
        chance = probabilities(raw, state.calibration[:, c])
        likely = chance >= _LEAST_SCORE
        parts.append((kept[likely] / factor, chance[likely], [name] * int(likely.sum())))
    return Detections(
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
        np.array([name for p in parts for name in p[2]], object),
    ).best_first()
