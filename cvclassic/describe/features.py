"""Local features: the one form in which they are passed between packages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError


@dataclass(frozen=True, eq=False)
class LocalFeatures:
    """Local features of one image: places and descriptors.

    Parameters
    ----------
    xy : ndarray of shape (n, 2), float32
        Positions (x, y) in pixels; the center of the first pixel is (0, 0).
    scale : ndarray of shape (n,), float32
        Diameter of the described neighborhood's unit (SIFT: keypoint size) in pixels.
    angle : ndarray of shape (n,), float32
        Orientation in radians, clockwise from the x axis (the y axis points down).
    descriptors : ndarray of shape (n, d), float32
        One row a feature.
    image_shape : tuple of int
        Height and width of the image, in pixels.

    Examples
    --------
    >>> features = LocalFeatures.empty(128, (480, 640))
    >>> len(features), features.descriptors.shape
    (0, (0, 128))
    """

    xy: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    descriptors: np.ndarray
    image_shape: tuple[int, int]

    def __post_init__(self) -> None:
        n = len(self.descriptors)
        shapes = (self.xy.shape, self.scale.shape, self.angle.shape, self.descriptors.ndim)
        if shapes != ((n, 2), (n,), (n,), 2):
            raise ParameterError(
                "LocalFeatures needs xy (n, 2), scale (n,), angle (n,) and descriptors (n, d). "
                f"Got {self.xy.shape}, {self.scale.shape}, {self.angle.shape} and "
                f"{self.descriptors.shape} instead."
            )

    def __len__(self) -> int:
        return len(self.descriptors)

    @classmethod
    def empty(cls, n_dims: int, image_shape: tuple[int, int]) -> LocalFeatures:
        """Features of an image that shows nothing to describe.

        Parameters
        ----------
        n_dims : int
            Length of a descriptor.
        image_shape : tuple of int
            Height and width in pixels.

        Returns
        -------
        LocalFeatures
            With n = 0.
        """
        none = np.zeros(0, np.float32)
        return cls(
            np.zeros((0, 2), np.float32), none, none, np.zeros((0, n_dims), np.float32), image_shape
        )

    def take(self, index: np.ndarray) -> LocalFeatures:
        """Return the features at `index` (an integer or boolean array), in that order."""
        return LocalFeatures(
            self.xy[index],
            self.scale[index],
            self.angle[index],
            self.descriptors[index],
            self.image_shape,
        )

    def scaled(self, factor: float, image_shape: tuple[int, int]) -> LocalFeatures:
        """Return the features in the coordinates of an image `factor` times as large.

        Pixel centers are at whole numbers, so that position x moves to
        ``(x + 0.5) * factor - 0.5``.
        """
        return LocalFeatures(
            ((self.xy + 0.5) * factor - 0.5).astype(np.float32),
            (self.scale * factor).astype(np.float32),
            self.angle,
            self.descriptors,
            image_shape,
        )
