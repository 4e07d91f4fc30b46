"""Local binary patterns of a whole image: histograms of fine texture on a grid of cells."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_integer, check_number
from .._basics.saving import SavedState
from ..errors import ParameterError
from .pixels import SizedTransformer


def cell_histograms(codes: np.ndarray, n_codes: int, cells: int) -> np.ndarray:
    """Histogram of the codes in each of cells x cells parts of a plane.

    Parameters
    ----------
    codes : ndarray of shape (H, W), int
        From 0 to ``n_codes - 1``.
    n_codes, cells : int

    Returns
    -------
    ndarray of shape (cells * cells, n_codes), int
        Row by row.

    Examples
    --------
    >>> cell_histograms(np.array([[0, 0], [0, 1]]), 2, 1)
    array([[3, 1]])
    """
    row, column = (np.arange(side) * cells // side for side in codes.shape)
    cell = row[:, None] * cells + column
    counts = np.bincount((cell * n_codes + codes).ravel(), minlength=cells**2 * n_codes)
    return counts.reshape(-1, n_codes)


class LBP(SizedTransformer):
    """Uniform local binary patterns: which neighbors of a pixel are brighter than it is.

    Every image is made gray and resized to `image_size`. Histograms of the patterns in
    cells x cells parts are normalized to sum 1 each, and their square roots are put in a row
    (Hellinger map). Brightness and contrast do not matter.

    Parameters
    ----------
    image_size : int or (int, int), default=128
        Side, or height and width, that every image is resized to, in pixels.
    n_points : int, default=8
        Neighbors on the circle. A histogram has ``n_points * (n_points - 1) + 3`` bins.
    radius : float, default=1
        Radius of the circle, in pixels.
    cells : int, default=4
        Parts along each side that have a histogram of their own.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    n_features_out_ : int

    References
    ----------
    Ojala, Pietikäinen & Mäenpää, "Multiresolution gray-scale and rotation invariant texture
    classification with local binary patterns", PAMI 24(7), 2002, section 2.3. Ahonen, Hadid
    & Pietikäinen, "Face recognition with local binary patterns", ECCV 2004 (the cells). The
    engine is scikit-image's ``local_binary_pattern``.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (2, 50, 50), np.uint8)
    >>> LBP(image_size=32, cells=2).fit_transform(images).shape
    (2, 236)
    """

    saved_state = SavedState(
        scalars={"n_features_out_": int},
        bounds={
            "image_size": (1, 2048),
            "n_points": (1, 64),
            "radius": (0.1, 1024),
            "cells": (1, 2048),
        },
    )

    color = False

    def __init__(
        self,
        image_size: int = 128,
        n_points: int = 8,
        radius: float = 1,
        cells: int = 4,
        n_jobs: int | None = None,
    ) -> None:
        self.image_size = image_size
        self.n_points = n_points
        self.radius = radius
        self.cells = cells
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        check_integer("n_points", self.n_points, 2)
        if self.n_points > 24:  # scikit-image goes through all 2^n patterns
            raise ParameterError(f"n_points must be at most 24. Got {self.n_points!r} instead.")
        check_number("radius", self.radius, 0, exclusive=True)
        check_integer("cells", self.cells, 1)
        if self.cells > min(self._shape()):
            raise ParameterError(
                f"cells must be at most the short side of image_size. Got {self.cells!r} instead."
            )

    def _n_codes(self) -> int:
        return self.n_points * (self.n_points - 1) + 3

    def _fit_images(self, X, y) -> None:
        self.n_features_out_ = self.cells**2 * self._n_codes()

    def _sized_vectors(self, pixels: np.ndarray) -> np.ndarray:
        from skimage.feature import local_binary_pattern

        out = np.empty((len(pixels), self.cells**2, self._n_codes()), np.float32)
        for histograms, image in zip(out, pixels, strict=True):
            codes = local_binary_pattern(image, self.n_points, self.radius, "nri_uniform")
            histograms[:] = cell_histograms(codes.astype(int), self._n_codes(), self.cells)
            histograms /= histograms.sum(axis=1, keepdims=True)
        return np.sqrt(out).reshape(len(pixels), -1)
