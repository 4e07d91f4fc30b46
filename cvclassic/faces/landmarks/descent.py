"""Supervised descent: ridge regression from orientation histograms around all points at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ...describe import root_normalize
from ...describe.dense_sift import orientation_planes
from ...errors import DataError
from .alignment import N_LANDMARKS
from .shape_regression import CROP, Training, in_crop

# Size of the face in pixels and side of a bin, for each stage: far sight first.
SCHEDULE = ((64.0, 8), (64.0, 6), (72.0, 5), (80.0, 4))
N_COMPONENTS = 24
_BINS = 4  # along each axis of a descriptor
_DIMS = 8 * _BINS**2
_PENALTIES = (1.0, 3.0, 10.0, 30.0)  # over the mean eigenvalue
_SAMPLE = 20_000  # descriptors that the components are found from


def describe(crop: np.ndarray, points: np.ndarray, scale: float, cell: int) -> np.ndarray:
    """Histograms of orientations in 4 x 4 bins around each point, upright in the mean's frame.

    Parameters
    ----------
    crop : ndarray of shape (CROP, CROP), uint8
    points : ndarray of shape (68, 2)
        In the mean shape's frame.
    scale : float
        Pixels a unit of that frame.
    cell : int
        Side of a bin in pixels.

    Returns
    -------
    ndarray of shape (68, 128), float32
        Square roots of shares of the gradient's strength.
    """
    plane = crop.astype(np.float32)
    gx = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=1)
    gy = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=1)
    planes = np.ascontiguousarray(orientation_planes(gx, gy).transpose(1, 2, 0))
    tent = np.minimum(np.arange(1, 2 * cell), np.arange(2 * cell - 1, 0, -1)).astype(np.float32)
    tent /= tent.sum()
    pooled = cv2.sepFilter2D(planes, -1, tent, tent, borderType=cv2.BORDER_REPLICATE)
    reach = (np.arange(_BINS) - (_BINS - 1) / 2) * cell
    grid = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(1, -1, 2)
    at = np.rint(in_crop(points, scale)[:, None] + grid).astype(int)
    np.clip(at, 0, CROP - 1, out=at)
    rows = np.take(pooled.reshape(-1, 8), at[..., 1] * CROP + at[..., 0], axis=0)
    return root_normalize(rows.reshape(len(points), _DIMS))


@dataclass(frozen=True, eq=False)
class DescentStage:
    """Where the points move, as a linear function of what is around them.

    Parameters
    ----------
    scale : float
    cell : int
    center : ndarray of shape (128,), float32
        Mean descriptor.
    components : ndarray of shape (128, c), float32
        Principal components of descriptors, the same for all points.
    weights : ndarray of shape (68 c, 136), float32
    offset : ndarray of shape (136,), float32
    """

    scale: float
    cell: int
    center: np.ndarray
    components: np.ndarray
    weights: np.ndarray
    offset: np.ndarray

    def move(self, crop: np.ndarray, points: np.ndarray) -> np.ndarray:
        """How the points move."""
        seen = describe(crop, points, self.scale, self.cell) - self.center
        return (self.offset + (seen @ self.components).ravel() @ self.weights).reshape(-1, 2)


def left_out_ridge(
    x: np.ndarray, y: np.ndarray, per_group: int, penalties: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Ridge regression with the penalty that predicts groups of rows best when they are left out.

    The prediction of a group by the regression on all others follows in closed form from the one
    on everything: with the hat matrix H, its residuals are ``(I - H_gg)^-1 (y_g - (H y)_g)``.

    Parameters
    ----------
    x : ndarray of shape (n, d), float32
        Centred.
    y : ndarray of shape (n, k), float32
        Centred.
    per_group : int
        Rows of a group; they follow each other.
    penalties : tuple of float
        To choose from, over the mean eigenvalue of ``x.T @ x``.

    Returns
    -------
    weights : ndarray of shape (d, k), float32
    predicted : ndarray of shape (n, k)
        For each group, by the others.
    penalty : float

    Raises
    ------
    DataError
        `x` is zero.

    References
    ----------
    Hastie, Tibshirani & Friedman, "The elements of statistical learning", 2nd edition, p. 244
    (7.50) for groups of one row.

    Examples
    --------
    >>> x = np.array([[-1.0], [-1.0], [1.0], [1.0]], np.float32)
    >>> weights, predicted, _ = left_out_ridge(x, 2 * x, 2, (1e-6,))
    >>> weights.round(3).tolist(), predicted.round(3).ravel().tolist()
    ([[2.0]], [-2.0, -2.0, 2.0, 2.0])
    """
    values, vectors = _principal_axes(x)
    if not values.any():
        raise DataError("the images are blank around all points, so nothing can be learned.")
    turned = x @ vectors
    onto = turned.T @ y
    groups = turned.reshape(-1, per_group, len(values))
    unit = max(float(values.sum()) / x.shape[1], 1e-12)
    best: tuple | None = None
    for penalty in penalties:
        shrunk = 1 / (values + penalty * unit)
        residuals = (y - turned @ (shrunk[:, None] * onto)).reshape(-1, per_group, y.shape[1])
        hats = (groups * shrunk) @ groups.transpose(0, 2, 1)
        left_out = np.linalg.solve(np.eye(per_group, dtype=x.dtype) - hats, residuals)
        error = float(np.square(left_out).mean())
        if np.isfinite(error) and (best is None or error < best[0]):
            best = error, shrunk, left_out.reshape(y.shape), penalty
    if best is None:
        raise DataError("the images around the points are too similar to learn from.")
    _, shrunk, left_out, penalty = best
    return vectors @ (shrunk[:, None] * onto), y - left_out, penalty


def _principal_axes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues > 0 and eigenvectors of ``x.T @ x``, by the smaller of both products."""
    if len(x) >= x.shape[1]:
        values, vectors = np.linalg.eigh(x.T @ x)
        return np.where(values > 1e-12, values, 0), vectors
    values, left = np.linalg.eigh(x @ x.T)
    kept = values > max(1e-6 * float(values[-1]), 1e-12)
    return values[kept], x.T @ (left[:, kept] / np.sqrt(values[kept]))


def fit_descent(training: Training, progress: Callable[[int, int], None]) -> list[DescentStage]:
    """Stages learned one after the other; the shapes of `training` end where they lead.

    Each shape goes on from where the faces of others would have moved it: what later stages get
    to see is then like what they will see on new faces.

    References
    ----------
    Xiong & De la Torre, "Supervised descent method and its applications to face alignment",
    CVPR 2013, section 3.3, equations (12) and (13).
    """
    stages = []
    for number, (scale, cell) in enumerate(SCHEDULE):
        progress(number, len(SCHEDULE))
        seen, _, wanted = training.look(
            scale, lambda crop, points, s=scale, c=cell: describe(crop, points, s, c)
        )
        rows = seen.reshape(-1, _DIMS)
        rows = rows[:: -(-len(rows) // _SAMPLE)]
        center = rows.mean(axis=0)
        _, vectors = np.linalg.eigh(np.cov(rows.T))
        components = np.ascontiguousarray(vectors[:, ::-1][:, :N_COMPONENTS], np.float32)
        x = ((seen - center) @ components).reshape(len(seen), -1)
        del seen
        y = wanted.reshape(len(x), -1).astype(np.float32)
        x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
        x -= x_mean
        weights, predicted, _ = left_out_ridge(x, y - y_mean, training.per_face, _PENALTIES)
        stages.append(
            DescentStage(scale, cell, center, components, weights, y_mean - x_mean @ weights)
        )
        training.move((predicted + y_mean).reshape(-1, N_LANDMARKS, 2))
    progress(len(SCHEDULE), len(SCHEDULE))
    return stages
