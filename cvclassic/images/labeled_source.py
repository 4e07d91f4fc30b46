"""Labeled data from any source: a folder, a manifest, an array file or a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .._basics.label_sets import as_rows, is_multilabel
from .._basics.printable import show_path
from ..errors import DataError, ParameterError
from .arrays import LabeledArrays, check_pictures, is_array_file, load_arrays
from .folders import load_folder
from .keywords import load_keywords, load_listed
from .labeled import LabeledImages
from .tables import LabeledTable, load_table

LabeledData: TypeAlias = LabeledImages | LabeledArrays | LabeledTable
"""Images or rows with a label each; `paths` and `labels` are as long as the data."""


def load_labeled(
    source: Any,
    *,
    part: str = "train",
    min_classes: int = 2,
    split: str | None = None,
    label: str | None = None,
    labels: Any = None,
    columns: Sequence[str] | None = None,
    skip_empty: bool = False,
) -> LabeledData:
    """Load labeled data.

    Parameters
    ----------
    source : str, Path, labeled data, or sequence of images
        A folder with one sub-folder per class; a manifest (CSV with the columns ``path`` and
        ``label``, or with a column ``keywords`` of several words per image); a .npz, .npy or IDX
        file; with `label` a CSV table of numbers; or images in memory, with `labels`.
    part : {"train", "test"}
        Which arrays of an array file to take where `split` does not say so.
    min_classes : int
        Class folders that there must be at least.
    split : str, optional
        Rows of the manifest or table to use, by their column ``split``; or the part of an array
        file.
    label : str, optional
        Column of a table that holds the labels.
    labels : path, str or sequence, optional
        File of the labels of an array file that has none; the labels of images in memory, each one
        or a list of several; or the column of keywords of a manifest (or of a folder's
        manifest.csv).
    columns : sequence of str, optional
        Columns of a table to read.
    skip_empty : bool
        Leave class folders without images out instead of refusing them.

    Returns
    -------
    LabeledImages, LabeledArrays or LabeledTable

    Raises
    ------
    DataError
        The data are missing or damaged.
    ParameterError
        The arguments do not go together.

    Examples
    --------
    >>> load_labeled(np.zeros((2, 8, 8), np.uint8), labels=["a", "b"]).labels
    ['a', 'b']
    """
    if isinstance(source, LabeledImages | LabeledArrays | LabeledTable):
        return source
    if not isinstance(source, str | os.PathLike):
        return _in_memory(source, labels)
    path = os.fsdecode(source)
    if label is not None:
        return load_table(path, label, None if columns is None else list(columns), split)
    if is_array_file(path):
        if split not in (None, "train", "test"):
            raise ParameterError("split of an array file must be 'train' or 'test'.")
        return load_arrays(path, split or part, labels)
    if labels is not None:
        return load_keywords(_manifest_of(path, labels), labels, split)
    if Path(path).suffix.lower() in (".csv", ".tsv", ".txt"):
        return load_listed(path, split)
    if split is not None:
        raise ParameterError("split needs a manifest or a table.")
    return load_folder(path, min_classes=min_classes, part=part, skip_empty=skip_empty)


def _manifest_of(path: str, labels: Any) -> str:
    """The manifest whose column `labels` holds keywords: the file, or the one in the folder."""
    if not isinstance(labels, str):
        raise ParameterError(
            "labels goes with an array file or images in memory; of a manifest it is the name of "
            f"the column of keywords. Got {type(labels).__name__} instead."
        )
    if not os.path.isdir(path):
        return path
    inside = os.path.join(path, "manifest.csv")
    if not os.path.isfile(inside):
        raise DataError(
            f"{show_path(path)}: expected a manifest.csv with the column {labels!r} of keywords"
        )
    return inside


def _in_memory(images: Any, labels: Any) -> LabeledData:
    """Images and labels that the caller holds."""
    if labels is None or isinstance(labels, str | os.PathLike):
        raise ParameterError(
            "source must be a path, or images with labels=... for each. "
            f"Got {type(images).__name__} without labels."
        )
    if is_multilabel(labels):
        rows = as_rows(labels)
        values = [
            row if isinstance(row, tuple) else tuple(np.flatnonzero(row).tolist()) for row in rows
        ]
    else:
        values = np.asarray(labels).tolist() if isinstance(labels, np.ndarray) else list(labels)
    if len(values) != len(images):
        raise ParameterError(
            f"labels must have one entry per image ({len(images)}). Got {len(values)}."
        )
    if not values:
        raise DataError("There are no images.")
    if isinstance(images, np.ndarray) and images.dtype != object:
        pixels = check_pictures(images, "images")
        return LabeledArrays(pixels, values, [f"images[{i}]" for i in range(len(values))])
    if all(isinstance(image, str | os.PathLike) for image in images):
        return LabeledImages([os.fsdecode(image) for image in images], values)
    arrays = np.empty(len(values), object)
    arrays[:] = list(images)
    return LabeledArrays(arrays, values, [f"images[{i}]" for i in range(len(values))])


def source_name(source: Any) -> str:
    """How messages and pages call a source.

    Examples
    --------
    >>> source_name(["a.png", "b.png"])
    '2 images'
    """
    if isinstance(source, str | os.PathLike):
        return show_path(os.path.normpath(os.fsdecode(source)))
    return f"{len(source)} images"
