"""Regions on images: outlines, transparent colors, and where a segmentation is wrong."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_image
from .overlays import GREEN, ORANGE, PINK, RIM, SKY, YELLOW, without_color

# Okabe and Ito's colors, in an order in which neighbors differ most.
PALETTE = np.array(
    [SKY, ORANGE, GREEN, PINK, YELLOW, (0, 114, 178), (213, 94, 0), (150, 150, 150)], np.uint8
)


def region_colors(labels: np.ndarray, *, touching: bool = True) -> np.ndarray:
    """A color for each region.

    Parameters
    ----------
    labels : ndarray of shape (H, W), int
        Numbers of regions.
    touching : bool
        Give regions that touch different colors, as on a map; else colors go by number, so that a
        class has the same color on every image.

    Returns
    -------
    ndarray of shape (labels.max() + 1, 3), uint8
        Row n is the color of region n.
    """
    n = int(labels.max(initial=0)) + 1
    if not touching:
        return PALETTE[(np.arange(n) - 1) % len(PALETTE)]
    pairs = np.concatenate(
        [
            np.stack([labels[:, 1:].ravel(), labels[:, :-1].ravel()], 1),
            np.stack([labels[1:].ravel(), labels[:-1].ravel()], 1),
        ]
    )
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    neighbors: dict[int, list[int]] = {}
    for a, b in pairs.tolist():
        neighbors.setdefault(a, []).append(b)
        neighbors.setdefault(b, []).append(a)
    color = np.full(n, -1)
    for region in range(n):
        taken = {int(color[other]) for other in neighbors.get(region, ())}
        # start at another color each time, so that not everything has the first one
        order = [(region + i) % len(PALETTE) for i in range(len(PALETTE))]
        color[region] = next((c for c in order if c not in taken), region % len(PALETTE))
    return PALETTE[color]


def draw_regions(
    image: np.ndarray,
    labels: np.ndarray,
    *,
    style: str = "overlay",
    background: int | None = 0,
    touching: bool = True,
) -> np.ndarray:
    """Regions drawn on their image.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    labels : ndarray of shape (H, W), int
    style : {"overlay", "outline", "mean"}
        Transparent colors with outlines; outlines alone; each region in its mean color.
    background : int, optional
        This label is not colored.
    touching : bool
        See `region_colors`.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Raises
    ------
    ParameterError
        The style is unknown, or the shapes differ.

    Examples
    --------
    >>> draw_regions(np.zeros((8, 8), np.uint8), np.eye(8, dtype=int)).shape
    (8, 8, 3)
    """
    image = check_image(image)
    labels = np.asarray(labels)
    if labels.shape != image.shape[:2]:
        raise ParameterError(
            f"labels must have the shape {image.shape[:2]}. Got {labels.shape} instead."
        )
    if style not in ("overlay", "outline", "mean"):
        raise ParameterError(f"style must be overlay, outline or mean. Got {style!r} instead.")
    rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
    _, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(labels.shape)
    if style == "mean":
        return _mean_colors(rgb, numbers)
    drawn = rgb.copy()
    if style == "overlay":
        colors = region_colors(numbers if touching else labels, touching=touching)
        tinted = cv2.addWeighted(rgb, 0.55, colors[numbers if touching else labels], 0.45, 0)
        colored = labels != background if background is not None else np.ones(labels.shape, bool)
        drawn[colored] = tinted[colored]
    edges = outline(labels)
    drawn[cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] //= 2
    drawn[edges] = (255, 255, 255) if style == "overlay" else YELLOW
    return drawn


def outline(labels: np.ndarray) -> np.ndarray:
    """Pixels at the border of their region, (H, W) bool."""
    edges = np.zeros(labels.shape, bool)
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    edges[:-1] |= labels[:-1] != labels[1:]
    return edges


def _mean_colors(rgb: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    flat = numbers.ravel()
    counts = np.bincount(flat)
    means = np.stack(
        [np.bincount(flat, rgb[..., c].ravel()) / np.maximum(counts, 1) for c in range(3)], axis=1
    )
    return np.rint(means).astype(np.uint8)[numbers]


def draw_mask_errors(image: np.ndarray, truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Where a segmentation is right and where not, of two classes or more.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    truth : ndarray of shape (H, W), int
        Negative where it does not count: shown dark.
    found : ndarray of shape (H, W), int

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Green is right (classes above 0), orange was found and is not there, blue was missed; where
        one class was taken for another, pink.
    """
    image = check_image(image)
    rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
    gray = without_color(rgb)
    drawn = cv2.addWeighted(gray, 0.7, np.full_like(gray, 255), 0.15, 0)
    known = truth >= 0
    for where, color in (
        (known & (truth == found) & (truth > 0), GREEN),
        (known & (truth == 0) & (found > 0), ORANGE),
        (known & (truth > 0) & (found == 0), SKY),
        (known & (truth > 0) & (found > 0) & (truth != found), PINK),
    ):
        drawn[where] = (0.3 * drawn[where] + 0.7 * np.array(color)).astype(np.uint8)
    drawn[~known] = RIM
    return drawn
