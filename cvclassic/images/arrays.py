"""Images in array files: .npz, .npy and the IDX files that MNIST comes in."""

from __future__ import annotations

import gzip
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvclassic.errors import DataError
from cvclassic.images.files import show_path

_MAX_BYTES = 8_000_000_000
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_SUFFIXES = (".npz", ".npy", "-ubyte", ".idx", "-ubyte.gz", ".idx.gz")
_IMAGE_KEYS = {
    "train": ("x_train", "X_train", "train_images"),
    "test": ("x_test", "X_test", "test_images"),
}
_LABEL_KEYS = {"train": ("y_train", "train_labels"), "test": ("y_test", "test_labels")}
_PLAIN_IMAGES = ("x", "X", "images", "data")
_PLAIN_LABELS = ("y", "labels", "target")


@dataclass(frozen=True)
class NamedItem:
    """An image, or a row of a table, that lies in a larger file.

    Parameters
    ----------
    path : str
        What a record calls it, such as ``mnist.npz[17]``.
    value : ndarray or bytes
        Bytes are an encoded image.
    """

    path: str
    value: np.ndarray | bytes


@dataclass(frozen=True)
class LabeledArrays:
    """Images of an array file and what they show.

    Attributes
    ----------
    images : ndarray of shape (n, H, W) or (n, H, W, 3), uint8
    labels : list
        str, int or float, one for each image.
    paths : list of str
        Name of each image.
    """

    images: np.ndarray
    labels: list
    paths: list[str]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def items(self) -> list[NamedItem]:
        """The images with their names."""
        return [NamedItem(p, image) for p, image in zip(self.paths, self.images, strict=True)]


def is_array_file(path: str | os.PathLike) -> bool:
    """Whether a name is that of an array file.

    Examples
    --------
    >>> [is_array_file(name) for name in ("mnist.npz", "t10k-images-idx3-ubyte.gz", "a.png")]
    [True, True, False]
    """
    return os.fsdecode(path).lower().endswith(_SUFFIXES)


def read_array(path: str | os.PathLike, key: str | None = None) -> np.ndarray:
    """Read one array. Nothing is unpickled.

    Parameters
    ----------
    path : str or os.PathLike
        .npy, .npz, or IDX, which may be compressed by gzip.
    key : str, optional
        Name of the array in an .npz file.

    Returns
    -------
    ndarray

    Raises
    ------
    DataError
        The file is missing, damaged, too large or holds Python objects, or has no such array.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(folder + "/a.npy", np.arange(3))
    ...     read_array(folder + "/a.npy").tolist()
    [0, 1, 2]
    """
    shown = show_path(os.fsdecode(path))
    try:
        if not Path(os.fsdecode(path)).is_file():
            raise DataError(f"{shown}: there is no such file")
        if os.fsdecode(path).lower().endswith((".npz", ".npy")):
            return _read_numpy(os.fsdecode(path), shown, key)
        return _read_idx(os.fsdecode(path), shown)
    except (OSError, EOFError, ValueError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, DataError):
            raise
        reason = "it holds Python objects" if "allow_pickle" in str(error) else str(error)
        raise DataError(f"{shown}: the array cannot be read ({reason})") from None


def _read_numpy(path: str, shown: str, key: str | None) -> np.ndarray:
    with open(path, "rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        names = loaded.files
        if key not in names:
            raise DataError(f"{shown}: expected an array {key!r}. Found {', '.join(names)}")
        size = loaded.zip.getinfo(f"{key}.npy" if f"{key}.npy" in loaded.zip.namelist() else key)
        if size.file_size > _MAX_BYTES:
            raise DataError(f"{shown}: the array {key!r} is too large ({size.file_size:,} bytes)")
        return loaded[key]


def _read_idx(path: str, shown: str) -> np.ndarray:
    """IDX: two zeros, a type, the number of sides, the sides (big-endian), the data."""
    compressed = path.lower().endswith(".gz")
    with open(path, "rb") as raw, gzip.GzipFile(fileobj=raw) if compressed else raw as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or head[3] > 4:
            raise DataError(f"{shown}: not an IDX file")
        shape = struct.unpack(f">{head[3]}I", file.read(4 * head[3]))
        kind = np.dtype(_IDX_TYPES[head[2]])
        size = int(np.prod([int(side) for side in shape], dtype=object)) * kind.itemsize
        if size > _MAX_BYTES:
            raise DataError(f"{shown}: the array is too large ({size:,} bytes)")
        data = file.read(size)
        if len(data) < size:
            raise DataError(
                f"{shown}: the file is truncated: {len(data):,} of {size:,} bytes are there"
            )
    return np.frombuffer(data, kind).reshape(shape).astype(kind.newbyteorder("="))


def load_arrays(
    path: str | os.PathLike, part: str = "train", labels: str | os.PathLike | None = None
) -> LabeledArrays:
    """Labeled images out of array files.

    Parameters
    ----------
    path : str or os.PathLike
        An .npz file with ``x_train`` and ``y_train`` (``x_test`` and ``y_test`` for the part
        "test"; ``x`` and ``y``, or ``images`` and ``labels``, where it has no parts), or a file
        of images alone.
    part : {"train", "test"}
    labels : str or os.PathLike, optional
        File of the labels, where `path` has none.

    Returns
    -------
    LabeledArrays

    Raises
    ------
    DataError
        A file cannot be read, an array is missing or has an invalid shape or type.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(folder + "/a.npz", x=np.zeros((2, 8, 8), np.uint8), y=[3, 4])
    ...     load_arrays(folder + "/a.npz").labels
    [3, 4]
    """
    shown = show_path(os.fsdecode(path))
    wanted: tuple[str, ...]
    if os.fsdecode(path).lower().endswith(".npz"):
        names = _names(path, shown)
        parts = any(name in names for keys in _IMAGE_KEYS.values() for name in keys)
        wanted = _IMAGE_KEYS[part] if parts else _PLAIN_IMAGES
        image_key = _first(names, wanted, shown, "images")
        images = read_array(path, image_key)
        if labels is None:
            named = _LABEL_KEYS[part] if parts else _PLAIN_LABELS
            given = read_array(path, _first(names, named, shown, "labels"))
        else:
            given = read_array(labels)
    else:
        if labels is None:
            raise DataError(f"{shown}: holds images only; name the file of the labels, too")
        images, given = read_array(path), read_array(labels)
    images = check_pictures(images, shown)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim != 1 or given.dtype.kind not in "iubUf":
        raise DataError(
            f"{shown}: labels must be one number or text per image. Got {given.dtype}, shape "
            f"{given.shape}"
        )
    if len(given) != len(images):
        raise DataError(f"{shown}: {len(images)} images and {len(given)} labels do not match")
    name = os.fsdecode(path)
    return LabeledArrays(images, given.tolist(), [f"{name}[{i}]" for i in range(len(images))])


def load_pictures(path: str | os.PathLike, part: str = "test") -> np.ndarray:
    """Images of an array file, without labels: the part "test" where there are parts."""
    shown = show_path(os.fsdecode(path))
    if not os.fsdecode(path).lower().endswith(".npz"):
        return check_pictures(read_array(path), shown)
    names = _names(path, shown)
    wanted = (*_IMAGE_KEYS[part], *_PLAIN_IMAGES, *_IMAGE_KEYS["train"])
    return check_pictures(read_array(path, _first(names, wanted, shown, "images")), shown)


def check_pictures(images: np.ndarray, shown: str) -> np.ndarray:
    """Raise `DataError` unless an array holds uint8 images; (n, H, W, 1) becomes (n, H, W)."""
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    good = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if not good or images.dtype != np.uint8 or images.size == 0:
        raise DataError(
            f"{shown}: images must be uint8 of shape (n, H, W) or (n, H, W, 3). "
            f"Got {images.dtype}, shape {images.shape}"
        )
    return images


def _names(path, shown: str) -> list[str]:
    """Arrays in an .npz file."""
    try:
        with np.load(os.fsdecode(path), allow_pickle=False) as loaded:
            return list(loaded.files)
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such file") from None
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{shown}: not an .npz file ({error})") from None


def _first(names: list[str], wanted: tuple[str, ...], shown: str, what: str) -> str:
    """The first of the wanted names that there is."""
    for name in wanted:
        if name in names:
            return name
    raise DataError(
        f"{shown}: expected {what} named {' or '.join(dict.fromkeys(wanted))}. "
        f"Found {', '.join(names) or 'nothing'}"
    )
