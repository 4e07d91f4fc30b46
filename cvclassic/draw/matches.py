"""Two images and what they have in common."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..images.checks import check_image
from .overlays import ORANGE, RIM, YELLOW, Canvas, hue
from .panels import PAPER, label_panel

_GAP = 14
_HEIGHT = 7 / 8  # of a sheet, at most, over its width


def draw_match(
    a: np.ndarray,
    b: np.ndarray,
    result: Any,
    *,
    limit: int = 120,
    overlay: bool = True,
    title: str = "",
    width: int = 1600,
    headline: bool = True,
) -> np.ndarray:
    """Draw matches as lines between two images, and the first laid over the second.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        The images; they are drawn at the same height.
    result : cvclassic.match.MatchResult
        Their match.
    limit : int
        Maximum number of inliers to draw, spread over the image; and a quarter as many outliers.
    overlay : bool
        Show the first laid over the second too, where a homography was found: below the lines, or
        beside them where that shows all of it larger.
    title : str
        Stands before the numbers in the headline.
    width : int
        Width in pixels of the images that stand side by side, without gaps. High images make it
        less, so that images above each other have at most 7/8 of this height.
    headline : bool
        Whether numbers stand above the drawing.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Inliers in the colors of the rainbow from left to right, the others as orange dots.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> none = np.zeros((0, 2))
    >>> nothing = SimpleNamespace(xy_a=none, xy_b=none, inliers=none[:, 0] > 0, model=None,
    ...                           kind="homography", n_inliers=0)
    >>> flat = np.zeros((60, 80), np.uint8)
    >>> draw_match(flat, flat, nothing).shape[1]
    1642
    """
    a, b = _rgb(a), _rgb(b)
    overlay = overlay and result.model is not None and result.kind == "homography"
    height, height_over, below = _layout(a.shape, b.shape, width, overlay)
    text = f"{title}: " if title else ""
    text += f"{result.n_inliers} of {len(result.xy_a)} matches are inliers"
    if result.model is None:
        text += ": no consistent geometry"
    elif result.kind != "homography":
        text += " on one fundamental matrix"
    else:
        text += f", {result.mean_error:.2f} px apart on average"
    blocks = [_draw_lines(a, b, result, limit, height)]
    size = int(np.clip(width / 50, 14, 28))
    if headline:
        blocks[0] = label_panel(blocks[0], text, size=size)
    if overlay:
        panels = _warp_panels(a, b, result.model, _at_height(b, height_over))
        blocks.append(label_panel(_row(panels), "first over second", size=size))
    return _join(blocks, below)


def draw_warp(a: np.ndarray, b: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Show the first image laid over the second, and both in turn on a chessboard.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        The images.
    homography : ndarray of shape (3, 3)
        From the first to the second.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Two images side by side. Where the homography is right, lines run on from field to field.

    Examples
    --------
    >>> draw_warp(np.zeros((60, 80), np.uint8), np.zeros((60, 80), np.uint8), np.eye(3)).shape[2]
    3
    """
    return _row(_warp_panels(_rgb(a), _rgb(b), homography, Canvas(b).pixels))


def _layout(
    a: tuple[int, ...], b: tuple[int, ...], width: int, overlay: bool
) -> tuple[int, int, bool]:
    """Heights of the lines' and the overlay's images; whether the overlay stands below."""
    lines, over = a[1] / a[0] + b[1] / b[0], 2 * b[1] / b[0]  # widths of blocks of height 1
    highest = _HEIGHT * width
    if not overlay:
        height = max(round(min(width / lines, highest)), 1)
        return height, height, True
    # Both of the same width, one below the other; or both of the same height, side by side.
    wide = min(width, highest / (1 / lines + 1 / over))
    high = min(highest, width / (lines + over))
    if wide / lines >= high:
        return max(round(wide / lines), 1), max(round(wide / over), 1), True
    return max(round(high), 1), max(round(high), 1), False


def _at_height(image: np.ndarray, height: int) -> np.ndarray:
    """The image enlarged or reduced; pixels of tiny images stay squares."""
    factor = height / image.shape[0]
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST if factor > 4 else cv2.INTER_CUBIC
    return cv2.resize(image, (max(round(factor * image.shape[1]), 1), height), interpolation=how)


def _row(panels: list[np.ndarray]) -> np.ndarray:
    """Images of the same height next to each other."""
    gap = np.empty((panels[0].shape[0], _GAP, 3), np.uint8)
    gap[:] = PAPER
    return np.concatenate([panels[0], gap, panels[1]], axis=1)


def _join(blocks: list[np.ndarray], below: bool) -> np.ndarray:
    """Blocks below each other or side by side on paper, with a margin."""
    height, width = (max(block.shape[axis] for block in blocks) for axis in (0, 1))
    if below:
        height = sum(block.shape[0] + _GAP for block in blocks) - _GAP
    else:
        width = sum(block.shape[1] + _GAP for block in blocks) - _GAP
    sheet = np.empty((height + 2 * _GAP, width + 2 * _GAP, 3), np.uint8)
    sheet[:] = PAPER
    y = x = _GAP
    for block in blocks:
        sheet[y : y + block.shape[0], x : x + block.shape[1]] = block
        y, x = (y + block.shape[0] + _GAP, x) if below else (y, x + block.shape[1] + _GAP)
    return sheet


def _scaling(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """3×3 map from the pixels of an image to those of the same one in another size."""
    fx, fy = after.shape[1] / before.shape[1], after.shape[0] / before.shape[0]
    # Pixel centers are at whole numbers.
    return np.array([[fx, 0, (fx - 1) / 2], [0, fy, (fy - 1) / 2], [0, 0, 1.0]])


def _corners(image: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Where the corners of an image go, of shape (4, 2), float32."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1.0]])
    return cv2.perspectiveTransform(corners[:, None], homography)[:, 0].astype(np.float32)


def _warp_panels(
    a: np.ndarray, b: np.ndarray, homography: np.ndarray, ground: np.ndarray
) -> list[np.ndarray]:
    """The first laid half transparent, and in a chessboard's fields, over the second's `ground`."""
    homography = _scaling(b, ground) @ homography
    there = _corners(a, homography)
    finite = bool(np.isfinite(there).all())
    # A warp reads four pixels for each that it writes; where it shrinks, averages must come first.
    shrink = float(np.sqrt(cv2.contourArea(there) / a[..., 0].size)) if finite else 1.0
    if shrink < 1:
        small = _at_height(a, max(round(a.shape[0] * max(shrink, 0.01)), 1))
        homography = homography @ np.linalg.inv(_scaling(a, small))
        a = small
    size = ground.shape[1::-1]
    warped = cv2.warpPerspective(a, homography, size)
    solid = np.full(a.shape[:2], 255, np.uint8)
    opaque = cv2.warpPerspective(solid, homography, size)[..., None].astype(np.float32) / 255
    field = max(min(ground.shape[:2]) // 6, 8)
    y, x = np.indices(ground.shape[:2]) // field
    chess = ((x + y) % 2)[..., None]
    panels = []
    for weight in (0.5 * opaque, opaque * chess):
        canvas = Canvas(np.rint(ground * (1 - weight) + warped * weight).astype(np.uint8), factor=1)
        if finite:
            for one, two in zip(there, np.roll(there, -1, axis=0), strict=True):
                canvas.line(one, two, YELLOW, 1.6)
        panels.append(canvas.pixels)
    return panels


def _draw_lines(a: np.ndarray, b: np.ndarray, result: Any, limit: int, height: int) -> np.ndarray:
    """Both images next to each other, with lines between them."""
    left, right = _at_height(a, height), _at_height(b, height)
    xy_a = _scaled(result.xy_a, _scaling(a, left))
    xy_b = _scaled(result.xy_b, _scaling(b, right)) + np.array([left.shape[1] + _GAP, 0])
    canvas = Canvas(_row([left, right]), fade=0.5, factor=1)
    for index in _spread(xy_a, np.flatnonzero(~result.inliers), limit // 4):
        canvas.dot(xy_a[index], ORANGE, 1.6)
        canvas.dot(xy_b[index], ORANGE, 1.6)
    chosen = _spread(xy_a, np.flatnonzero(result.inliers), limit)
    ends = [tuple(tuple(map(int, canvas.at(xy[i]))) for xy in (xy_a, xy_b)) for i in chosen]
    colors = [hue(0.05 + 0.75 * float(xy_a[i, 0]) / left.shape[1]) for i in chosen]
    # A hundred lines must not hide the images: the rims are faint, the lines thin.
    rims = canvas.pixels.copy()
    for one, two in ends:
        cv2.line(rims, one, two, RIM, 3, cv2.LINE_AA, 4)
    cv2.addWeighted(rims, 0.4, canvas.pixels, 0.6, 0, dst=canvas.pixels)
    for (one, two), color in zip(ends, colors, strict=True):
        cv2.line(canvas.pixels, one, two, color, 1, cv2.LINE_AA, 4)
    for index, color in zip(chosen, colors, strict=True):
        canvas.dot(xy_a[index], color, 2.2)
        canvas.dot(xy_b[index], color, 2.2)
    return canvas.pixels


def _scaled(xy: np.ndarray, scaling: np.ndarray) -> np.ndarray:
    """Points through a map that only scales."""
    return xy * np.diag(scaling)[:2] + scaling[:2, 2]


def _spread(xy: np.ndarray, index: np.ndarray, limit: int) -> np.ndarray:
    """At most `limit` of the given rows, evenly over the image."""
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
    """An image with three channels."""
    image = check_image(image)
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
