"""Blobs as regions: maximally stable ones (MSER) and spots that stand out at many thresholds."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_choice
from ..errors import ParameterError
from ..images.checks import check_positive, check_real, check_whole, to_gray
from .results import Blobs


def blobs_mser(
    image: np.ndarray,
    *,
    delta: int = 5,
    min_area: int = 60,
    max_area: float = 0.25,
    max_variation: float = 0.25,
) -> Blobs:
    """Find regions whose outline hardly moves with the threshold (MSER).

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    delta : int
        Gray levels between the thresholds that are compared.
    min_area : int
        Pixels.
    max_area : float
        Share of the image.
    max_variation : float
        Largest relative change of the area.

    Returns
    -------
    Blobs
        The disc of the same area around each region's center of mass, largest first. The response
        is the difference between the mean gray inside and that of the region's box, so its sign
        tells bright from dark.

    References
    ----------
    .. [1] J. Matas et al., "Robust wide baseline stereo from maximally stable extremal regions",
       BMVC 2002, section 2.

    Examples
    --------
    >>> y, x = np.mgrid[:60, :60]
    >>> disc = (((x - 30) ** 2 + (y - 25) ** 2 < 8**2) * 255).astype(np.uint8)
    >>> abs(blobs_mser(disc).radius[0] - 8) < 0.5
    np.True_
    """
    gray = to_gray(image)
    regions, boxes = _find(gray, delta, min_area, max_area, max_variation)
    if not regions:
        return Blobs.empty()
    area = np.array([len(region) for region in regions])
    # Regions contain each other, so that their pixels are many: OpenCV adds them up where they lie,
    # and a sample of each tells bright from dark.
    center = np.array([cv2.mean(region[:, None])[:2] for region in regions])
    some = [region[:: len(region) // 32 + 1] for region in regions]
    n = np.array([len(sample) for sample in some])
    x, y = np.concatenate(some).T
    inside = np.add.reduceat(gray[y, x], np.cumsum(n) - n, dtype=np.int64) / n
    total = cv2.integral(gray)
    x, y, w, h = boxes.T
    around = (total[y + h, x + w] - total[y, x + w] - total[y + h, x] + total[y, x]) / (w * h)
    order = _order(center, area)
    return Blobs(
        center.astype(np.float32),
        np.sqrt(area / np.pi).astype(np.float32),
        (inside - around).astype(np.float32),
    ).take(order)


def mser_regions(
    image: np.ndarray,
    *,
    delta: int = 5,
    min_area: int = 60,
    max_area: float = 0.25,
    max_variation: float = 0.25,
) -> list[np.ndarray]:
    """Pixels of the regions that `blobs_mser` finds.

    Parameters
    ----------
    image, delta, min_area, max_area, max_variation
        As in `blobs_mser`.

    Returns
    -------
    list of ndarray of shape (n_pixels, 2), int32
        Pixels (x, y) of each region, in the order of the rows of `blobs_mser`.

    Examples
    --------
    >>> y, x = np.mgrid[:60, :60]
    >>> disc = (((x - 30) ** 2 + (y - 25) ** 2 < 8**2) * 255).astype(np.uint8)
    >>> len(mser_regions(disc)[0])
    193
    """
    regions, _ = _find(to_gray(image), delta, min_area, max_area, max_variation)
    if not regions:
        return []
    center = np.array([cv2.mean(region[:, None])[:2] for region in regions])
    area = np.array([len(region) for region in regions])
    return [regions[i] for i in _order(center, area)]


def _find(gray, delta, min_area, max_area, max_variation) -> tuple[list[np.ndarray], np.ndarray]:
    """Regions as OpenCV orders them, and their boxes."""
    check_whole("delta", delta, 1, 255)
    check_whole("min_area", min_area, 1)
    check_real("max_area", max_area, 0, 1, open_=True)
    check_real("max_variation", max_variation, 0, open_=True)
    largest = int(max_area * gray.size)
    if largest <= min_area or min(gray.shape) < 3:
        return [], np.zeros((0, 4), np.int32)
    regions, boxes = cv2.MSER_create(delta, min_area, largest, max_variation).detectRegions(gray)
    return list(regions), np.asarray(boxes)


def _order(center: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Largest first, then from the top left."""
    return np.lexsort((center[:, 0], center[:, 1], -area))


def blobs_simple(
    image: np.ndarray,
    *,
    polarity: str = "dark",
    min_area: float = 25.0,
    max_area: float = 5000.0,
    min_circularity: float = 0.6,
    min_convexity: float = 0.85,
) -> Blobs:
    """Find round spots that stand out at several thresholds (OpenCV's simple blob detector).

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    polarity : {"dark", "bright"}
        Dark on bright or bright on dark.
    min_area, max_area : float
        Pixels.
    min_circularity, min_convexity : float
        From 0 to 1: ``4 pi area / perimeter²``, and area over area of the convex hull.

    Returns
    -------
    Blobs
        Largest first. The response is 1 for bright and -1 for dark: OpenCV gives no strength.

    References
    ----------
    .. [1] OpenCV documentation, class SimpleBlobDetector.

    Examples
    --------
    >>> y, x = np.mgrid[:60, :60]
    >>> disc = (((x - 30) ** 2 + (y - 25) ** 2 < 8**2) * 255).astype(np.uint8)
    >>> blobs_simple(disc, polarity="bright").xy.round().tolist()
    [[30.0, 25.0]]
    """
    gray = to_gray(image)
    check_choice("polarity", polarity, ("dark", "bright"))
    check_real("min_area", min_area, 0)
    if check_positive("max_area", max_area) <= min_area:
        raise ParameterError(
            f"max_area must be > min_area, {min_area:g}. Got {max_area:g} instead."
        )
    settings = cv2.SimpleBlobDetector_Params()
    settings.filterByColor, settings.blobColor = True, 0 if polarity == "dark" else 255
    settings.filterByArea, settings.minArea, settings.maxArea = True, min_area, max_area
    settings.filterByCircularity = True
    settings.minCircularity = check_real("min_circularity", min_circularity, 0, 1)
    settings.filterByConvexity = True
    settings.minConvexity = check_real("min_convexity", min_convexity, 0, 1)
    settings.filterByInertia = False
    if gray.min() == gray.max():  # OpenCV takes a flat image for one blob
        return Blobs.empty()
    found = cv2.SimpleBlobDetector_create(settings).detect(gray)
    table = np.array([(*p.pt, p.size / 2) for p in found], np.float32).reshape(-1, 3)
    table = table[np.lexsort((table[:, 0], table[:, 1], -table[:, 2]))]
    sign = np.full(len(table), -1 if polarity == "dark" else 1, np.float32)
    return Blobs(table[:, :2].copy(), table[:, 2].copy(), sign)
