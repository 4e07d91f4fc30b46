"""SIFT descriptors of color: gradients of red against green and of yellow against blue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._basics.checks import check_bool, check_integer, check_number
from .._basics.saving import SavedState
from .base import Describer
from .color import color_planes
from .dense_sift import dense_sift_features
from .features import LocalFeatures
from .grid import check_bin_sizes, grid_origin, join_features


def opponent_sift_features(
    planes: np.ndarray, *, step: int = 4, bin_size: int = 8, sigma: float = 0.0, root: bool = False
) -> LocalFeatures:
    """SIFT descriptors of several planes on one regular grid, side by side.

    Parameters
    ----------
    planes : ndarray of shape (H, W, n_planes), float32
        On the scale of brightness from 0 to 255.
    step, bin_size, sigma, root
        As in `dense_sift_features`; the window is flat, and gradients are subsampled.

    Returns
    -------
    LocalFeatures
        With 128 dimensions per plane. A plane that is uniform at a node has zeros there; nodes at
        which all planes are uniform are left out.

    Examples
    --------
    >>> planes = np.random.default_rng(0).random((64, 64, 2)).astype(np.float32) * 255
    >>> opponent_sift_features(planes, step=8, bin_size=8).descriptors.shape
    (25, 256)
    """
    shape = planes.shape[:2]
    origin = grid_origin(shape, step, bin_size, 0)
    found = [
        dense_sift_features(
            np.ascontiguousarray(planes[..., i]),
            step=step,
            bin_size=bin_size,
            window="flat",
            sigma=sigma,
            origin=origin,
            contrast_threshold=None,
            root=root,
            subsample=True,
        )
        for i in range(planes.shape[2])
    ]
    descriptors = np.concatenate([one.descriptors for one in found], axis=1)
    kept = descriptors.any(axis=1)
    first = found[0]
    return LocalFeatures(
        first.xy[kept], first.scale[kept], first.angle[kept], descriptors[kept], first.image_shape
    )


class OpponentSIFT(Describer):
    """SIFT descriptors of the two color channels of the opponent space, on a regular grid.

    What `DenseSIFT` says of brightness, this says of color, so both go well side by side. Gray
    images have no features.

    Parameters
    ----------
    step : int, default=6
        Distance of nodes in pixels.
    bin_sizes : sequence of int, default=(6, 10)
        Side of a spatial bin in pixels, for each scale.
    magnification : float, default=6
        For a scale of bin size b the planes are smoothed with a standard deviation of
        ``b / magnification`` pixels.
    root : bool, default=True
        Compare descriptors by the Hellinger distance (RootSIFT).
    max_side : int or None, default=300
        Larger images are reduced to this long side first.

    References
    ----------
    van de Sande, Gevers & Snoek, "Evaluating color descriptors for object and scene recognition",
    PAMI 32(9), 2010, section 3.3 (OpponentSIFT; its channel of brightness is `DenseSIFT`).

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    >>> OpponentSIFT(step=8, bin_sizes=(4, 8)).describe(image).descriptors.shape
    (74, 256)
    """

    saved_state = SavedState(
        bounds={
            "step": (1, 10_000),
            "bin_sizes": (1, 1000),
            "magnification": (0.1, 1e6),
            "max_side": (1, 100_000),
        }
    )

    n_dims = 256

    def __init__(
        self,
        step: int = 6,
        bin_sizes: Sequence[int] = (6, 10),
        magnification: float = 6.0,
        root: bool = True,
        max_side: int | None = 300,
    ) -> None:
        self.step = step
        self.bin_sizes = bin_sizes
        self.magnification = magnification
        self.root = root
        self.max_side = max_side

    def _check(self) -> None:
        check_integer("step", self.step, 1)
        check_bin_sizes(self.bin_sizes)
        check_number("magnification", self.magnification, 0, exclusive=True)
        check_bool("root", self.root)
        check_integer("max_side", self.max_side, 16, none=True)

    def describe_pixels(self, pixels: np.ndarray) -> LocalFeatures:
        planes = color_planes(pixels, "opponent")[..., 1:] * np.float32(255)
        return join_features(
            [
                opponent_sift_features(
                    planes,
                    step=self.step,
                    bin_size=bin_size,
                    sigma=bin_size / self.magnification,
                    root=self.root,
                )
                for bin_size in self.bin_sizes
            ]
        )
