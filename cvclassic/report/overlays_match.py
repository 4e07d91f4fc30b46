"""Two pictures and what they have in common."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..filters._checks import check_image
from .overlays import ORANGE, RIM, YELLOW, Canvas, hue
from .panels import PAPER, side_by_side

_GAP = 16


def draw_match(a: np.ndarray, b: np.ndarray, result: Any, *, limit: int = 120) -> np.ndarray:
    """Draw matches as lines between two pictures and, below, the first laid over the second.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        The pictures.
    result : cvclassic.match.MatchResult
        Their match.
    limit : int
        Draw so many inliers, spread over the picture, and a quarter as many of the others.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Inliers in the colours of the rainbow from left to right, the others as orange dots.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> none = np.zeros((0, 2))
    >>> nothing = SimpleNamespace(xy_a=none, xy_b=none, inliers=none[:, 0] > 0, model=None,
    ...                           kind="homography", n_inliers=0)
    >>> flat = np.zeros((60, 80), np.uint8)
    >>> draw_match(flat, flat, nothing).ndim
    3
    """
    lines = _draw_lines(a, b, result, limit)
    title = f"{result.n_inliers} of {len(result.xy_a)} matches agree"
    if result.model is None or result.kind != "homography":
        found = "no common geometry" if result.model is None else "on one fundamental matrix"
        return side_by_side([lines], [f"{title}: {found}"])
    error = result.mean_error
    panels = [lines, draw_warp(a, b, result.model)]
    titles = [f"{title}, {error:.2f} px apart on average", "the first laid over the second"]
    return side_by_side(panels, titles, columns=1)


def draw_warp(a: np.ndarray, b: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Show the second picture, the first laid over it, and both in turn on a chessboard.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        The pictures.
    homography : ndarray of shape (3, 3)
        From the first to the second.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Two pictures side by side. Where the homography is right, lines run on from field to field.

    Examples
    --------
    >>> draw_warp(np.zeros((60, 80), np.uint8), np.zeros((60, 80), np.uint8), np.eye(3)).shape[2]
    3
    """
    b_rgb = _rgb(b)
    a_rgb = _rgb(a)
    size = b_rgb.shape[1::-1]
    warped = cv2.warpPerspective(a_rgb, homography, size)
    solid = np.full(a_rgb.shape[:2], 255, np.uint8)
    opaque = cv2.warpPerspective(solid, homography, size)[..., None].astype(np.float32) / 255
    field = max(min(b_rgb.shape[:2]) // 6, 8)
    y, x = np.indices(b_rgb.shape[:2]) // field
    chess = ((x + y) % 2)[..., None]
    panels = []
    for weight in (0.5 * opaque, opaque * chess):
        mixed = b_rgb * (1 - weight) + warped * weight
        canvas = Canvas(np.rint(mixed).astype(np.uint8))
        height, width = a_rgb.shape[:2]
        corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1.0]])
        there = cv2.perspectiveTransform(corners[:, None], homography)[:, 0]
        if np.isfinite(there).all():
            for one, two in zip(there, np.roll(there, -1, axis=0), strict=True):
                canvas.line(one, two, YELLOW, 1.6)
        panels.append(canvas.pixels)
    gap = np.empty((panels[0].shape[0], _GAP, 3), np.uint8)
    gap[:] = PAPER
    return np.concatenate([panels[0], gap, panels[1]], axis=1)


def _draw_lines(a: np.ndarray, b: np.ndarray, result: Any, limit: int) -> np.ndarray:
    """Both pictures next to each other, with lines between them."""
    a_rgb, b_rgb = _rgb(a), _rgb(b)
    height = max(a_rgb.shape[0], b_rgb.shape[0])
    offset = a_rgb.shape[1] + _GAP
    sheet = np.empty((height, offset + b_rgb.shape[1], 3), np.uint8)
    sheet[:] = PAPER
    sheet[: a_rgb.shape[0], : a_rgb.shape[1]] = a_rgb
    sheet[: b_rgb.shape[0], offset:] = b_rgb
    canvas = Canvas(sheet, fade=0.5)
    there = result.xy_b + np.array([offset, 0])
    for index in _spread(result.xy_a, np.flatnonzero(~result.inliers), limit // 4):
        canvas.dot(result.xy_a[index], ORANGE, 1.6)
        canvas.dot(there[index], ORANGE, 1.6)
    chosen = _spread(result.xy_a, np.flatnonzero(result.inliers), limit)
    for index in chosen:
        color = hue(0.05 + 0.75 * float(result.xy_a[index, 0]) / a_rgb.shape[1])
        _thin_line(canvas, result.xy_a[index], there[index], color)
        canvas.dot(result.xy_a[index], color, 2.2)
        canvas.dot(there[index], color, 2.2)
    return canvas.pixels


def _thin_line(canvas: Canvas, a: np.ndarray, b: np.ndarray, color: tuple) -> None:
    """A line with a faint rim: a hundred of them must not hide the pictures."""
    one, two = tuple(map(int, canvas.at(a))), tuple(map(int, canvas.at(b)))
    before = canvas.pixels.copy() if canvas.pixels.size < 2_000_000 else None
    if before is not None:
        cv2.line(canvas.pixels, one, two, RIM, 2, cv2.LINE_AA, 4)
        cv2.addWeighted(canvas.pixels, 0.4, before, 0.6, 0, dst=canvas.pixels)
    cv2.line(canvas.pixels, one, two, color, 1, cv2.LINE_AA, 4)


def _spread(xy: np.ndarray, index: np.ndarray, limit: int) -> np.ndarray:
    """At most `limit` of the given rows, evenly over the picture."""
    if len(index) <= limit:
        return index
    # The coarsest grid with enough occupied cells; one row from each.
    points = xy[index] - xy[index].min(axis=0)
    span = float(points.max()) + 1e-6
    for cells in range(4, 400, 2):
        cell = (points / span * cells).astype(int)
        _, first = np.unique(cell[:, 0] * 1000 + cell[:, 1], return_index=True)
        if len(first) >= limit:
            break
    steps = np.linspace(0, len(first) - 1, limit).astype(int)
    return index[np.sort(first[steps])]


def _rgb(image: np.ndarray) -> np.ndarray:
    """A picture with three channels."""
    image = check_image(image)
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
