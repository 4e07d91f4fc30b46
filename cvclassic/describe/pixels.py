"""Images brought to one small size, and their pixels as a vector."""

from __future__ import annotations

import cv2
import numpy as np

from .._basics.checks import check_bool
from .._basics.saving import SavedState
from ..errors import ParameterError
from ..images import load_pixels
from ..images.checks import to_gray
from .vectors import ImageTransformer

_MAX_SIZE = 512  # pixels a side: beyond, a vector of pixels is no small image any more
_OVERSIZE = 4  # a file is decoded at most so many times larger than it is needed


def check_image_size(image_size) -> tuple[int, int]:
    """Height and width out of one integer or two.

    Raises
    ------
    ParameterError
        `image_size` is neither, or a side is not within 1 to 512.

    Examples
    --------
    >>> check_image_size(28), check_image_size((32, 24))
    ((28, 28), (32, 24))
    """
    sides = image_size if isinstance(image_size, tuple | list) else (image_size, image_size)
    good = len(sides) == 2 and all(
        isinstance(side, int | np.integer) and not isinstance(side, bool) and 1 <= side <= _MAX_SIZE
        for side in sides
    )
    if not good:
        raise ParameterError(
            f"image_size must be an integer from 1 to {_MAX_SIZE}, or two (height, width). "
            f"Got {image_size!r} instead."
        )
    return int(sides[0]), int(sides[1])


def fit_to_size(image: np.ndarray, size: tuple[int, int], color: bool) -> np.ndarray:
    """Bring an image to a size and a number of channels; its proportions are not kept.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    size : (int, int)
        Height and width.
    color : bool
        Three channels (a gray image is repeated), else luma.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, 3), uint8
        The same array where nothing had to be done.

    Examples
    --------
    >>> fit_to_size(np.zeros((40, 20, 3), np.uint8), (8, 8), color=False).shape
    (8, 8)
    """
    if color and image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    elif not color:
        image = to_gray(image)
    if image.shape[:2] == size:
        return image
    # the mean of an area does not alias on the way down, but looks blocky on the way up
    shrinks = image.shape[0] * image.shape[1] > size[0] * size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, size[::-1], interpolation=how)


class SizedTransformer(ImageTransformer):
    """Base of transformers that bring every image to one size first.

    Sub-classes have the parameters `image_size`, `color` and `n_jobs`, and the method
    ``_sized_vectors(pixels)`` from an array of shape (b, h, w) or (b, h, w, 3), uint8.
    """

    image_size: int | tuple[int, int]
    color: bool
    _block_size = 32  # small images: what is made ready for a block should not weigh

    @property
    def max_side(self) -> int | None:
        """Long side that files are reduced to when they are decoded."""
        return _OVERSIZE * max(check_image_size(self.image_size))

    def _check(self) -> None:
        check_image_size(self.image_size)
        check_bool("color", self.color)

    def _shape(self) -> tuple[int, ...]:
        """Shape of an image that has been brought to size."""
        return check_image_size(self.image_size) + ((3,) if self.color else ())

    def _load(self, images) -> np.ndarray:
        """Images of one size, (b, h, w) or (b, h, w, 3), uint8."""
        size = check_image_size(self.image_size)
        out = np.empty((len(images), *self._shape()), np.uint8)
        for row, image in zip(out, images, strict=True):
            row[:] = fit_to_size(load_pixels(image, self.max_side), size, self.color)
        return out

    def block_vectors(self, images: list) -> np.ndarray:
        return self._sized_vectors(self._load(images))

    def _sized_vectors(self, pixels: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class Pixels(SizedTransformer):
    """The image itself as a vector: resized, scaled to 0..1, flattened row by row.

    Parameters
    ----------
    image_size : int or (int, int), default=28
        Side, or height and width, that every image is resized to, in pixels.
    color : bool, default=False
        Red, green and blue of each pixel, else its luma.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    n_features_out_ : int

    Examples
    --------
    >>> images = np.full((2, 40, 40), 255, np.uint8)
    >>> Pixels(image_size=4).fit_transform(images).sum(axis=1)
    array([16., 16.], dtype=float32)
    """

    saved_state = SavedState(scalars={"n_features_out_": int}, bounds={"image_size": (1, 2048)})

    def __init__(
        self, image_size: int = 28, color: bool = False, n_jobs: int | None = None
    ) -> None:
        self.image_size = image_size
        self.color = color
        self.n_jobs = n_jobs

    def _fit_images(self, X, y) -> None:
        self.n_features_out_ = int(np.prod(self._shape()))

    def _sized_vectors(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.reshape(len(pixels), -1) / np.float32(255)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names such as ``pixel_3_7`` or ``red_3_7``: row and column."""
        super().get_feature_names_out()
        height, width = self._shape()[:2]
        channels = ("red", "green", "blue") if self.color else ("pixel",)
        return np.array(
            [
                f"{c}_{row}_{column}"
                for row in range(height)
                for column in range(width)
                for c in channels
            ],
            dtype=object,
        )
