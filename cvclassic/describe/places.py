"""Where in an image the columns of a vector are from, for vectors of whole images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Places:
    """Places of an image, each with columns of its own.

    Parameters
    ----------
    centers : ndarray of shape (n, 2), float64
        x and y as shares of width and height.
    side : float
        Side of a place as a share of the image's, by which it is drawn.
    columns : ndarray of shape (n, k), int
        The columns of each place; every column of the vector occurs once.
    """

    centers: np.ndarray
    side: float
    columns: np.ndarray
