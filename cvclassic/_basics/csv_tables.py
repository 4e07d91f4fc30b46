"""CSV tables as people and programs write them, read strictly: the one place that parses CSV.

What is accepted: UTF-8 with or without byte order mark, UTF-16 with one or where the first bytes
leave no doubt, lines that end in LF or CRLF, and commas, semicolons or tabs between the columns.
What is not: rows with more or fewer cells than the header, quotes that do not close.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import overload

from ..errors import DataError
from .printable import show_path

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
ALIASES: Mapping[str, tuple[str, ...]] = {
    "path": (
        "path", "paths", "file", "files", "filename", "filenames", "file_name", "filepath",
        "file_path", "image", "images", "image_path", "image_file", "image_name", "imagepath",
        "img", "img_path",
    ),
    "label": (
        "label", "labels", "class", "classes", "category", "class_name", "label_name",
        "classname", "category_name", "target", "species",
    ),
    "split": ("split", "splits", "subset", "set", "partition", "data_set", "dataset", "usage"),
}  # fmt: skip
"""Column -> other headers that mean the same, compared without regard to case and blanks."""


class CSVTable:
    """An open table behind its header line; made by `open_csv`.

    Attributes
    ----------
    header : list of str
        Cells of the first line, without blanks around them.
    separator : str
    shown : str
        Name of the file, for messages.
    """

    def __init__(self, lines: io.TextIOBase, wanted: Sequence[str], shown: str) -> None:
        self.shown = shown
        first = lines.readline()
        self._skipped = 0
        if first.lower().startswith("sep=") and len(first.strip()) <= 5:  # a line of Excel
            first, self._skipped = lines.readline(), 1
        self.separator = _find_separator(first, wanted)

        def rest() -> Iterator[str]:
            yield first
            yield from lines

        self._reader = csv.reader(rest(), strict=True, delimiter=self.separator)
        try:
            self.header = [cell.strip() for cell in next(self._reader, [])]
        except csv.Error as error:
            raise DataError(f"{shown}, line 1: not a CSV table ({error})") from None

    @property
    def line(self) -> int:
        """Number of the line that was read last."""
        return self._reader.line_num + self._skipped

    @overload
    def column(self, name: str) -> int: ...

    @overload
    def column(self, name: str, *, optional: bool) -> int | None: ...

    def column(self, name: str, *, optional: bool = False) -> int | None:
        """Place of a column, by its name or by another that means the same.

        The name itself comes first, then the name in other letters (``Path``), then `ALIASES`.

        Raises
        ------
        DataError
            The column is missing (unless `optional`), or there twice.
        """
        found, several = _find_column(self.header, name)
        if several:
            raise DataError(
                f"{self.shown}, line 1: found more than one column {name!r}: "
                f"{', '.join(map(show_path, several))}. Rename all but one of them"
            )
        if found is None and not optional:
            others = ALIASES.get(name, ())[1:]
            also = f" (or {', '.join(others[:6])} ...)" if others else ""
            raise DataError(
                f"{self.shown}, line 1: expected a header line with the column {name!r}{also}. "
                f"Found no such column in: {', '.join(map(show_path, self.header)) or 'nothing'}"
            )
        return found

    def rows(self, *, checked: bool = True) -> Iterator[list[str]]:
        """Cells of each row, as they stand; empty lines are left out.

        Raises
        ------
        DataError
            A row has another number of cells than the header (where `checked`), a quote is not
            closed, or the bytes are not text.
        """
        while True:
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(
                    f"{self.shown}, line {max(self.line, 1)}: not a CSV table ({error})"
                ) from None
            except OSError as error:
                raise DataError(
                    f"{self.shown}, after line {self.line}: the table cannot be read "
                    f"({error.strerror})"
                ) from None
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{self.shown}, after line {self.line}: not UTF-8 ({error.reason}). "
                    "Save the table as UTF-8"
                ) from None
            if any(cell.strip() for cell in row):
                if checked:
                    self.check(row)
                yield row

    def check(self, row: Sequence[str]) -> None:
        """Raise `DataError` where a row has another number of cells than the header."""
        if len(row) != len(self.header):
            raise DataError(
                f"{self.shown}, line {self.line}: expected {len(self.header)} columns "
                f"({', '.join(map(show_path, self.header))}). Got {len(row)}"
            )


@contextmanager
def open_csv(
    path: str | os.PathLike,
    *,
    wanted: Sequence[str] = (),
    errors: str = "strict",
    what: str = "table",
) -> Iterator[CSVTable]:
    """Open a CSV table with a header line.

    Parameters
    ----------
    path : str or os.PathLike
    wanted : sequence of str
        Columns that there must be: they decide between separators that both occur.
    errors : {"strict", "surrogateescape"}
        What becomes of bytes that are not UTF-8.
    what : str
        What the file is called in messages.

    Yields
    ------
    CSVTable

    Raises
    ------
    DataError
        The file is missing, cannot be read or is no text.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/a.csv", "w") as file:
    ...         _ = file.write("File;Class\\na.jpg;cat\\n")
    ...     with open_csv(folder + "/a.csv") as table:
    ...         table.column("path"), table.column("label"), list(table.rows())
    (0, 1, [['a.jpg', 'cat']])
    """
    name = os.fsdecode(path)
    shown = show_path(name)
    try:
        raw = open(name, "rb")  # noqa: SIM115
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such {what}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: the {what} cannot be read ({reason})") from None
    with raw:
        try:
            encoding = find_encoding(raw.peek(512)[:512])
            lines = io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="")
            table = CSVTable(lines, wanted, shown)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{shown}, line 1: not UTF-8 ({error.reason}). Save the table as UTF-8"
            ) from None
        except OSError as error:
            raise DataError(f"{shown}: the {what} cannot be read ({error.strerror})") from None
        yield table


def find_encoding(head: bytes) -> str:
    """Encoding of a text, by its byte order mark, or by the zeros of UTF-16.

    Examples
    --------
    >>> find_encoding("path,label".encode("utf-16-le")), find_encoding(b"path,label")
    ('utf-16-le', 'utf-8-sig')
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0:64:2], head[1:64:2]
    if len(head) >= 4 and any(even) and not any(odd):
        return "utf-16-le"
    if len(head) >= 4 and any(odd) and not any(even):
        return "utf-16-be"
    return "utf-8-sig"


def _find_separator(first: str, wanted: Sequence[str]) -> str:
    """The separator of a header line: the only one that occurs, or the one that fits."""
    bare = "".join(part for i, part in enumerate(first.split('"')) if i % 2 == 0)
    there = [sign for sign in _SEPARATORS if sign in bare]
    for sign in there:
        try:
            header = next(csv.reader([first], delimiter=sign))
        except (csv.Error, StopIteration):
            continue
        if all(_find_column([cell.strip() for cell in header], name)[0] is not None
               for name in wanted):  # fmt: skip
            return sign
    return there[0] if there else ","


def _find_column(header: Sequence[str], name: str) -> tuple[int | None, list[str]]:
    """Place of a column, or the headers that all could be it."""
    tests = (
        lambda cell: cell == name,
        lambda cell: _key(cell) == _key(name),
        lambda cell: _key(cell) in ALIASES.get(name, ()),
    )
    for test in tests:
        places = [i for i, cell in enumerate(header) if test(cell)]
        if len(places) == 1:
            return places[0], []
        if places:
            return None, [header[i] for i in places]
    return None, []


def _key(cell: str) -> str:
    """A header cell without regard to case, blanks and dashes."""
    return cell.strip().casefold().replace(" ", "_").replace("-", "_")
