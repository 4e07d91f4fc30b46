"""Cascades: from a shape to a better one, by what the image looks like around its points.

Everything happens in the frame of the mean shape: a stage sees the face turned upright and at one
size, and says how the points are to move there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np

from .alignment import fit_similarity, landmark_errors, transform, transform_back

CROP = 128
"""Side in pixels of the upright image of a face that a stage sees."""
_ROOM = 1.6  # of the cut-out around a face, over the size of its box
_SHARP = 160.0  # pixels across a face that are kept


class Stage(Protocol):
    """One step of a cascade."""

    @property
    def scale(self) -> float:
        """Pixels of the upright image over the size of the mean shape."""

    def move(self, crop: np.ndarray, points: np.ndarray) -> np.ndarray:
        """How the points (68, 2) of the mean shape's frame move: (68, 2)."""
        ...


def cut_out(gray: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The surroundings of a face, reduced where the face is large.

    Keeps the work the same for a face of any size, and large faces free of aliasing.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    shape : ndarray of shape (68, 2)

    Returns
    -------
    part : ndarray of uint8
    corner : ndarray of shape (2,)
        Position of its first pixel's center.
    factor : float
        How many pixels of the image one of the part is.
    """
    low, high = shape.min(axis=0), shape.max(axis=0)
    middle, size = (low + high) / 2, float(max((high - low).max(), 1.0))
    limit = np.array(gray.shape[1::-1])
    first = np.clip(np.floor(middle - _ROOM * size), 0, limit - 1).astype(int)
    last = np.clip(np.ceil(middle + _ROOM * size), first + 1, limit).astype(int)
    part = gray[first[1] : last[1], first[0] : last[0]]
    factor = size / _SHARP
    if factor <= 1:
        return part, first.astype(float), 1.0
    sides = np.maximum(np.rint((last - first) / factor), 1).astype(int)
    reduced = cv2.resize(part, tuple(map(int, sides)), interpolation=cv2.INTER_AREA)
    # one factor for both axes: what rounding the sides changes is below a pixel
    return reduced, first + (factor - 1) / 2, factor


def upright(gray: np.ndarray, turn: complex, shift: complex, scale: float) -> np.ndarray:
    """The image in the mean shape's frame, (CROP, CROP), uint8; edges are repeated."""
    step = turn / scale
    center = (CROP - 1) / 2
    origin = shift - step * (center + 1j * center)
    matrix = np.array([[step.real, -step.imag, origin.real], [step.imag, step.real, origin.imag]])
    return cv2.warpAffine(
        gray,
        matrix,
        (CROP, CROP),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def in_crop(points: np.ndarray, scale: float) -> np.ndarray:
    """Positions of the mean shape's frame in pixels of the upright image."""
    return points * scale + (CROP - 1) / 2


def descend(
    gray: np.ndarray, shape: np.ndarray, mean: np.ndarray, stages: Sequence[Stage]
) -> list[np.ndarray]:
    """Shapes (68, 2) after each stage.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    shape : ndarray of shape (68, 2)
        Where to start.
    mean : ndarray of shape (68, 2)
    stages : sequence of Stage
    """
    part, corner, factor = cut_out(gray, shape)
    shape = (shape - corner) / factor
    path = []
    for stage in stages:
        turn, shift = fit_similarity(mean, shape[None])
        points = transform_back(shape[None], turn, shift)[0]
        crop = upright(part, turn[0], shift[0], stage.scale)
        shape = transform(points + stage.move(crop, points), turn, shift)[0]
        path.append(shape * factor + corner)
    return path


class Training:
    """Shapes on their way through the stages, each with its image and its true points.

    Parameters
    ----------
    pictures : list of ndarray
        Gray.
    which : ndarray of shape (n,), int
        Image of each row. Rows of one face follow each other, the same number for each.
    true, starts : ndarray of shape (n, 68, 2)
    mean : ndarray of shape (68, 2)
    per_face : int
        Rows of a face.
    """

    def __init__(self, pictures, which, true, starts, mean, per_face: int) -> None:
        self.per_face = per_face
        self.mean = mean
        cuts = [cut_out(pictures[i], shape) for i, shape in zip(which, starts, strict=True)]
        self._parts = [part for part, _, _ in cuts]
        corners = np.array([corner for _, corner, _ in cuts])[:, None]
        factors = np.array([factor for _, _, factor in cuts])[:, None, None]
        self.true = (true - corners) / factors
        self.shapes = (starts - corners) / factors

    def errors(self) -> np.ndarray:
        """Normalized error of each row."""
        return landmark_errors(self.shapes, self.true)

    def look(self, scale: float, describe: Callable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `describe(crop, points)` gives for each row, the points, and how they should move.

        Returns
        -------
        described : ndarray of shape (n, ...)
        points, wanted : ndarray of shape (n, 68, 2)
        """
        turns, shifts = fit_similarity(self.mean, self.shapes)
        points = transform_back(self.shapes, turns, shifts)
        wanted = transform_back(self.true, turns, shifts) - points
        described = np.stack(
            [
                describe(upright(part, turn, shift, scale), where)
                for part, turn, shift, where in zip(self._parts, turns, shifts, points, strict=True)
            ]
        )
        return described, points, wanted

    def move(self, moves: np.ndarray) -> None:
        """Move all shapes, in the mean shape's frame."""
        turns, shifts = fit_similarity(self.mean, self.shapes)
        points = transform_back(self.shapes, turns, shifts)
        self.shapes = transform(points + moves, turns, shifts)
