"""SIFT's four stages, one by one, for inspection and teaching.

`cvclassic.detect.detect_keypoints` and `cvclassic.describe.SIFT` are the fast ways to keypoints;
this one keeps everything on the way. It is written from Lowe's paper with operations on whole
planes and on all candidates at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..images.checks import check_positive, check_real, check_whole, to_gray
from .results import Keypoints

_BORDER = 5  # pixels at the rim of each octave in which no extremum is looked for
_MIN_SIDE = 16  # an octave smaller than this has no room for extrema
_BINS = 36  # of the orientation histogram


@dataclass(frozen=True, eq=False)
class SIFTStages:
    """Intermediate results of SIFT, from the image to its keypoints.

    Parameters
    ----------
    gaussians : list of ndarray of shape (n_layers + 3, H_o, W_o), float32
        Scale space, one stack for each octave, gray from 0 to 1. The first octave has twice the
        size of the image, each other half the size of the one before.
    differences : list of ndarray of shape (n_layers + 2, H_o, W_o), float32
        Differences of neighboring Gaussians.
    extrema : Keypoints
        Stage 2: larger or smaller than all 26 neighbors in place and scale.
    strong : Keypoints
        Stage 3a: located below the pixel, and with enough contrast.
    stable : Keypoints
        Stage 3b: and not on an edge.
    oriented : Keypoints
        Stage 4: one for each dominant direction of the gradients around.
    """

    gaussians: list[np.ndarray]
    differences: list[np.ndarray]
    extrema: Keypoints
    strong: Keypoints
    stable: Keypoints
    oriented: Keypoints


def sift_stages(
    image: np.ndarray,
    *,
    n_layers: int = 3,
    sigma: float = 1.6,
    contrast_threshold: float = 0.04,
    edge_threshold: float = 10.0,
) -> SIFTStages:
    """Run SIFT's detector and keep every stage.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    n_layers : int
        Scales per octave at which extrema are looked for.
    sigma : float
        Blur of the first layer of an octave, in its pixels.
    contrast_threshold : float
        Minimum absolute difference of Gaussians times `n_layers`, for gray from 0 to 1.
    edge_threshold : float
        Largest ratio of the principal curvatures.

    Returns
    -------
    SIFTStages
        Positions in pixels of the image; the scale is the diameter ``2 sigma``.

    References
    ----------
    .. [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004:
       section 3 (scale space and extrema), eq. 2-3 (location), section 4.1 (edges), section 5
       (orientation).
    .. [2] I. Rey Otero and M. Delbracio, "Anatomy of the SIFT method", IPOL 4, 2014, algorithms
       1 to 11.

    Examples
    --------
    >>> y, x = np.mgrid[:80, :80]
    >>> spot = (200 * np.exp(-((x - 40) ** 2 + (y - 35) ** 2) / 50)).astype(np.uint8)
    >>> stages = sift_stages(spot)
    >>> stages.stable.xy[0].round().tolist()
    [40.0, 35.0]
    """
    gray = to_gray(image)
    check_whole("n_layers", n_layers, 1, 20)
    check_positive("sigma", sigma)
    check_real("contrast_threshold", contrast_threshold, 0)
    check_real("edge_threshold", edge_threshold, 1)
    gaussians = _scale_space(gray, n_layers, sigma)
    differences = [np.diff(stack, axis=0) for stack in gaussians]
    least = contrast_threshold / n_layers
    rows: dict[str, list[np.ndarray]] = {"extrema": [], "strong": [], "stable": [], "oriented": []}
    for octave, (stack, dogs) in enumerate(zip(gaussians, differences, strict=True)):
        # Half the final contrast already here: fainter ones cannot pass and are only noise.
        found = _extrema(dogs, least / 2)
        rows["extrema"].append(_rows(found, octave, sigma, n_layers))
        located, hessians = _locate(dogs, found)
        strong = np.abs(located[:, 3]) >= least
        located, hessians = located[strong], hessians[strong]
        rows["strong"].append(_rows(located, octave, sigma, n_layers))
        located = located[_round_enough(hessians, edge_threshold)]
        rows["stable"].append(_rows(located, octave, sigma, n_layers))
        owners, angles = _orientations(stack, located, sigma, n_layers)
        rows["oriented"].append(_rows(located[owners], octave, sigma, n_layers, angles))
    return SIFTStages(gaussians, differences, **{k: _keypoints(v) for k, v in rows.items()})


def _scale_space(gray: np.ndarray, n_layers: int, sigma: float) -> list[np.ndarray]:
    """Stacks of Gaussians, one for each octave (stage 1)."""
    plane = gray.astype(np.float32) / 255
    # Doubled by samples at 0, 1/2, 1, ...: x in the image is 2 x here, with no shift.
    height, width = plane.shape
    x, y = np.meshgrid(
        np.arange(2 * width, dtype=np.float32) / 2, np.arange(2 * height, dtype=np.float32) / 2
    )
    plane = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # The camera has blurred by about half a pixel, which is one pixel here.
    plane = _blur(plane, np.sqrt(max(sigma**2 - 1, 0.01)))
    widths = sigma * 2 ** (np.arange(n_layers + 3) / n_layers)
    steps = np.sqrt(np.diff(widths**2))
    octaves = []
    while min(plane.shape) >= _MIN_SIDE:
        layers = [plane]
        for step in steps:
            layers.append(_blur(layers[-1], step))
        octaves.append(np.stack(layers))
        plane = layers[n_layers][::2, ::2]  # has twice the blur of the first
    return octaves


def _blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur with mirrored borders."""
    return cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def _extrema(dogs: np.ndarray, least: float) -> np.ndarray:
    """Candidates (x, y, layer, value) that beat their 26 neighbors."""
    window = np.ones((3, 3), np.uint8)
    high = [cv2.dilate(plane, window) for plane in dogs]
    low = [cv2.erode(plane, window) for plane in dogs]
    found = []
    inner = np.zeros(dogs.shape[1:], bool)
    inner[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    for i in range(1, len(dogs) - 1):
        plane = dogs[i]
        top = (plane >= np.max(high[i - 1 : i + 2], axis=0)) & (plane > least)
        bottom = (plane <= np.min(low[i - 1 : i + 2], axis=0)) & (plane < -least)
        y, x = np.nonzero((top | bottom) & inner)
        found.append(np.stack([x, y, np.full(len(x), i), plane[y, x]], axis=1))
    return np.concatenate(found).astype(np.float64)


def _locate(dogs: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a parabola in x, y and scale; returns those that settle, and their 2×2 Hessians."""
    place = found[:, :3].astype(int)
    alive = np.ones(len(place), bool)
    shift = np.zeros((len(place), 3))
    limit = np.array([dogs.shape[2], dogs.shape[1], len(dogs)])
    rim = np.array([_BORDER, _BORDER, 1])
    gradient, hessian = _derivatives(dogs, place)
    for _ in range(5):
        good = np.abs(np.linalg.det(hessian)) > 1e-20
        shift = np.zeros_like(shift)
        shift[good] = -np.linalg.solve(hessian[good], gradient[good][..., None])[..., 0]
        alive &= good & (np.abs(shift) < limit.max()).all(axis=1)
        moving = alive & (np.abs(shift) > 0.5).any(axis=1)
        if not moving.any():
            break
        place[moving] += np.rint(shift[moving]).astype(int)
        alive &= ((place >= rim) & (place < limit - rim)).all(axis=1)
        place[~alive] = rim  # anywhere that can be looked up
        gradient, hessian = _derivatives(dogs, place)
    alive &= (np.abs(shift) <= 0.5).all(axis=1)
    x, y, layer = place.T
    value = dogs[layer, y, x] + (gradient * shift).sum(axis=1) / 2
    located = np.column_stack([place + shift, value])[alive]
    # Several candidates may have moved to the same spot.
    _, first = np.unique(place[alive], axis=0, return_index=True)
    return located[first], hessian[alive][first][:, :2, :2]


def _derivatives(dogs: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian in (x, y, layer) by central differences."""
    x, y, layer = place.T
    unit = np.eye(3, dtype=int)

    def at(offset: np.ndarray) -> np.ndarray:
        return dogs[layer + offset[2], y + offset[1], x + offset[0]].astype(np.float64)

    center = at(np.zeros(3, int))
    gradient = np.stack([(at(u) - at(-u)) / 2 for u in unit], axis=1)
    hessian = np.empty((len(place), 3, 3))
    for i in range(3):
        hessian[:, i, i] = at(unit[i]) + at(-unit[i]) - 2 * center
        for j in range(i):
            a, b = unit[i], unit[j]
            hessian[:, i, j] = hessian[:, j, i] = (
                at(a + b) - at(a - b) - at(b - a) + at(-a - b)
            ) / 4
    return gradient, hessian


def _round_enough(hessians: np.ndarray, ratio: float) -> np.ndarray:
    """The curvatures have one sign and no extreme ratio: tr² / det < (r + 1)² / r."""
    trace = hessians[:, 0, 0] + hessians[:, 1, 1]
    det = hessians[:, 0, 0] * hessians[:, 1, 1] - hessians[:, 0, 1] ** 2
    return (det > 0) & (trace**2 * ratio < (ratio + 1) ** 2 * det)


def _orientations(
    stack: np.ndarray, located: np.ndarray, sigma: float, n_layers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Peaks of the gradient histograms: index of the keypoint, and angle in radians."""
    owners, angles = [np.zeros(0, int)], [np.zeros(0)]
    nearest = np.clip(np.rint(located[:, 2]), 0, len(stack) - 1).astype(int)
    for layer in np.unique(nearest):
        members = np.flatnonzero(nearest == layer)
        dy, dx = np.gradient(stack[layer])
        width = 1.5 * sigma * 2 ** (located[members, 2] / n_layers)
        histograms = _histograms(dx, dy, located[members, :2], width)
        for _ in range(2):  # a little smoothing, so that bins at the edge of a peak agree
            histograms = (
                np.roll(histograms, 1, axis=1) + histograms + np.roll(histograms, -1, axis=1)
            ) / 3
        before, after = np.roll(histograms, 1, axis=1), np.roll(histograms, -1, axis=1)
        peak = (histograms > before) & (histograms > after)
        peak &= histograms >= 0.8 * histograms.max(axis=1, keepdims=True)
        k, b = np.nonzero(peak)
        one, two, three = before[k, b], histograms[k, b], after[k, b]
        bins = b + (one - three) / (2 * (one - 2 * two + three))
        owners.append(members[k])
        angles.append((bins * 2 * np.pi / _BINS) % (2 * np.pi))
    return np.concatenate(owners), np.concatenate(angles)


def _histograms(dx: np.ndarray, dy: np.ndarray, xy: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Gaussian-weighted histograms of gradient directions around each position."""
    radius = int(np.ceil(3 * width.max()))
    oy, ox = (grid.ravel() for grid in np.mgrid[-radius : radius + 1, -radius : radius + 1])
    result = np.zeros((len(xy), _BINS))
    for start in range(0, len(xy), 256):  # bounds the memory
        part = slice(start, start + 256)
        x = np.rint(xy[part, :1]).astype(int) + ox
        y = np.rint(xy[part, 1:]).astype(int) + oy
        inside = (x >= 0) & (y >= 0) & (x < dx.shape[1]) & (y < dx.shape[0])
        x, y = np.where(inside, x, 0), np.where(inside, y, 0)
        gx, gy = dx[y, x], dy[y, x]
        w = width[part, None]
        weight = np.exp(-(ox**2 + oy**2) / (2 * w**2)) * np.hypot(gx, gy) * inside
        bins = np.rint(np.arctan2(gy, gx) * _BINS / (2 * np.pi)).astype(int) % _BINS
        row = np.arange(len(bins))[:, None] * _BINS
        counts = np.bincount((row + bins).ravel(), weight.ravel(), minlength=len(bins) * _BINS)
        result[part] = counts.reshape(-1, _BINS)
    return result


def _rows(
    places: np.ndarray,
    octave: int,
    sigma: float,
    n_layers: int,
    angles: np.ndarray | None = None,
) -> np.ndarray:
    """(x, y, scale, angle, response) in pixels of the image; the first octave is doubled."""
    pixel = 2.0 ** (octave - 1)
    return np.column_stack(
        [
            places[:, :2] * pixel,
            2 * sigma * 2 ** (places[:, 2] / n_layers) * pixel,
            np.zeros(len(places)) if angles is None else angles,
            np.abs(places[:, 3]),
        ]
    )


def _keypoints(rows: list[np.ndarray]) -> Keypoints:
    """All octaves together, strongest first."""
    table = np.concatenate([np.zeros((0, 5)), *rows]).astype(np.float32)
    keypoints = Keypoints(table[:, :2].copy(), *(table[:, c].copy() for c in (2, 3, 4)))
    return keypoints.strongest(None)
