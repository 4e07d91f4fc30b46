"""How alike two images are, by several measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from .._basics.checks import check_choice
from ..images.checks import check_image, to_gray
from .pairs import match_images

_SIDE = 512  # longest side in pixels at which images are compared pixel by pixel


def similarity(
    a: np.ndarray, b: np.ndarray, measures: Sequence[str] | None = None
) -> dict[str, float]:
    """Compare two images.

    Measures that go pixel by pixel see gray images of the same size: the second is resized to the
    first's, and both to at most 512 pixels.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        The images.
    measures : sequence of str, optional
        Some of, or all unless given:

        - ``"frobenius"``: Frobenius inner product over the product of both norms, 0 to 1; the
          cosine between the images as vectors. Brightness alone makes it high.
        - ``"correlation"``: the same after subtracting the means, -1 to 1.
        - ``"ssim"``: mean structural similarity, -1 to 1.
        - ``"histogram"``: intersection of the color histograms (8×8×8 bins), 0 to 1; blind to
          where things are.
        - ``"inliers"``: matches that agree on a homography, from 0.

    Returns
    -------
    dict of str to float
        In the order asked for. Two equal flat images have a correlation and an SSIM of 1, a flat
        image with any other a correlation of 0.

    References
    ----------
    .. [1] Z. Wang et al., "Image quality assessment: from error visibility to structural
       similarity", IEEE TIP 13(4), 2004, eq. 13.
    .. [2] M. Swain and D. Ballard, "Color indexing", IJCV 7(1), 1991, section 3.1 (intersection).

    Examples
    --------
    >>> picture = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> similarity(picture, picture, ["frobenius", "ssim"])
    {'frobenius': 1.0, 'ssim': 1.0}
    """
    a, b = check_image(a, "a"), check_image(b, "b")
    names = tuple(MEASURES) if measures is None else tuple(measures)
    for name in names:
        check_choice("measures", name, tuple(MEASURES))
    return {name: MEASURES[name][0](a, b) for name in names}


def _frobenius(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine between the images as vectors."""
    x, y = _same_size(a, b)
    norms = np.linalg.norm(x) * np.linalg.norm(y)
    # Two black images are equal, though they have no direction.
    return _clean(float((x * y).sum() / norms)) if norms else float(x.any() == y.any())


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine after subtracting the means."""
    x, y = _same_size(a, b)
    dx, dy = x - x.mean(), y - y.mean()
    norms = np.linalg.norm(dx) * np.linalg.norm(dy)
    if norms < 1e-9:
        return float(np.array_equal(x, y))
    return _clean(float((dx * dy).sum() / norms))


def _ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Mean SSIM with the paper's 11×11 Gaussian window of width 1.5."""
    x, y = _same_size(a, b)

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)

    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ratio = ((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return _clean(float(ratio.mean()))


def _histogram(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection of the normalized color histograms."""
    x, y = _color_histogram(a), _color_histogram(b)
    return _clean(float(np.minimum(x, y).sum()))


def _inliers(a: np.ndarray, b: np.ndarray) -> float:
    """Number of matches that agree on a homography."""
    return float(match_images(a, b, max_keypoints=2000, views="never").n_inliers)


# name -> (function, range in words)
MEASURES: dict[str, tuple[Callable[[np.ndarray, np.ndarray], float], str]] = {
    "frobenius": (_frobenius, "0 to 1"),
    "correlation": (_correlation, "-1 to 1"),
    "ssim": (_ssim, "-1 to 1"),
    "histogram": (_histogram, "0 to 1"),
    "inliers": (_inliers, "matches, from 0"),
}


def _same_size(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 gray planes of one size."""
    factor = min(1.0, _SIDE / max(a.shape[:2]))
    size = tuple(max(round(side * factor), 1) for side in a.shape[1::-1])
    planes = []
    for image in (a, b):
        gray = to_gray(image)
        if gray.shape != size[::-1]:
            shrinks = gray.shape[0] * gray.shape[1] > size[0] * size[1]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            gray = cv2.resize(gray, size, interpolation=how)
        planes.append(gray.astype(np.float64))
    return planes[0], planes[1]


def _color_histogram(image: np.ndarray) -> np.ndarray:
    """Shares of 8×8×8 colors."""
    rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    counts = cv2.calcHist([rgb], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
    return counts / counts.sum()


def _clean(value: float) -> float:
    """Drop the rounding noise of the last digits, so that equal images give exactly 1."""
    return round(value, 12)
