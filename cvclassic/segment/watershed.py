"""Objects that touch, told apart by the watershed of distances."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_integer, check_number
from ..images.checks import check_image
from .instances import InstanceRule, split_instances
from .thresholds import threshold_image

_FULL = 255


def watershed_objects(
    image: np.ndarray,
    *,
    method: str = "otsu",
    dark: bool = False,
    depth: float | None = None,
    min_area: int = 20,
    smoothing: float = 1.5,
) -> np.ndarray:
    """Number bright (or dark) objects, splitting those that touch.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    method, dark
        How objects are told from the background, see `threshold_image`.
    depth : float, optional
        How far, in pixels, the middle of an object must rise over the neck to its neighbor. By
        default a tenth of the typical radius, at least 0.75.
    min_area : int
        Smaller objects are dropped.
    smoothing : float
        Blur of image and distances, in pixels.

    Returns
    -------
    ndarray of shape (H, W), uint16 or uint32
        From 1; 0 is the background.

    References
    ----------
    See `split_instances`.

    Examples
    --------
    >>> y, x = np.mgrid[:40, :70]
    >>> two = ((x - 22) ** 2 + (y - 20) ** 2 < 180) | ((x - 46) ** 2 + (y - 20) ** 2 < 180)
    >>> int(watershed_objects(np.uint8(200 * two)).max())
    2
    """
    image = check_image(image)
    check_number("depth", depth, 0, none=True)
    check_integer("min_area", min_area, 1)
    check_number("smoothing", smoothing, 0)
    smooth = cv2.GaussianBlur(image, (0, 0), smoothing) if smoothing else image
    inside = threshold_image(smooth, method=method, dark=dark)[0] > 0
    if depth is None:
        _, _, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
        areas = stats[1:, cv2.CC_STAT_AREA]
        areas = areas[areas >= min_area]
        radius = float(np.sqrt(np.median(areas) / np.pi)) if len(areas) else 0.0
        depth = max(0.75, 0.1 * radius)
    rule = InstanceRule(_FULL, float(depth), float(smoothing), int(min_area))
    return split_instances(_FULL * inside.astype(np.uint8), rule)
