"""Marked faces on disk: a folder of images and a JSON file of their points."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..._basics.platform import READ_FLAGS
from ...errors import CvclassicError, DataError, ImageReadError
from ...images import FoundFile, read_image, walk_images
from .alignment import N_LANDMARKS
from .model import check_face, check_inside

_MAX_SIDE = 1024  # of images that are kept while a model is trained


@dataclass(frozen=True, eq=False)
class MarkedFaces:
    """Images with the points of one face each.

    Attributes
    ----------
    names : list of str
        As in the file of points.
    images : list of ndarray of uint8
        Gray, reduced to 1,024 pixels.
    points : ndarray of shape (n, 68, 2)
        In the pixels of `images`.
    failures : list of (name, code, message)
        Faces that cannot be used.
    unmarked : int
        Images of the folder that have no points.
    """

    names: list[str]
    images: list[np.ndarray]
    points: np.ndarray
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    unmarked: int = 0


def read_points(path: str | os.PathLike) -> dict[str, object]:
    """Read a JSON file of marked points; they are not yet checked.

    The file holds ``{"a.jpg": [[x, y], ... 68 times], ...}``.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    dict of str to object

    Raises
    ------
    DataError
        It cannot be read, or is no such file.
    """
    try:
        with open(os.open(path, READ_FLAGS), "rb") as file:
            if not Path(path).is_file():
                raise DataError(f"{path}: is not a regular file.")
            content = json.loads(file.read())
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not valid JSON ({error}).") from None
    if not isinstance(content, dict) or not content:
        raise DataError(
            f'{path}: expected {{"picture.jpg": [[x, y], ... {N_LANDMARKS} times], ...}}.'
        )
    return content


def load_marked_faces(folder: str | os.PathLike, points: str | os.PathLike) -> MarkedFaces:
    """Read the images that a file of points names, and check the points.

    Parameters
    ----------
    folder : str or os.PathLike
        Names in the file are relative to it.
    points : str or os.PathLike
        As `read_points` takes it.

    Returns
    -------
    MarkedFaces
        Every name of the file is either in `names` or in `failures`.

    Raises
    ------
    DataError
        The folder is not a folder, or the file is not one of points.
    """
    content = read_points(points)
    top = Path(folder)
    if not top.is_dir():
        raise DataError(f"{folder}: there is no such folder.")
    names, images, shapes, failures = [], [], [], []
    for name, value in content.items():
        try:
            shape = as_shape(value, name)
            image = read_image(top / name)
            check_inside(shape, image.shape, name)
            small = read_image(image, max_side=_MAX_SIDE)
        except ImageReadError as error:
            failures.append((name, error.code, error.message))
            continue
        except (CvclassicError, ValueError) as error:
            failures.append((name, "bad_points", str(error).removeprefix(f"{name}: ")))
            continue
        factor = max(image.shape[:2]) / max(small.shape[:2])
        names.append(name)
        images.append(small)
        shapes.append((shape + 0.5) / factor - 0.5)
    known = {os.path.normpath(name) for name in content}
    unmarked = sum(
        isinstance(item, FoundFile) and os.path.relpath(item.path, top) not in known
        for item in walk_images([top], only_images=True)
    )
    points_ = np.array(shapes).reshape(-1, N_LANDMARKS, 2)
    return MarkedFaces(names, images, points_, failures, unmarked)


def as_shape(value: object, name: str) -> np.ndarray:
    """Points of one face, as JSON gives them, as an array (68, 2).

    Raises
    ------
    DataError
        They are no pairs of numbers, too many or too few, or no face.

    Examples
    --------
    >>> as_shape([[1, 2], [3, 4]], "a.jpg")
    Traceback (most recent call last):
        ...
    cvclassic.errors.DataError: a.jpg: expected 68 points (x, y). Got 2 points
    """
    try:
        shape = np.array(value, float)
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected {N_LANDMARKS} points (x, y) of numbers") from None
    if shape.ndim != 2 or shape.shape[1] != 2:
        raise DataError(f"{name}: expected {N_LANDMARKS} points (x, y)")
    if len(shape) != N_LANDMARKS:
        raise DataError(f"{name}: expected {N_LANDMARKS} points (x, y). Got {len(shape)} points")
    check_face(shape, name)
    return shape
