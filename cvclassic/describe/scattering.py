"""Scattering transform: what is left of a picture after two layers of wavelets and moduli."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_integer
from .._basics.saving import SavedState, require
from ..errors import ParameterError
from .normalizing import power_normalize
from .pixels import SizedTransformer, check_image_size
from .places import Places
from .wavelets import WaveletPlan, wavelet_plan

_SAMPLE = 256  # images that the statistics of paths are learned from
_LEAST_SPREAD = 1e-3  # of a path over images: below, it says nothing
_FLOOR = 0.1  # added to a path over its mean before the logarithm
_PIXELS_AT_ONCE = 4096  # of sized images whose moduli are computed together: they stay in the cache


class Scattering(SizedTransformer):
    """Second-order scattering of brightness and first-order scattering of color.

    An image is filtered by wavelets of several scales and orientations; the moduli are filtered
    again by all coarser wavelets; and the moduli of these are averaged over cells of
    ``2**n_scales`` pixels. Each of these paths is divided by its mean over training images, its
    logarithm is standardized, and the square roots of all of them are brought to length 1.
    The color channels of Lab get one layer, at half the size.

    It is a network of two layers whose filters are known beforehand. What it says about
    textures and corners, descriptors of gradients do not.

    Parameters
    ----------
    image_size : int, default=128
        Side that every image is resized to, in pixels; a multiple of ``2**n_scales``.
    n_scales : int, default=4
        Scales of wavelets, each an octave coarser than the one before.
    n_orientations : int, default=8
    color : bool, default=True
        Scatter color too. Gray images have zeros there.
    max_side : int or None, default=300
        Long side that files are reduced to when they are decoded; None keeps their own size.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    mean_, center_, scale_ : ndarray of shape (n_paths,), float32
        Mean of each path (1 for color), then mean and standard deviation of what it became.
    n_features_out_ : int
    block_sizes_ : list of int
        Columns of brightness and, if there is any, of color.

    References
    ----------
    Bruna & Mallat, "Invariant scattering convolution networks", PAMI 35(8), 2013, section 2.
    Oyallon & Mallat, "Deep roto-translation scattering for object classification", CVPR 2015,
    section 4 (the logarithm, standardized paths).

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (3, 50, 50, 3), np.uint8)
    >>> Scattering(image_size=32, n_scales=3).fit_transform(images).shape
    (3, 3616)
    """

    saved_state = SavedState(
        arrays={"mean_": 1, "center_": 1, "scale_": 1},
        scalars={"n_features_out_": int},
        bounds={
            "image_size": (8, 512),
            "n_scales": (2, 6),
            "n_orientations": (1, 32),
            "max_side": (1, 100_000),
        },
    )

    max_side: int | None = 300  # a parameter here, worked out from `image_size` in the base
    _block_size = 8

    def __init__(
        self,
        image_size: int = 128,
        n_scales: int = 4,
        n_orientations: int = 8,
        color: bool = True,
        max_side: int | None = 300,
        n_jobs: int | None = None,
    ) -> None:
        self.image_size = image_size
        self.n_scales = n_scales
        self.n_orientations = n_orientations
        self.color = color
        self.max_side = max_side
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        check_integer("n_scales", self.n_scales, 2)
        check_integer("n_orientations", self.n_orientations, 1)
        check_integer("max_side", self.max_side, 1, none=True)
        height, width = check_image_size(self.image_size)
        if height != width or height % 2**self.n_scales:
            raise ParameterError(
                f"image_size must be one side, a multiple of {2**self.n_scales} for "
                f"n_scales={self.n_scales}. Got {self.image_size!r} instead."
            )

    def _check_saved(self) -> None:
        self._check()
        n_paths = self._n_bright + self._n_color
        for name in ("mean_", "center_", "scale_"):
            require(len(getattr(self, name)) == n_paths, f"{name} must have {n_paths} numbers")
        for name in ("mean_", "scale_"):
            require(bool((getattr(self, name) > 0).all()), f"{name} must be positive")
        n = n_paths * self._side**2
        require(self.n_features_out_ == n, f"n_features_out_ must be {n}")

    @property
    def _image_side(self) -> int:
        return check_image_size(self.image_size)[0]

    @property
    def _side(self) -> int:
        """Cells along a side."""
        return self._image_side >> self.n_scales

    @property
    def _n_bright(self) -> int:
        return self.n_scales * (self.n_scales - 1) // 2 * self.n_orientations**2

    @property
    def _n_color(self) -> int:
        return 2 * (1 + (self.n_scales - 1) * self.n_orientations) if self.color else 0

    @property
    def block_sizes_(self) -> list[int]:
        """Columns of brightness and, if there is any, of color."""
        return [n * self._side**2 for n in (self._n_bright, self._n_color) if n]

    def _plans(self) -> tuple[WaveletPlan, WaveletPlan | None]:
        """For brightness, and for color at half the size: the cells are the same."""
        side, scales = self._image_side, int(self.n_scales)
        bright = wavelet_plan(side, scales, int(self.n_orientations))
        if not self.color:
            return bright, None
        return bright, wavelet_plan(side // 2, scales - 1, int(self.n_orientations))

    def _fit_images(self, X, y) -> None:
        some = np.unique(np.linspace(0, len(X) - 1, min(len(X), _SAMPLE)).astype(int))
        paths = np.concatenate([self._paths(self._load([X[i]])) for i in some])
        mean = paths.mean(axis=(0, 2, 3), dtype=np.float64)
        mean[self._n_bright :] = 1.0
        self.mean_ = np.where(mean > 0, mean, 1.0).astype(np.float32)
        self._compress(paths)
        self.center_ = paths.mean(axis=(0, 2, 3), dtype=np.float64).astype(np.float32)
        spread = paths.std(axis=(0, 2, 3), dtype=np.float64)
        self.scale_ = np.where(spread > _LEAST_SPREAD, spread, 1.0).astype(np.float32)
        self.n_features_out_ = sum(self.block_sizes_)

    def _sized_vectors(self, pixels: np.ndarray) -> np.ndarray:
        at_once = max(1, _PIXELS_AT_ONCE // self._image_side**2)
        starts = range(0, len(pixels), at_once)
        paths = np.concatenate([self._paths(pixels[i : i + at_once]) for i in starts])
        self._compress(paths)
        paths -= self.center_[:, None, None]
        paths /= self.scale_[:, None, None]
        out = np.ascontiguousarray(paths.reshape(len(pixels), -1), np.float32)
        start = 0
        for size in self.block_sizes_:
            power_normalize(out[:, start : start + size], 0.5)
            start += size
        return out

    def places(self) -> Places:
        """Where in the image the columns are from."""
        side = self._side
        y, x = (np.mgrid[:side, :side].reshape(2, -1) + 0.5) / side
        n_paths = self._n_bright + self._n_color
        columns = np.arange(n_paths * side**2).reshape(n_paths, side**2).T
        return Places(np.column_stack([x, y]), 1 / side, columns)

    def _paths(self, pixels: np.ndarray) -> np.ndarray:
        """Averaged moduli of images that have been brought to size, (n, n_paths, cells, cells)."""
        bright, color = self._plans()
        gray = pixels
        if pixels.ndim == 4:
            gray = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in pixels])
        found = bright.second_order(bright.moduli(gray / np.float32(255)))
        if color is None:
            return found
        return np.concatenate([found, self._color_paths(pixels, color)], axis=1)

    def _color_paths(self, pixels: np.ndarray, plan: WaveletPlan) -> np.ndarray:
        """One layer of the color channels of Lab, at half the size."""
        # gray images keep their zeros: not even the rounding of the color space, which would be
        # standardized
        found = np.zeros((len(pixels), self._n_color, self._side, self._side), np.float32)
        colored = np.flatnonzero((pixels != pixels[..., :1]).any(axis=(1, 2, 3)))
        side = self._image_side // 2
        for i in colored:
            half = cv2.resize(pixels[i], (side, side), interpolation=cv2.INTER_AREA)
            lab = cv2.cvtColor(half.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
            channels = np.moveaxis(lab[..., 1:], -1, 0) / 100
            found[i] = plan.first_order(channels)[0].reshape(found[i].shape)
        return found

    def _compress(self, paths: np.ndarray) -> None:
        """Logarithm of the paths of brightness over their means; in place."""
        bright = paths[:, : self._n_bright]
        bright /= self.mean_[: self._n_bright, None, None]
        np.log(np.add(bright, _FLOOR, out=bright), out=bright)
