"""Histograms of oriented gradients of a whole image."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_bool, check_integer
from .._basics.saving import SavedState
from ..errors import ParameterError
from .pixels import SizedTransformer
from .places import Places


class HOG(SizedTransformer):
    """Histograms of oriented gradients: where edges of which direction lie.

    Every image is resized to `image_size`; a histogram of gradient orientations is taken
    in each cell, and cells are normalized together in overlapping blocks.

    Parameters
    ----------
    image_size : int or (int, int), default=128
        Side, or height and width, that every image is resized to, in pixels. Multiples of
        `cell_size`.
    color : bool, default=False
        Take at each pixel the gradient of the strongest channel, else that of luma.
    orientations : int, default=9
        Bins of a histogram.
    cell_size : int, default=8
        Side of a cell in pixels.
    block_size : int, default=2
        Side of a block in cells. Blocks advance by a cell.
    signed : bool, default=False
        Tell dark-to-bright from bright-to-dark: orientations over 360 instead of 180 degrees.
    max_side : int or None, default=512
        Long side that files are reduced to when they are decoded; None keeps their own size.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    n_features_out_ : int
        Blocks run column by column, as do the cells in a block.

    References
    ----------
    Dalal & Triggs, "Histograms of oriented gradients for human detection", CVPR 2005,
    section 6. The engine is OpenCV's ``HOGDescriptor``.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (2, 50, 50), np.uint8)
    >>> HOG(image_size=32).fit_transform(images).shape
    (2, 324)
    """

    saved_state = SavedState(
        scalars={"n_features_out_": int},
        bounds={
            "image_size": (1, 2048),
            "orientations": (1, 360),
            "cell_size": (1, 2048),
            "block_size": (1, 2048),
            "max_side": (1, 100_000),
        },
    )

    max_side: int | None = 512  # a parameter here, worked out from `image_size` in the base

    def __init__(
        self,
        image_size: int = 128,
        color: bool = False,
        orientations: int = 9,
        cell_size: int = 8,
        block_size: int = 2,
        signed: bool = False,
        max_side: int | None = 512,
        n_jobs: int | None = None,
    ) -> None:
        self.image_size = image_size
        self.color = color
        self.orientations = orientations
        self.cell_size = cell_size
        self.block_size = block_size
        self.signed = signed
        self.max_side = max_side
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        check_integer("orientations", self.orientations, 1)
        check_integer("cell_size", self.cell_size, 1)
        check_integer("block_size", self.block_size, 1)
        check_integer("max_side", self.max_side, 1, none=True)
        check_bool("signed", self.signed)
        block = self.cell_size * self.block_size
        for side in self._shape()[:2]:
            if side % self.cell_size or side < block:
                raise ParameterError(
                    f"image_size must be a multiple of cell_size={self.cell_size} and at least a "
                    f"block of {block} pixels. Got {self.image_size!r} instead."
                )

    def _fit_images(self, X, y) -> None:
        self.n_features_out_ = self._engine().getDescriptorSize()

    def _engine(self) -> cv2.HOGDescriptor:
        height, width = self._shape()[:2]
        cell = (int(self.cell_size),) * 2
        block = (int(self.cell_size * self.block_size),) * 2
        return cv2.HOGDescriptor(
            (width, height),
            block,
            cell,
            cell,
            int(self.orientations),
            _gammaCorrection=False,
            _signedGradient=self.signed,
        )

    def places(self) -> Places:
        """Where in the image the columns are from: blocks run down the columns."""
        height, width = self._shape()[:2]
        columns = width // self.cell_size - self.block_size + 1
        rows = height // self.cell_size - self.block_size + 1
        x, y = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
        corners = np.column_stack([x.ravel(), y.ravel()])
        return Places(
            (corners + self.block_size / 2) * self.cell_size / (width, height),
            self.cell_size / np.sqrt(width * height),
            np.arange(self.n_features_out_).reshape(len(corners), -1),
        )

    def _sized_vectors(self, pixels: np.ndarray) -> np.ndarray:
        engine = self._engine()
        return np.stack([engine.compute(image).ravel() for image in pixels])
