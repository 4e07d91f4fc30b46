"""Records into files that other programs open: text here, databases and Parquet beside."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

from ..._basics.atomic import atomic_file
from ..._basics.named import load_named
from ...errors import ParameterError
from ..columns import Column
from ..records import Record, as_json

BASE = ("path", "status", "code", "message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Writer(Protocol):
    """Takes records one by one."""

    def write(self, record: Record) -> None:
        """Append one record."""


Columns: TypeAlias = Sequence[Column]
Format: TypeAlias = "str | Callable[[IO[str], Columns], Writer]"


def row_of(record: Record, columns: Columns) -> list:
    """Cells of a record, None for what is not there."""
    values = [column.value(record) for column in columns]
    return [record.path, record.status, record.code, record.message, *values]


def cell_of(value: Any, kind: str) -> Any:
    """A cell of a table; lists and dicts as JSON."""
    if value is None or kind not in ("json", "list"):
        return value
    return json.dumps(as_json(value))


class CsvWriter:
    """Comma-separated values with a header line.

    Bytes of a path that are not UTF-8 are written as they are, so that the path can be used
    again.

    Parameters
    ----------
    file : text file
    columns : sequence of Column
        Behind path, status, code and message.
    header : bool
        Whether the first line names the columns.
    raw : bool
        Leave texts as they are that a spreadsheet would take for a formula; else an
        apostrophe goes before them.
    """

    begins = ",".join(BASE)

    def __init__(
        self, file: IO[str], columns: Columns, *, header: bool = True, raw: bool = True
    ) -> None:
        self._columns = columns
        self._raw = raw
        self._shares = [
            i for i, c in enumerate(columns, len(BASE)) if c.name.startswith("probability")
        ]
        self._rows = csv.writer(file, lineterminator="\n")
        self._quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        if header:
            self._rows.writerow([*BASE, *(column.name for column in columns)])

    def write(self, record: Record) -> None:
        """Append one row."""
        cells = row_of(record, self._columns)
        for i in self._shares:
            cells[i] = None if cells[i] is None else f"{cells[i]:.6f}"
        for i, column in enumerate(self._columns, len(BASE)):
            cells[i] = cell_of(cells[i], column.kind)
        if not self._raw:
            cells = [defused(cell) if isinstance(cell, str) else cell for cell in cells]
        row = ["" if cell is None else str(cell) for cell in cells]
        # csv leaves a carriage return unquoted, and readers take it for the end of the line
        writer = self._quoted if "\r" in "".join(row) else self._rows
        writer.writerow(row)


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula; numbers stay what they are.

    Examples
    --------
    >>> defused("=1+1"), defused("-0.5"), defused("a.jpg")
    ("'=1+1", '-0.5', 'a.jpg')
    """
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


class JsonLinesWriter:
    """One JSON object a line: path, status, code, message, then what the task found.

    A classifier's are label and scores, and perhaps labels. Text is ASCII with JSON escapes; bytes
    of a path that are not UTF-8 become the lone surrogates that ``os.fsencode`` turns back.
    """

    begins = r'[\[ \r\n\t]*(\{"path"|\]|$)'

    def __init__(self, file: IO[str], columns: Columns, *, header: bool = True) -> None:
        self._file = file
        self._columns = [column for column in columns if column.in_json]
        self._labels = len(self._columns) < len(columns)

    def write(self, record: Record) -> None:
        """Append one line."""
        self._file.write(json.dumps(self.dict_of(record)) + "\n")

    def dict_of(self, record: Record) -> dict[str, Any]:
        """A record as JSON has it."""
        row = dict(zip(BASE, row_of(record, ()), strict=True))
        if self._labels:
            row["label"] = record.label
            row["scores"] = [[label, round(share, 6)] for label, share in record.scores]
            if record.labels is not None:
                row["labels"] = list(record.labels)
        return row | {column.name: as_json(column.value(record)) for column in self._columns}


class JsonWriter(JsonLinesWriter):
    """The same objects in one JSON list."""

    def __init__(self, file: IO[str], columns: Columns) -> None:
        super().__init__(file, columns)
        self._between = "[\n"

    def write(self, record: Record) -> None:
        """Append one object."""
        self._file.write(self._between + json.dumps(self.dict_of(record)))
        self._between = ",\n"

    def finish(self) -> None:
        """Close the list."""
        self._file.write("\n]\n" if self._between != "[\n" else "[]\n")


# A new text format is a class like these, and a line here; suffixes are those of the names. A class
# with a file of its own is named as "module:Class", and its module is loaded when it is requested.
# `begins` is a regular expression for the first bytes: files that begin otherwise are not replaced.
TEXT_FORMATS: dict[str, Callable[..., Writer] | str] = {
    "csv": CsvWriter,
    "jsonl": JsonLinesWriter,
    "json": JsonWriter,
}
FORMATS = (*TEXT_FORMATS, "parquet", "sqlite")
APPENDABLE = ("csv", "jsonl")
_SUFFIXES = {**{name: name for name in FORMATS}, "db": "sqlite"}


def format_of(path: str | os.PathLike) -> str:
    """Format that a file name asks for; text may end in ``.gz`` too.

    Raises
    ------
    ParameterError
        The suffix is not one of `FORMATS`.

    Examples
    --------
    >>> format_of("labels.jsonl"), format_of("labels.csv.gz")
    ('jsonl', 'csv')
    """
    name = Path(path)
    packed = name.suffix.lower() == ".gz"
    suffix = (name.with_suffix("") if packed else name).suffix.lower().lstrip(".")
    if suffix not in _SUFFIXES or (packed and suffix not in TEXT_FORMATS):
        *known, last = (f".{name}" for name in FORMATS)
        raise ParameterError(
            f"output must end in {', '.join(known)} or {last}. Got {os.fspath(path)!r} instead."
        )
    return _SUFFIXES[suffix]


def _text_writer(format: str) -> Any:
    """The class that writes a text format."""
    return load_named(TEXT_FORMATS[format], __package__)


def begins_of(path: str | os.PathLike) -> str:
    """Regular expression for the first bytes of records in the format that a name asks for."""
    if os.fsdecode(path).lower().endswith(".gz"):
        return "\x1f."
    try:
        format = format_of(path)
    except ParameterError:
        format = "json"  # as commands write it where a name says nothing
    named = {"parquet": "PAR1", "sqlite": "SQLite format 3"}
    return named.get(format) or _text_writer(format).begins


def is_stream(path: str | os.PathLike) -> bool:
    """Whether an output is written as it comes: ``-``, a device or a pipe."""
    name = os.fsdecode(path)
    if name == "-" or name.startswith(("/dev/", "/proc/")):
        return True
    return os.path.exists(name) and not os.path.isfile(name) and not os.path.isdir(name)


def check_output(path: str | os.PathLike, format: Format) -> None:
    """Find out now, and not after a day's work, whether a format can be written there.

    Raises
    ------
    OSError, ParameterError, MissingDependencyError
        As `open_writer`.
    """
    if format == "sqlite":
        if is_stream(path):
            raise ParameterError("A database cannot go to standard output: name a file.")
        from .sqlite import check_database

        check_database(path)
    elif format == "parquet":
        from .parquet import import_arrow

        import_arrow()
    elif isinstance(format, str) and format not in TEXT_FORMATS:
        raise ParameterError(f"format must be one of {', '.join(FORMATS)}. Got {format!r} instead.")


@contextmanager
def open_writer(
    path: str | os.PathLike, format: Format, columns: Columns = (), *, raw_csv: bool = False
) -> Iterator[Writer]:
    """Open a place for records; a file appears only when all are written.

    Parameters
    ----------
    path : str or Path
        ``-`` stands for standard output. A name that ends in ``.gz`` is compressed.
    format : {"csv", "jsonl", "json", "parquet", "sqlite"} or callable
        A callable is given a text file and the columns, and gives an object with ``write`` and
        perhaps ``finish``, which is called behind the last record.
    columns : sequence of Column
        The task's columns, see `Task.columns`.
    raw_csv : bool
        See `CsvWriter`; for files only.

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
    if format == "sqlite":
        from .sqlite import open_sqlite

        with open_sqlite(path, columns) as writer:
            yield writer
        return
    if format == "parquet":
        from .parquet import open_parquet

        with _open_binary(path) as binary, open_parquet(binary, columns) as writer:
            yield writer
        return
    with open_text(path) as file:
        make = _text_writer(format) if isinstance(format, str) else format
        more = {} if format != "csv" or is_stream(path) else {"raw": raw_csv}
        writer = make(file, columns, **more)
        yield writer
        finish = getattr(writer, "finish", None)
        if finish is not None:
            finish()


@contextmanager
def open_text(path: str | os.PathLike) -> Iterator[IO[str]]:
    """Open a text file as `open_writer` does, for rows of another kind."""
    packed = os.fsdecode(path).lower().endswith(".gz")
    with _open_binary(path) as binary, _as_text(binary, packed) as file:
        yield file


@contextmanager
def _open_binary(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    if os.fspath(path) in ("-", "/dev/stdout"):
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif is_stream(path):
        with open(path, "wb") as file:
            yield file
    else:
        with atomic_file(path) as file:
            yield file


@contextmanager
def _as_text(binary: IO[bytes], packed: bool) -> Iterator[IO[str]]:
    # paths need surrogateescape, whatever the locale says
    text: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    inner: Any = binary
    if packed:  # without a time, so that the same records have the same bytes
        inner = gzip.GzipFile("", "wb", fileobj=binary, mtime=0)
    file = io.TextIOWrapper(inner, **text)
    try:
        yield file
    except BaseException:
        with contextlib.suppress(Exception):
            file.detach()
        raise
    file.detach()  # flushes, and leaves the file to whoever opened it
    if packed:
        inner.close()


@contextmanager
def append_writer(
    path: str | os.PathLike, format: str, columns: Columns = (), *, raw_csv: bool = False
) -> Iterator[Writer]:
    """Add records to a file that `open_writer` has written; each is in it at once.

    Parameters
    ----------
    path, columns, raw_csv
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
    if format not in APPENDABLE or os.fsdecode(path).lower().endswith(".gz"):
        listed = " or ".join(APPENDABLE)
        raise ParameterError(f"format must be {listed} to be added to. Got {format!r} instead.")
    text: dict = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    more = {"raw": raw_csv} if format == "csv" else {}
    with open(path, "a", buffering=1, **text) as file:
        yield _text_writer(format)(file, columns, header=False, **more)
