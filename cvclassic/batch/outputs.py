"""Records into files that other programs open: CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from ..atomic import atomic_file
from ..errors import ParameterError
from .records import Record

FORMATS = ("csv", "jsonl")


class Writer(Protocol):
    """Takes records one by one."""

    def write(self, record: Record) -> None:
        """Append one record."""


class CsvWriter:
    """Comma-separated values with a header line.

    Columns: path, status, code, message, label, probability, and for each further class
    label_2, probability_2 and so on. Extra columns are guess, the most probable class even where
    the label is "unknown", and labels, a set of labels as a JSON list. Bytes of a path that are
    not UTF-8 are written as they are, so that the path can be used again.
    """

    def __init__(self, file: IO[str], top: int, extra: tuple[str, ...] = ()) -> None:
        self._top = top
        self._extra = extra
        self._rows = csv.writer(file, lineterminator="\n")
        self._quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        columns = ["path", "status", "code", "message", "label", "probability"]
        for i in range(2, top + 1):
            columns += [f"label_{i}", f"probability_{i}"]
        self._rows.writerow([*columns, *extra])

    def write(self, record: Record) -> None:
        """Append one row."""
        cells = [record.path, record.status, record.code, record.message, record.label]
        cells.append(f"{record.scores[0][1]:.6f}" if record.scores else None)
        for i in range(1, self._top):
            if i < len(record.scores):
                label, probability = record.scores[i]
                cells += [label, f"{probability:.6f}"]
            else:
                cells += [None, None]
        if "guess" in self._extra:
            cells.append(record.scores[0][0] if record.scores else None)
        if "labels" in self._extra:
            cells.append(None if record.labels is None else json.dumps(record.labels))
        row = ["" if cell is None else str(cell) for cell in cells]
        # csv leaves a carriage return unquoted, and readers take it for the end of the line
        writer = self._quoted if any("\r" in cell for cell in row) else self._rows
        writer.writerow(row)


class JsonLinesWriter:
    """One JSON object a line: path, status, code, message, label, scores, perhaps labels.

    Text is ASCII with JSON escapes; bytes of a path that are not UTF-8 become the lone
    surrogates that ``os.fsencode`` turns back.
    """

    def __init__(self, file: IO[str], top: int, extra: tuple[str, ...] = ()) -> None:
        self._file = file

    def write(self, record: Record) -> None:
        """Append one line."""
        row = {
            "path": record.path,
            "status": record.status,
            "code": record.code,
            "message": record.message,
            "label": record.label,
            "scores": [[label, round(probability, 6)] for label, probability in record.scores],
        }
        if record.labels is not None:
            row["labels"] = list(record.labels)
        self._file.write(json.dumps(row) + "\n")


_WRITERS: dict[str, Callable[..., Writer]] = {"csv": CsvWriter, "jsonl": JsonLinesWriter}


def format_of(path: str | os.PathLike) -> str:
    """Format that a file name asks for.

    Raises
    ------
    ParameterError
        The suffix is not one of `FORMATS`.

    Examples
    --------
    >>> format_of("labels.jsonl")
    'jsonl'
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        known = " or ".join(f".{name}" for name in FORMATS)
        raise ParameterError(f"output must end in {known}. Got {os.fspath(path)!r} instead.")
    return suffix


@contextmanager
def open_writer(
    path: str | os.PathLike | None, format: str, top: int, extra: tuple[str, ...] = ()
) -> Iterator[Writer]:
    """Open a place for records; a file appears only when all are written.

    Parameters
    ----------
    path : str, Path or None
        None stands for standard output.
    format : {"csv", "jsonl"}
    top : int
        Classes that a record lists.
    extra : tuple of str
        More columns of a CSV file, see `CsvWriter`.

    Yields
    ------
    Writer

    Raises
    ------
    OSError
        The folder cannot be written to; known before the first record.
    """
    if path is None:
        # not sys.stdout itself: paths need surrogateescape, whatever the locale says
        with io.TextIOWrapper(
            open(sys.stdout.fileno(), "wb", closefd=False),
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
        ) as file:
            yield _WRITERS[format](file, top, extra)
        return
    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield _WRITERS[format](file, top, extra)
