"""From scores to probabilities, on images that the stages had not learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from ..evaluate import BoxScores, ImageBoxes, score_boxes
from .boxes import pairwise_iou
from .state import probabilities

_MIN_HITS = 40  # of a class, for a calibration of its own


def calibrate(settled: Sequence, truth: Sequence, n_classes: int) -> np.ndarray:
    """Slope and offset of each class; classes of few objects share theirs.

    Parameters
    ----------
    settled : sequence of list of (boxes, scores)
        From `settle`, for each class of each image.
    truth : sequence of (boxes, labels, ignored boxes)
        In pixels of the reduced images.
    n_classes : int

    Returns
    -------
    ndarray of shape (2, n_classes), float32
    """
    scores: list[list[np.ndarray]] = [[] for _ in range(n_classes)]
    hits: list[list[np.ndarray]] = [[] for _ in range(n_classes)]
    for found, (boxes, labels, _) in zip(settled, truth, strict=True):
        for c, (own, raw) in enumerate(found):
            scores[c].append(raw)
            hits[c].append(_hits(own, boxes[labels == c]))
    joined = [(np.concatenate(s), np.concatenate(h)) for s, h in zip(scores, hits, strict=True)]
    shared = _logistic(*(np.concatenate(part) for part in zip(*joined, strict=True)))
    return np.stack(
        [_logistic(s, h) if h.sum() >= _MIN_HITS else shared for s, h in joined], axis=1
    ).astype(np.float32)


def _hits(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Whether each box, best first, is the first on an object."""
    hit = np.zeros(len(found), bool)
    overlaps = pairwise_iou(found, truth)
    for i in range(len(found)):
        if overlaps.shape[1] and overlaps[i].max() >= 0.5:
            hit[i] = True
            overlaps[:, overlaps[i].argmax()] = -1
    return hit


def _logistic(scores: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Platt's sigmoid with his targets (Platt 1999), its slope not below 0.1."""
    n_hits = int(hits.sum())
    high, low = (n_hits + 1) / (n_hits + 2), 1 / (len(hits) - n_hits + 2)
    target = np.where(hits, high, low)
    scores = scores.astype(np.float64)

    def loss(line: np.ndarray):
        z = line[0] * scores + line[1]
        chance = 1 / (1 + np.exp(-z))
        value = np.logaddexp(0, z) - target * z
        slope = chance - target
        return value.sum() + 0.01 * line[0] ** 2, np.array(
            [(slope * scores).sum() + 0.02 * line[0], slope.sum()]
        )

    found = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.1, 20), (-30, 30)]
    )
    return found.x


def held_out_scores(settled, truth, classes: Sequence[str], calibration) -> BoxScores:
    """Average precision and so on of what is in `settled`; see `calibrate`."""
    images = []
    for found, (boxes, labels, _) in zip(settled, truth, strict=True):
        names = [classes[i] for i in labels]
        rows = [own for own, _ in found]
        scores = [probabilities(raw, calibration[:, c]) for c, (_, raw) in enumerate(found)]
        found_names = [n for n, own in zip(classes, rows, strict=True) for _ in range(len(own))]
        images.append(
            ImageBoxes(np.concatenate(rows), np.concatenate(scores), found_names, boxes, names)
        )
    return score_boxes(images, classes)
