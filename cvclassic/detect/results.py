"""The forms in which detections leave this room: arrays in frozen dataclasses."""

from __future__ import annotations

from dataclasses import Field, dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import ParameterError


class _Table:
    """Columns of equal length, one row a detection; the children are dataclasses."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    response: np.ndarray

    _widths: ClassVar[dict[str, int]] = {}
    _lengths: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        columns = [getattr(self, field.name) for field in fields(self)]
        for field, column in zip(fields(self), columns, strict=True):
            width = self._widths.get(field.name, 0)
            wanted = (len(columns[0]), width) if width else (len(columns[0]),)
            if column.shape != wanted:
                raise ParameterError(
                    f"{field.name} must have shape {wanted}. Got {column.shape} instead."
                )

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, index: np.ndarray) -> Self:
        """Return the rows at an integer or boolean index, in that order."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))

    def strongest(self, n: int | None) -> Self:
        """Return the n rows of the highest response, best first; all of them for None."""
        order = np.argsort(-self.response, kind="stable")
        return self.take(order[:n])

    def scaled(self, factor: float) -> Self:
        """Return the rows in the pixels of an image `factor` times as large."""
        columns = []
        for field in fields(self):
            column = getattr(self, field.name)
            if field.name in self._widths:  # positions; pixel centers are at whole numbers
                column = ((column + 0.5) * factor - 0.5).astype(np.float32)
            elif field.name in self._lengths:
                column = (column * factor).astype(np.float32)
            columns.append(column)
        return type(self)(*columns)

    def records(self) -> list[dict[str, object]]:
        """Return one dict of plain numbers and lists per row, ready for JSON."""
        names = [field.name for field in fields(self)]
        # Seven digits hold a float32 without the noise of its binary tail.
        columns = [
            np.vectorize(lambda v: float(f"{v:.7g}"), otypes=[float])(column).tolist()
            if column.size
            else []
            for column in (getattr(self, name) for name in names)
        ]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    @classmethod
    def empty(cls) -> Self:
        """Nothing found."""
        return cls(
            *(
                np.zeros((0, w) if (w := cls._widths.get(f.name, 0)) else 0, np.float32)
                for f in fields(cls)
            )
        )


@dataclass(frozen=True, eq=False)
class Keypoints(_Table):
    """Points with a size and a direction.

    Parameters
    ----------
    xy : ndarray of shape (n, 2), float32
        Positions in pixels; the center of the first pixel is (0, 0).
    scale : ndarray of shape (n,), float32
        Diameter of the neighborhood's unit in pixels, as in `LocalFeatures`.
    angle : ndarray of shape (n,), float32
        Radians, clockwise from the x axis as the y axis points down; 0 where there is none.
    response : ndarray of shape (n,), float32
        Strength, comparable within one method only.

    Examples
    --------
    >>> len(Keypoints.empty()), Keypoints.empty().xy.shape
    (0, (0, 2))
    """

    xy: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    response: np.ndarray

    _widths: ClassVar[dict[str, int]] = {"xy": 2}
    _lengths: ClassVar[frozenset[str]] = frozenset({"scale"})


@dataclass(frozen=True, eq=False)
class Blobs(_Table):
    """Round patches.

    Parameters
    ----------
    xy : ndarray of shape (n, 2), float32
        Centers in pixels.
    radius : ndarray of shape (n,), float32
        Pixels.
    response : ndarray of shape (n,), float32
        Strength, comparable within one method only; its sign is that of the blob, positive for
        bright on dark, where the method tells.

    Examples
    --------
    >>> Blobs.empty().records()
    []
    """

    xy: np.ndarray
    radius: np.ndarray
    response: np.ndarray

    _widths: ClassVar[dict[str, int]] = {"xy": 2}
    _lengths: ClassVar[frozenset[str]] = frozenset({"radius"})

    def strongest(self, n: int | None) -> Blobs:
        """Return the n blobs of the highest absolute response, best first; all for None."""
        return self.take(np.argsort(-np.abs(self.response), kind="stable")[:n])


@dataclass(frozen=True, eq=False)
class Corners(_Table):
    """Points where the image changes in two directions.

    Parameters
    ----------
    xy : ndarray of shape (n, 2), float32
        Positions in pixels.
    response : ndarray of shape (n,), float32
        Strength, comparable within one method only.

    Examples
    --------
    >>> len(Corners.empty())
    0
    """

    xy: np.ndarray
    response: np.ndarray

    _widths: ClassVar[dict[str, int]] = {"xy": 2}


@dataclass(frozen=True, eq=False)
class Segments(_Table):
    """Straight line segments.

    Parameters
    ----------
    ends : ndarray of shape (n, 4), float32
        (x1, y1, x2, y2) in pixels.
    response : ndarray of shape (n,), float32
        Length in pixels.

    Examples
    --------
    >>> Segments.from_ends(np.array([[0, 0, 3, 4]])).response.tolist()
    [5.0]
    """

    ends: np.ndarray
    response: np.ndarray

    _widths: ClassVar[dict[str, int]] = {"ends": 4}
    _lengths: ClassVar[frozenset[str]] = frozenset({"response"})

    @classmethod
    def from_ends(cls, ends: np.ndarray) -> Segments:
        """Make segments of an array of shape (n, 4), longest first."""
        ends = np.asarray(ends, np.float32).reshape(-1, 4)
        length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        return cls(ends, length.astype(np.float32)).strongest(None)


def keep_first(n: int, pairs: np.ndarray) -> np.ndarray:
    """Which of n detections, strongest first, are left where of each pair only one may be.

    Parameters
    ----------
    n : int
    pairs : ndarray of shape (m, 2), int
        Detections that do not go together.

    Returns
    -------
    ndarray of shape (n,), bool
        The stronger of a pair stays, unless a yet stronger one has removed it.

    Examples
    --------
    >>> keep_first(3, np.array([[0, 1], [1, 2]])).tolist()
    [True, False, True]
    """
    keep = np.ones(n, bool)
    for stronger, weaker in np.sort(pairs, axis=1)[np.argsort(pairs.min(axis=1), kind="stable")]:
        if keep[stronger]:
            keep[weaker] = False
    return keep
