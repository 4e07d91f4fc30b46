"""Shapes of 68 points: similarities between them, their mean, mirror images, errors.

A shape is an array (68, 2) of (x, y) in the order of the Multi-PIE mark-up: jaw 0-16, brows 17-26,
nose 27-35, eyes 36-47, mouth 48-67. A similarity is a pair of complex numbers (turn, shift): it
takes the point x + iy to turn * (x + iy) + shift.
"""

from __future__ import annotations

import numpy as np

from ...errors import DataError

N_LANDMARKS = 68
OUTER_EYES = (36, 45)
"""The outer corners of both eyes, whose distance errors are divided by."""

# Which point of a face each point of its mirror image is.
MIRRORED = np.concatenate(
    [
        np.arange(16, -1, -1),  # jaw
        np.arange(26, 16, -1),  # brows
        np.arange(27, 31),  # bridge of the nose
        np.arange(35, 30, -1),  # its base
        [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],  # eyes
        np.arange(54, 47, -1),  # outer lips, above and below
        np.arange(59, 54, -1),
        np.arange(64, 59, -1),  # inner lips
        np.arange(67, 64, -1),
    ]
)


def as_complex(shapes: np.ndarray) -> np.ndarray:
    """Points (..., 2) as complex numbers (...)."""
    return shapes[..., 0] + 1j * shapes[..., 1]


def as_points(numbers: np.ndarray) -> np.ndarray:
    """Complex numbers (...) as points (..., 2)."""
    return np.stack([numbers.real, numbers.imag], axis=-1)


def fit_similarity(source: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Similarities that take one shape as near as possible to others, by least squares.

    Parameters
    ----------
    source : ndarray of shape (68, 2)
    targets : ndarray of shape (n, 68, 2)

    Returns
    -------
    turn, shift : ndarray of shape (n,), complex

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> turn, shift = fit_similarity(square, 2 * square[None] + [3, 4])
    >>> turn.round(6).tolist(), shift.round(6).tolist()
    ([(2+0j)], [(3+4j)])
    """
    a, b = as_complex(source), as_complex(targets)
    a_mean, b_mean = a.mean(), b.mean(axis=1)
    moved = a - a_mean
    turn = (b - b_mean[:, None]) @ moved.conj() / (np.abs(moved) ** 2).sum()
    return turn, b_mean - turn * a_mean


def transform(shapes: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Shapes (n, 68, 2) or one (68, 2) after n similarities."""
    return as_points(turn[:, None] * as_complex(shapes) + shift[:, None])


def transform_back(shapes: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The inverse of `transform`."""
    return as_points((as_complex(shapes) - shift[:, None]) / turn[:, None])


def bounding_boxes(shapes: np.ndarray) -> np.ndarray:
    """Smallest upright boxes around shapes (n, 68, 2), as (n, 4): x, y, width, height.

    Examples
    --------
    >>> bounding_boxes(np.array([[[1.0, 2.0], [4.0, 8.0]]])).tolist()
    [[1.0, 2.0, 3.0, 6.0]]
    """
    low = shapes.min(axis=1)
    return np.concatenate([low, shapes.max(axis=1) - low], axis=1)


def shake_boxes(boxes: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Move and resize boxes at random, by up to a share of their size each way.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
    share : float
        Center, width and height change uniformly by up to this share of the width and height.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n, 4)
    """
    moves = rng.uniform(-share, share, (len(boxes), 4))
    sizes = boxes[:, 2:] * (1 + moves[:, 2:])
    centers = boxes[:, :2] + boxes[:, 2:] * (0.5 + moves[:, :2])
    return np.concatenate([centers - sizes / 2, sizes], axis=1)


def mean_shape(shapes: np.ndarray) -> np.ndarray:
    """Mean of shapes after Procrustes alignment, symmetric and upright, in a box of area 1 at 0.

    Parameters
    ----------
    shapes : ndarray of shape (n, 68, 2)

    Returns
    -------
    ndarray of shape (68, 2)

    References
    ----------
    Cootes, Taylor, Cooper & Graham, "Active shape models - their training and application",
    CVIU 61(1), 1995, section 3 (alignment to an evolving mean).
    """
    shapes = np.concatenate([shapes, mirror_shapes(shapes, 1)])
    mean = shapes[0]
    for _ in range(3):
        mean = transform_back(shapes, *fit_similarity(mean, shapes)).mean(axis=0)
    mirrored = mirror_shapes(mean[None], 1)
    mean = (mean + transform_back(mirrored, *fit_similarity(mean, mirrored))[0]) / 2
    points = as_complex(mean)
    axis = points[OUTER_EYES[1]] - points[OUTER_EYES[0]]
    upright = as_points(points * axis.conj() / abs(axis))
    x, y, width, height = bounding_boxes(upright[None])[0]
    return (upright - [x + width / 2, y + height / 2]) / np.sqrt(width * height)


def place(shape: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """A shape like `mean_shape` in each of n boxes: same center, same area. (n, 68, 2)."""
    sides = np.sqrt(boxes[:, 2] * boxes[:, 3])
    centers = boxes[:, :2] + boxes[:, 2:] / 2
    return shape * sides[:, None, None] + centers[:, None]


def mirror_shapes(shapes: np.ndarray, width: int) -> np.ndarray:
    """Shapes (n, 68, 2) in the mirror images of their images of the given width.

    Left and right change their names, too.
    """
    return (shapes * [-1, 1] + [width - 1, 0])[:, MIRRORED]


def landmark_errors(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Mean error of the points of each face, divided by the distance of the outer eye corners.

    Parameters
    ----------
    found, true : array of shape (n, 68, 2)

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    DataError
        The shapes differ, or the corners of a true face's eyes coincide.

    References
    ----------
    Sagonas et al., "300 faces in-the-wild challenge: the first facial landmark localization
    challenge", ICCV workshops 2013, section 3.

    Examples
    --------
    >>> true = np.random.default_rng(0).random((2, 68, 2))
    >>> landmark_errors(true, true).tolist()
    [0.0, 0.0]
    """
    found, true = np.asarray(found, float), np.asarray(true, float)
    if found.shape != true.shape or true.shape[1:] != (N_LANDMARKS, 2):
        raise DataError(
            f"found and true must both have the shape (n, {N_LANDMARKS}, 2). "
            f"Got {found.shape} and {true.shape} instead."
        )
    left, right = OUTER_EYES
    unit = np.linalg.norm(true[:, left] - true[:, right], axis=1)
    if (unit == 0).any():
        raise DataError(
            f"the corners of the eyes of face {int(np.flatnonzero(unit == 0)[0])} coincide"
        )
    return np.linalg.norm(found - true, axis=2).mean(axis=1) / unit
