"""Training of the second stage: classifiers, regression of boxes, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from ..evaluate import BoxScores, ImageBoxes, score_boxes
from .boxes import pairwise_iou
from .fisher_windows import Codebook
from .linear import fit_ridge, fit_squared_hinge
from .state import changed_boxes, probabilities, settle
from .verifier_rows import FAIR, ImageRows
from .window_vectors import WindowVectors, group_gains

_PENALTY = 0.003
_RIDGE = 3.0
_POSITIVE = 0.6
_NEGATIVE = 0.45
_MOST_CHANGES = 3000  # windows that the regression learns from
_MIN_HITS = 40  # of a class, for a calibration of its own


@dataclass(frozen=True, eq=False)
class Verifier:
    """The second stage, and how well it did on images that it had not learned from.

    Attributes
    ----------
    vectors : WindowVectors
    weights, changes, calibration : ndarray
        As in `DetectorState`.
    cross_validated : BoxScores
    """

    vectors: WindowVectors
    weights: np.ndarray
    changes: np.ndarray
    calibration: np.ndarray
    cross_validated: BoxScores


def train_verifier(
    images: Sequence[ImageRows],
    folds: np.ndarray,
    truth: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    codebook: Codebook,
    grid: tuple[int, int],
    classes: Sequence[str],
    progress=None,
) -> Verifier:
    """Learn the second stage, with held-out scores for the calibration.

    Parameters
    ----------
    images : sequence of ImageRows
    folds : ndarray of shape (n_images,), int
    truth : sequence of (boxes, labels, ignored boxes)
        In pixels of the reduced images.
    codebook : Codebook
    grid : (int, int)
    classes : sequence of str
    progress : callable, optional
        Called with steps done and steps in all.

    Returns
    -------
    Verifier
    """
    owner = np.repeat(np.arange(len(images)), [len(i.boxes) for i in images])
    near_owner = np.repeat(np.arange(len(images)), [len(i.mirrored) for i in images])
    raw = _stacked([i.vectors for i in images])
    near_raw = _stacked([i.mirrored for i in images])
    n_grid = grid[0] * grid[1] * ((raw.shape[1] - codebook.n_features - 8) // (grid[0] * grid[1]))
    center, gains = group_gains(raw, n_grid, codebook.n_features)
    for part in (raw, near_raw):
        part -= center
        part *= gains
    overlaps = np.concatenate([i.overlaps for i in images])
    best = overlaps.max(axis=1, initial=0)
    near = best >= FAIR
    data = _Rows(
        raw,
        near_raw,
        overlaps,
        overlaps[near],
        np.concatenate([i.changes for i in images]),
        np.concatenate([i.skipped for i in images]),
        near,
    )
    row_folds, near_folds = folds[owner], folds[near_owner]
    n_folds = int(folds.max()) + 1
    steps = progress or (lambda done, total: None)
    scores = np.zeros((len(raw), len(classes)), np.float32)
    boxes = np.concatenate([i.boxes for i in images])
    moved = boxes.copy()
    start = None
    for fold in range(n_folds):
        steps(fold, n_folds + 1)
        mine, near_mine = row_folds != fold, near_folds != fold
        held = ~mine
        if not mine.any():  # a single image
            mine, near_mine = held, near_folds == fold
        weights, changes = data.fit(mine, near_mine, start)
        start = weights if start is None else (start + weights) / 2
        scores[held] = raw[held] @ weights[:-1] + weights[-1]
        moved[held] = changed_boxes(boxes[held], raw[held] @ changes[:-1] + changes[-1])
    steps(n_folds, n_folds + 1)
    everything = np.ones(len(raw), bool), np.ones(len(near_raw), bool)
    weights, changes = data.fit(*everything, start)
    settled = []
    for k, image in enumerate(images):
        own = owner == k
        settled.append(
            [settle(moved[own], scores[own, c], image.size) for c in range(len(classes))]
        )
    calibration = _calibrate(settled, truth, len(classes))
    steps(n_folds + 1, n_folds + 1)
    return Verifier(
        WindowVectors(*grid, codebook, center, gains),
        weights,
        changes,
        calibration,
        _cross_validated(settled, truth, classes, calibration),
    )


def _stacked(parts: list[np.ndarray]) -> np.ndarray:
    """One float32 matrix."""
    out = np.empty((sum(len(p) for p in parts), parts[0].shape[1]), np.float32)
    at = 0
    for part in parts:
        out[at : at + len(part)] = part
        at += len(part)
    return out


@dataclass(frozen=True, eq=False)
class _Rows:
    vectors: np.ndarray
    mirrored: np.ndarray
    overlaps: np.ndarray
    mirrored_overlaps: np.ndarray
    changes: np.ndarray
    skipped: np.ndarray
    near: np.ndarray

    def fit(self, mine: np.ndarray, near_mine: np.ndarray, start):
        """Classifiers and regression from some rows."""
        rows = np.concatenate([self.vectors[mine], self.mirrored[near_mine]])
        overlaps = np.concatenate([self.overlaps[mine], self.mirrored_overlaps[near_mine]])
        skipped = np.concatenate([self.skipped[mine], np.zeros(int(near_mine.sum()), bool)])
        positive = overlaps >= _POSITIVE
        negative = (overlaps < _NEGATIVE) & ~skipped[:, None]
        weights = np.zeros(overlaps.shape)
        for c in range(overlaps.shape[1]):
            for rows_of in (positive[:, c], negative[:, c]):
                weights[rows_of, c] = 0.5 / max(int(rows_of.sum()), 1)
        targets = np.where(positive, 1, -1)
        classifiers = fit_squared_hinge(rows, targets, weights, _PENALTY, start)
        return classifiers, self._fit_changes(mine, near_mine)

    def _fit_changes(self, mine: np.ndarray, near_mine: np.ndarray) -> np.ndarray:
        at, near_at = np.flatnonzero(mine & self.near), np.flatnonzero(near_mine)
        targets = self.changes[self.near][near_at] * np.array([-1, 1, 1, 1])
        targets = np.concatenate([self.changes[at], targets])
        step = -(-len(targets) // _MOST_CHANGES) if len(targets) else 1
        chosen = slice(None, None, step)
        rows = np.concatenate([self.vectors[at], self.mirrored[near_at]])[chosen]
        return fit_ridge(rows, targets[chosen], _RIDGE)


def _calibrate(settled, truth, n_classes: int) -> np.ndarray:
    """Slope and offset of each class; classes of few objects share theirs."""
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


def _cross_validated(settled, truth, classes, calibration) -> BoxScores:
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
