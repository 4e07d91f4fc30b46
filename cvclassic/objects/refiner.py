"""A finer look at the boxes, after they were moved: judged again, and moved again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .boxes import changed_boxes, clip_boxes
from .channels import N_HOG
from .window_features import sample_grid

FINER = 1.5  # cells of the grid beside those of the second stage, each way
SHARES = (0.0, 0.25, 0.5)  # of the finer look in the final score, to choose from
_AROUND = 0.15


@dataclass(frozen=True, eq=False)
class Refiner:
    """Linear models over a fine grid of gradients.

    Attributes
    ----------
    columns, rows : int
        Size of the grid.
    center : ndarray of shape (d,), float32
    gain : float
        Brings vectors to a mean length of 1.
    weights : ndarray of shape (d + 1, c), float32
        Weights of the classifiers; the last row is the intercept.
    changes : ndarray of shape (d + 1, 4), float32
        Weights of the regression of boxes.
    share : float
        Share of these scores in the final ones.

    References
    ----------
    Gidaris & Komodakis, "Object detection via a multi-region and semantic segmentation-aware CNN
    model", ICCV 2015, section 5: boxes are judged again where a regression has moved them.
    """

    columns: int
    rows: int
    center: np.ndarray
    gain: float
    weights: np.ndarray
    changes: np.ndarray
    share: float

    def scores(self, pyramid, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores of boxes for each class, and the boxes moved."""
        vectors = fine_vectors(pyramid, boxes, self.columns, self.rows)
        vectors -= self.center
        vectors *= np.float32(self.gain)
        moved = changed_boxes(boxes, vectors @ self.changes[:-1] + self.changes[-1])
        return vectors @ self.weights[:-1] + self.weights[-1], moved

    def refine(
        self, pyramid, boxes: np.ndarray, scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Boxes moved once more, with the scores of both looks."""
        size = (pyramid.width, pyramid.height)
        rows = best_first(boxes, scores, size)
        finer, moved = self.scores(pyramid, clip_boxes(boxes[rows], *size))
        return moved, joined_scores(scores[rows], finer, self.share)


def joined_scores(scores: np.ndarray, finer: np.ndarray, share: float) -> np.ndarray:
    """Scores of both looks together."""
    return (1 - share) * scores + share * finer


def best_first(boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Rows of the boxes that lie in the image, best first.

    All of them: of boxes that are nearly the same, the score on the finer grid finds the one that
    fits best, and voting needs its neighbors.
    """
    inside = clip_boxes(boxes, *size)
    real = np.flatnonzero((inside[:, 2] >= 1) & (inside[:, 3] >= 1))
    return real[np.argsort(-scores[real].max(axis=1), kind="stable")]


def fine_grid(grid: tuple[int, int]) -> tuple[int, int]:
    """Columns and rows, from those of the second stage."""
    return max(round(grid[0] * FINER), 2), max(round(grid[1] * FINER), 2)


def fine_vectors(pyramid, boxes: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """Gradients and colors of boxes on a grid; (n, rows * columns * 35), float32."""
    return sample_grid(pyramid, boxes, columns, rows, around=_AROUND).reshape(
        len(boxes), rows * columns * N_HOG
    )
