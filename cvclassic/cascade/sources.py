"""Images for training and testing: folders, arrays, boxes in images."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .._basics.checks import check_choice
from ..errors import DataError, ImageReadError
from ..images import Fault, read_array, read_file, read_image, walk_images
from .loading import to_gray

BOX_FORMS = ("xyxy", "xywh")
CONTEXT = 1.4  # side of what is cut out around a box, over the box's
_MOST_BYTES = 1_000_000_000
_LARGEST_SIDE = 1200
_MOST_JSON = 64_000_000


@dataclass
class Loaded:
    """Gray images, and what could not be read.

    Attributes
    ----------
    pictures : list of ndarray of shape (H, W), uint8
    names : list of str
    failures : list of (path, code, message)
    """

    pictures: list[np.ndarray] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)


def load_pictures(path: str | os.PathLike, *, max_side: int | None = _LARGEST_SIDE) -> Loaded:
    """Read all images of a folder, or the images in an array file.

    Parameters
    ----------
    path : str or os.PathLike
        A folder, which is walked, an image, or ``.npz`` or ``.npy`` with one array of shape
        (n, H, W) or (n, H, W, 3), uint8.
    max_side : int, optional
        Larger images are reduced to this long side.

    Returns
    -------
    Loaded

    Raises
    ------
    DataError
        There is no image, or they take more than 1 GB.

    Examples
    --------
    >>> load_pictures("no/such/folder")
    Traceback (most recent call last):
        ...
    cvclassic.errors.DataError: no/such/folder: there is no such file or folder
    """
    name = os.fsdecode(path)
    if not os.path.lexists(path):
        raise DataError(f"{name}: there is no such file or folder")
    if name.lower().endswith((".npz", ".npy")):
        pixels = _array(name)
        return Loaded(
            [to_gray(row) for row in pixels], [f"{name}[{i}]" for i in range(len(pixels))]
        )
    loaded = Loaded()
    total = 0
    for item in walk_images([name], only_images=True):
        try:
            if isinstance(item, Fault):
                raise ImageReadError(item.code, item.message)
            picture = to_gray(read_image(item.path, max_side=max_side))
        except ImageReadError as error:
            loaded.failures.append((item.path, error.code, error.message))
            continue
        total += picture.size
        if total > _MOST_BYTES:
            raise DataError(f"{name}: the images take more than 1 GB. Use fewer of them")
        loaded.pictures.append(picture)
        loaded.names.append(item.path)
    if not loaded.pictures:
        more = f" ({len(loaded.failures)} cannot be read)" if loaded.failures else ""
        raise DataError(f"{name}: no images were found{more}")
    return loaded


def _array(name: str) -> np.ndarray:
    """The one array of images in a file."""
    try:
        if name.lower().endswith(".npy"):
            arrays = {"": read_array(name)}
        else:
            with zipfile.ZipFile(name) as archive:
                keys = [key.removesuffix(".npy") for key in archive.namelist()]
            arrays = {key: read_array(name, key) for key in keys}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name}: the arrays cannot be read ({error})") from None
    good = [a for a in arrays.values() if a.dtype == np.uint8 and a.ndim in (3, 4) and a.size]
    good = [a for a in good if a.ndim == 3 or a.shape[3] == 3]
    if len(good) != 1:
        raise DataError(
            f"{name}: expected one array of shape (n, H, W) or (n, H, W, 3), uint8. Got "
            + (", ".join(f"{k} {a.dtype} {a.shape}" for k, a in arrays.items()) or "none")
        )
    return good[0]


def read_boxes(path: str | os.PathLike, form: str = "xyxy") -> dict[str, np.ndarray]:
    """Boxes of images from a JSON file ``{"name.jpg": [[x1, y1, x2, y2], ...], ...}``.

    Parameters
    ----------
    path : str or os.PathLike
    form : {"xyxy", "xywh"}
        What the four numbers are: two corners, or a corner and a size.

    Returns
    -------
    dict of str to ndarray of shape (n, 4), float64
        Left, top, width, height. An image may have no box.

    Raises
    ------
    DataError
        The file is not like that.
    """
    check_choice("form", form, BOX_FORMS)
    name = os.fsdecode(path)
    try:
        content = json.loads(read_file(path, max_bytes=_MOST_JSON))
    except ImageReadError as error:
        raise DataError(f"{name}: {error.message}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: not valid JSON ({error})") from None
    if not isinstance(content, dict):
        raise DataError(
            f"{name}: expected an object with image names as keys. Got {type(content).__name__}"
        )
    found = {}
    for picture, rows in content.items():
        try:
            boxes = np.array(rows, np.float64).reshape(-1, 4)
        except (TypeError, ValueError):
            raise DataError(f"{name}: the boxes of {picture!r} are not rows of 4 numbers") from None
        if form == "xyxy":
            boxes[:, 2:] -= boxes[:, :2]
        if not np.isfinite(boxes).all() or (boxes[:, 2:] <= 0).any():
            hint = "" if form == "xywh" else "; are they x, y, width, height?"
            raise DataError(f"{name}: a box of {picture!r} has no size{hint}")
        found[picture] = boxes
    return found


def cut_boxes(boxes: dict[str, np.ndarray], folder: str | os.PathLike) -> Loaded:
    """Cut objects out of images, with something of what is around them.

    Parameters
    ----------
    boxes : dict of str to ndarray of shape (n, 4)
        Left, top, width, height.
    folder : str or os.PathLike
        Where the images are.

    Returns
    -------
    Loaded
        What is cut out has sides 1.4 times those of the box; beyond the image's border the
        border goes on.
    """
    loaded = Loaded()
    for name, rows in boxes.items():
        path = str(Path(os.fsdecode(folder), name))
        try:
            picture = to_gray(read_image(path))
        except ImageReadError as error:
            loaded.failures.append((path, error.code, error.message))
            continue
        for row in rows:
            loaded.pictures.append(_cut(picture, row))
            loaded.names.append(path)
    return loaded


def _cut(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """One object with its surroundings, whose border pixels are repeated where there are none."""
    x, y, width, height = box
    left, top = x - (CONTEXT - 1) / 2 * width, y - (CONTEXT - 1) / 2 * height
    columns = np.arange(round(left), round(left) + max(round(CONTEXT * width), 1))
    rows = np.arange(round(top), round(top) + max(round(CONTEXT * height), 1))
    columns = np.clip(columns, 0, picture.shape[1] - 1)
    rows = np.clip(rows, 0, picture.shape[0] - 1)
    return np.ascontiguousarray(picture[rows[:, None], columns])
