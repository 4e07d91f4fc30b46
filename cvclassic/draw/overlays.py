"""Marks on images: anti-aliased, with a dark rim so that they show on light and on dark."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..images.checks import check_image

if TYPE_CHECKING:
    from ..detect import Blobs, Corners, Keypoints, Segments

# Okabe and Ito's colors can be told apart by nearly everybody.
SKY, ORANGE, GREEN, YELLOW, PINK = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 190, 140),
    (240, 228, 66),
    (224, 130, 180),
)
RIM = (20, 20, 20)
_SHIFT = 4  # OpenCV draws at sixteenths of a pixel
_WISHED_SIDE = 900  # smaller images are enlarged, so that marks do not hide what they mark


class Canvas:
    """An image to draw on, enlarged by a whole factor, with marks in pixels of the original.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image; it is copied.
    fade : float
        How far the image is faded towards gray, from 0 to 1.
    factor : int, optional
        How many times as large; unless given, small images grow to about 900 pixels.

    Examples
    --------
    >>> Canvas(np.zeros((300, 300), np.uint8)).pixels.shape
    (900, 900, 3)
    """

    def __init__(self, image: np.ndarray, fade: float = 0.0, factor: int | None = None) -> None:
        image = check_image(image)
        rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        if factor is None:
            factor = int(np.clip(round(_WISHED_SIDE / max(rgb.shape[:2])), 1, 8))
        self.factor = factor
        if self.factor > 1:
            how = cv2.INTER_NEAREST if self.factor > 4 else cv2.INTER_CUBIC
            rgb = cv2.resize(rgb, None, fx=self.factor, fy=self.factor, interpolation=how)
        if fade:
            rgb = cv2.addWeighted(rgb, 1 - fade, without_color(rgb), fade, 0)
        self.pixels = np.ascontiguousarray(rgb.copy())
        # Marks grow a little with the image, as it is looked at as a whole.
        self.unit = max(max(self.pixels.shape[:2]) / 900, 1.0)

    def at(self, xy: np.ndarray) -> np.ndarray:
        """Positions in sixteenths of a pixel of the canvas."""
        moved = (np.asarray(xy, np.float64) + 0.5) * self.factor - 0.5
        return np.rint(np.clip(moved, -1e5, 1e5) * 2**_SHIFT).astype(int)

    def circle(self, xy: np.ndarray, radius: float, color: tuple, width: float = 1.0) -> None:
        """A ring; the radius in pixels of the image."""
        center = tuple(map(int, self.at(xy)))
        r = int(min(max(radius * self.factor, 1.5), 1e5) * 2**_SHIFT)
        for ink, wide in self._strokes(color, width):
            cv2.circle(self.pixels, center, r, ink, wide, cv2.LINE_AA, _SHIFT)

    def line(self, a: np.ndarray, b: np.ndarray, color: tuple, width: float = 1.0) -> None:
        """A straight line."""
        one, two = tuple(map(int, self.at(a))), tuple(map(int, self.at(b)))
        for ink, wide in self._strokes(color, width):
            cv2.line(self.pixels, one, two, ink, wide, cv2.LINE_AA, _SHIFT)

    def dot(self, xy: np.ndarray, color: tuple, size: float = 2.5) -> None:
        """A small disc; the size in pixels of the canvas."""
        center = tuple(map(int, self.at(xy)))
        for ink, more in ((RIM, 1.2), (color, 0.0)):
            r = int((size * self.unit + more) * 2**_SHIFT)
            cv2.circle(self.pixels, center, r, ink, cv2.FILLED, cv2.LINE_AA, _SHIFT)

    def _strokes(self, color: tuple, width: float) -> tuple[tuple[tuple, int], ...]:
        """The rim first, the color over it."""
        inner = max(round(width * self.unit), 1)
        return (RIM, inner + 2), (color, inner)


def draw_keypoints(image: np.ndarray, keypoints: Keypoints, *, limit: int = 300) -> np.ndarray:
    """Draw keypoints as circles of their size with a radius in their direction.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    keypoints : Keypoints
        What was found.
    limit : int
        Maximum number to draw; the strongest are drawn.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Enlarged by a whole factor where the image is small. Warm colors are large keypoints.

    Examples
    --------
    >>> from cvclassic.detect import Keypoints
    >>> draw_keypoints(np.zeros((450, 450), np.uint8), Keypoints.empty()).shape
    (900, 900, 3)
    """
    canvas = Canvas(image, fade=0.4)
    shown = keypoints.strongest(limit)
    shown = shown.take(np.argsort(-shown.scale, kind="stable"))  # small ones on top
    for xy, scale, angle in zip(shown.xy, shown.scale, shown.angle, strict=True):
        radius = max(float(scale) / 2, 1.0)
        color = _scale_color(float(scale))
        canvas.circle(xy, radius, color, 1.6)
        if angle:
            direction = np.array([np.cos(angle), np.sin(angle)])
            canvas.line(xy, xy + radius * direction, color, 1.6)
    return canvas.pixels


def draw_blobs(image: np.ndarray, blobs: Blobs, *, limit: int = 300) -> np.ndarray:
    """Draw blobs as circles: yellow for bright on dark, blue for dark on bright.

    Parameters
    ----------
    image, limit
        As in `draw_keypoints`.
    blobs : Blobs
        What was found.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> from cvclassic.detect import Blobs
    >>> draw_blobs(np.zeros((450, 450), np.uint8), Blobs.empty()).shape
    (900, 900, 3)
    """
    canvas = Canvas(image, fade=0.4)
    shown = blobs.strongest(limit)
    shown = shown.take(np.argsort(-shown.radius, kind="stable"))
    for xy, radius, response in zip(shown.xy, shown.radius, shown.response, strict=True):
        canvas.circle(xy, float(radius), YELLOW if response >= 0 else SKY, 1.6)
    return canvas.pixels


def draw_outlines(
    image: np.ndarray,
    regions: Sequence[np.ndarray],
    response: np.ndarray,
    *,
    limit: int = 300,
) -> np.ndarray:
    """Draw the outlines of regions: bright ones yellow, dark ones blue.

    Parameters
    ----------
    image, limit
        As in `draw_keypoints`.
    regions : sequence of ndarray of shape (n_pixels, 2), int
        Pixels (x, y) of each region.
    response : ndarray of shape (n_regions,)
        Positive for bright regions; the largest absolute values are drawn.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> draw_outlines(np.zeros((450, 450), np.uint8), [], np.zeros(0)).shape
    (900, 900, 3)
    """
    canvas = Canvas(image, fade=0.4)
    order = np.argsort(-np.abs(np.asarray(response)), kind="stable")[:limit]
    for i in sorted(order, key=lambda i: -len(regions[i])):  # small ones on top
        corner = regions[i].min(axis=0)
        x, y = (regions[i] - corner).T
        mask = np.zeros((y.max() + 1, x.max() + 1), np.uint8)
        mask[y, x] = 1
        mask = cv2.resize(
            mask, None, fx=canvas.factor, fy=canvas.factor, interpolation=cv2.INTER_NEAREST
        )
        lines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        shift = tuple(int(v) for v in corner * canvas.factor)
        color = YELLOW if response[i] >= 0 else SKY
        wide = max(round(1.6 * canvas.unit), 1)
        for ink, width in ((RIM, wide + 2), (color, wide)):
            cv2.drawContours(canvas.pixels, lines, -1, ink, width, cv2.LINE_AA, offset=shift)
    return canvas.pixels


def draw_corners(image: np.ndarray, corners: Corners, *, limit: int = 1000) -> np.ndarray:
    """Draw corners as dots, the strongest in yellow, the weakest in blue.

    Parameters
    ----------
    image, limit
        As in `draw_keypoints`.
    corners : Corners
        What was found.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> from cvclassic.detect import Corners
    >>> draw_corners(np.zeros((450, 450), np.uint8), Corners.empty()).shape
    (900, 900, 3)
    """
    canvas = Canvas(image, fade=0.5)
    shown = corners.strongest(limit)
    for rank in range(len(shown) - 1, -1, -1):
        share = rank / max(len(shown) - 1, 1)
        canvas.dot(shown.xy[rank], YELLOW if share < 1 / 3 else ORANGE if share < 2 / 3 else SKY)
    return canvas.pixels


def draw_segments(image: np.ndarray, segments: Segments, *, limit: int = 1000) -> np.ndarray:
    """Draw segments, colored by direction, so that parallel ones look alike.

    Parameters
    ----------
    image, limit
        As in `draw_keypoints`; the longest count as the strongest.
    segments : Segments
        What was found.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> from cvclassic.detect import Segments
    >>> draw_segments(np.zeros((450, 450), np.uint8), Segments.empty()).shape
    (900, 900, 3)
    """
    canvas = Canvas(image, fade=0.6)
    for ends in segments.strongest(limit).ends[::-1]:
        angle = np.arctan2(ends[3] - ends[1], ends[2] - ends[0]) % np.pi
        canvas.line(ends[:2], ends[2:], hue(angle / np.pi), 1.8)
    return canvas.pixels


def draw_edges(image: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Draw edges as ink on paper.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image, for its size only.
    edges : ndarray of shape (H, W), bool or float
        Edges, or their strength; the strongest hundredth is drawn in full black.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> draw_edges(np.zeros((450, 450), np.uint8), np.eye(450, dtype=bool)).shape
    (900, 900, 3)
    """
    strength = np.asarray(edges, np.float32)
    positive = strength[strength > 0]
    top = float(np.quantile(positive, 0.99)) if positive.size else 1.0
    ink = np.clip(strength / max(top, 1e-9), 0, 1)
    paper = np.rint(250 - 235 * ink).astype(np.uint8)
    factor = Canvas(image).factor
    if factor > 1:
        paper = cv2.resize(paper, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(paper, cv2.COLOR_GRAY2RGB)


def enlarge(image: np.ndarray) -> np.ndarray:
    """The image alone, enlarged as the drawings are.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> enlarge(np.zeros((450, 450), np.uint8)).shape
    (900, 900, 3)
    """
    return Canvas(image).pixels


def without_color(rgb: np.ndarray) -> np.ndarray:
    """The same brightness in gray, (H, W, 3)."""
    return cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def hue(share: float) -> tuple[int, int, int]:
    """A light, saturated color; 0 and 1 are the same."""
    r, g, b = colorsys.hls_to_rgb(share % 1.0, 0.62, 0.85)
    return round(255 * r), round(255 * g), round(255 * b)


def _scale_color(scale: float) -> tuple[int, int, int]:
    """Blue for small keypoints, over green to orange for large ones."""
    share = float(np.clip(np.log2(max(scale, 1) / 3) / 4, 0, 1))
    r, g, b = colorsys.hls_to_rgb(0.55 - 0.47 * share, 0.6, 0.9)
    return round(255 * r), round(255 * g), round(255 * b)
