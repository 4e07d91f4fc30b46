"""Vectors of the second stage: gradients on a grid, Fisher vector, place, first score."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from .channels import N_HOG
from .fisher_windows import Codebook, fisher_boxes
from .window_features import sample_grid

_GRID_CELLS = 72
_AROUND = 0.15
N_PLACE = 7
_PLACE_GAIN = 0.1
_SCORE_GAIN = 0.3


@dataclass(frozen=True, eq=False)
class WindowVectors:
    """How a window becomes a vector.

    Attributes
    ----------
    columns, rows : int
        Size of the grid of gradients.
    codebook : Codebook
    center : ndarray of shape (d,), float32
        Mean of training windows.
    gains : ndarray of shape (d,), float32
        Every group of numbers is brought to the same mean length.
    """

    columns: int
    rows: int
    codebook: Codebook
    center: np.ndarray
    gains: np.ndarray

    def of(self, pyramid, boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Vectors of boxes; (n, d), float32."""
        raw = raw_vectors(pyramid, boxes, scores, self.columns, self.rows, self.codebook)
        raw -= self.center
        raw *= self.gains
        return raw


def plan_grid(boxes: np.ndarray) -> tuple[int, int]:
    """Columns and rows of a grid of about 72 cells with the boxes' usual aspect."""
    aspect = math.exp(float(np.median(np.log(boxes[:, 2] / boxes[:, 3]))))
    aspect = min(max(aspect, 1 / 8), 8)
    rows = max(round(math.sqrt(_GRID_CELLS / aspect)), 3)
    return max(round(_GRID_CELLS / rows), 3), rows


def raw_vectors(
    pyramid, boxes: np.ndarray, scores: np.ndarray, columns: int, rows: int, codebook: Codebook
) -> np.ndarray:
    """Vectors before they are centered."""
    grid = sample_grid(pyramid, boxes, columns, rows, around=_AROUND)
    parts = [
        grid.reshape(len(boxes), rows * columns * N_HOG),
        fisher_boxes(pyramid, boxes, codebook),
        place_numbers(boxes, pyramid.width, pyramid.height),
        scores[:, None].astype(np.float32),
    ]
    return np.concatenate(parts, axis=1)


def place_numbers(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Where a box lies in its image, how large it is and of which shape; (n, 7), float32."""
    x = (boxes[:, 0] + boxes[:, 2] / 2) / width - 0.5
    y = (boxes[:, 1] + boxes[:, 3] / 2) / height - 0.5
    w, h = np.log(boxes[:, 2] / width), np.log(boxes[:, 3] / height)
    return np.stack([x, y, np.abs(x), np.abs(y), w, h, w * h], axis=1).astype(np.float32)


def group_gains(raw: np.ndarray, n_grid: int, n_fisher: int) -> tuple[np.ndarray, np.ndarray]:
    """Center and gains of `WindowVectors` from training vectors."""
    center = raw.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = np.zeros(raw.shape[1])
    for start in range(0, len(raw), 1024):
        spread += ((raw[start : start + 1024] - center) ** 2).sum(axis=0)
    spread /= max(len(raw), 1)
    gains = np.empty(raw.shape[1], np.float32)
    ends = (0, n_grid, n_grid + n_fisher)
    for a, b in itertools.pairwise(ends):
        gains[a:b] = 1 / math.sqrt(max(spread[a:b].sum(), 1e-12))
    rest = 1 / np.sqrt(np.maximum(spread[ends[-1] :], 1e-12))
    rest[:N_PLACE] *= _PLACE_GAIN
    rest[N_PLACE:] *= _SCORE_GAIN
    gains[ends[-1] :] = rest
    return center, gains
