"""Properties of regions, as rows of a table."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_image, to_gray


def region_table(
    image: np.ndarray, labels: np.ndarray, *, pixel_size: float | None = None
) -> list[dict[str, Any]]:
    """Measure every region.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    labels : ndarray of shape (H, W), int
        0 is the background.
    pixel_size : float, optional
        Side of a pixel in some unit; lengths and areas are given in it. Positions stay in pixels.

    Returns
    -------
    list of dict
        ``region`` (its number), ``area``, ``x``, ``y`` (centroid), ``left``, ``top``, ``width``,
        ``height`` (box, in pixels), ``major_axis``, ``minor_axis`` (of the ellipse with the same
        second moments), ``eccentricity``, ``orientation`` (degrees of the major axis, clockwise
        from the x axis), ``perimeter``, ``solidity`` (area over that of the convex hull), ``red``,
        ``green``, ``blue`` (mean color, 0 to 255), ``lightness_spread`` (standard deviation) and
        ``texture`` (mean gradient of lightness).

    Examples
    --------
    >>> labels = np.zeros((20, 20), int)
    >>> labels[5:15, 5:15] = 1
    >>> row = region_table(np.full((20, 20), 9, np.uint8), labels, pixel_size=0.5)[0]
    >>> row["area"], row["x"], row["red"]
    (25.0, 9.5, 9.0)
    """
    from skimage.measure import regionprops

    image = check_image(image)
    labels = np.asarray(labels)
    if labels.shape != image.shape[:2]:
        raise ParameterError(
            f"labels must have the shape {image.shape[:2]}. Got {labels.shape} instead."
        )
    if pixel_size is not None and not pixel_size > 0:
        raise ParameterError(f"pixel_size must be > 0. Got {pixel_size!r} instead.")
    unit = pixel_size or 1.0
    gray = to_gray(image)
    lightness = gray.astype(np.float32)
    gradient = cv2.magnitude(
        cv2.Scharr(lightness, cv2.CV_32F, 1, 0, scale=1 / 32),
        cv2.Scharr(lightness, cv2.CV_32F, 0, 1, scale=1 / 32),
    )
    channels = [gray] * 3 if image.ndim == 2 else cv2.split(image)
    flat = labels.ravel()
    counts = np.maximum(np.bincount(flat), 1)

    def mean(plane: np.ndarray) -> np.ndarray:
        return np.bincount(flat, plane.ravel().astype(np.float64)) / counts

    colors = [mean(channel) for channel in channels]
    light = mean(lightness)
    spread = np.sqrt(np.maximum(mean(lightness**2) - light**2, 0))
    texture = mean(gradient)
    rows = []
    for region in regionprops(labels.astype(np.int32)):
        n = region.label
        y, x = region.centroid
        top, left, bottom, right = region.bbox
        rows.append(
            {
                "region": int(n),
                "area": round(float(region.area) * unit**2, 6),
                "x": round(float(x), 3),
                "y": round(float(y), 3),
                "left": int(left),
                "top": int(top),
                "width": int(right - left),
                "height": int(bottom - top),
                "major_axis": round(float(region.axis_major_length) * unit, 4),
                "minor_axis": round(float(region.axis_minor_length) * unit, 4),
                "eccentricity": round(float(region.eccentricity), 4),
                "orientation": round(90 - float(np.degrees(region.orientation)), 2) % 180,
                "perimeter": round(float(region.perimeter) * unit, 4),
                "solidity": round(_solidity(region), 4),
                "red": round(float(colors[0][n]), 2),
                "green": round(float(colors[1][n]), 2),
                "blue": round(float(colors[2][n]), 2),
                "lightness_spread": round(float(spread[n]), 3),
                "texture": round(float(texture[n]), 3),
            }
        )
    return rows


def _solidity(region) -> float:
    """Area over the area of the convex hull; thin regions have no hull in scikit-image."""
    corners = cv2.findContours(
        region.image.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )[0]
    points = np.concatenate(corners)
    canvas = np.zeros(region.image.shape, np.uint8)
    cv2.fillConvexPoly(canvas, cv2.convexHull(points), 1)
    return float(region.area) / max(int(canvas.sum()), 1)
