"""Local color: mean and spread of color in 4 x 4 cells, on the grid of dense SIFT."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

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
    planes : ndarray of shape (H, W, 3), float32
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
    shape = grid_shape(planes.shape[:2], step, bin_size, origin, border)
    n = shape[0] * shape[1]
    if n == 0:
        return LocalFeatures.empty(6 * N_BINS**2, planes.shape[:2])
    cell = (bin_size | 1, bin_size | 1)
    mean = cv2.boxFilter(planes, -1, cell, borderType=cv2.BORDER_REPLICATE)
    spread = cv2.sqrBoxFilter(planes, -1, cell, borderType=cv2.BORDER_REPLICATE)
    spread -= mean * mean
    np.maximum(spread, 0, out=spread)
    np.sqrt(spread, out=spread)
    descriptors = np.empty((*shape, N_BINS, N_BINS, 6), np.float32)
    for row in range(N_BINS):
        for column in range(N_BINS):
            y, x = origin[1] + row * bin_size, origin[0] + column * bin_size
            sampled = (
                slice(y, y + (shape[0] - 1) * step + 1, step),
                slice(x, x + (shape[1] - 1) * step + 1, step),
            )
            descriptors[:, :, row, column, :3] = mean[sampled]
            descriptors[:, :, row, column, 3:] = spread[sampled]
    return LocalFeatures(
        grid_nodes(shape, step, bin_size, origin),
        np.full(n, bin_size * 2 / 3, np.float32),
        np.zeros(n, np.float32),
        descriptors.reshape(n, -1),
        planes.shape[:2],
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
        planes = color_planes(pixels, self.color_space)
        return join_features(
            [
                color_features(
                    planes,
                    step=self.step,
                    bin_size=bin_size,
                    origin=grid_origin(planes.shape[:2], self.step, bin_size, self.border),
                    border=self.border,
                )
                for bin_size in self.bin_sizes
            ]
        )
