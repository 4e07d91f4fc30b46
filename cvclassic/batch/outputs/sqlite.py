"""Records into an SQLite database."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator

from ..._basics.atomic import atomic_path
from ..records import Record
from .writers import BASE, Columns, Writer, cell_of, row_of

_AT_ONCE = 1000


class SqliteWriter:
    """One table ``records``, in order, with an index on its paths.

    Columns: n (1, 2, 3 ...), then those of `CsvWriter`; labels keep their type, and what is not
    there is NULL. Text that is not UTF-8, such as some paths, is a BLOB of its bytes.
    """

    def __init__(self, database: sqlite3.Connection, columns: Columns) -> None:
        self._database = database
        self._columns = columns
        self._kinds = ["text"] * len(BASE) + [column.kind for column in columns]
        self._waiting: list[list] = []
        names = [*BASE, *(column.name for column in columns)]
        # no type means no conversion: the label "7" and the number 7 stay what they are
        types = {"number": "REAL", "integer": "INTEGER", "path": "NOT NULL"}
        types |= {"status": "TEXT NOT NULL"}
        pairs = zip(names, self._kinds, strict=True)
        body = ", ".join(
            f'"{name}" {types.get(name, types.get(kind, ""))}'.strip() for name, kind in pairs
        )
        database.execute("PRAGMA journal_mode = OFF")  # the file is thrown away after an error
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        database.execute(f"CREATE TABLE records (n INTEGER PRIMARY KEY, {body})")
        marks = ", ".join("?" * len(names))
        listed = ", ".join(f'"{name}"' for name in names)
        self._insert = f"INSERT INTO records ({listed}) VALUES ({marks})"

    def write(self, record: Record) -> None:
        """Append one row."""
        self._waiting.append(
            [
                _cell(cell_of(value, kind))
                for value, kind in zip(row_of(record, self._columns), self._kinds, strict=True)
            ]
        )
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        self._database.executemany(self._insert, self._waiting)
        self._waiting.clear()

    def finish(self) -> None:
        """Write what waits, and the index."""
        self._flush()
        self._database.execute("CREATE INDEX records_path ON records (path)")
        self._database.execute("COMMIT")


def _cell(value: object) -> object:
    """A value that SQLite can hold."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        try:
            return os.fsencode(text)
        except UnicodeEncodeError:
            return text.encode("utf-8", "surrogatepass")
    return text


def check_database(path: str | os.PathLike) -> None:
    """Raise `OSError` while another program is in the middle of changing a database."""
    for suffix in ("-journal", "-wal"):
        beside = os.fsdecode(path) + suffix
        if os.path.exists(beside):  # SQLite would apply it to the new database
            raise OSError(errno.EBUSY, "another program is using the database", beside)


@contextlib.contextmanager
def open_sqlite(path: str | os.PathLike, columns: Columns) -> Iterator[Writer]:
    """A database that takes its name only when all records are in it.

    Parameters
    ----------
    path : str or Path
    columns : sequence of Column

    Yields
    ------
    Writer

    Raises
    ------
    OSError
        The folder cannot be written to, the disk is full, or another program is in the middle
        of changing the database that is to be replaced.
    """
    check_database(path)
    with atomic_path(path) as temporary:
        database = sqlite3.connect(temporary, isolation_level=None)
        try:
            writer = SqliteWriter(database, columns)
            yield writer
            writer.finish()
        except sqlite3.OperationalError as error:
            full = "full" in str(error)
            code = errno.ENOSPC if full else errno.EIO
            raise OSError(code, f"SQLite cannot write ({error})", os.fsdecode(path)) from None
        finally:
            database.close()
