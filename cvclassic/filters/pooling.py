"""Max and average pooling of planes and feature maps."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_choice
from ..errors import ParameterError
from ..images.checks import check_whole
from .convolution import output_size


def pool(
    maps: np.ndarray, size: int = 2, *, stride: int | None = None, method: str = "max"
) -> np.ndarray:
    """Summarize square windows by their maximum or their mean.

    Parameters
    ----------
    maps : ndarray of shape (..., H, W)
        A plane or a stack of feature maps.
    size : int
        Side of the window in pixels.
    stride : int, optional
        Pixels between neighboring windows; the size of the window unless given.
    method : {"max", "average"}
        How a window is summarized.

    Returns
    -------
    ndarray of shape (..., H', W')
        ``H' = (H - size) // stride + 1``; rows and columns that fill no window are left out. The
        maximum keeps the dtype; the average of float64 is float64, of anything else float32.

    Raises
    ------
    ParameterError
        When the window is larger than the maps.

    References
    ----------
    .. [1] D. Scherer, A. Mueller and S. Behnke, "Evaluation of pooling operations in convolutional
       architectures for object recognition", ICANN 2010, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> pool(np.arange(16).reshape(4, 4))
    array([[ 5,  7],
           [13, 15]])
    >>> pool(np.arange(16).reshape(4, 4), 2, stride=1, method="average").shape
    (3, 3)
    """
    maps = np.asarray(maps)
    if maps.ndim < 2:
        raise ParameterError(f"maps must have at least 2 axes. Got shape {maps.shape} instead.")
    size = check_whole("size", size, 1)
    stride = size if stride is None else check_whole("stride", stride, 1)
    check_choice("method", method, ("max", "average"))
    # Both summaries are separable, so rows and columns are done in turn.
    rows = output_size(maps.shape[-2], size, stride)
    columns = output_size(maps.shape[-1], size, stride)
    if method == "average":
        maps = maps.astype(np.float64 if maps.dtype == np.float64 else np.float32, copy=False)
    combine = np.maximum if method == "max" else np.add
    maps = _fold(maps, -2, size, stride, rows, combine)
    maps = _fold(maps, -1, size, stride, columns, combine)
    return maps / maps.dtype.type(size * size) if method == "average" else maps


def _fold(
    maps: np.ndarray, axis: int, size: int, stride: int, length: int, combine: np.ufunc
) -> np.ndarray:
    """Combine the ``size`` shifted, strided copies along one axis."""
    moved = np.moveaxis(maps, axis, 0)
    stop = (length - 1) * stride + 1
    folded = moved[0:stop:stride].copy()
    for offset in range(1, size):
        combine(folded, moved[offset : offset + stop : stride], out=folded)
    return np.moveaxis(folded, 0, axis)
