"""Columns of the tables that records become."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from .records import Record


@dataclass(frozen=True)
class Column:
    """A column of the tables that a task's records become.

    Parameters
    ----------
    name : str
    kind : {"text", "integer", "number", "list", "json"}
        Lists of names are "list", other lists and dicts "json": JSON in the cells of tables (in
        Parquet a "list" is one), themselves in JSON lines.
    field : str
        Where the value comes from: a field of `Record`; ``"width"`` or ``"height"`` of the
        file's image; ``"count"`` or ``"rows"`` of the detections; else one of `Record.values`.
        [default: the name]
    """

    name: str
    kind: str = "text"
    field: str = ""
    in_json: ClassVar[bool] = True  # else the labels and scores of JSON lines say it already

    def value(self, record: Record) -> Any:
        """The value of a record, None where it has none."""
        key = self.field or self.name
        if key in ("width", "height"):
            return None if record.size is None else record.size[key == "height"]
        if key == "count":
            return None if record.detections is None else len(record.detections)
        if key == "rows":
            return record.rows()
        if key == "files":
            return list(record.files)
        return record.values.get(key)


class DrawingColumn(Column):
    """Where the first image of an input is: `field` is the folder."""

    def value(self, record: Record) -> Any:
        """Its path."""
        return os.path.join(self.field, record.files[0]) if record.files else None


WIDTH, HEIGHT = Column("width", "integer"), Column("height", "integer")


def detection_columns(what: str) -> tuple[Column, ...]:
    """Columns for `Detections`: the image's size, how many, and the boxes as JSON.

    Examples
    --------
    >>> [column.name for column in detection_columns("faces")]
    ['width', 'height', 'n_faces', 'faces']
    """
    return WIDTH, HEIGHT, Column(f"n_{what}", "integer", "count"), Column(what, "json", "rows")


def label_columns(top: int = 1, unknown: str | None = None) -> tuple[Column, ...]:
    """Columns of a classifier's tables.

    Parameters
    ----------
    top : int
        Classes that a record lists.
    unknown : {"threshold", "sets"}, optional
        How a model says that it does not know, see `UnknownRule`: adds the column guess, the
        most probable class even where the label is "unknown", or labels, a set of labels (which a
        model of keywords gives, too).

    Examples
    --------
    >>> [column.name for column in label_columns(2)]
    ['label', 'probability', 'label_2', 'probability_2']
    """
    columns: list[Column] = [_Label("label"), _Share("probability", "number", "0")]
    for i in range(1, top):
        columns += [_Class(f"label_{i + 1}", field=str(i))]
        columns += [_Share(f"probability_{i + 1}", "number", str(i))]
    if unknown == "threshold":
        columns.append(_Class("guess", field="0"))
    elif unknown is not None:
        columns.append(_Labels("labels", "list"))
    return tuple(columns)


class _Label(Column):
    in_json = False

    def value(self, record: Record) -> Any:
        return record.label


class _Labels(Column):
    in_json = False

    def value(self, record: Record) -> Any:
        return None if record.labels is None else list(record.labels)


class _Class(Column):
    in_json = False

    def value(self, record: Record) -> Any:
        return record.scores[int(self.field)][0] if len(record.scores) > int(self.field) else None


class _Share(Column):
    in_json = False

    def value(self, record: Record) -> Any:
        place = int(self.field)
        return round(record.scores[place][1], 6) if len(record.scores) > place else None
