"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cvclassic.images import LabeledImages


def jobs_option(command: Callable) -> Callable:
    """``--jobs N``."""
    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        help="Number of images processed in parallel. [default: all processors]",
    )(command)


def max_side_option(command: Callable) -> Callable:
    """``--max-side N``."""
    return click.option(
        "--max-side",
        type=click.IntRange(min=16),
        default=2000,
        show_default=True,
        help="Downscale larger images to this long side; positions refer to the original pixels.",
    )(command)


def quiet_option(command: Callable) -> Callable:
    """``--quiet``."""
    return click.option("-q", "--quiet", is_flag=True, help="Do not show progress.")(command)


def data_options(command: Callable) -> Callable:
    """``FOLDER | --manifest CSV [--split NAME]``."""
    command = manifest_options(command)
    return click.argument("folder", required=False, type=click.Path())(command)


def manifest_options(command: Callable) -> Callable:
    """``--manifest CSV [--split NAME]``."""
    command = click.option(
        "--split", help="Rows of the manifest to use, by its column split. [default: all]"
    )(command)
    return click.option(
        "--manifest",
        type=click.Path(dir_okay=False),
        help="CSV file with the columns path, label and (for --split) split.",
    )(command)


def load_data(
    folder: str | None,
    manifest: str | None,
    split: str | None,
    min_classes: int,
    part: str = "train",
    *,
    skip_empty: bool = False,
    tell: bool = True,
    keywords: str | None = None,
) -> LabeledImages:
    """Labeled images from a folder of class folders or from a manifest.

    If the folder holds splits, `part` is read, "train" or "test". `keywords` is the column of
    keywords of a manifest, or of the folder's manifest.csv.
    """
    from cvclassic.images import LabeledImages, load_folder, load_labeled
    from cvclassic.images.keywords import load_listed

    source = manifest if folder is None else folder
    if source is None or (folder is not None and manifest is not None):
        raise click.UsageError("Give either a FOLDER of class folders or --manifest CSV.")
    if keywords is not None:
        data = load_labeled(source, split=split, labels=keywords)
        if not isinstance(data, LabeledImages):
            raise click.UsageError("An array file needs --npz.")
    elif folder is not None:
        if split is not None:
            raise click.UsageError("--split needs --manifest.")
        data = load_folder(folder, min_classes=min_classes, part=part, skip_empty=skip_empty)
    else:
        data = load_listed(source, split)
    if tell:
        tell_notes(data.notes)
    return data


def tell_notes(notes) -> None:
    """Say on stderr what was odd about a data set."""
    from cvclassic._basics.printable import printable

    for note in notes:
        click.echo(f"{'Warning' if note.is_fault else 'Note'}: {printable(note.message)}", err=True)


_OPTIONS = {
    "head": "--head",
    "n_jobs": "--jobs",
    "name": "--recipe",
    "random_state": "--seed",
}


def parse_params(pairs: tuple[str, ...]) -> dict[str, Any]:
    """``("n_words=500", "kernel=rbf")`` as a dict; values are JSON where they can be."""
    params = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"expected NAME=VALUE. Got {pair!r} instead.")
        try:
            value = json.loads(text)
        except ValueError:
            value = {"None": None, "True": True, "False": False}.get(text, text)
        if name.strip() in _OPTIONS:
            raise click.BadParameter(f"use {_OPTIONS[name.strip()]} and not {pair!r}.")
        params[name.strip()] = _as_tuple(value)
    return params


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value


def n_jobs(jobs: int | None) -> int:
    """Number of workers: as asked, or all processors that this process may use."""
    if jobs is not None:
        return jobs
    from joblib import cpu_count

    return cpu_count()
