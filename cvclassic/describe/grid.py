"""The regular grid that dense describers share: nodes of 4 x 4 bins, inside the image."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_integer
from ..errors import ParameterError
from .features import LocalFeatures

N_BINS = 4  # spatial bins of a node along each axis


def check_bin_sizes(bin_sizes) -> None:
    """Raise `ParameterError` unless `bin_sizes` is a non-empty sequence of integers >= 2."""
    if isinstance(bin_sizes, str) or not hasattr(bin_sizes, "__len__") or not len(bin_sizes):
        raise ParameterError(
            f"bin_sizes must be a sequence of integers, such as (4, 8). Got {bin_sizes!r} instead."
        )
    for i, size in enumerate(bin_sizes):
        check_integer(f"bin_sizes[{i}]", size, 2)


def grid_origin(
    image_shape: tuple[int, int], step: int, bin_size: int, border: int = 0
) -> tuple[int, int]:
    """First bin center (x, y) of the grid that is centered in the image.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width.
    step, bin_size : int
        Distance of nodes and of bin centers, in pixels.
    border : int
        Distance that bin centers keep from the edge, in pixels.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> grid_origin((64, 66), 4, 8)
    (0, 1)
    """
    room = [side - 1 - 2 * border - (N_BINS - 1) * bin_size for side in image_shape[1::-1]]
    x, y = (border + max(0, r) % step // 2 for r in room)
    return x, y


def grid_shape(
    image_shape: tuple[int, int],
    step: int,
    bin_size: int,
    origin: tuple[int, int],
    border: int = 0,
) -> tuple[int, int]:
    """Rows and columns of nodes whose bin centers all lie inside the image.

    Examples
    --------
    >>> grid_shape((64, 66), 4, 8, (0, 1))
    (10, 11)
    """
    reach = (N_BINS - 1) * bin_size
    columns, rows = (
        max(0, (side - 1 - border - start - reach) // step + 1)
        for side, start in zip(image_shape[1::-1], origin, strict=True)
    )
    return rows, columns


def grid_nodes(
    shape: tuple[int, int], step: int, bin_size: int, origin: tuple[int, int]
) -> np.ndarray:
    """Centers (x, y) of a grid of `shape` (rows, columns) of nodes, row by row.

    Returns
    -------
    ndarray of shape (rows * columns, 2), float32

    Examples
    --------
    >>> grid_nodes((1, 2), 4, 8, (0, 0)).tolist()
    [[12.0, 12.0], [16.0, 12.0]]
    """
    center = (N_BINS - 1) * bin_size / 2
    xy = np.empty((*shape, 2), np.float32)
    xy[:, :, 0] = np.arange(shape[1]) * step + (origin[0] + center)
    xy[:, :, 1] = (np.arange(shape[0]) * step + (origin[1] + center))[:, None]
    return xy.reshape(-1, 2)


def join_features(parts: list[LocalFeatures]) -> LocalFeatures:
    """Features of all scales of one image, one scale after the other."""
    if len(parts) == 1:
        return parts[0]
    return LocalFeatures(
        np.concatenate([part.xy for part in parts]),
        np.concatenate([part.scale for part in parts]),
        np.concatenate([part.angle for part in parts]),
        np.concatenate([part.descriptors for part in parts]),
        parts[0].image_shape,
    )
