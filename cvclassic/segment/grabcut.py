"""One object cut out of its surroundings, from a box, scribbles or a map of probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .._basics.checks import check_choice, check_integer
from ..errors import ParameterError
from ..images.checks import check_image, to_gray

_MAX_SIDE = 700  # color models need no more pixels; the border is refined at full size


def grabcut_mask(
    image: np.ndarray,
    box: Sequence[float] | None = None,
    *,
    scribbles: np.ndarray | None = None,
    n_iterations: int = 5,
) -> np.ndarray:
    """Cut out an object by two mixtures of colors and a shortest border.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    box : sequence of 4 numbers, optional
        (x, y, width, height): everything outside is background.
    scribbles : ndarray of shape (H, W), int, optional
        1 is background, 2 object, 0 not marked.
    n_iterations : int

    Returns
    -------
    ndarray of shape (H, W), bool

    Raises
    ------
    ParameterError
        Neither box nor scribbles are given, or they leave nothing to decide.

    References
    ----------
    C. Rother, V. Kolmogorov and A. Blake, "GrabCut: interactive foreground extraction using
    iterated graph cuts", SIGGRAPH 2004.

    Examples
    --------
    >>> image = np.full((60, 60, 3), 30, np.uint8)
    >>> image[20:40, 20:40] = (200, 40, 40)
    >>> int(grabcut_mask(image, (10, 10, 40, 40)).sum())
    400
    """
    image = check_image(image)
    check_integer("n_iterations", n_iterations, 1)
    if box is None and scribbles is None:
        raise ParameterError("grabcut needs a box or scribbles. Got neither.")
    height, width = image.shape[:2]
    mask = np.full((height, width), cv2.GC_PR_FGD, np.uint8)
    if box is not None:
        x0, y0, x1, y1 = _corners(box, height, width)
        inner = mask[y0:y1, x0:x1].copy()
        mask[:] = cv2.GC_BGD
        mask[y0:y1, x0:x1] = inner
    if scribbles is not None:
        marks = np.asarray(scribbles)
        if marks.shape != (height, width):
            raise ParameterError(
                f"scribbles must have the shape {(height, width)}. Got {marks.shape} instead."
            )
        if box is None:
            mask[:] = cv2.GC_PR_BGD
        mask[marks == 1] = cv2.GC_BGD
        mask[marks == 2] = cv2.GC_FGD
    background = np.isin(mask, (cv2.GC_BGD, cv2.GC_PR_BGD)).any()
    if not background or not np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).any():
        raise ParameterError(
            "grabcut needs both background and object: the box must not cover the whole image, "
            "and scribbles must mark both."
        )
    return _cut(image, mask, n_iterations)


def _corners(box: Sequence[float], height: int, width: int) -> tuple[int, int, int, int]:
    if len(box) != 4 or not np.isfinite(np.asarray(box, float)).all():
        raise ParameterError(f"box must be (x, y, width, height). Got {tuple(box)!r} instead.")
    x, y, w, h = (float(v) for v in box)
    x0, y0 = max(round(x), 0), max(round(y), 0)
    x1, y1 = min(round(x + w), width), min(round(y + h), height)
    if x1 <= x0 or y1 <= y0:
        raise ParameterError(
            f"box must overlap the image of {width} x {height} pixels. Got {tuple(box)!r} instead."
        )
    return x0, y0, x1, y1


def _cut(image: np.ndarray, mask: np.ndarray, n_iterations: int) -> np.ndarray:
    color = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image[..., ::-1]
    color = np.ascontiguousarray(color)
    factor = max(1.0, max(mask.shape) / _MAX_SIDE)
    size = (max(round(mask.shape[1] / factor), 1), max(round(mask.shape[0] / factor), 1))
    small = cv2.resize(color, size, interpolation=cv2.INTER_AREA)
    marks = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    certain = marks.copy()
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # its mixtures start at random
    try:
        cv2.grabCut(small, marks, None, *models, n_iterations, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        # too few colors for a mixture: what was said is all that can be said
        return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))
    marks = np.where(np.isin(certain, (cv2.GC_BGD, cv2.GC_FGD)), certain, marks)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    large = cv2.resize(found, mask.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    return (large & (mask != cv2.GC_BGD)) | (mask == cv2.GC_FGD)


def masks_in_boxes(
    image: np.ndarray, steps: np.ndarray | None, boxes: Sequence[Sequence[float]]
) -> np.ndarray:
    """A mask for each box, by GrabCut that starts from what a classifier says.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    steps : ndarray of shape (H, W), uint8, or None
        Probability of an object in steps of 1/255.
    boxes : sequence of (x, y, width, height)
        Boxes outside the image are skipped.

    Returns
    -------
    ndarray of shape (H, W), uint16
        Number of the box, from 1; the smaller of two boxes wins.
    """
    image = check_image(image)
    height, width = image.shape[:2]
    found = np.zeros((height, width), np.uint16)
    order = sorted(range(len(boxes)), key=lambda i: -boxes[i][2] * boxes[i][3])
    for i in order:
        try:
            x0, y0, x1, y1 = _corners(boxes[i], height, width)
        except ParameterError:
            continue
        # around the box there must be some background to learn from
        px, py = max(8, (x1 - x0) // 3), max(8, (y1 - y0) // 3)
        rows = slice(max(y0 - py, 0), min(y1 + py, height))
        columns = slice(max(x0 - px, 0), min(x1 + px, width))
        mask = np.full((height, width), cv2.GC_BGD, np.uint8)
        if steps is None:
            mask[y0:y1, x0:x1] = cv2.GC_PR_FGD
        else:
            inside = steps[y0:y1, x0:x1]
            mask[y0:y1, x0:x1] = np.where(inside >= 128, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
            mask[y0:y1, x0:x1][inside >= 245] = cv2.GC_FGD
        part = mask[rows, columns]
        if not np.isin(part, (cv2.GC_FGD, cv2.GC_PR_FGD)).any():
            continue
        if np.isin(part, (cv2.GC_FGD, cv2.GC_PR_FGD)).all():
            cut = np.ones(part.shape, bool)
        else:
            cut = _cut(np.ascontiguousarray(image[rows, columns]), part, 3)
        found[rows, columns][cut] = i + 1
    return found


def refine_contour(
    image: np.ndarray, mask: np.ndarray, *, method: str = "snake", n_iterations: int = 60
) -> np.ndarray:
    """Move the border of a mask to the edges around it.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    mask : ndarray of shape (H, W), bool
        A first guess.
    method : {"snake", "walker"}
        Morphological geodesic active contour, or random walker from the middle of the mask and of
        its surroundings (both scikit-image).
    n_iterations : int
        Number of iterations of the contour.

    Returns
    -------
    ndarray of shape (H, W), bool

    References
    ----------
    .. [1] P. Marquez-Neila et al., "A morphological approach to curvature-based evolution of curves
       and surfaces", PAMI 36(1), 2014.
    .. [2] L. Grady, "Random walks for image segmentation", PAMI 28(11), 2006.
    """
    from skimage import segmentation

    image = check_image(image)
    check_choice("method", method, ("snake", "walker"))
    mask = np.asarray(mask, bool)
    gray = to_gray(image)
    scaled = gray.astype(np.float64) / 255
    if not mask.any() or mask.all():
        return mask.copy()
    if method == "snake":
        edges = segmentation.inverse_gaussian_gradient(scaled, alpha=100, sigma=1.5)
        level = segmentation.morphological_geodesic_active_contour(
            edges, n_iterations, init_level_set=mask.astype(np.int8), smoothing=1
        )
        return level.astype(bool)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    margin = max(1.0, 0.35 * float(inside.max()))
    markers = np.where(inside > margin, 2, np.where(outside > margin, 1, 0))
    if not (markers == 1).any():
        return mask.copy()
    return segmentation.random_walker(scaled, markers, beta=130, mode="cg_j") == 2
