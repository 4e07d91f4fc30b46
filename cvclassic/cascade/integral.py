"""Integral images of many windows at once: sums over rectangles as whole-array work.

References
----------
P. Viola and M. Jones, "Robust real-time face detection", IJCV 57(2), 2004, section 2.1.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

_LEAST_DEVIATION = 0.1  # one over the gray levels that a window must deviate by


class Sums(Protocol):
    """Integral images of n windows."""

    def __len__(self) -> int: ...

    def at(self, x: int, y: int) -> np.ndarray:
        """Sum of all pixels left of and above a corner of each window, up to a constant."""

    def part(self, index: np.ndarray) -> Sums:
        """Only some of the windows."""

    def contrast(self) -> tuple[np.ndarray, np.ndarray]:
        """One over area times deviation of each window, float32; whether that is enough."""


class CropSums:
    """Integral images of images of one size.

    Parameters
    ----------
    crops : ndarray of shape (n, H, W), uint8
    squares : bool
        Whether contrasts will be asked for.

    Examples
    --------
    >>> sums = CropSums(np.ones((2, 3, 4), np.uint8))
    >>> sums.at(4, 3).tolist()
    [12, 12]
    """

    def __init__(self, crops: np.ndarray, squares: bool = False) -> None:
        n, height, width = crops.shape
        # windows come last, so that a corner of all of them is one run of memory
        self._table = np.zeros((height + 1, width + 1, n), np.int32)
        np.cumsum(np.moveaxis(crops, 0, 2), axis=0, out=self._table[1:, 1:], dtype=np.int32)
        np.cumsum(self._table[1:, 1:], axis=1, out=self._table[1:, 1:])
        self._contrast = None
        if squares:
            inner = crops[:, 1:-1, 1:-1].reshape(n, -1).astype(np.int64)
            self._contrast = _contrast(inner.shape[1], inner.sum(axis=1), (inner**2).sum(axis=1))

    def __len__(self) -> int:
        return self._table.shape[2]

    def at(self, x: int, y: int) -> np.ndarray:
        """See `Sums`."""
        return self._table[y, x]

    def part(self, index: np.ndarray) -> CropSums:
        """See `Sums`."""
        part = object.__new__(CropSums)
        part._table = np.ascontiguousarray(self._table[:, :, index])
        part._contrast = self._contrast and tuple(values[index] for values in self._contrast)
        return part

    def contrast(self) -> tuple[np.ndarray, np.ndarray]:
        """See `Sums`."""
        if self._contrast is None:
            raise RuntimeError("these sums were made without squares")
        return self._contrast


class ScanSums:
    """Integral images of windows of one image, which share its table.

    Parameters
    ----------
    image : ndarray of shape (H, W), uint8
    xy : ndarray of shape (n, 2), int
        Corners of the windows.
    size : (width, height)
    """

    def __init__(self, image: np.ndarray, xy: np.ndarray, size: tuple[int, int]) -> None:
        self._table, self._squares = cv2.integral2(image, sdepth=cv2.CV_32S, sqdepth=cv2.CV_64F)
        self._stride = self._table.shape[1]
        self._base = xy[:, 1].astype(np.int64) * self._stride + xy[:, 0]
        self._size = size

    def __len__(self) -> int:
        return len(self._base)

    def at(self, x: int, y: int) -> np.ndarray:
        """See `Sums`."""
        return self._table.ravel()[self._base + (y * self._stride + x)]

    def part(self, index: np.ndarray) -> ScanSums:
        """See `Sums`."""
        part = object.__new__(ScanSums)
        part.__dict__.update(self.__dict__, _base=self._base[index])
        return part

    def contrast(self) -> tuple[np.ndarray, np.ndarray]:
        """See `Sums`."""
        width, height = self._size
        squares = self._squares.ravel()

        def inner(table: np.ndarray) -> np.ndarray:
            def at(x: int, y: int) -> np.ndarray:
                return table[self._base + (y * self._stride + x)]

            right, bottom = width - 1, height - 1
            return at(1, 1) - at(right, 1) - at(1, bottom) + at(right, bottom)

        area = (width - 2) * (height - 2)
        total = inner(self._table.ravel()).astype(np.int64)
        return _contrast(area, total, inner(squares).astype(np.int64))


def _contrast(area: int, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As OpenCV has it: over the window less a rim of one pixel, rounded to single precision."""
    norm = area * squares.astype(np.float64) - total.astype(np.float64) ** 2
    flat = norm <= 0
    factor = (1 / np.sqrt(np.where(flat, 1, norm))).astype(np.float32)
    return factor, ~flat & (area * factor.astype(np.float64) < _LEAST_DEVIATION)


def rectangle(sums: Sums, x: int, y: int, w: int, h: int) -> np.ndarray:
    """Sum over a rectangle of each window."""
    return sums.at(x, y) - sums.at(x + w, y) - sums.at(x, y + h) + sums.at(x + w, y + h)
