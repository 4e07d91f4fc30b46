"""Labeled images listed in a table: columns path, label and perhaps split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

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
        Take only the rows with this value in the column ``split``, in capitals or not; None takes
        all.

    Returns
    -------
    LabeledImages
        In the order of the lines. Labels have no blanks around them and are in Unicode's form
        NFC. Whether the files exist is not checked.

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
        rows, at_label = listed_rows(table, split), table.column("label")
        for row, path, part in rows:
            label = clean_label(row[at_label])
            if not label.strip():
                raise DataError(f"{_line(table)}: the column 'label' is empty")
            check_label(label, f"{_line(table)}: the label")
            splits[part or ""] += 1
            if not in_split(part, split):
                continue
            paths.append(place_beside(folder, path))
            labels.append(label)
            if part is not None:
                parts.append(part)
        shown = table.shown
    if not paths:
        raise nothing_listed(shown, split, splits)
    notes: list[DataNote] = [
        *note_capitals(labels, "the classes"),
        *note_capitals(filter(None, splits), "the splits"),
        *note_repeats(paths, labels),
    ]
    return LabeledImages(paths, labels, parts, tuple(notes))


def listed_rows(table: CSVTable, split: str | None) -> Iterator[tuple[list[str], str, str | None]]:
    """Rows of a manifest, of all splits, with the path and the split of each.

    Parameters
    ----------
    table : CSVTable
        With a column ``path``; with a column ``split``, too, if one is requested.
    split : str or None
        What is asked for.

    Returns
    -------
    iterator of (row, path, part)
        The cells, the path as it is written, and the split (None without such a column).

    Raises
    ------
    DataError
        A column is missing, or later a path is empty or holds a NUL character.
    """
    at_path, at_split = table.column("path"), table.column("split", optional=split is None)

    def checked() -> Iterator[tuple[list[str], str, str | None]]:
        for row in table.rows():
            path = row[at_path]
            if not path.strip():
                raise DataError(f"{_line(table)}: the column 'path' is empty")
            if "\0" in path:
                raise DataError(f"{_line(table)}: the column 'path' holds a NUL character")
            yield row, path, None if at_split is None else clean_label(row[at_split])

    return checked()


def in_split(part: str | None, split: str | None) -> bool:
    """Whether a row of that split is asked for."""
    return split is None or same_split(part or "", split)


def nothing_listed(shown: str, split: str | None, splits: Counter[str]) -> DataError:
    """The error of a manifest that lists no images of a split; `splits` counts its rows."""
    if split is not None and splits:
        there = ", ".join(f"{name!r} ({n})" for name, n in sorted(splits.items()))
        return DataError(f"{shown}: there is no split {split!r}. The splits are {there}")
    return DataError(f"{shown}: the manifest lists no images")


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
