"""Labeled images listed in a table: columns path, label and perhaps split."""

from __future__ import annotations

import os
from collections import Counter

from cvclassic._basics.csv_tables import CSVTable, open_csv
from cvclassic.errors import DataError
from cvclassic.images.labeled import (
    DataNote,
    LabeledImages,
    check_label,
    clean_label,
    note_capitals,
    note_repeats,
    same_split,
)
from cvclassic.images.remote import is_url


def load_manifest(manifest: str | os.PathLike, split: str | None = None) -> LabeledImages:
    """Labeled images from a table with the columns ``path``, ``label`` and perhaps ``split``.

    Parameters
    ----------
    manifest : str or os.PathLike
        CSV with a header line: UTF-8 or UTF-16, with commas, semicolons or tabs. Other usual
        headers are known (``Path``, ``filename``, ``image``, ``class``, ``category`` ...). Paths
        are relative to the manifest's folder, or absolute; they may be URLs, images in archives
        (``shard.tar!a.jpg``), and written with backslashes. Other columns are ignored.
    split : str, optional
        Take only the lines that say so in the column ``split``, in capitals or not; None takes
        all.

    Returns
    -------
    LabeledImages
        In the order of the lines. Labels have no blanks around them and are in Unicode's form
        NFC. Whether the files exist is not looked at.

    Raises
    ------
    DataError
        The file is missing or no such table (the message names line and column), it has no lines,
        or none of the split (the message names those there are).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "manifest.csv")
    ...     _ = table.write_text("path,label,split\\na.jpg,cat,train\\nb.jpg,dog,test\\n")
    ...     load_manifest(table, split="test").labels
    ['dog']
    """
    folder = os.path.dirname(os.fsdecode(manifest))
    paths: list[str] = []
    labels: list[str] = []
    parts: list[str] = []
    splits: Counter[str] = Counter()
    wanted = ["path", "label"] + ["split"] * (split is not None)
    with open_csv(manifest, wanted=wanted, what="manifest") as table:
        at_path, at_label = table.column("path"), table.column("label")
        at_split = table.column("split", optional=split is None)
        for row in table.rows():
            path, label = row[at_path], clean_label(row[at_label])
            for name, cell in (("path", path), ("label", label)):
                if not cell.strip():
                    raise DataError(f"{_line(table)}: the column {name!r} is empty")
            if "\0" in path:
                raise DataError(f"{_line(table)}: the column 'path' holds a NUL character")
            check_label(label, f"{_line(table)}: the label")
            part = "" if at_split is None else clean_label(row[at_split])
            splits[part] += 1
            if split is not None and not same_split(part, split):
                continue
            paths.append(place_beside(folder, path))
            labels.append(label)
            if at_split is not None:
                parts.append(part)
        shown = table.shown
    if not paths and split is not None and splits:
        there = ", ".join(f"{name!r} ({n})" for name, n in sorted(splits.items()))
        raise DataError(f"{shown}: there is no split {split!r}. The splits are {there}")
    if not paths:
        raise DataError(f"{shown}: the manifest lists no images")
    notes: list[DataNote] = [
        *note_capitals(labels, "the classes"),
        *note_capitals(filter(None, splits), "the splits"),
        *note_repeats(paths, labels),
    ]
    return LabeledImages(paths, labels, parts, tuple(notes))


def place_beside(folder: str, path: str) -> str:
    """A path of a table in that folder, the way this system writes it.

    URLs and absolute paths stay what they are. Blanks around a path and backslashes are taken as
    they are only where a file is called so.

    Examples
    --------
    >>> place_beside("set", "cat\\\\1.jpg"), place_beside("set", "s3://a/1.jpg")
    ('set/cat/1.jpg', 's3://a/1.jpg')
    """
    if is_url(path.strip()):
        return path.strip()
    plain = os.path.join(folder, path)
    other = path.strip()
    if "\\" in other and "/" not in other and os.sep == "/":
        other = other.replace("\\", "/")
    if other == path or _is_there(plain):
        return plain
    return os.path.join(folder, other)


def _is_there(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def _line(table: CSVTable) -> str:
    return f"{table.shown}, line {table.line}"
