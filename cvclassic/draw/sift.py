"""SIFT's four stages on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from .overlays import Canvas, draw_keypoints
from .panels import map_to_gray, side_by_side

if TYPE_CHECKING:
    from ..detect import SIFTStages


def draw_sift_stages(image: np.ndarray, stages: SIFTStages, *, limit: int = 2000) -> np.ndarray:
    """Draw the scale space and the keypoints that each stage leaves.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    stages : SIFTStages
        SIFT stages of this image.
    limit : int
        Maximum number of keypoints to draw per stage, strongest first.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Six panels: Gaussians and their differences (octaves from top to bottom, layers from left to
        right), then extrema, those with contrast, those off edges, and their orientations.

    Examples
    --------
    >>> from cvclassic.detect import sift_stages
    >>> picture = np.zeros((48, 64), np.uint8)
    >>> draw_sift_stages(picture, sift_stages(picture)).ndim
    3
    """
    shape = Canvas(image).pixels.shape
    panels = [
        _pyramid(stages.gaussians, shape, signed=False),
        _pyramid(stages.differences, shape, signed=True),
    ]
    titles = ["1  scale space: Gaussians", "1  differences of Gaussians"]
    for text, found in (
        ("2  extrema", stages.extrema),
        ("3  with enough contrast", stages.strong),
        ("3  and not on edges", stages.stable),
        ("4  with orientations", stages.oriented),
    ):
        panels.append(draw_keypoints(image, found, limit=limit))
        titles.append(f"{text}: {len(found)}")
    return side_by_side(panels, titles)


def _pyramid(stacks: list[np.ndarray], shape: tuple[int, ...], *, signed: bool) -> np.ndarray:
    """Octaves below each other, layers next to each other, scaled to fit into a shape."""
    sheet = np.full(shape, 248, np.uint8)
    if not stacks:
        return sheet
    cell = shape[1] / max(len(stack) for stack in stacks)
    ratio = shape[0] / shape[1]
    # Halving the octaves as they are would make the last ones too small to see, so they shrink by
    # whatever fills the panel.
    for shrink in np.arange(0.95, 0.45, -0.05):
        widths = 0.96 * cell * shrink ** np.arange(len(stacks))
        if (widths * ratio + 6).sum() <= shape[0]:
            break
    y = 0
    for stack, width in zip(stacks, widths, strict=True):
        size = max(round(width), 1), max(round(width * ratio), 1)
        if y + size[1] > shape[0]:
            break
        for layer, plane in enumerate(stack):
            gray = map_to_gray(plane, signed=signed)
            gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
            x = round(layer * cell)
            sheet[y : y + size[1], x : x + size[0]] = gray[..., None]
        y += size[1] + 6
    return sheet
