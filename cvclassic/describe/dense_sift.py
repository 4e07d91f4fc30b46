"""Dense SIFT: a SIFT descriptor at every node of a regular grid.

Eight planes of gradient strength, one an orientation, are made with OpenCV and NumPy over
strips that stay in the cache, and pooled into spatial bins by `pooling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from .._basics.checks import check_bool, check_choice, check_integer, check_number
from .._basics.saving import SavedState
from ..images.checks import to_gray
from .base import Describer
from .features import LocalFeatures
from .grid import N_BINS, check_bin_sizes, grid_nodes, grid_origin, grid_shape
from .pooling import BinPooling, Buffers, bin_pooling, bins_of_nodes, pool_along_x

_ORIENTATIONS = 8
_N_DIMS = _ORIENTATIONS * N_BINS**2
_SIZE = 2 / 3  # size of the keypoint in OpenCV for a bin of one pixel
_STRIP_PIXELS = 16384  # of a strip whose orientation planes stay in the cache
_SMOOTH = 0.8  # standard deviation in samples of what hardly changes between two of them
_LEAST_SAMPLES = 4  # along a side of a bin
_CLAMP = 0.2
_FLOOR = 1e-5  # contrast below this is rounding error


_buffers = Buffers()


def _spacing(sigma: float, step: int, bin_size: int) -> int:
    """Distance in pixels at which gradients are needed: what is smooth needs no close samples.

    A power of two that divides the grid, so that bin centers stay on samples.
    """
    wider = 2
    while (
        sigma >= _SMOOTH * wider
        and bin_size >= _LEAST_SAMPLES * wider
        and step % wider == bin_size % wider == 0
    ):
        wider *= 2
    return wider // 2


def _gradients(gray: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of the smoothed image, one-sided at the edges."""
    plane = gray.astype(np.float32)
    if sigma > 0:
        side = 2 * int(np.ceil(4 * sigma)) + 1
        plane = cv2.GaussianBlur(plane, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    options = {"ksize": 1, "scale": 0.5, "borderType": cv2.BORDER_REPLICATE}
    gx = cv2.Sobel(plane, cv2.CV_32F, 1, 0, **options)
    gy = cv2.Sobel(plane, cv2.CV_32F, 0, 1, **options)
    gx[:, [0, -1]] *= 2
    gy[[0, -1]] *= 2
    return gx, gy


def orientation_planes(gx: np.ndarray, gy: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Share a gradient between the two nearest of eight orientations.

    With strength m and angle a in units of 45 degrees, plane t is ``m * max(0, 1 - |a - t|)``,
    computed as a difference of the ramps ``clip(m * (a - t), 0, m)``.

    Parameters
    ----------
    gx, gy : ndarray of shape (H, W), float32
    out : ndarray of shape (8, H, W), float32, optional

    Returns
    -------
    ndarray of shape (8, H, W), float32
        Plane 0 has gradients along x, plane 2 along y (downwards).

    Examples
    --------
    >>> gx, gy = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    >>> orientation_planes(gx, gy).ravel().tolist()
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    if out is None:
        out = np.empty((_ORIENTATIONS, *gx.shape), np.float32)
    strength, angle = cv2.cartToPolar(gx, gy)
    ramp = angle
    ramp *= np.float32(_ORIENTATIONS / (2 * np.pi))
    np.minimum(ramp, np.float32(_ORIENTATIONS), out=ramp)
    ramp *= strength
    before = np.minimum(ramp, strength)
    np.subtract(strength, before, out=out[0])
    for t in range(1, _ORIENTATIONS):
        ramp -= strength
        after = np.maximum(ramp, 0)
        np.minimum(after, strength, out=after)
        np.subtract(before, after, out=out[t])
        before = after
    out[0] += before
    return out


def _normalize(block: np.ndarray, root: bool, out: np.ndarray) -> None:
    """Lowe's normalization of rows: unit length, clamp at 0.2, unit length. Overwrites `block`."""
    length = np.sqrt(np.einsum("nd,nd->n", block, block))
    np.minimum(block, (_CLAMP * length)[:, None], out=block)
    if root:
        total = block @ np.ones(block.shape[1], np.float32)
    else:
        total = np.sqrt(np.einsum("nd,nd->n", block, block))
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    np.multiply(block, (1 / total)[:, None], out=out)
    if root:
        np.sqrt(out, out=out)


def _pooled_bands(
    pooling: BinPooling, gx: np.ndarray, gy: np.ndarray, shape: tuple[int, int]
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Orientation planes pooled along x, for a few rows of nodes at a time.

    Yields the first row of nodes, their number, and an array (pixel rows, 8, samples) that
    is used again: what neighboring bands share is kept, so that all stays in the cache.
    """
    n_y, n_x = shape
    width = gx.shape[1]
    n_samples = pooling.n_blocks(n_x) * pooling.n_nodes * pooling.node
    span = pooling.part(pooling.n_samples(pooling.n_nodes)).shape[1]
    band = _buffers.get("band", (span, _ORIENTATIONS, n_samples))
    advance = pooling.n_nodes * pooling.step
    height = max(1, _STRIP_PIXELS // width)
    done = 0
    for first in range(0, n_y, pooling.n_nodes):
        count = min(pooling.n_nodes, n_y - first)
        if first:
            done = max(0, done - advance)
            band[:done] = band[advance : advance + done]
        top = first * pooling.step
        rows = pooling.part(pooling.n_samples(count)).shape[1]
        for start in range(done, rows, height):
            stop = min(start + height, rows)
            planes = _buffers.get("planes", (stop - start, _ORIENTATIONS, width))
            strip = slice(top + start, top + stop)
            orientation_planes(gx[strip], gy[strip], planes.transpose(1, 0, 2))
            lines = planes.reshape(-1, width)
            pool_along_x(pooling, lines, n_x, band[start:stop].reshape(-1, n_samples))
        done = max(done, rows)
        yield first, count, band[:rows]


def dense_sift_features(
    gray: np.ndarray,
    *,
    step: int = 4,
    bin_size: int = 8,
    window: str = "exact",
    window_size: float = 1.5,
    sigma: float = 0.0,
    origin: tuple[int, int] = (0, 0),
    border: int = 0,
    contrast_threshold: float | None = 0.0,
    root: bool = False,
    subsample: bool = False,
) -> LocalFeatures:
    """SIFT descriptors of upright patches on a regular grid.

    Nodes lie where the centers of all 4 x 4 bins fall inside the image. Dimension
    ``32 * row + 8 * column + t`` counts gradients of orientation ``45 * t`` degrees
    (clockwise from the x axis) in the bin of that row and column: VLFeat's order.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8 or float32
        Brightness from 0 to 255.
    step : int
        Distance of nodes in pixels.
    bin_size : int
        Side of a spatial bin in pixels.
    window : {"exact", "flat"}
        The Gaussian window of the descriptor, or its mean over each bin.
    window_size : float
        Standard deviation of the Gaussian window in bins.
    sigma : float
        Smooth the image with this standard deviation in pixels first.
    origin : tuple of int
        (x, y) of the first bin center of the first node.
    border : int
        Distance that bin centers keep from the right and bottom edges, in pixels.
    contrast_threshold : float or None
        Leave out descriptors whose mean gradient strength is smaller, for brightness from
        0 to 1, and uniform patches. None keeps all nodes; uniform patches are zeros then.
    root : bool
        RootSIFT.
    subsample : bool
        Where the image is smoothed so much that gradients hardly change from one pixel to the
        next, pool every second, fourth and so on: descriptors differ by a thousandth.

    Returns
    -------
    LocalFeatures
        With 128 dimensions, row by row; descriptors have Euclidean length 1. `scale` is the
        size of the OpenCV keypoint with the same bins, two thirds of `bin_size`.

    References
    ----------
    Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004,
    section 6.1. Vedaldi & Fulkerson, "VLFeat", ACM Multimedia 2010 (the grid and window).

    Examples
    --------
    >>> gray = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    >>> dense_sift_features(gray, step=8, bin_size=8).descriptors.shape
    (25, 128)
    """
    scale = _Scale(bin_size, sigma, origin, grid_shape(gray.shape, step, bin_size, origin, border))
    return _features(
        gray,
        [scale],
        step,
        window=window,
        window_size=window_size,
        contrast_threshold=contrast_threshold,
        root=root,
        subsample=subsample,
    )


class _Scale(NamedTuple):
    """A grid of nodes of one size."""

    bin_size: int
    sigma: float
    origin: tuple[int, int]
    shape: tuple[int, int]  # rows and columns of nodes


def _features(
    gray: np.ndarray, scales: Sequence[_Scale], step: int, **options: Any
) -> LocalFeatures:
    """Features of all scales, one after the other; `options` are those of `_describe`."""
    # all scales write into one array: joining them would copy it
    n_nodes = sum(rows * columns for rows, columns in (scale.shape for scale in scales))
    descriptors = np.empty((n_nodes, _N_DIMS), np.float32)
    xy: list[np.ndarray] = []
    counts: list[int] = []
    for scale in scales:
        kept = _describe(gray, descriptors[sum(counts) :], scale, step, **options)
        xy.append(grid_nodes(scale.shape, step, scale.bin_size, scale.origin)[kept])
        counts.append(len(xy[-1]))
    n = sum(counts)
    sizes = np.repeat([scale.bin_size * _SIZE for scale in scales], counts).astype(np.float32)
    return LocalFeatures(
        np.concatenate(xy), sizes, np.zeros(n, np.float32), descriptors[:n], gray.shape
    )


def _describe(
    gray: np.ndarray,
    out: np.ndarray,
    scale: _Scale,
    step: int,
    *,
    window: str,
    window_size: float,
    contrast_threshold: float | None,
    root: bool,
    subsample: bool,
) -> np.ndarray:
    """Fill the first rows of `out` with descriptors, and tell whose: which nodes have one."""
    bin_size, sigma, origin, (n_y, n_x) = scale
    if n_y == 0 or n_x == 0:
        return np.zeros(0, bool)
    spacing = _spacing(sigma, step, bin_size) if subsample else 1
    pooling = bin_pooling(bin_size // spacing, window, float(window_size), step // spacing)
    x, y = (start // spacing for start in origin)
    sampled = tuple(slice(start % spacing, None, spacing) for start in origin[::-1])
    gx, gy = (gradient[sampled] for gradient in _gradients(gray, sigma))
    # A kernel reaches a bin less a sample beyond the image; there the edge is repeated.
    pad = bin_size // spacing - 1
    right = max(pad, x + pooling.n_pixels(n_x) - pad - gx.shape[1])
    top, left = max(pad - y, 0), max(pad - x, 0)
    gx, gy = (
        cv2.copyMakeBorder(
            np.ascontiguousarray(g[max(y - pad, 0) :, max(x - pad, 0) :]),
            top, pad, left, right, cv2.BORDER_REPLICATE,
        )
        for g in (gx, gy)
    )  # fmt: skip
    weights = np.outer(pooling.weights, pooling.weights).repeat(_ORIENTATIONS)
    weighted = bool((weights != 1).any())
    # Mean over the patch of brightness in 0 ... 1, as VLFeat measures contrast.
    full = 255 * (((N_BINS - 1) * bin_size + 1) / spacing) ** 2
    floor = _FLOOR * full
    least = 0.0 if contrast_threshold is None else max(contrast_threshold, _FLOOR) * full
    kept = np.empty(n_y * n_x, bool)
    ones = np.ones(_N_DIMS, np.float32)
    filled = 0
    for first, count, lines in _pooled_bands(pooling, gx, gy, (n_y, n_x)):
        bank = pooling.part(pooling.n_samples(count))
        samples = _buffers.get("samples", (len(bank), *lines.shape[1:]))
        np.matmul(bank, lines.reshape(len(lines), -1), out=samples.reshape(len(bank), -1))
        block = _buffers.get("block", (count * n_x, _N_DIMS))
        block.reshape(count, n_x, N_BINS, N_BINS, -1)[...] = bins_of_nodes(
            pooling, samples, (count, n_x)
        )
        if weighted:
            block *= weights
        strength = block @ ones
        if contrast_threshold is None:
            block[strength < floor] = 0
        keep = strength >= least
        kept[first * n_x :][: len(keep)] = keep
        if keep.all():
            chosen = slice(filled, filled + len(block))
            _normalize(block, root, out[chosen])
        else:
            _normalize(block, root, block)
            chosen = slice(filled, filled + int(np.count_nonzero(keep)))
            out[chosen] = block[keep]
        filled = chosen.stop
    return kept


class DenseSIFT(Describer):
    """SIFT descriptors on a regular grid, at several scales.

    The grid of every scale is centered in the image.

    Parameters
    ----------
    step : int, default=4
        Distance of nodes in pixels.
    bin_sizes : sequence of int, default=(4, 6, 8, 10)
        Side of a spatial bin in pixels, for each scale. A descriptor is 4 bins wide.
    window : {"exact", "flat"}, default="exact"
        The Gaussian window of the descriptor, or its mean over each bin.
    window_size : float, default=1.5
        Standard deviation of the Gaussian window in bins.
    magnification : float, default=6
        For a scale of bin size b the image is smoothed with a standard deviation of
        ``b / magnification`` pixels. SIFT's own is 3; dense features gain from less.
    contrast_threshold : float, default=0.005
        Descriptors whose mean gradient strength (brightness from 0 to 1) is smaller are left
        out. PHOW maps them to zero; leaving them out keeps uniform areas from voting.
    border : int, default=0
        Distance that bin centers keep from the edge of the image, in pixels.
    root : bool, default=True
        RootSIFT [1]_: compare descriptors by the Hellinger distance.
    max_side : int or None, default=300
        Larger images are reduced to this long side first.
    subsample : bool, default=False
        Pool every second or fourth gradient where the image is smoothed enough (windows of 10
        pixels and more, if `step` is even): a quarter less time for the sizes of the recipe
        `fisher`, and descriptors that differ by a thousandth.

    References
    ----------
    .. [1] Arandjelović & Zisserman, "Three things everyone should know to improve object
       retrieval", CVPR 2012, section 3.
    .. [2] Bosch, Zisserman & Muñoz, "Image classification using random forests and ferns",
       ICCV 2007 (PHOW: dense SIFT at several scales).

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    >>> DenseSIFT(step=8, bin_sizes=(4, 8)).describe(image).descriptors.shape
    (74, 128)
    """

    saved_state = SavedState(
        bounds={
            "step": (1, 10_000),
            "bin_sizes": (1, 1000),
            "window_size": (0.01, 1000),
            "magnification": (0.1, 1e6),
            "contrast_threshold": (0, 1e6),
            "border": (0, 10_000),
            "max_side": (1, 100_000),
        },
        added={"subsample": False},
    )

    n_dims = _N_DIMS

    def __init__(
        self,
        step: int = 4,
        bin_sizes: Sequence[int] = (4, 6, 8, 10),
        window: str = "exact",
        window_size: float = 1.5,
        magnification: float = 6.0,
        contrast_threshold: float = 0.005,
        border: int = 0,
        root: bool = True,
        max_side: int | None = 300,
        subsample: bool = False,
    ) -> None:
        self.step = step
        self.bin_sizes = bin_sizes
        self.window = window
        self.window_size = window_size
        self.magnification = magnification
        self.contrast_threshold = contrast_threshold
        self.border = border
        self.root = root
        self.max_side = max_side
        self.subsample = subsample

    def _check(self) -> None:
        check_integer("step", self.step, 1)
        check_bin_sizes(self.bin_sizes)
        check_choice("window", self.window, ("exact", "flat"))
        check_number("window_size", self.window_size, 0, exclusive=True)
        check_number("magnification", self.magnification, 0, exclusive=True)
        check_number("contrast_threshold", self.contrast_threshold, 0)
        check_integer("border", self.border, 0)
        check_bool("root", self.root)
        check_integer("max_side", self.max_side, 16, none=True)
        check_bool("subsample", self.subsample)

    def describe_pixels(self, pixels: np.ndarray) -> LocalFeatures:
        gray = to_gray(pixels)
        scales = []
        for bin_size in self.bin_sizes:
            origin = grid_origin(gray.shape, self.step, bin_size, self.border)
            shape = grid_shape(gray.shape, self.step, bin_size, origin, self.border)
            scales.append(_Scale(bin_size, bin_size / self.magnification, origin, shape))
        return _features(
            gray,
            scales,
            self.step,
            window=self.window,
            window_size=self.window_size,
            contrast_threshold=self.contrast_threshold,
            root=self.root,
            subsample=self.subsample,
        )
