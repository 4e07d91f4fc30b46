"""Tables of numbers with a label."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass

import numpy as np

from cvclassic._basics.csv_tables import open_csv
from cvclassic._basics.printable import show_path
from cvclassic.errors import DataError
from cvclassic.images.arrays import NamedItem
from cvclassic.images.labeled import clean_label, same_split

_MAX_COLUMNS = 10_000


@dataclass(frozen=True)
class LabeledTable:
    """Rows of numbers and what they are.

    Attributes
    ----------
    rows : ndarray of shape (n, d), float64
    labels : list of str
        One for each row.
    columns : list of str
        Names of the d columns.
    paths : list of str
        Name of each row: the file and the number of the line.
    """

    rows: np.ndarray
    labels: list[str]
    columns: list[str]
    paths: list[str]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def items(self) -> list[NamedItem]:
        """The rows with their names."""
        return [NamedItem(p, row) for p, row in zip(self.paths, self.rows, strict=True)]


def read_table(
    path: str | os.PathLike,
    columns: list[str] | None = None,
    label: str | None = None,
    skip: tuple[str, ...] = (),
) -> LabeledTable:
    """Read a CSV table with a header line.

    Parameters
    ----------
    path : str or os.PathLike
        Commas, semicolons or tabs; UTF-8 or UTF-16.
    columns : list of str, optional
        Columns to read; all must be there. None takes all but `label` and `skip`.
    label : str, optional
        Column of the labels; without it all labels are empty.
    skip : tuple of str
        Columns to leave out, such as ``split``.

    Returns
    -------
    LabeledTable

    Raises
    ------
    DataError
        The file is missing or no such table, a column is missing, or a cell is no finite
        number; the message names line and column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/a.csv", "w") as file:
    ...         _ = file.write("length,class\\n1.5,g\\n2.5,h\\n")
    ...     read_table(folder + "/a.csv", label="class").rows.tolist()
    [[1.5], [2.5]]
    """
    name = os.fsdecode(path)
    values: list[list[float]] = []
    labels: list[str] = []
    lines: list[str] = []
    wanted = [*(columns or ()), *([label] if label is not None else [])]
    with open_csv(name, wanted=wanted) as table:
        shown = table.shown
        if columns is None:
            columns = [c for c in table.header if c != label and c not in skip]
        places = [_place(table.header, c, shown) for c in columns]
        at_label = None if label is None else _place(table.header, label, shown)
        if not 1 <= len(places) <= _MAX_COLUMNS:
            raise DataError(f"{shown}, line 1: expected columns of numbers. Found none")
        for row in table.rows():
            line = f"{shown}, line {table.line}"
            values.append([_number(row[i], line, c) for i, c in zip(places, columns, strict=True)])
            labels.append("" if at_label is None else clean_label(row[at_label]))
            if at_label is not None and not labels[-1].strip():
                raise DataError(f"{line}: the column {label!r} is empty")
            lines.append(f"{name}:{table.line}")
    if not values:
        raise DataError(f"{shown}: the table has no rows")
    return LabeledTable(np.array(values), labels, list(columns), lines)


def load_table(
    path: str | os.PathLike,
    label: str,
    columns: list[str] | None = None,
    split: str | None = None,
) -> LabeledTable:
    """Labeled rows of a table, perhaps of one split.

    Parameters
    ----------
    path : str or os.PathLike
        As `read_table`. A column ``split`` is never a column of numbers.
    label : str
        Column of the labels.
    columns : list of str, optional
        Columns to read, in this order; None takes all others.
    split : str, optional
        Take only the rows with this value in the column ``split``.

    Returns
    -------
    LabeledTable

    Raises
    ------
    DataError
        As `read_table`, or there is no such split.
    """
    table = read_table(path, columns, label, skip=("split",))
    if split is None:
        return table
    splits = read_labels(path, "split")
    kept = [i for i, name in enumerate(splits) if same_split(name, split)]
    if not kept:
        there = ", ".join(sorted(set(splits)))
        raise DataError(
            f"{show_path(os.fsdecode(path))}: there is no split {split!r}. There are {there}"
        )
    return LabeledTable(
        table.rows[kept],
        [table.labels[i] for i in kept],
        table.columns,
        [table.paths[i] for i in kept],
    )


def read_labels(path: str | os.PathLike, column: str) -> list[str]:
    """One column of a table as text; the table is known to be readable."""
    with open_csv(path, wanted=[column]) as table:
        place = _place(table.header, column, table.shown)
        return [clean_label(row[place]) for row in table.rows()]


def _place(header: list[str], column: str, shown: str) -> int:
    """Where a column stands."""
    if header.count(column) != 1:
        fault = "no" if column not in header else "more than one"
        raise DataError(
            f"{shown}, line 1: found {fault} column {column!r} in: {', '.join(header) or 'nothing'}"
        )
    return header.index(column)


def _number(text: str, line: str, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        hint = ". Write decimals with a point" if re.fullmatch(r"\s*-?\d+,\d+\s*", text) else ""
        raise DataError(
            f"{line}: the column {column!r} must hold a finite number. Got {text!r}{hint}"
        )
    return value
