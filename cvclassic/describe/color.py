"""Local color: mean and spread of color in 4 x 4 cells, on the grid of dense SIFT."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided

from .._basics.checks import check_choice, check_integer
from .._basics.saving import SavedState
from .base import Describer
from .features import LocalFeatures
from .grid import N_BINS, check_bin_sizes, grid_nodes, grid_origin, grid_shape, join_features

# Rows: brightness, red against green, yellow against blue (van de Sande et al. 2010, eq. 6).
_OPPONENT = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]], np.float32)
_OPPONENT /= np.linalg.norm(_OPPONENT, axis=1, keepdims=True)
_SPACES = ("rgb", "opponent", "lab")


def color_planes(image: np.ndarray, color_space: str) -> np.ndarray:
    """Return the image in a color space, scaled so that a channel spans about 1.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        A gray image counts as one with equal channels.
    color_space : {"rgb", "opponent", "lab"}

    Returns
    -------
    ndarray of shape (H, W, 3), float32

    Examples
    --------
    >>> color_planes(np.full((1, 1), 255, np.uint8), "rgb").tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    planes = image.astype(np.float32)
    planes *= np.float32(1 / 255)
    if color_space == "opponent":
        return cv2.transform(planes, _OPPONENT)
    if color_space == "lab":
        return cv2.cvtColor(planes, cv2.COLOR_RGB2Lab) * np.float32(0.01)
    return planes


class _Integrals:
    """Sums and sums of squares of each channel, over any square around a pixel.

    One table answers for squares of all sizes. Beyond the image its border is repeated.
    """

    def __init__(self, planes: np.ndarray, largest: int) -> None:
        pad = self._pad = largest // 2
        padded = cv2.copyMakeBorder(planes, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        self._sums, self._squares = cv2.integral2(padded)
        self._unit = 1 / 255 if planes.dtype == np.uint8 else 1.0
        self.shape = planes.shape[:2]

    def statistics(
        self, side: int, first: tuple[int, int], spacing: int, shape: tuple[int, int]
    ) -> np.ndarray:
        """Mean and deviation in squares around a grid of pixels, (rows, columns, 6), float32.

        `first` is the (x, y) of the grid's first pixel, `spacing` its step, `shape` its rows and
        columns; `side` is odd.
        """
        ends = []
        for start, count in zip(first[::-1], shape, strict=True):
            low = start + self._pad - side // 2
            reach = (count - 1) * spacing + 1
            ends.append((slice(low, low + reach, spacing), slice(low + side, None, spacing)))
        (top, bottom), (left, right) = ends

        def mean(table: np.ndarray, unit: float) -> np.ndarray:
            lower = table[bottom][: shape[0]]
            bands = lower - table[top]
            inside = bands[:, right][:, : shape[1]] - bands[:, left]
            return (inside * (unit / side**2)).astype(np.float32)

        means, squares = mean(self._sums, self._unit), mean(self._squares, self._unit**2)
        spread = np.sqrt(np.maximum(squares - means * means, 0))
        return np.concatenate([means, spread], axis=2)


def color_features(
    planes: np.ndarray,
    *,
    step: int = 4,
    bin_size: int = 8,
    origin: tuple[int, int] = (0, 0),
    border: int = 0,
) -> LocalFeatures:
    """Mean and standard deviation of each channel in 4 x 4 cells around every node.

    Parameters
    ----------
    planes : ndarray of shape (H, W, 3), float32; or uint8, where 255 counts as 1
    step, bin_size, origin, border
        The grid, as in `dense_sift_features`; a cell is a square with an odd side of about
        `bin_size` pixels.

    Returns
    -------
    LocalFeatures
        With 96 dimensions: for each cell, row by row, three means and three deviations.

    References
    ----------
    Clinchant, Csurka, Perronnin & Renders, "XRCE's participation to ImagEval", ImagEval
    workshop at CVIR 2007 (local color statistics).

    Examples
    --------
    >>> color_features(np.zeros((64, 64, 3), np.float32), step=8).descriptors.shape
    (25, 96)
    """
    return _features(_Integrals(planes, bin_size | 1), step, bin_size, origin, border)


def _features(
    tables: _Integrals, step: int, bin_size: int, origin: tuple[int, int], border: int
) -> LocalFeatures:
    shape = grid_shape(tables.shape, step, bin_size, origin, border)
    n = shape[0] * shape[1]
    if n == 0:
        return LocalFeatures.empty(6 * N_BINS**2, tables.shape)
    spacing = math.gcd(step, bin_size)
    node, cell = step // spacing, bin_size // spacing
    rows, columns = ((count - 1) * node + (N_BINS - 1) * cell + 1 for count in shape)
    samples = tables.statistics(bin_size | 1, origin, spacing, (rows, columns))
    y, x, channel = samples.strides
    descriptors = as_strided(
        samples,
        (*shape, N_BINS, N_BINS, samples.shape[2]),
        (y * node, x * node, y * cell, x * cell, channel),
        writeable=False,
    )
    return LocalFeatures(
        grid_nodes(shape, step, bin_size, origin),
        np.full(n, bin_size * 2 / 3, np.float32),
        np.zeros(n, np.float32),
        descriptors.reshape(n, -1),
        tables.shape,
    )


class ColorStats(Describer):
    """Local color statistics on the grid of `DenseSIFT`, at several scales.

    Uniform areas are described too, since their color says something, so that a blank
    image has features here. A gray image counts as one with three equal channels.

    Parameters
    ----------
    step : int, default=4
        Distance of nodes in pixels.
    bin_sizes : sequence of int, default=(4, 6, 8, 10)
        Side of a cell in pixels, for each scale. A descriptor is 4 cells wide.
    color_space : {"rgb", "opponent", "lab"}, default="rgb"
    border : int, default=0
        Distance that cell centers keep from the edge of the image, in pixels.
    max_side : int or None, default=300
        Larger images are reduced to this long side first.

    References
    ----------
    Clinchant, Csurka, Perronnin & Renders, "XRCE's participation to ImagEval", ImagEval
    workshop at CVIR 2007.

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    >>> ColorStats(step=8, bin_sizes=(4, 8)).describe(image).descriptors.shape
    (74, 96)
    """

    saved_state = SavedState(
        bounds={
            "step": (1, 10_000),
            "bin_sizes": (1, 10_000),
            "border": (0, 10_000),
            "max_side": (1, 100_000),
        }
    )

    n_dims = 96

    def __init__(
        self,
        step: int = 4,
        bin_sizes: Sequence[int] = (4, 6, 8, 10),
        color_space: str = "rgb",
        border: int = 0,
        max_side: int | None = 300,
    ) -> None:
        self.step = step
        self.bin_sizes = bin_sizes
        self.color_space = color_space
        self.border = border
        self.max_side = max_side

    def _check(self) -> None:
        check_integer("step", self.step, 1)
        check_bin_sizes(self.bin_sizes)
        check_choice("color_space", self.color_space, _SPACES)
        check_integer("border", self.border, 0)
        check_integer("max_side", self.max_side, 16, none=True)

    def describe_pixels(self, pixels: np.ndarray) -> LocalFeatures:
        if self.color_space == "rgb":  # whole numbers are summed in a quarter of the time
            planes = pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
        else:
            planes = color_planes(pixels, self.color_space)
        tables = _Integrals(planes, max(self.bin_sizes) | 1)
        scales = [
            _features(
                tables,
                self.step,
                bin_size,
                grid_origin(tables.shape, self.step, bin_size, self.border),
                self.border,
            )
            for bin_size in self.bin_sizes
        ]
        return join_features(scales)
