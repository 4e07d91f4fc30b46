"""Motion: foreground against a background, optical flow, stabilization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from .._basics.checks import check_choice, check_integer
from ..images.checks import to_gray

BACKGROUNDS = ("mog2", "knn")


def subtract_background(
    frames: Iterable[np.ndarray], method: str = "mog2", *, history: int = 200
) -> Iterator[np.ndarray]:
    """Mask of what is not background, frame by frame.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3) or (H, W), uint8
    method : {"mog2", "knn"}
        A mixture of Gaussians per pixel [1]_, or nearest neighbors of its past values.
    history : int
        Frames that the background is learned from.

    Yields
    ------
    ndarray of shape (H, W), bool
        Shadows do not count.

    References
    ----------
    .. [1] Z. Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction",
       ICPR 2004.
    """
    check_choice("method", method, BACKGROUNDS)
    check_integer("history", history, 1)
    create = {
        "mog2": cv2.createBackgroundSubtractorMOG2,
        "knn": cv2.createBackgroundSubtractorKNN,
    }[method]
    model = create(history=history, detectShadows=True)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    for frame in frames:
        mask = model.apply(frame)
        yield cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel) == 255


def optical_flow(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Motion of each pixel since the frame before, by dense inverse search.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3) or (H, W), uint8

    Yields
    ------
    ndarray of shape (H, W, 2), float32
        Pixels to the right and down; zeros for the first frame.

    References
    ----------
    .. [1] T. Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016.
    """
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    before: np.ndarray | None = None
    for frame in frames:
        gray = to_gray(frame)
        if before is None:
            yield np.zeros((*gray.shape, 2), np.float32)
        else:
            yield flow.calc(before, gray, None)
        before = gray


def draw_flow(flow: np.ndarray, longest: float | None = None) -> np.ndarray:
    """Flow as an image: hue is the direction, brightness the speed.

    Parameters
    ----------
    flow : ndarray of shape (H, W, 2)
    longest : float, optional
        Pixels per frame that are drawn brightest; the 99th percentile unless given.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
    """
    speed, angle = cv2.cartToPolar(flow[..., 0], flow[..., 1], angleInDegrees=True)
    longest = longest or max(float(np.percentile(speed, 99)), 1.0)
    hsv = np.empty((*flow.shape[:2], 3), np.uint8)
    hsv[..., 0] = (angle / 2).astype(np.uint8)
    hsv[..., 1] = 255
    hsv[..., 2] = np.clip(255 * speed / longest, 0, 255)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def stabilize(frames: Iterable[np.ndarray], *, reach: int = 15) -> Iterator[np.ndarray]:
    """Frames without camera shake.

    The camera's path (shift, turn, scale between frames, from corners followed by Lucas and
    Kanade) is averaged over `reach` frames on each side, and each frame is moved there.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3) or (H, W), uint8
    reach : int

    Yields
    ------
    ndarray, as the frames
    """
    check_integer("reach", reach, 1)
    waiting: list[np.ndarray] = []
    path = [np.zeros(4)]  # x, y, angle, logarithm of scale
    before: np.ndarray | None = None
    first = 0  # number of waiting[0]
    for frame in frames:
        gray = to_gray(frame)
        if before is not None:
            path.append(path[-1] + _camera_step(before, gray))
        before = gray
        waiting.append(frame)
        if len(waiting) > reach:
            yield _moved(waiting.pop(0), path, first, reach)
            first += 1
    for frame in waiting:
        yield _moved(frame, path, first, reach)
        first += 1


def _camera_step(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    corners = cv2.goodFeaturesToTrack(before, 200, 0.01, 12)
    if corners is None or len(corners) < 6:
        return np.zeros(4)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None)
    kept = found.ravel() == 1
    if kept.sum() < 6:
        return np.zeros(4)
    matrix, _ = cv2.estimateAffinePartial2D(corners[kept], moved[kept])
    if matrix is None:
        return np.zeros(4)
    scale = max(float(np.hypot(matrix[0, 0], matrix[1, 0])), 1e-3)
    angle = float(np.arctan2(matrix[1, 0], matrix[0, 0]))
    return np.array([matrix[0, 2], matrix[1, 2], angle, np.log(scale)])


def _moved(frame: np.ndarray, path: list[np.ndarray], i: int, reach: int) -> np.ndarray:
    near = np.array(path[max(0, i - reach) : i + reach + 1])
    dx, dy, angle, log_scale = near.mean(axis=0) - path[i]
    scale = float(np.exp(log_scale))
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[c, -s, dx], [s, c, dy]])
    height, width = frame.shape[:2]
    return cv2.warpAffine(frame, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
