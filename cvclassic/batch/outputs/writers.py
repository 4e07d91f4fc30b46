"""Records into files that other programs open: CSV and JSON lines here, others beside."""

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

from ..._basics.atomic import atomic_file
from ...errors import ParameterError
from ..records import Record

FORMATS = ("csv", "jsonl", "parquet", "sqlite")
_SUFFIXES = {**{name: name for name in FORMATS}, "db": "sqlite"}


class Writer(Protocol):
    """Takes records one by one."""

    def write(self, record: Record) -> None:
        """Append one record."""


def columns_of(top: int, extra: tuple[str, ...] = ()) -> list[str]:
    """Names of the columns of a table of records.

    Examples
    --------
    >>> columns_of(2)[4:]
    ['label', 'probability', 'label_2', 'probability_2']
    """
    columns = ["path", "status", "code", "message", "label", "probability"]
    for i in range(2, top + 1):
        columns += [f"label_{i}", f"probability_{i}"]
    return [*columns, *extra]


def row_of(record: Record, top: int, extra: tuple[str, ...] = ()) -> list:
    """Cells of a record, None for what is not there; probabilities have six decimals."""
    row: list = [record.path, record.status, record.code, record.message, record.label]
    for label, share in record.scores[:top]:
        row += [label, round(share, 6)]
    row += [None] * (2 * top + 5 - len(row))
    del row[5]  # the first class is the label, or there is none
    if "guess" in extra:
        row.append(record.scores[0][0] if record.scores else None)
    if "labels" in extra:
        row.append(None if record.labels is None else json.dumps(record.labels))
    return row


class CsvWriter:
    """Comma-separated values with a header line.

    Columns: path, status, code, message, label, probability, and for each further class
    label_2, probability_2 and so on. Extra columns are guess, the most probable class even where
    the label is "unknown", and labels, a set of labels as a JSON list. Bytes of a path that are
    not UTF-8 are written as they are, so that the path can be used again.
    """

    def __init__(
        self, file: IO[str], top: int, extra: tuple[str, ...] = (), header: bool = True
    ) -> None:
        self._top = top
        self._extra = extra
        self._rows = csv.writer(file, lineterminator="\n")
        self._quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        if header:
            self._rows.writerow(columns_of(top, extra))

    def write(self, record: Record) -> None:
        """Append one row."""
        cells = row_of(record, self._top, self._extra)
        for i in range(5, 4 + 2 * self._top, 2):
            cells[i] = None if cells[i] is None else f"{cells[i]:.6f}"
        row = ["" if cell is None else str(cell) for cell in cells]
        # csv leaves a carriage return unquoted, and readers take it for the end of the line
        writer = self._quoted if "\r" in "".join(row) else self._rows
        writer.writerow(row)


class JsonLinesWriter:
    """One JSON object a line: path, status, code, message, label, scores, perhaps labels.

    Text is ASCII with JSON escapes; bytes of a path that are not UTF-8 become the lone
    surrogates that ``os.fsencode`` turns back.
    """

    def __init__(
        self, file: IO[str], top: int, extra: tuple[str, ...] = (), header: bool = True
    ) -> None:
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
    if suffix not in _SUFFIXES:
        *known, last = (f".{name}" for name in FORMATS)
        raise ParameterError(
            f"output must end in {', '.join(known)} or {last}. Got {os.fspath(path)!r} instead."
        )
    return _SUFFIXES[suffix]


def check_output(path: str | os.PathLike | None, format: str) -> None:
    """Find out now, and not after a day's work, whether a format can be written there.

    Raises
    ------
    OSError, ParameterError, MissingDependencyError
        As `open_writer`.
    """
    if format == "sqlite":
        if path is None:
            raise ParameterError("A database cannot go to standard output: name a file.")
        from .sqlite import check_database

        check_database(path)
    if format == "parquet":
        from .parquet import import_arrow

        import_arrow()


@contextmanager
def open_writer(
    path: str | os.PathLike | None, format: str, top: int, extra: tuple[str, ...] = ()
) -> Iterator[Writer]:
    """Open a place for records; a file appears only when all are written.

    Parameters
    ----------
    path : str, Path or None
        None stands for standard output.
    format : {"csv", "jsonl", "parquet", "sqlite"}
        A database cannot be written to standard output.
    top : int
        Classes that a record lists.
    extra : tuple of str
        More columns of a table, see `CsvWriter`.

    Yields
    ------
    Writer

    Raises
    ------
    OSError
        The folder cannot be written to; known before the first record.
    ParameterError
        The format cannot be written there.
    MissingDependencyError
        The format needs a package that is not installed.
    """
    check_output(path, format)
    if format == "sqlite" and path is not None:
        from .sqlite import open_sqlite

        with open_sqlite(path, top, extra) as writer:
            yield writer
        return
    if format == "parquet":
        from .parquet import open_parquet

        with (
            _binary_stdout() if path is None else atomic_file(path) as binary,
            open_parquet(binary, top, extra) as writer,
        ):
            yield writer
        return
    if path is None:
        # not sys.stdout itself: paths need surrogateescape, whatever the locale says
        with io.TextIOWrapper(
            _binary_stdout(),
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
        ) as file:
            yield _WRITERS[format](file, top, extra)
        return
    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield _WRITERS[format](file, top, extra)


@contextmanager
def append_writer(
    path: str | os.PathLike, format: str, top: int, extra: tuple[str, ...] = ()
) -> Iterator[Writer]:
    """Add records to a file that `open_writer` has written; each is in it at once.

    Parameters
    ----------
    path, top, extra
        As `open_writer` has them.
    format : {"csv", "jsonl"}

    Yields
    ------
    Writer

    Raises
    ------
    ParameterError
        The format has to be written as a whole.
    """
    if format not in _WRITERS:
        listed = " or ".join(_WRITERS)
        raise ParameterError(f"format must be {listed} to be added to. Got {format!r} instead.")
    text: dict = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    with open(path, "a", buffering=1, **text) as file:
        yield _WRITERS[format](file, top, extra, header=False)


def _binary_stdout() -> IO[bytes]:
    return open(sys.stdout.fileno(), "wb", closefd=False)
