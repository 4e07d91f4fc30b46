"""One face image becomes vectors that can be compared: numbers only, nothing is learned."""

from __future__ import annotations

import cv2
import numpy as np
from skimage.feature import local_binary_pattern

from ..._basics.checks import check_choice
from ...describe.lbp import cell_histograms
from ...images import to_gray

HEIGHT, WIDTH = 112, 92
FEATURES = ("lbp+hog", "lbp", "hog", "pixels")
# Shift in x and y in pixels, zoom, turn in degrees: what a face is looked at in when it is asked
# who it shows. The first is the image as it is.
VIEWS = (
    (0, 0, 1.0, 0), (-6, 0, 1.0, 0), (6, 0, 1.0, 0), (0, -6, 1.0, 0), (0, 6, 1.0, 0),
    (0, 0, 0.9, 0), (0, 0, 1.1, 0), (0, 0, 1.0, 8), (0, 0, 1.0, -8),
)  # fmt: skip
_CELLS = (8, 7)
_N_PATTERNS = 59
_ORIENTATIONS = 8
# Cosines of gradients differ less than those of patterns. With this weight both say as much; from
# the distances at which 1% of strangers pass, on people 1 to 20 of the ORL faces.
_GRADIENT_WEIGHT = 3.8


def prepare_face(image: np.ndarray) -> np.ndarray:
    """Bring a face image to its size: gray, the middle of it, 112 x 92 pixels.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        A face that fills the image.

    Returns
    -------
    ndarray of shape (112, 92), uint8
    """
    gray = to_gray(image)
    height, width = gray.shape
    wanted = min(width, max(1, round(height * WIDTH / HEIGHT)))
    tall = min(height, max(1, round(width * HEIGHT / WIDTH)))
    x, y = (width - wanted) // 2, (height - tall) // 2
    cut = gray[y : y + tall, x : x + wanted]
    if cut.shape == (HEIGHT, WIDTH):
        return cut
    how = cv2.INTER_AREA if tall > HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(cut, (WIDTH, HEIGHT), interpolation=how)


def even_light(face: np.ndarray) -> np.ndarray:
    """Take slow changes of light out of a face, and bring its contrast to one level.

    Parameters
    ----------
    face : ndarray of shape (H, W), uint8

    Returns
    -------
    ndarray of shape (H, W), float32
        About -10 to 10.

    References
    ----------
    Tan & Triggs, "Enhanced local texture feature sets for face recognition under difficult
    lighting conditions", IEEE TIP 19(6), 2010, section II (gamma, difference of Gaussians,
    contrast equalization; its constants).
    """
    bright = (face.astype(np.float32) / 255) ** 0.2
    band = cv2.GaussianBlur(bright, (0, 0), 1) - cv2.GaussianBlur(bright, (0, 0), 2)
    band /= np.mean(np.abs(band) ** 0.1) ** 10 + 1e-6
    band /= np.mean(np.minimum(np.abs(band), 10) ** 0.1) ** 10 + 1e-6
    return 10 * np.tanh(band / 10)


def face_views(face: np.ndarray, views: tuple = VIEWS) -> list[np.ndarray]:
    """The face moved, zoomed and turned a little.

    Parameters
    ----------
    face : ndarray of shape (H, W), uint8
    views : tuple of (dx, dy, zoom, degrees)

    Returns
    -------
    list of ndarray of shape (H, W), uint8
    """
    height, width = face.shape
    shown = []
    for dx, dy, zoom, turn in views:
        there = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
        there[:, 2] += (dx, dy)
        shown.append(cv2.warpAffine(face, there, (width, height), borderMode=cv2.BORDER_REPLICATE))
    return shown


def describe_face(face: np.ndarray, feature: str = "lbp+hog") -> np.ndarray:
    """Vector of a face.

    Parameters
    ----------
    face : ndarray of shape (112, 92), uint8
        As `prepare_face` gives it.
    feature : {"lbp+hog", "lbp", "hog", "pixels"}
        Roots of histograms of uniform local binary patterns of radius 2 in 8 x 7 cells; roots of
        histograms of 8 gradient directions with even light, in blocks of 32 pixels; or gray
        values with even light at a quarter of the size.

    Returns
    -------
    ndarray of shape (d,), float32
        A vector of length 1, or zeros where the image is blank.

    References
    ----------
    Ahonen, Hadid & Pietikäinen, "Face description with local binary patterns", PAMI 28(12), 2006,
    section 3. Dalal & Triggs, CVPR 2005. Roots: Arandjelović & Zisserman, CVPR 2012, section 3.

    Examples
    --------
    >>> describe_face(np.zeros((112, 92), np.uint8)).shape
    (6760,)
    """
    check_choice("feature", feature, FEATURES)
    if feature == "pixels":
        small = cv2.resize(
            even_light(face), (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_AREA
        )
        return _unit(small.ravel() - small.mean())
    parts = []
    if "lbp" in feature:
        parts.append(_unit(_pattern_roots(face)))
    if "hog" in feature:
        weight = _GRADIENT_WEIGHT if parts else 1.0
        parts.append(weight * _unit(_gradient_roots(even_light(face))))
    return _unit(np.concatenate(parts))


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def _pattern_roots(face: np.ndarray) -> np.ndarray:
    """Roots of the shares of each pattern in each cell."""
    codes = local_binary_pattern(face, 8, 2, "nri_uniform").astype(np.int64)
    rows, columns = _CELLS
    # cells need not be square: the plane is cut into strips, and a strip into its cells
    strips = np.array_split(codes, rows)
    counts = [
        cell_histograms(part, _N_PATTERNS, 1)[0]
        for strip in strips
        for part in np.array_split(strip, columns, axis=1)
    ]
    histograms = np.array(counts, np.float32)
    return np.sqrt(histograms / histograms.sum(axis=1, keepdims=True)).ravel()


def _gradient_roots(plane: np.ndarray) -> np.ndarray:
    """Roots of histograms of gradients: smooth windows every 8 pixels, in fours."""
    dx, dy = (cv2.Sobel(plane, cv2.CV_32F, *order, ksize=1) for order in ((1, 0), (0, 1)))
    place = np.arctan2(dy, dx) * (_ORIENTATIONS / (2 * np.pi))
    bins = np.arange(_ORIENTATIONS)[:, None, None]
    half = _ORIENTATIONS / 2
    share = np.clip(1 - np.abs((place - bins + half) % _ORIENTATIONS - half), 0, None)
    planes = (share * np.hypot(dx, dy)).transpose(1, 2, 0)
    planes = cv2.GaussianBlur(np.ascontiguousarray(planes, np.float32), (0, 0), 8)
    cells = planes[8::8, 8::8][: HEIGHT // 8 - 1, : WIDTH // 8 - 1]
    blocks = np.concatenate([cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]], 2)
    total = blocks.sum(axis=2, keepdims=True)
    return np.sqrt(blocks / (total + 1e-3 * float(total.max()) + 1e-9)).ravel()
