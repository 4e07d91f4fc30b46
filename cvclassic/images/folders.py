"""Labeled pictures: folders of classes, and manifests."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cvclassic.errors import DataError
from cvclassic.images.files import show_path
from cvclassic.images.remote import is_url
from cvclassic.images.walking import Fault, walk_images


@dataclass(frozen=True)
class LabeledImages:
    """Paths of pictures and what they show.

    Attributes
    ----------
    paths : list of str
    labels : list of str
        One for each path.
    splits : list of str
        One for each path of a manifest with such a column; else empty.
    """

    paths: list[str]
    labels: list[str]
    splits: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def classes(self) -> list[str]:
        """The labels that occur, sorted."""
        return sorted(set(self.labels))

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of each class, sorted by class."""
        return dict(sorted(Counter(self.labels).items()))


def load_folder(folder: str | os.PathLike, *, min_classes: int = 2) -> LabeledImages:
    """Labeled pictures from a folder that holds one folder a class.

    The name of the class is that of the top folder; pictures in folders below belong to it. Names
    that begin with a dot are skipped, and so are files that are no pictures by suffix and by
    their first bytes (see ``only_pictures`` of :func:`cvclassic.images.walk_images`), and files
    beside the class folders. Whether pictures can be read is not looked at.

    Parameters
    ----------
    folder : str or os.PathLike
    min_classes : int
        How many classes there must be: 2 to train, 1 to evaluate.

    Returns
    -------
    LabeledImages
        Sorted by class, then in the order of ``walk_images``.

    Raises
    ------
    DataError
        The folder is missing or is no folder, a folder cannot be listed, there are too few class
        folders, or one of them holds no picture.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from pathlib import Path
    >>> from cvclassic.images import write_image
    >>> with tempfile.TemporaryDirectory() as top:
    ...     for name in ("cat", "dog"):
    ...         Path(top, name).mkdir()
    ...         write_image(Path(top, name, "1.png"), np.zeros((8, 8), np.uint8))
    ...     load_folder(top).counts
    {'cat': 1, 'dog': 1}
    """
    top = os.fsdecode(folder)
    shown = show_path(top)
    try:
        with os.scandir(top) as listing:
            names = sorted(e.name for e in listing if e.is_dir() and not e.name.startswith("."))
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such folder") from None
    except NotADirectoryError:
        raise DataError(f"{shown}: expected a folder with one folder a class. Got a file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: the folder cannot be listed ({reason})") from None
    if not names:
        raise DataError(f"{shown}: expected one folder a class. Found no sub-folder")
    if len(names) < min_classes:
        raise DataError(
            f"{shown}: expected at least {min_classes} class folders. "
            f"Found only {', '.join(map(show_path, names))}"
        )
    paths: list[str] = []
    labels: list[str] = []
    for name in names:
        _check_label(name, f"{shown}: the class folder {show_path(name)!r}")
        before = len(paths)
        for found in walk_images([os.path.join(top, name)], only_pictures=True):
            if isinstance(found, Fault):
                raise DataError(f"{show_path(found.path)}: {found.message}")
            if not os.path.isdir(found.path):
                paths.append(found.path)
        if len(paths) == before:
            raise DataError(f"{shown}: the class folder {name!r} holds no picture")
        labels += [name] * (len(paths) - before)
    return LabeledImages(paths, labels)


def _check_label(label: str, where: str) -> None:
    """A label goes into model files and tables, so it must be text."""
    try:
        label.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"{where} has a name that is not UTF-8") from None


def load_manifest(manifest: str | os.PathLike, split: str | None = None) -> LabeledImages:
    """Labeled pictures from a table with the columns ``path``, ``label`` and perhaps ``split``.

    Parameters
    ----------
    manifest : str or os.PathLike
        CSV with commas and a header line, UTF-8 with or without byte order mark. Paths are
        relative to the manifest's folder, or absolute; they may be URLs, and pictures in archives
        (``shard.tar!a.jpg``). Other columns are ignored.
    split : str, optional
        Take only the lines that say so in the column ``split``; None takes all.

    Returns
    -------
    LabeledImages
        In the order of the lines. Whether the files exist is not looked at.

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
    path = Path(os.fsdecode(manifest))
    shown = show_path(str(path))
    paths: list[str] = []
    labels: list[str] = []
    parts: list[str] = []
    splits: Counter[str] = Counter()
    reader = None
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            at = manifest_columns(
                header, ["path", "label"] + ["split"] * (split is not None), shown
            )
            part = header.index("split") if header.count("split") == 1 else None
            for row in reader:
                if not any(field.strip() for field in row):
                    continue
                line = f"{shown}, line {reader.line_num}"
                if len(row) != len(header):
                    raise DataError(
                        f"{line}: expected {len(header)} columns ({', '.join(header)}). "
                        f"Got {len(row)}"
                    )
                for column, k in at.items():
                    if not row[k].strip():
                        raise DataError(f"{line}: the column {column!r} is empty")
                if "\0" in row[at["path"]]:
                    raise DataError(f"{line}: the column 'path' holds a NUL character")
                if split is not None:
                    splits[row[at["split"]]] += 1
                    if row[at["split"]] != split:
                        continue
                one = row[at["path"]]
                paths.append(one if is_url(one) else os.path.join(str(path.parent), one))
                labels.append(row[at["label"]])
                if part is not None:
                    parts.append(row[part])
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such manifest") from None
    except UnicodeDecodeError as error:
        line_number = reader.line_num + 1 if reader else 1
        raise DataError(
            f"{shown}, after line {line_number - 1}: not UTF-8 ({error.reason})"
        ) from None
    except csv.Error as error:
        line_number = reader.line_num if reader else 1
        raise DataError(f"{shown}, line {line_number}: not a CSV table ({error})") from None
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: the manifest cannot be read ({reason})") from None
    if not paths and splits:
        there = ", ".join(f"{name!r} ({n})" for name, n in sorted(splits.items()))
        raise DataError(f"{shown}: there is no split {split!r}. The splits are {there}")
    if not paths:
        raise DataError(f"{shown}: the manifest lists no picture")
    return LabeledImages(paths, labels, parts)


def manifest_columns(header: list[str], wanted: list[str], shown: str) -> dict[str, int]:
    """Where the wanted columns stand.

    Raises
    ------
    DataError
        One of them is missing, or there twice.
    """
    for name in wanted:
        if header.count(name) != 1:
            fault = "no" if name not in header else "more than one"
            raise DataError(
                f"{shown}, line 1: expected the columns {', '.join(wanted)}. "
                f"Found {fault} column {name!r} in: {', '.join(header) or 'nothing'}"
            )
    return {name: header.index(name) for name in wanted}
