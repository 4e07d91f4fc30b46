"""The content of a label file, in any format."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Box = tuple[float, float, float, float]
Rle = tuple[int, int, str]


@dataclass(frozen=True)
class LabeledObject:
    """One object in an image.

    Attributes
    ----------
    label : str
        Its class.
    box : tuple of 4 floats
        Left, top, width, height in pixels, as the file says: possibly outside the image.
    polygons : tuple of tuples of float
        Outlines, each x1, y1, x2, y2, ...; empty where only a box was drawn.
    rle : tuple of (height, width, counts) or None
        Run lengths of a mask, compressed as COCO writes them.
    ignore : bool
        A crowd (COCO), "difficult" (VOC) or "ignore" (imglab): neither found nor missed.
    """

    label: str
    box: Box
    polygons: tuple[tuple[float, ...], ...] = ()
    rle: Rle | None = None
    ignore: bool = False


@dataclass(frozen=True)
class LabeledImage:
    """The objects of one image.

    Attributes
    ----------
    name : str
        File name or relative path as the label file has it.
    width, height : int or None
        In pixels, as the label file says; None where it does not.
    objects : tuple of LabeledObject
    """

    name: str
    width: int | None
    height: int | None
    objects: tuple[LabeledObject, ...] = ()

    def boxes(self) -> np.ndarray:
        """Boxes (x, y, width, height) of shape (n, 4), float64."""
        return np.array([o.box for o in self.objects], np.float64).reshape(-1, 4)

    def labels(self) -> list[str]:
        """Class of each object."""
        return [o.label for o in self.objects]


@dataclass(frozen=True)
class LabelSet:
    """The images of a label file or of a folder of them.

    Attributes
    ----------
    images : tuple of LabeledImage
        In the order of the file; names are distinct.
    classes : tuple of str
        As the file declares them, also those that no object has; else sorted.
    format : str
        One of `FORMATS`.
    problems : tuple of str
        Entries that could not be read, one sentence each.
    """

    images: tuple[LabeledImage, ...]
    classes: tuple[str, ...]
    format: str = ""
    problems: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.images)

    @property
    def n_objects(self) -> int:
        """Objects in all images."""
        return sum(len(image.objects) for image in self.images)


def corners_box(x0: float, y0: float, x1: float, y1: float) -> Box:
    """Box between two corners, in whichever order they were drawn.

    Examples
    --------
    >>> corners_box(5, 1, 2, 3)
    (2.0, 1.0, 3.0, 2.0)
    """
    left, right = sorted((float(x0), float(x1)))
    top, bottom = sorted((float(y0), float(y1)))
    return left, top, right - left, bottom - top


def points_box(points) -> Box:
    """Smallest upright box around the points x1, y1, x2, y2, ..."""
    xs, ys = list(points[0::2]), list(points[1::2])
    return corners_box(min(xs), min(ys), max(xs), max(ys))


def classes_of(images) -> tuple[str, ...]:
    """Distinct labels, sorted."""
    return tuple(sorted({o.label for image in images for o in image.objects}))
