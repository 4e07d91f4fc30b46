"""Fisher vectors of many boxes of one image: its cells are coded once, each box sums its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..encode import (
    density_table,
    fisher_gradient,
    fit_mixture,
    principal_components,
)
from .channels import N_HOG
from .window_features import octave_for

SIDE = 16  # cells on the geometric mean side of a box
N_PARTS = 4  # the box, its upper and lower half, its surroundings
_AROUND = 0.3  # share of the sides that surroundings reach over each edge
_COLOR_GAIN = 2.5  # 4 numbers of color beside 31 of orientation
_SAMPLE = 40_000


@dataclass(frozen=True, eq=False)
class Codebook:
    """Projection and Gaussian mixture of 2 x 2 cells.

    Attributes
    ----------
    scale : ndarray of shape (140,), float32
        Each number of a descriptor is divided by its own.
    mean : ndarray of shape (140,), float32
    components : ndarray of shape (d, 140), float32
    weights : ndarray of shape (k,), float32
    means, variances : ndarray of shape (k, d), float32
    """

    scale: np.ndarray
    mean: np.ndarray
    components: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    @property
    def n_features(self) -> int:
        """Length of a box's vector."""
        return N_PARTS * 2 * self.means.size

    def project_cells(self, cells: np.ndarray) -> np.ndarray:
        """`cell_descriptors` of (h, w, 35) in the mixture's coordinates; (h - 1, w - 1, d).

        Each cell is projected once for all four places that it has in descriptors.
        """
        h, w, n = cells.shape
        d = len(self.components)
        axes = (self.components / self.scale).reshape(d, 4, n).transpose(2, 1, 0)
        parts = (cells.reshape(h * w, n) @ axes.reshape(n, 4 * d)).reshape(h, w, 4, d)
        out = parts[:-1, :-1, 0] + parts[1:, :-1, 1]
        out += parts[:-1, 1:, 2]
        out += parts[1:, 1:, 3]
        out -= self.components @ self.mean
        return out


def fit_codebook(samples: Iterable[np.ndarray], n_gaussians: int, n_dims: int, seed: int):
    """Learn a codebook from descriptors of training boxes.

    Parameters
    ----------
    samples : iterable of ndarray of shape (n, 140)
    n_gaussians, n_dims : int
    seed : int

    Returns
    -------
    Codebook
    """
    rng = np.random.RandomState(seed)
    rows = np.concatenate(list(samples))
    if len(rows) > _SAMPLE:
        rows = rows[np.sort(rng.choice(len(rows), _SAMPLE, replace=False))]
    scale = np.maximum(rows.std(axis=0), 1e-3).astype(np.float32)
    colors = (np.arange(rows.shape[1]) % N_HOG) >= N_HOG - 4
    scale[colors] /= _COLOR_GAIN
    mean, components = principal_components(rows / scale, min(n_dims, rows.shape[1]))
    projected = (rows / scale - mean) @ components.T
    spread = np.maximum(projected.std(axis=0), 1e-6)
    components = (components / np.sqrt(spread)[:, None]).astype(np.float32)
    projected = (rows / scale - mean) @ components.T
    n_gaussians = max(min(n_gaussians, len(rows) // 50), 1)
    mixture = fit_mixture(projected.astype(np.float32), n_gaussians, random_state=rng)
    return Codebook(scale, mean, components, *mixture)


def cell_descriptors(cells: np.ndarray) -> np.ndarray:
    """2 x 2 neighboring cells in a row each; (h - 1, w - 1, 140)."""
    return np.concatenate([cells[:-1, :-1], cells[1:, :-1], cells[:-1, 1:], cells[1:, 1:]], axis=-1)


def box_levels(boxes: np.ndarray) -> np.ndarray:
    """Octave in which each box is coded."""
    return np.clip(octave_for(boxes, SIDE), -5, 1)


def fisher_boxes(pyramid, boxes: np.ndarray, codebook: Codebook) -> np.ndarray:
    """Fisher vectors of boxes, of their halves and of their surroundings.

    Parameters
    ----------
    pyramid : Pyramid or MirrorPyramid
    boxes : ndarray of shape (n, 4)
    codebook : Codebook

    Returns
    -------
    ndarray of shape (n, codebook.n_features), float32
        Each part of length 1 after signed square roots.
    """
    k, d = codebook.means.shape
    sums = np.zeros((len(boxes), N_PARTS, k, 2 * d + 1), np.float32)
    levels = box_levels(boxes)
    for level in np.unique(levels):
        mine = np.flatnonzero(levels == level)
        _sum_level(pyramid, int(level), boxes[mine], codebook, sums, mine)
    vectors = fisher_gradient(sums, codebook.weights, codebook.means, codebook.variances)
    size = np.sqrt(np.abs(vectors))
    np.copysign(size, vectors, out=vectors)
    length = np.linalg.norm(vectors, axis=2, keepdims=True)
    vectors /= np.maximum(length, np.float32(1e-9))
    return vectors.reshape(len(boxes), codebook.n_features)


def _sum_level(pyramid, level: int, boxes, codebook: Codebook, sums, rows) -> None:
    """Sums over the cells of boxes in one octave."""
    cells = pyramid.hog(level)
    if min(cells.shape[:2]) < 2:
        return
    h, w = cells.shape[0] - 1, cells.shape[1] - 1
    fx, fy = cells.shape[1] / pyramid.width, cells.shape[0] / pyramid.height
    x0, y0, x1, y1 = _edges(boxes, 0, fx, fy, w, h)
    ox0, oy0, ox1, oy1 = _edges(boxes, _AROUND, fx, fy, w, h)
    left, top, right, bottom = ox0.min(), oy0.min(), ox1.max(), oy1.max()
    near = cells[top : bottom + 1, left : right + 1]
    posterior, extended = code_cells(near, codebook)

    def sum_of(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
        part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        q, x = posterior[part], extended[part]
        return q.reshape(-1, q.shape[-1]).T @ x.reshape(-1, x.shape[-1])

    for i, row in enumerate(rows):
        middle = (y0[i] + y1[i]) // 2
        upper = sum_of(x0[i], y0[i], x1[i], middle)
        lower = sum_of(x0[i], middle, x1[i], y1[i])
        inner = upper + lower
        around = sum_of(ox0[i], oy0[i], ox1[i], oy1[i]) - inner
        sums[row, 0], sums[row, 1], sums[row, 2], sums[row, 3] = inner, upper, lower, around


def code_cells(cells: np.ndarray, codebook: Codebook) -> tuple[np.ndarray, np.ndarray]:
    """Posteriors (h, w, k) and extended descriptors (h, w, 2 d + 1) of 2 x 2 cells."""
    x = codebook.project_cells(cells)
    h, w = x.shape[:2]
    x = x.reshape(h * w, -1)
    d = x.shape[1]
    extended = np.empty((h * w, 2 * d + 1), np.float32)
    extended[:, :d], extended[:, -1] = x, 1
    np.multiply(x, x, out=extended[:, d:-1])
    table = density_table(codebook.weights, codebook.means, codebook.variances)
    posterior = extended @ table
    posterior -= posterior.max(axis=1, keepdims=True)
    np.exp(posterior, out=posterior)
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior.reshape(h, w, -1), extended.reshape(h, w, -1)


def _edges(boxes, around: float, fx: float, fy: float, w: int, h: int):
    """First and last cells of boxes, at least one each."""
    x0 = np.clip(np.rint((boxes[:, 0] - around * boxes[:, 2]) * fx), 0, w - 1).astype(int)
    y0 = np.clip(np.rint((boxes[:, 1] - around * boxes[:, 3]) * fy), 0, h - 1).astype(int)
    x1 = np.clip(np.rint((boxes[:, 0] + (1 + around) * boxes[:, 2]) * fx - 1), 0, w).astype(int)
    y1 = np.clip(np.rint((boxes[:, 1] + (1 + around) * boxes[:, 3]) * fy - 1), 0, h).astype(int)
    return x0, y0, np.maximum(x1, x0 + 1), np.maximum(y1, y0 + 1)
