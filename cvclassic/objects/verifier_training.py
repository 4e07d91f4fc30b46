"""Training of the second stage: classifiers and regression of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .fisher_windows import Codebook
from .verifier_rows import ImageRows
from .window_rows import FAIR, WindowRows, stacked
from .window_vectors import WindowVectors, group_gains

_PENALTY = 0.003
_RIDGE = 3.0


@dataclass(frozen=True, eq=False)
class Verifier:
    """The second stage, and how well it did on images that it had not learned from.

    Attributes
    ----------
    vectors : WindowVectors
    weights, changes : ndarray
        As in `DetectorState`.
    held_out : list of (boxes, scores)
        For each image, by weights that had not learned from it: the windows moved, and their scores
        for each class.
    """

    vectors: WindowVectors
    weights: np.ndarray
    changes: np.ndarray
    held_out: list[tuple[np.ndarray, np.ndarray]]


def train_verifier(
    images: Sequence[ImageRows],
    folds: np.ndarray,
    codebook: Codebook,
    grid: tuple[int, int],
    progress=None,
) -> Verifier:
    """Learn the second stage, with held-out scores for the calibration.

    Parameters
    ----------
    images : sequence of ImageRows
    folds : ndarray of shape (n_images,), int
    codebook : Codebook
    grid : (int, int)
    progress : callable, optional
        Called with steps done and steps in all.

    Returns
    -------
    Verifier
    """
    owner = np.repeat(np.arange(len(images)), [len(i.boxes) for i in images])
    raw = stacked([i.vectors for i in images])
    near_raw = stacked([i.mirrored for i in images])
    n_grid = grid[0] * grid[1] * ((raw.shape[1] - codebook.n_features - 8) // (grid[0] * grid[1]))
    center, gains = group_gains(raw, n_grid, codebook.n_features)
    for part in (raw, near_raw):
        part -= center
        part *= gains
    overlaps = np.concatenate([i.overlaps for i in images])
    best = overlaps.max(axis=1, initial=0)
    near = best >= FAIR
    data = WindowRows(
        raw,
        near_raw,
        overlaps,
        overlaps[near],
        np.concatenate([i.changes for i in images]),
        np.concatenate([i.skipped for i in images]),
        near,
    )
    boxes = np.concatenate([i.boxes for i in images])
    weights, changes, scores, moved = data.cross_fit(
        boxes,
        owner,
        folds,
        _PENALTY,
        _RIDGE,
        progress or (lambda done, total: None),
    )
    return Verifier(
        WindowVectors(*grid, codebook, center, gains),
        weights,
        changes,
        [(moved[owner == k], scores[owner == k]) for k in range(len(images))],
    )
