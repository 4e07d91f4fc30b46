"""Images with several keywords each, listed in a table: column path and a column of words."""

from __future__ import annotations

import os
from collections import Counter

from cvclassic._basics.csv_tables import CSVTable, open_csv
from cvclassic._basics.printable import plural
from cvclassic.errors import DataError
from cvclassic.images.labeled import (
    DataNote,
    LabeledImages,
    check_label,
    clean_label,
    note_capitals,
)
from cvclassic.images.manifests import (
    in_split,
    listed_rows,
    load_manifest,
    nothing_listed,
    place_beside,
)

KEYWORD_COLUMNS = ("keywords", "keyword", "tags", "tag")
"""Headers of columns that hold several words per image, even without an option for it."""
SEPARATORS = ("|", ";", ",")


def load_keywords(
    manifest: str | os.PathLike, column: str | None = None, split: str | None = None
) -> LabeledImages:
    """Images with several keywords each, from a table with the columns path and keywords.

    Parameters
    ----------
    manifest : str or os.PathLike
        CSV as in `load_manifest`. Keywords stand in one cell, separated by ``|``, ``;`` or
        commas, or in one row per image and word. Where no cell holds such a separator and no image
        has two rows, blanks separate (``tiger grass``).
    column : str, optional
        Header of the keywords; ``keywords``, ``tags`` or ``labels`` unless given.
    split : str, optional
        Take only the rows with this value in the column ``split``.

    Returns
    -------
    LabeledImages
        One entry per image, in the order of their first lines; labels are tuples of words,
        sorted. Images without keywords are left out, and noted.

    Raises
    ------
    DataError
        The file is missing or no such table, it lists no images with keywords, or none of the
        split.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "manifest.csv")
    ...     _ = table.write_text("path,keywords\\na.jpg,tiger grass\\nb.jpg,sky\\n")
    ...     load_keywords(table).labels
    [('grass', 'tiger'), ('sky',)]
    """
    folder = os.path.dirname(os.fsdecode(manifest))
    cells: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    parts: dict[str, str] = {}
    splits: Counter[str] = Counter()
    wanted = ["path"] + ["split"] * (split is not None)
    with open_csv(manifest, wanted=wanted, what="manifest") as table:
        rows, at_words = listed_rows(table, split), _find_column(table, column)
        has_splits = table.column("split", optional=True) is not None
        for row, path, part in rows:
            splits[part or ""] += 1
            if not in_split(part, split):
                continue
            place = place_beside(folder, path)
            if parts.setdefault(place, part or "") != (part or ""):
                raise DataError(
                    f"{table.shown}, line {table.line}: {path!r} is in the splits "
                    f"{parts[place]!r} and {part!r}"
                )
            cells.setdefault(place, []).append(row[at_words])
            lines.setdefault(place, table.line)
        shown = table.shown
    if not cells:
        raise nothing_listed(shown, split, splits)
    separator = find_separator(cells.values())
    found = {path: _words(some, separator) for path, some in cells.items()}
    for path, words in found.items():
        for word in words:
            check_label(word, f"{shown}, line {lines[path]}: the keyword")
    empty = [path for path, words in found.items() if not words]
    if len(empty) == len(found):
        raise DataError(f"{shown}: none of the {plural(len(found), 'image')} has keywords")
    kept = [path for path in found if found[path]]
    vocabulary = sorted({word for path in kept for word in found[path]})
    notes: list[DataNote] = [*note_capitals(vocabulary, "the keywords")]
    notes += note_capitals(filter(None, splits), "the splits")
    if empty:
        text = f"{plural(len(empty), 'image')} without keywords left out"
        notes.append(DataNote("left_out", text, tuple(empty)))
    return LabeledImages(
        kept,
        [found[path] for path in kept],
        [parts[path] for path in kept] if has_splits else [],
        tuple(notes),
    )


def _find_column(table: CSVTable, column: str | None) -> int:
    """Place of the column of words.

    Raises
    ------
    DataError
        There is none, or more than one could be meant.
    """
    names = (column,) if column is not None else (*KEYWORD_COLUMNS, "labels", "label")
    header = [cell.strip().casefold() for cell in table.header]
    for name in names:
        places = [i for i, cell in enumerate(header) if cell == name.strip().casefold()]
        if len(places) == 1:
            return places[0]
        if places:
            raise DataError(f"{table.shown}, line 1: found more than one column {name!r}")
    asked = f"the column {column!r}" if column is not None else "a column 'keywords' or 'tags'"
    raise DataError(
        f"{table.shown}, line 1: expected a header line with {asked}. Found no such column in: "
        f"{', '.join(table.header) or 'nothing'}"
    )


def find_separator(cells) -> str | None:
    """What separates the words of a table's cells.

    Parameters
    ----------
    cells : collection of lists of str
        The cells of each image.

    Returns
    -------
    str or None
        A sign that occurs; else a blank where every image has one cell; else None: each cell is
        a word.

    Examples
    --------
    >>> find_separator([["polar bear;snow"], ["sky"]]), find_separator([["polar bear", "snow"]])
    (';', None)
    """
    texts = [cell for some in cells for cell in some]
    for sign in SEPARATORS:
        if any(sign in text for text in texts):
            return sign
    return " " if all(len(some) == 1 for some in cells) else None


def _words(cells: list[str], separator: str | None) -> tuple[str, ...]:
    """The words of one image: cleaned, sorted, each once."""
    if separator is None:
        parts = cells
    elif separator == " ":
        parts = [word for cell in cells for word in cell.split()]
    else:
        parts = [word for cell in cells for word in cell.split(separator)]
    return tuple(sorted({clean_label(part.strip()) for part in parts if part.strip()}))


def has_keywords(manifest: str | os.PathLike) -> bool:
    """Whether a manifest lists keywords: it has such a column, and none with one label per image.

    A column that is called ``labels`` counts where one of its cells holds several.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "manifest.csv")
    ...     _ = table.write_text("path,labels\\na.jpg,tiger;grass\\n")
    ...     has_keywords(table)
    True
    """
    with open_csv(manifest, wanted=("path",), what="manifest") as table:
        header = [cell.strip().casefold() for cell in table.header]
        if "labels" in header and "label" not in header:
            place = header.index("labels")
            rows = table.rows(checked=False)
            if any(sign in row[place] for row in rows if len(row) > place for sign in SEPARATORS):
                return True
        elif not set(header) & {"label", "class", "category"}:
            return any(name in header for name in KEYWORD_COLUMNS)
        return False


def load_listed(manifest: str | os.PathLike, split: str | None = None) -> LabeledImages:
    """What a manifest lists: images with a label each, or with keywords (`has_keywords`)."""
    if has_keywords(manifest):
        return load_keywords(manifest, None, split)
    return load_manifest(manifest, split)
