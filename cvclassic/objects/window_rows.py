"""Windows that a linear stage learns from: classifiers and a regression of boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import changed_boxes
from .linear import fit_ridge, fit_squared_hinge

FAIR = 0.5  # overlap from which the regression of boxes learns
_POSITIVE = 0.6
_NEGATIVE = 0.45
_MOST_CHANGES = 3000  # windows that the regression learns from


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """One float32 matrix."""
    out = np.empty((sum(len(p) for p in parts), parts[0].shape[1]), np.float32)
    at = 0
    for part in parts:
        out[at : at + len(part)] = part
        at += len(part)
    return out


@dataclass(frozen=True, eq=False)
class WindowRows:
    """Windows of all images, with the mirror images of those that overlap an object well.

    Attributes
    ----------
    vectors : ndarray of shape (n, d), float32
    mirrored : ndarray of shape (m, d), float32
    overlaps : ndarray of shape (n, c), float32
        Best overlap with an object of each class.
    mirrored_overlaps : ndarray of shape (m, c), float32
    changes : ndarray of shape (n, 4), float32
        From the window to the object that it overlaps most.
    skipped : ndarray of shape (n,), bool
        Windows in ignored regions.
    near : ndarray of shape (n,), bool
        Windows whose mirror images are there.
    """

    vectors: np.ndarray
    mirrored: np.ndarray
    overlaps: np.ndarray
    mirrored_overlaps: np.ndarray
    changes: np.ndarray
    skipped: np.ndarray
    near: np.ndarray

    def fit(
        self, mine: np.ndarray, near_mine: np.ndarray, penalty: float, ridge: float, start=None
    ) -> tuple[np.ndarray, np.ndarray]:
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
        classifiers = fit_squared_hinge(rows, targets, weights, penalty, start)
        return classifiers, self._fit_changes(mine, near_mine, ridge)

    def cross_fit(
        self,
        boxes: np.ndarray,
        owner: np.ndarray,
        folds: np.ndarray,
        penalty: float,
        ridge: float,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Fit on all rows, after a fit per fold that judges the windows of that fold.

        Parameters
        ----------
        boxes : ndarray of shape (n, 4)
            Boxes of the windows.
        owner : ndarray of shape (n,), int
            Image of each window.
        folds : ndarray of shape (n_images,), int
        penalty, ridge : float
            Regularization of the classifiers and of the regression.
        progress : callable
            Called with steps done and steps in all.

        Returns
        -------
        weights, changes : ndarray
            Weights trained on all rows.
        scores : ndarray of shape (n, c), float32
        moved : ndarray of shape (n, 4)
            What the fit that had not seen a window says of it.
        """
        row_folds, n_folds = folds[owner], int(folds.max(initial=0)) + 1
        near_folds = row_folds[self.near]
        scores = np.zeros((len(boxes), self.overlaps.shape[1]), np.float32)
        moved, start = boxes.copy(), None
        for fold in range(n_folds):
            progress(fold, n_folds + 1)
            held = row_folds == fold
            mine, near_mine = ~held, near_folds != fold
            if not mine.any():  # a single image
                mine, near_mine = held, ~near_mine
            weights, changes = self.fit(mine, near_mine, penalty, ridge, start)
            # starts the next one: nearly the same rows
            start = weights if start is None else (start + weights) / 2
            scores[held] = self.vectors[held] @ weights[:-1] + weights[-1]
            by = self.vectors[held] @ changes[:-1] + changes[-1]
            moved[held] = changed_boxes(boxes[held], by)
        progress(n_folds, n_folds + 1)
        everything = np.ones(len(self.vectors), bool), np.ones(len(self.mirrored), bool)
        weights, changes = self.fit(*everything, penalty, ridge, start)
        progress(n_folds + 1, n_folds + 1)
        return weights, changes, scores, moved

    def _fit_changes(self, mine: np.ndarray, near_mine: np.ndarray, ridge: float) -> np.ndarray:
        at, near_at = np.flatnonzero(mine & self.near), np.flatnonzero(near_mine)
        targets = self.changes[self.near][near_at] * np.array([-1, 1, 1, 1])
        targets = np.concatenate([self.changes[at], targets])
        step = -(-len(targets) // _MOST_CHANGES) if len(targets) else 1
        chosen = slice(None, None, step)
        rows = np.concatenate([self.vectors[at], self.mirrored[near_at]])[chosen]
        return fit_ridge(rows, targets[chosen], ridge)
