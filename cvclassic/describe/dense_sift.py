"""Dense SIFT: a SIFT descriptor at every node of a regular grid.

Eight planes of gradient strength, one an orientation, are made with OpenCV and NumPy over
strips that stay in the cache. Pooling them into spatial bins is linear and separable, and
the same at every node, so that it is one banded matrix product for each axis: only the
sampled positions are computed, with any window, at the speed of BLAS.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..checks import check_bool, check_choice, check_integer, check_number
from .base import Describer, to_grey
from .features import LocalFeatures
from .grid import N_BINS, check_bin_sizes, grid_nodes, grid_origin, grid_shape, join_features

_ORIENTATIONS = 8
_STRIP = 32  # rows of the orientation planes that are under way at once
_CLAMP = 0.2
_FLOOR = 1e-5  # contrast below this is rounding error
_KEEP_BYTES = 64e6  # a thread keeps its buffers up to this size


class _Buffers(threading.local):
    """Arrays that a thread uses again: fresh memory costs more than what is computed in it."""

    def __init__(self) -> None:
        self._flat: dict[str, np.ndarray] = {}

    def get(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        flat = self._flat.get(name)
        if flat is None or flat.size < size:
            flat = np.zeros(size, np.float32)
            if flat.nbytes <= _KEEP_BYTES:
                self._flat[name] = flat
        return flat[:size].reshape(shape)


_buffers = _Buffers()


def window_kernels(bin_size: int, window: str, window_size: float) -> np.ndarray:
    """Weights with which gradients count in each of the four bins along an axis.

    Parameters
    ----------
    bin_size : int
        Distance of bin centres in pixels.
    window : {"exact", "flat"}
        A triangle (linear interpolation between bins) times the Gaussian window of the
        descriptor, or times the Gaussian's mean over the bin.
    window_size : float
        Standard deviation of the Gaussian in bins.

    Returns
    -------
    ndarray of shape (4, 2 * bin_size - 1), float32
        For offsets ``-bin_size + 1 ... bin_size - 1`` from the centre of the bin.

    Examples
    --------
    >>> window_kernels(2, "flat", 1e6)[0].tolist()
    [0.5, 1.0, 0.5]
    """
    offset = np.arange(-bin_size + 1, bin_size)
    centre = bin_size * (np.arange(N_BINS) - 0.5 * (N_BINS - 1))[:, None]
    gauss = np.exp(-0.5 * ((offset + centre) / (bin_size * window_size)) ** 2)
    if window == "flat":
        gauss = gauss.mean(axis=1, keepdims=True)
    return ((1 - np.abs(offset) / bin_size) * gauss).astype(np.float32)


@lru_cache(maxsize=64)
def _bank(bin_size: int, window: str, window_size: float, step: int, n_nodes: int) -> np.ndarray:
    """Banded matrix (n_nodes * 4, span): a line of pixels to the bins of `n_nodes` nodes."""
    kernels = window_kernels(bin_size, window, window_size)
    width = kernels.shape[1]
    bank = np.zeros(
        (n_nodes, N_BINS, (n_nodes - 1) * step + (N_BINS - 1) * bin_size + width), np.float32
    )
    for node in range(n_nodes):
        for i in range(N_BINS):
            start = node * step + i * bin_size
            bank[node, i, start : start + width] = kernels[i]
    bank = bank.reshape(n_nodes * N_BINS, -1)
    bank.flags.writeable = False
    return bank


def _gradients(grey: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of the smoothed picture, one-sided at the edges."""
    plane = grey.astype(np.float32)
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


def _normalise(block: np.ndarray, root: bool) -> None:
    """Lowe's normalisation of rows in place: unit length, clamp at 0.2, unit length."""
    length = np.sqrt(np.einsum("nd,nd->n", block, block))
    np.minimum(block, (_CLAMP * length)[:, None], out=block)
    if root:
        total = block @ np.ones(block.shape[1], np.float32)
    else:
        total = np.sqrt(np.einsum("nd,nd->n", block, block))
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    block *= (1 / total)[:, None]
    if root:
        np.sqrt(block, out=block)


def _pool_columns(gx, gy, kernel, n_nodes: int, nodes: int, step: int) -> np.ndarray:
    """Orientation planes pooled along x: shape (8, rows, n_nodes * 4)."""
    rows, width = gx.shape
    n_blocks = -(-n_nodes // nodes)
    pooled = _buffers.get("pooled", (_ORIENTATIONS, rows, n_blocks * nodes * N_BINS))
    for top in range(0, rows, _STRIP):
        strip = slice(top, min(top + _STRIP, rows))
        height = strip.stop - strip.start
        planes = _buffers.get("planes", (_ORIENTATIONS, height, width))
        orientation_planes(gx[strip], gy[strip], planes)
        out = pooled[:, strip]
        for t in range(_ORIENTATIONS):
            lines = as_strided(
                planes[t], (n_blocks, height, len(kernel)), (nodes * step * 4, width * 4, 4)
            )
            bins = as_strided(
                out[t],
                (n_blocks, height, nodes * N_BINS),
                (nodes * N_BINS * 4, out.strides[1], 4),
            )
            np.matmul(lines, kernel, out=bins)
    return pooled[:, :, : n_nodes * N_BINS]


def dense_sift_features(
    grey: np.ndarray,
    *,
    step: int = 4,
    bin_size: int = 8,
    window: str = "exact",
    window_size: float = 1.5,
    sigma: float = 0.0,
    origin: tuple[int, int] = (0, 0),
    border: int = 0,
    contrast_threshold: float = 0.0,
    root: bool = False,
) -> LocalFeatures:
    """SIFT descriptors of upright patches on a regular grid.

    Nodes lie where the centres of all 4 x 4 bins fall inside the picture. Dimension
    ``32 * row + 8 * column + t`` counts gradients of orientation ``45 * t`` degrees
    (clockwise from the x axis) in the bin of that row and column: VLFeat's order.

    Parameters
    ----------
    grey : ndarray of shape (H, W), uint8 or float32
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
        Smooth the picture with this standard deviation in pixels first.
    origin : tuple of int
        (x, y) of the first bin centre of the first node.
    border : int
        Bin centres stay so many pixels away from the right and the bottom edge.
    contrast_threshold : float
        Leave out descriptors whose mean gradient strength is smaller, for brightness from
        0 to 1. Uniform patches are always left out.
    root : bool
        RootSIFT.

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
    >>> grey = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    >>> dense_sift_features(grey, step=8, bin_size=8).descriptors.shape
    (25, 128)
    """
    reach = (N_BINS - 1) * bin_size
    n_y, n_x = grid_shape(grey.shape, step, bin_size, origin, border)
    if n_x == 0 or n_y == 0:
        return LocalFeatures.empty(_ORIENTATIONS * N_BINS**2, grey.shape)
    nodes = max(1, _STRIP // step)  # nodes of one product: few enough that the band stays full
    bank = _bank(bin_size, window, float(window_size), step, nodes)
    span = bank.shape[1]
    # A kernel reaches bin_size - 1 pixels beyond the picture; there the edge is repeated.
    pad = bin_size - 1
    gx, gy = _gradients(grey, sigma)
    right = max(0, (-(-n_x // nodes) - 1) * nodes * step + span + origin[0] - pad - gx.shape[1])
    bottom = max(0, (n_y - 1) * step + reach + origin[1] + pad + 1 - gx.shape[0])
    gx, gy = (
        cv2.copyMakeBorder(g, pad, bottom, pad, right, cv2.BORDER_REPLICATE)[
            origin[1] :, origin[0] :
        ]
        for g in (gx, gy)
    )
    gx, gy = np.ascontiguousarray(gx), np.ascontiguousarray(gy)
    pooled = _pool_columns(gx, gy, np.ascontiguousarray(bank.T), n_x, nodes, step)

    # mean over the patch of brightness in 0 ... 1, as VLFeat measures contrast
    threshold = max(contrast_threshold, _FLOOR) * 255 * (reach + 1) ** 2
    descriptors = np.empty((n_y * n_x, _ORIENTATIONS * N_BINS**2), np.float32)
    kept = np.empty(n_y * n_x, bool)
    filled = 0
    for first in range(0, n_y, nodes):
        count = min(nodes, n_y - first)
        rows = bank[: count * N_BINS, : (count - 1) * step + reach + 2 * pad + 1]
        lines = pooled[:, first * step : first * step + rows.shape[1]]
        bins = _buffers.get("bins", (_ORIENTATIONS, count * N_BINS, n_x * N_BINS))
        np.matmul(rows, lines, out=bins)
        inner = _buffers.get("inner", (count * N_BINS * n_x * N_BINS, _ORIENTATIONS))
        cv2.transpose(bins.reshape(_ORIENTATIONS, -1), inner)
        block = descriptors[filled : filled + count * n_x]
        block.reshape(count, n_x, N_BINS, -1)[...] = inner.reshape(
            count, N_BINS, n_x, -1
        ).transpose(0, 2, 1, 3)
        keep = block @ np.ones(block.shape[1], np.float32) >= threshold
        kept[first * n_x : (first + count) * n_x] = keep
        if not keep.all():
            chosen = block[keep]
            block = descriptors[filled : filled + len(chosen)]
            block[...] = chosen
        _normalise(block, root)
        filled += len(block)

    xy = grid_nodes((n_y, n_x), step, bin_size, origin)[kept]
    return LocalFeatures(
        xy,
        np.full(filled, bin_size * 2 / 3, np.float32),
        np.zeros(filled, np.float32),
        descriptors[:filled],
        grey.shape,
    )


class DenseSift(Describer):
    """SIFT descriptors on a regular grid, at several scales.

    The grid of every scale is centred in the picture.

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
        For a scale of bin size b the picture is smoothed with a standard deviation of
        ``b / magnification`` pixels. SIFT's own is 3; dense features gain from less.
    contrast_threshold : float, default=0.005
        Descriptors whose mean gradient strength (brightness from 0 to 1) is smaller are left
        out. PHOW maps them to zero; leaving them out keeps uniform areas from voting.
    border : int, default=0
        Bin centres stay so many pixels away from the edge of the picture.
    root : bool, default=True
        RootSIFT [1]_: compare descriptors by the Hellinger distance.
    max_side : int or None, default=300
        Larger pictures are reduced to this long side first.

    References
    ----------
    .. [1] Arandjelović & Zisserman, "Three things everyone should know to improve object
       retrieval", CVPR 2012, section 3.
    .. [2] Bosch, Zisserman & Muñoz, "Image classification using random forests and ferns",
       ICCV 2007 (PHOW: dense SIFT at several scales).

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    >>> DenseSift(step=8, bin_sizes=(4, 8)).describe(image).descriptors.shape
    (74, 128)
    """

    n_dims = 128

    def __init__(
        self,
        step=4,
        bin_sizes=(4, 6, 8, 10),
        window="exact",
        window_size=1.5,
        magnification=6.0,
        contrast_threshold=0.005,
        border=0,
        root=True,
        max_side=300,
    ):
        self.step = step
        self.bin_sizes = bin_sizes
        self.window = window
        self.window_size = window_size
        self.magnification = magnification
        self.contrast_threshold = contrast_threshold
        self.border = border
        self.root = root
        self.max_side = max_side

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

    def _describe(self, pixels: np.ndarray) -> LocalFeatures:
        grey = to_grey(pixels)
        scales = [
            dense_sift_features(
                grey,
                step=self.step,
                bin_size=bin_size,
                window=self.window,
                window_size=self.window_size,
                sigma=bin_size / self.magnification,
                origin=grid_origin(grey.shape, self.step, bin_size, self.border),
                border=self.border,
                contrast_threshold=self.contrast_threshold,
                root=self.root,
            )
            for bin_size in self.bin_sizes
        ]
        return join_features(scales)
