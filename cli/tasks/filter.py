"""The task of ``cvclassic filter``."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.batch.columns import HEIGHT, WIDTH, DrawingColumn
from cvclassic.filters import convolve
from cvclassic.filters import pool as pool_maps


class FilterTask(ImageTask):
    """Convolves images with kernels, and writes the maps.

    Parameters
    ----------
    bank : list of ndarray
        Kernels.
    titles : list of str or None
        Titles of the feature maps on a sheet; None for one image.
    settings : dict
        stride, padding, operation: as `convolve` has them.
    pool : int or None
        Max-pool with windows of this side.
    gray : bool
    show : {"auto", "clip", "stretch"}
    folder, ending : str
        Where the images go; ".npy" for the numbers.
    figure : str or None
        Title of a figure of input, kernel and output; None for the output alone.
    """

    block_size = 1

    def __init__(
        self,
        bank: Any,
        titles: list[str] | None,
        settings: dict[str, Any],
        pool: int | None,
        gray: bool,
        show: str,
        folder: str,
        ending: str,
        figure: str | None = None,
    ) -> None:
        self._bank = bank
        self._titles = titles
        self._settings = settings
        self._pool = pool
        self._gray = gray
        self._show = show
        self._ending = ending
        self._figure = figure
        self.compact = figure is not None
        self.columns = (
            WIDTH,
            HEIGHT,
            Column("shape", "json"),
            Column("min", "number"),
            Column("max", "number"),
            DrawingColumn("drawing", field=folder),
        )

    def about(self) -> dict[str, Any]:
        """Kernels and settings."""
        kernels = repr([np.asarray(kernel).tolist() for kernel in self._bank])
        return {
            "kernel": kernels,
            "settings": repr((self._settings, self._pool, self._gray, self._show)),
            "--figure": self._figure,
        }

    def process(self, image: InputImage) -> Answer:
        """Filter one image."""
        pixels = image.pixels
        if pixels.ndim == 3 and (self._gray or self._titles is not None):
            from cvclassic.images import to_gray

            pixels = to_gray(pixels)
        channels = "separate" if self._bank[0].ndim == 2 else "sum"
        maps = convolve(pixels, self._bank, channels=channels, **self._settings)
        if self._pool is not None:
            maps = pool_maps(maps, self._pool)
        values = {"shape": maps.shape, "min": float(maps.min()), "max": float(maps.max())}
        if self._figure is None:
            return Answer(values=values, pictures={self._ending: self._picture(maps)})
        from cvclassic.draw import draw_convolution

        low, high = self._range(maps)
        drawn = draw_convolution(
            pixels, self._bank[0], _gray_levels(maps, low, high), low=low, high=high,
            name=self._figure,
        )  # fmt: skip
        return Answer(values=values, pictures={self._ending: drawn})

    def _picture(self, maps: np.ndarray) -> Any:
        """Feature maps as an image, or as the bytes of a .npy file."""
        if self._ending.endswith(".npy"):
            file = io.BytesIO()
            np.save(file, maps, allow_pickle=False)
            return file.getvalue()
        if self._titles is not None:
            from cvclassic.draw import draw_maps

            return draw_maps(maps, self._titles)
        return _gray_levels(maps, *self._range(maps))

    def _range(self, maps: np.ndarray) -> tuple[float, float]:
        """The numbers that are drawn black and white."""
        flat = all(abs(k.sum()) < 1e-6 * max(abs(k).sum(), 1e-12) for k in self._bank)
        if self._show == "stretch" or (self._show == "auto" and flat):
            top = float(np.abs(maps).max()) or 1.0
            return -top, top
        return 0.0, 255.0


def _gray_levels(maps: np.ndarray, low: float, high: float) -> np.ndarray:
    """Feature maps as an image, gray or in color."""
    levels = maps if (low, high) == (0, 255) else 127.5 + 127.5 * maps / high
    planes = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return np.ascontiguousarray(planes.transpose(1, 2, 0)) if len(planes) == 3 else planes[0]
