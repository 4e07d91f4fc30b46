"""Which images a set has, their classes and their splits; whatever state the set is in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import DataError
from ..images import DataNote, Fault, clean_label, find_splits, walk_images
from ..images.keywords import load_listed
from .quick import note_single, note_splits_of_words


@dataclass(frozen=True)
class Listed:
    """An image of a set.

    Parameters
    ----------
    path : str
    label : str
        Its class; empty where a folder tells none.
    split : str
        Empty where there are none.
    """

    path: str
    label: str = ""
    split: str = ""


def list_folders(folders: Sequence[str | os.PathLike]) -> Iterator[Listed | Fault]:
    """Images in folders, one by one, also those of formats that are not read.

    The class of an image is the first folder below the one that was named, its name composed
    (NFC) and without blanks around it. Folders called train, valid, test and the like are splits,
    as in :func:`cvclassic.images.load_folder`, and the classes are then below them. Where several
    folders are named, each is a split.

    Parameters
    ----------
    folders : sequence of str or os.PathLike

    Yields
    ------
    Listed or Fault
        A `Fault` is a folder that cannot be listed.

    Raises
    ------
    DataError
        One of the folders is none.
    """
    for folder in folders:
        top = os.fsdecode(folder)
        if not os.path.isdir(top):
            what = "expected a folder. Got a file" if os.path.lexists(top) else "there is no such"
            raise DataError(f"{top}: {what}{'' if os.path.lexists(top) else ' folder'}")
        own = os.path.basename(os.path.abspath(top)) if len(folders) > 1 else ""
        splits = set() if own else {os.path.basename(p) for p in find_splits(top).values()}
        for found in walk_images([top], only_images=True):
            if isinstance(found, Fault):
                yield found
                continue
            parts = os.path.relpath(found.path, top).split(os.sep)[:-1]
            split = own
            if splits:
                split = parts.pop(0) if parts and parts[0] in splits else ""
                if not split:
                    parts = []  # beside the splits
            yield Listed(found.path, clean_label(parts[0]) if parts else "", split)


def find_empty_classes(folders: Sequence[str | os.PathLike]) -> list[str]:
    """Folders of classes in which there is no image, neither there nor below; sorted.

    Parameters
    ----------
    folders : sequence of str or os.PathLike
        As `list_folders` takes them.
    """
    empty = []
    for folder in folders:
        top = os.fsdecode(folder)
        tops = list(find_splits(top).values()) if len(folders) == 1 else []
        for one in tops or [top]:
            try:
                with os.scandir(one) as listing:
                    names = [e.name for e in listing if e.is_dir() and not e.name.startswith(".")]
            except OSError:
                continue
            for name in sorted(names):
                path = os.path.join(one, name)
                if next(walk_images([path], only_images=True), None) is None:
                    empty.append(path)
    return empty


def list_manifest(manifest: str | os.PathLike, split: str | None = None) -> Iterator[Listed]:
    """Images of a manifest with their splits; those with keywords are in no class."""
    data = load_listed(manifest, split)
    splits = data.splits or [""] * len(data)
    for path, label, part in zip(data.paths, data.labels, splits, strict=True):
        yield Listed(path, "" if isinstance(label, tuple) else label, part)


def note_keywords(manifest: str | os.PathLike, split: str | None = None) -> list[DataNote]:
    """Rare keywords, and those that only other splits than training have; none for labels.

    Parameters
    ----------
    manifest : str or os.PathLike
    split : str, optional
    """
    data = load_listed(manifest, split)
    if not data.is_multilabel:
        return []
    rows = zip(data.labels, data.splits or [""] * len(data), strict=True)
    return [*data.notes, *note_single(data.labels), *note_splits_of_words(rows)]
