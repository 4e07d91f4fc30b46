"""Thresholds: light from dark, with one limit, several, or one for each place."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .._basics.checks import check_choice, check_integer, check_number
from ..errors import ParameterError
from ..images.checks import check_image, to_gray

METHODS = ("otsu", "local", "multi", "triangle", "li")


def threshold_image(
    image: np.ndarray,
    *,
    method: str = "otsu",
    n_classes: int = 3,
    radius: int = 25,
    offset: float = 0.03,
    dark: bool = False,
) -> tuple[np.ndarray, list[float]]:
    """Classes of brightness by thresholds.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    method : {"otsu", "local", "multi", "triangle", "li"}
        One limit by Otsu's, the triangle or Li's rule; a limit for each place, its neighborhood's
        mean; several limits by Otsu's rule.
    n_classes : int
        Number of classes for "multi", from 2 to 5.
    radius, offset
        For "local": pixels around, and how far above their mean is light (of 1).
    dark : bool
        Objects are darker than the background: the order of classes is turned around.

    Returns
    -------
    labels : ndarray of shape (H, W), int32
        0 is the background.
    limits : list of float
        From 0 to 255; empty for "local".

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9(1),
       1979, eq. 12 and 19.
    .. [2] G. Zack et al., "Automatic measurement of sister chromatid exchange frequency", J.
       Histochem. Cytochem. 25(7), 1977 (triangle).
    .. [3] C. Li and C. Lee, "Minimum cross entropy thresholding", Pattern Recognition 26(4), 1993.

    Examples
    --------
    >>> image = np.array([[10, 12, 200, 210]], np.uint8)
    >>> threshold_image(image)[0].tolist()
    [[0, 0, 1, 1]]
    """
    image = check_image(image)
    check_choice("method", method, METHODS)
    check_integer("n_classes", n_classes, 2)
    if n_classes > 5:
        raise ParameterError(f"n_classes must be <= 5. Got {n_classes} instead.")
    check_integer("radius", radius, 1)
    check_number("offset", offset, -1)
    gray = to_gray(image)
    if dark:
        gray = 255 - gray
    if method == "local":
        mean = cv2.boxFilter(gray.astype(np.float32), -1, (2 * radius + 1,) * 2)
        return (gray > mean + 255 * offset).astype(np.int32), []
    limits = _limits(gray, method, n_classes)
    labels = np.digitize(gray, limits, right=True).astype(np.int32)
    return labels, [255 - v for v in limits] if dark else limits


def _limits(gray: np.ndarray, method: str, n_classes: int) -> list[float]:
    """Values up to and including a limit are below it."""
    from skimage import filters

    if gray.min() == gray.max():
        return [float(gray.max())]
    if method == "multi":
        if len(np.unique(gray)) < n_classes:
            raise ParameterError(f"the image has fewer than {n_classes} gray levels")
        return [float(v) for v in filters.threshold_multiotsu(gray, n_classes)]
    rules: dict[str, Callable] = {
        "otsu": filters.threshold_otsu,
        "triangle": filters.threshold_triangle,
        "li": filters.threshold_li,
    }
    return [float(rules[method](gray))]
