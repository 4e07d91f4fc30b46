"""Superpixels: small even regions that keep to the edges."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_choice, check_integer, check_number
from ..errors import ParameterError
from ..images.checks import check_image

METHODS = ("slic", "seeds", "felzenszwalb")


def superpixel_labels(
    image: np.ndarray, *, method: str = "slic", n_regions: int = 300, compactness: float = 10.0
) -> np.ndarray:
    """Cut an image into small regions of similar color.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    method : {"slic", "seeds", "felzenszwalb"}
        Clusters of color and position (scikit-image); blocks whose borders move (OpenCV); a forest
        of pixels whose regions are of all sizes (scikit-image).
    n_regions : int
        About how many. Felzenszwalb's scale is searched for this number.
    compactness : float
        For slic: weight of position relative to color.

    Returns
    -------
    ndarray of shape (H, W), int32
        From 1.

    References
    ----------
    .. [1] R. Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods",
       PAMI 34(11), 2012.
    .. [2] M. Van den Bergh et al., "SEEDS: superpixels extracted via energy-driven sampling",
       ECCV 2012.
    .. [3] P. Felzenszwalb and D. Huttenlocher, "Efficient graph-based image segmentation", IJCV
       59(2), 2004.

    Examples
    --------
    >>> image = np.zeros((60, 60), np.uint8)
    >>> image[:, 30:] = 200
    >>> labels = superpixel_labels(image, n_regions=16)
    >>> bool(set(np.unique(labels[:, :28])) & set(np.unique(labels[:, 32:])))
    False
    """
    image = check_image(image)
    check_choice("method", method, METHODS)
    check_integer("n_regions", n_regions, 2)
    check_number("compactness", compactness, 0, exclusive=True)
    if image.shape[0] * image.shape[1] < 4 * n_regions:
        raise ParameterError(
            f"n_regions must be at most a quarter of the pixels. Got {n_regions} for an image of "
            f"{image.shape[1]} x {image.shape[0]}."
        )
    if method == "slic":
        labels = _slic(image, n_regions, compactness)
    elif method == "seeds":
        labels = _seeds(image, n_regions)
    else:
        labels = _felzenszwalb(image, n_regions)
    return relabel(labels)


def _slic(image: np.ndarray, n_regions: int, compactness: float) -> np.ndarray:
    from skimage.segmentation import slic

    gray = image.ndim == 2
    return slic(
        image,
        n_segments=n_regions,
        compactness=compactness / 100 if gray else compactness,
        channel_axis=None if gray else -1,
        start_label=1,
    )


def _seeds(image: np.ndarray, n_regions: int) -> np.ndarray:
    color = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
    lab = cv2.cvtColor(color, cv2.COLOR_RGB2Lab)
    height, width = image.shape[:2]
    n_levels = int(np.clip(np.log2(max(min(height, width), 2)) - 4, 1, 4))
    seeds = cv2.ximgproc.createSuperpixelSEEDS(width, height, 3, n_regions, n_levels, 2, 5, False)
    seeds.iterate(lab, 10)
    return seeds.getLabels()


def _felzenszwalb(image: np.ndarray, n_regions: int) -> np.ndarray:
    from skimage.segmentation import felzenszwalb

    axis = None if image.ndim == 2 else -1
    smallest = max(4, image.shape[0] * image.shape[1] // (8 * n_regions))
    low, high = 1.0, 3000.0
    best: tuple[int, np.ndarray] = (1, np.zeros(image.shape[:2], int))
    for _ in range(8):  # the number falls as the scale grows
        scale = float(np.sqrt(low * high))
        labels = felzenszwalb(image, scale=scale, sigma=0.8, min_size=smallest, channel_axis=axis)
        n = int(labels.max()) + 1
        if abs(np.log(n / n_regions)) < abs(np.log(best[0] / n_regions)):
            best = (n, labels)
        if abs(np.log(n / n_regions)) < 0.1:
            break
        low, high = (scale, high) if n > n_regions else (low, scale)
    return best[1]


def relabel(labels: np.ndarray) -> np.ndarray:
    """Connected regions numbered from 1 in reading order, as (H, W) int32."""
    from skimage.measure import label

    return label(np.asarray(labels) + 1, connectivity=1, background=0).astype(np.int32)
