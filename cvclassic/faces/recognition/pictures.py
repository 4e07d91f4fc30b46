"""Whose image this is: from images of people to faces that a gallery compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._basics.checks import check_choice
from ...errors import DataError
from ..detection.results import cut_faces
from .gallery import SOURCES

_SMALLEST = 24  # pixels: a smaller face says nothing about whose it is


@dataclass(frozen=True, eq=False)
class FoundFace:
    """A face to compare, and where it came from.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, 3), uint8
        The face fills it.
    box : tuple of 4 int, or None
        (x, y, width, height) in the image; None where the whole image was taken.
    """

    pixels: np.ndarray
    box: tuple[int, ...] | None


def faces_to_compare(image: np.ndarray, source: str, detector) -> list[FoundFace]:
    """Faces in an image, the largest first.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    source : {"detect", "whole"}
        Find faces and cut them out with some of the head around them, or take the image as the
        face that it shows.
    detector : HaarFaceDetector or another with its methods

    Returns
    -------
    list of FoundFace

    Raises
    ------
    DataError
        The image, or every face in it, is smaller than 24 pixels.
    """
    check_choice("source", source, SOURCES)
    if min(image.shape[:2]) < _SMALLEST:
        raise DataError(
            f"expected sides of at least {_SMALLEST} pixels. Got "
            f"{image.shape[1]} x {image.shape[0]}"
        )
    if source == "whole":
        return [FoundFace(image, None)]
    found = detector.detect(image)
    order = np.argsort(-found.boxes[:, 2], kind="stable")
    order = order[found.boxes[order, 2] >= _SMALLEST]
    if len(found) and not len(order):
        raise DataError(f"its faces are smaller than {_SMALLEST} pixels")
    chosen = found.select(order)
    boxes = [tuple(map(int, box)) for box in chosen.boxes]
    cuttings = cut_faces(image, chosen, margin=0.22)
    return [FoundFace(cut, box) for cut, box in zip(cuttings, boxes, strict=True)]


def largest_face(image: np.ndarray, source: str, detector) -> FoundFace:
    """The face that an image of one person shows.

    Parameters
    ----------
    image, source, detector
        As `faces_to_compare`.

    Raises
    ------
    DataError
        There is none, it is too small, or a second one is nearly as large.

    Examples
    --------
    >>> largest_face(np.zeros((112, 92), np.uint8), "whole", None).box is None
    True
    """
    found = faces_to_compare(image, source, detector)
    if not found:
        raise DataError("no face was found (use --whole if the image is a face)")
    sides = [face.pixels.shape[0] for face in found]
    if len(found) > 1 and sides[1] > 0.7 * sides[0]:
        raise DataError(
            f"it shows {len(found)} faces, and none is clearly the largest: crop one of them"
        )
    return found[0]
