"""Tracks, foregrounds and labels drawn on frames."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable

import cv2
import numpy as np

from .tracks import TrackedBox


def draw_tracks(pixels: np.ndarray, boxes: Iterable[TrackedBox]) -> np.ndarray:
    """Draw tracks on a frame: one color per track, thin lines where it is hidden.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    boxes : iterable of TrackedBox

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
    """
    image = pixels.copy()
    width = max(1, round(max(image.shape[:2]) / 400))
    for one in boxes:
        hue = (one.track * 0.618) % 1.0  # the golden ratio keeps neighbors apart
        color = tuple(int(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.8, 1.0))
        x, y, w, h = (round(value) for value in one.box)
        cv2.rectangle(image, (x, y), (x + w, y + h), (0, 0, 0), 2 * width + 1)
        cv2.rectangle(image, (x, y), (x + w, y + h), color, 2 * width if one.seen else 1)
        text = str(one.track) if one.label is None else f"{one.label} {one.track}"
        place = (x + 2, max(y - 4, 12))
        for ink, thick in (((0, 0, 0), 3 * width), (color, width)):
            cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4 * width + 0.1, ink, thick)
    return image


def draw_foreground(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A frame whose background is dimmed, with an outline around what moves.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    mask : ndarray of shape (H, W), bool
    """
    image = np.where(mask[..., None], pixels, pixels // 3)
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return cv2.drawContours(np.ascontiguousarray(image), outlines, -1, (255, 176, 0), 1)
