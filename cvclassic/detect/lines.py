"""Straight lines: Hough transform, LSD and EDLines."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_positive, check_real, check_whole, to_gray
from .edges import canny
from .results import Segments

# The region growers of OpenCV need a few pixels around each point.
_MIN_SIDE = 8


def hough_lines(
    image: np.ndarray, *, threshold: int | None = None, rho: float = 1.0, theta: float = 1.0
) -> np.ndarray:
    """Find infinite lines by votes of edge pixels.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3) uint8, or (H, W) bool
        The image, or its edges; an image goes through `cvclassic.detect.canny` first.
    threshold : int, optional
        Minimum number of votes; a quarter of the shorter side unless given.
    rho : float
        Step of the distance, in pixels.
    theta : float
        Step of the angle, in degrees.

    Returns
    -------
    ndarray of shape (n, 3), float32
        Distance from the center of the first pixel in pixels, angle of the normal in radians
        (``x cos + y sin = distance``), votes; most votes first.

    References
    ----------
    .. [1] R. Duda and P. Hart, "Use of the Hough transformation to detect lines and curves in
       images", CACM 15(1), 1972, eq. 1.

    Examples
    --------
    >>> edges = np.zeros((50, 50), bool)
    >>> edges[:, 20] = True
    >>> hough_lines(edges)[0].tolist()
    [20.0, 0.0, 50.0]
    """
    edges = _edge_plane(image)
    votes = _votes(threshold, edges)
    found = cv2.HoughLinesWithAccumulator(
        edges, check_positive("rho", rho), math.radians(check_positive("theta", theta)), votes
    )
    return np.zeros((0, 3), np.float32) if found is None else found.reshape(-1, 3)


def segments_hough(
    image: np.ndarray,
    *,
    threshold: int | None = None,
    min_length: float | None = None,
    max_gap: float = 4.0,
) -> Segments:
    """Find segments by the progressive probabilistic Hough transform.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3) uint8, or (H, W) bool
        The image, or its edges.
    threshold : int, optional
        Minimum number of votes; a tenth of the shorter side unless given.
    min_length : float, optional
        Pixels; a tenth of the shorter side unless given.
    max_gap : float
        Largest gap that is bridged, in pixels.

    Returns
    -------
    Segments
        Longest first.

    References
    ----------
    .. [1] J. Matas, C. Galambos and J. Kittler, "Robust detection of lines using the progressive
       probabilistic Hough transform", CVIU 78, 2000, section 2.

    Examples
    --------
    >>> edges = np.zeros((50, 50), bool)
    >>> edges[5:45, 20] = True
    >>> len(segments_hough(edges))
    1
    """
    edges = _edge_plane(image)
    tenth = max(min(edges.shape) / 10, 8)
    votes = _votes(threshold, edges, 10)
    length = tenth if min_length is None else check_real("min_length", min_length, 0)
    found = cv2.HoughLinesP(
        edges,
        1,
        math.pi / 180,
        votes,
        minLineLength=length,
        maxLineGap=check_real("max_gap", max_gap, 0),
    )
    return Segments.empty() if found is None else Segments.from_ends(found)


def segments_lsd(image: np.ndarray, *, min_length: float = 10.0) -> Segments:
    """Find segments whose chance of appearing in noise is small (LSD).

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    min_length : float
        Pixels.

    Returns
    -------
    Segments
        Longest first.

    References
    ----------
    .. [1] R. Grompone von Gioi et al., "LSD: a line segment detector", IPOL 2, 2012,
       algorithm 1.

    Examples
    --------
    >>> image = np.zeros((60, 60), np.uint8)
    >>> image[:, 30:] = 200
    >>> bool((abs(segments_lsd(image).ends[:, ::2] - 29.5) < 1).all())
    True
    """
    gray = to_gray(image)
    check_real("min_length", min_length, 0)
    if min(gray.shape) < _MIN_SIDE:
        return Segments.empty()
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(gray)[0]
    return _long_enough(found, min_length)


def segments_edlines(image: np.ndarray, *, min_length: float = 10.0) -> Segments:
    """Find segments by drawing edges and fitting lines to them (EDLines).

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    min_length : float
        Pixels.

    Returns
    -------
    Segments
        Longest first.

    References
    ----------
    .. [1] C. Akinlar and C. Topal, "EDLines: a real-time line segment detector with a false
       detection control", Pattern Recognition Letters 32, 2011, section 2.

    Examples
    --------
    >>> image = np.zeros((60, 60), np.uint8)
    >>> image[:, 30:] = 200
    >>> len(segments_edlines(image)) >= 1
    True
    """
    gray = to_gray(image)
    check_real("min_length", min_length, 0)
    if min(gray.shape) < _MIN_SIDE:
        return Segments.empty()
    drawing = cv2.ximgproc.createEdgeDrawing()
    drawing.detectEdges(gray)
    return _long_enough(drawing.detectLines(), min_length)


def _long_enough(found: np.ndarray | None, min_length: float) -> Segments:
    """Segments of at least the given length."""
    if found is None:
        return Segments.empty()
    segments = Segments.from_ends(found)
    return segments.take(segments.response >= min_length)


def _edge_plane(image: np.ndarray) -> np.ndarray:
    """Edges as bytes, of an image or of an edge map."""
    if isinstance(image, np.ndarray) and image.dtype == bool:
        if image.ndim != 2 or 0 in image.shape:
            raise ParameterError(
                f"image, as edges, must have shape (H, W). Got {image.shape} instead."
            )
        return np.ascontiguousarray(image).view(np.uint8)
    return canny(image).view(np.uint8)


def _votes(threshold: int | None, edges: np.ndarray, share: int = 4) -> int:
    """The given threshold, or a share of the shorter side."""
    if threshold is None:
        return max(min(edges.shape) // share, 8)
    return check_whole("threshold", threshold, 1)
