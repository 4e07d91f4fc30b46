"""Records into Parquet files; needs pyarrow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO, Any

from ...errors import MissingDependencyError
from ...images.files import show_path
from ..records import Record
from .writers import BASE, Columns, Writer, cell_of, row_of

_ROW_GROUP = 50_000
_FEW_VALUES = ("status", "code", "label", "guess")


def import_arrow() -> tuple[Any, Any]:
    """pyarrow and pyarrow.parquet, or `MissingDependencyError`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingDependencyError(
            "Parquet needs pyarrow. Install it: pip install 'cvclassic[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet


class ParquetWriter:
    """Rows in order, in row groups of 50,000, so that memory does not grow with their number.

    Columns are those of `CsvWriter` and of the same text, but what is not there is null, numbers
    are numbers, and a set of labels is a list. Status, code and labels are dictionaries. Parquet
    text must be UTF-8: a path that is not appears with ``\\xff`` escapes, and its bytes stand in
    the column path_bytes, which is null for all others.
    """

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._arrow, parquet = import_arrow()
        self._columns = columns
        self._names = [*BASE, *(column.name for column in columns)]
        self._kinds = ["text"] * len(BASE) + [column.kind for column in columns]
        pairs = zip(self._names, self._kinds, strict=True)
        schema = [(name, self._type(name, kind)) for name, kind in pairs]
        self._schema = self._arrow.schema(
            [schema[0], ("path_bytes", self._arrow.binary()), *schema[1:]]
        )
        self._rows: list[list] = []
        self._file = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def _type(self, name: str, kind: str) -> Any:
        text = self._arrow.string()
        if kind == "number":
            return self._arrow.float64()
        if kind == "integer":
            return self._arrow.int64()
        if kind == "list":
            return self._arrow.list_(text)
        if name.startswith(_FEW_VALUES):
            return self._arrow.dictionary(self._arrow.int32(), text)
        return text

    def write(self, record: Record) -> None:
        """Append one row."""
        self._rows.append(row_of(record, self._columns))
        if len(self._rows) >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        table = list(map(list, zip(*self._rows, strict=True)))
        arrays = [self._array(*column) for column in zip(self._kinds, table, strict=True)]
        places = self._arrow.array([_bytes_of(path) for path in table[0]], self._arrow.binary())
        arrays.insert(1, places)
        arrays = [one.cast(field.type) for one, field in zip(arrays, self._schema, strict=True)]
        self._file.write_table(
            self._arrow.Table.from_arrays(arrays, schema=self._schema), row_group_size=_ROW_GROUP
        )
        self._rows.clear()

    def _array(self, kind: str, values: list) -> Any:
        if kind == "list":
            values = [None if one is None else [str(item) for item in one] for one in values]
            return self._arrow.array(values, self._arrow.list_(self._arrow.string()))
        if kind in ("number", "integer"):
            return self._arrow.array(values)
        values = [None if one is None else _text(cell_of(one, kind)) for one in values]
        return self._arrow.array(values, self._arrow.string())

    def finish(self) -> None:
        """Write what waits, and the file's end."""
        self._flush()
        self._file.close()

    def abandon(self) -> None:
        """Leave the file without its footer, so that no reader takes it for complete."""
        self._file.is_open = False


def _text(value: object) -> str:
    text = str(value)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return show_path(text)
    return text


def _bytes_of(path: str) -> bytes | None:
    """Bytes of a path that is not UTF-8."""
    if path.isascii():
        return None
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        try:
            return os.fsencode(path)
        except UnicodeEncodeError:
            return path.encode("utf-8", "surrogatepass")
    return None


@contextlib.contextmanager
def open_parquet(file: IO[bytes], columns: Columns) -> Iterator[Writer]:
    """Write Parquet to an open file.

    Raises
    ------
    MissingDependencyError
        pyarrow is not installed.
    """
    writer = ParquetWriter(file, columns)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.finish()
