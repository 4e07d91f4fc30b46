"""Where labeled data come from: folders, manifests, array files and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from .options import data_options, load_data, manifest_options


def source_options(command: Callable) -> Callable:
    """Options of `data_options`, and ``--npz FILE [--labels FILE] | --table CSV --label NAME``."""
    for option in (*_table_options(), *_array_options()):
        command = option(command)
    return data_options(command)


def _table_options() -> tuple[Callable, ...]:
    return (
        click.option(
            "--label", metavar="COLUMN", help="Column of the table that holds the labels."
        ),
        click.option(
            "--table",
            type=click.Path(dir_okay=False),
            help="CSV file with columns of numbers and a column of labels.",
        ),
    )


def _array_options() -> tuple[Callable, ...]:
    return (
        click.option(
            "--labels",
            type=click.Path(),
            metavar="FILE|COLUMN",
            help="File of the labels, where the array file has none; or the manifest's column of "
            "keywords: several labels per image.",
        ),
        click.option(
            "--npz",
            type=click.Path(dir_okay=False),
            help="Images in an .npz, .npy or IDX file (as MNIST; also .gz).",
        ),
    )


def picture_options(command: Callable) -> Callable:
    """``--manifest CSV [--split NAME] | --npz FILE [--labels FILE]``, without a FOLDER."""
    for option in _array_options():
        command = option(command)
    return manifest_options(command)


def listed_options(command: Callable) -> Callable:
    """Options of `picture_options`, and ``--table CSV --label NAME``."""
    for option in _table_options():
        command = option(command)
    return picture_options(command)


def load_source(
    source: dict[str, Any],
    *,
    part: str,
    min_classes: int,
    columns: Sequence[str] | None = None,
    skip_empty: bool = False,
    tell: bool = True,
    multilabel: bool = False,
):
    """Labeled data from the one source that was given.

    Several labels per image are refused unless `multilabel`.

    `part` is what an array file, or a folder of splits, is asked for, "train" or "test";
    `columns` are those that a model of tables wants. What is odd is told unless `tell` is off.
    """
    from cvclassic.images import load_arrays, load_table

    table, npz = source.get("table"), source["npz"]
    if (source.get("label") is None) != (table is None):
        raise click.UsageError("--table and --label go together.")
    if source["labels"] is not None and table is not None:
        raise click.UsageError("--labels goes without --table: use --label.")
    names = ("folder", "manifest", "npz", "table")
    given = [name for name in names if source.get(name) is not None]
    if len(given) > 1 or not given:
        raise click.UsageError(
            "Give one of: a FOLDER with one sub-folder per class, --manifest CSV, --npz FILE, "
            "--table CSV."
        )
    if table is not None:
        columns = None if columns is None else list(columns)
        return load_table(table, source["label"], columns, source["split"])
    if npz is not None:
        if source["split"] not in (None, "train", "test"):
            raise click.UsageError("--split of an array file is train or test.")
        return load_arrays(npz, source["split"] or part, source["labels"])
    data = load_data(
        source["folder"],
        source["manifest"],
        source["split"],
        min_classes,
        part,
        skip_empty=skip_empty,
        tell=tell,
        keywords=source["labels"],
    )
    if data.is_multilabel and not multilabel:
        command = click.get_current_context().command_path
        raise click.UsageError(
            f"{command} needs one label per image, and these data list keywords: several."
        )
    return data
