"""Images, classes and splits of a set in any state."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import DataError
from ..images import DataNote, Fault, clean_label, find_splits, split_kind, walk_images
from ..images.archives.walking import archive_kind
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
        One of them is not a folder.
    """
    for folder in folders:
        top = os.fsdecode(folder)
        if not os.path.isdir(top):
            what = "expected a folder. Got a file" if os.path.lexists(top) else "there is no such"
            raise DataError(f"{top}: {what}{'' if os.path.lexists(top) else ' folder'}")
        own = _own_split(top) if len(folders) > 1 else ""
        splits = set() if own else _splits_of(top)
        for found in walk_images([top], only_images=True):
            if isinstance(found, Fault):
                yield found
            else:
                yield _place(found.path, _folders_below(found.path, top), own, splits)


def place_images(paths: Sequence[str], named: Sequence[str]) -> list[Listed]:
    """Classes and splits of images, by where they lie in what was named.

    Folders are taken as `list_folders` takes them, and archives in the same way; one folder around
    everything in an archive does not count. Images that were named one by one, or in a list, are
    in no class.

    Parameters
    ----------
    paths : sequence of str
        Image files, as :func:`cvclassic.images.find_inputs` gives them.
    named : sequence of str
        Folders, archives, and whatever else was named.

    Examples
    --------
    >>> [one.label for one in place_images(["a.zip!photos/cat/1.jpg", "a.zip!photos/dog/1.jpg"],
    ...                                    ["a.zip"])]
    ['cat', 'dog']
    """
    inside: dict[str, list[int]] = {}
    tops = [top for top in named if archive_kind(top) is not None or os.path.isdir(top)]
    for i, path in enumerate(paths):
        for top in tops:
            if path.startswith((os.path.join(top, ""), f"{top}!")):
                inside.setdefault(top, []).append(i)
                break
        else:
            archive, mark, _ = path.partition("!")
            if mark and archive_kind(archive) is not None:
                inside.setdefault(archive, []).append(i)
    found = list(map(Listed, paths))
    for top, members in inside.items():
        below = [_folders_below(paths[i], top) for i in members]
        own = _own_split(top) if len(named) > 1 and top in named else ""
        if os.path.isdir(top):
            splits = set() if own else _splits_of(top)
        else:
            below = _unwrapped(below)
            splits = set() if own else _splits_among(below)
        for i, parts in zip(members, below, strict=True):
            found[i] = _place(paths[i], parts, own, splits)
    return found


def _place(path: str, parts: list[str], own: str, splits: set[str]) -> Listed:
    """An image by the folders that it lies in."""
    if splits:
        if not parts or parts[0] not in splits:
            return Listed(path)  # beside the splits
        own, parts = parts[0], parts[1:]
    return Listed(path, clean_label(parts[0]) if parts else "", own)


def _own_split(top: str) -> str:
    name = os.path.basename(os.path.abspath(top))
    return name if archive_kind(top) is None else name.partition(".")[0]


def _splits_of(top: str) -> set[str]:
    return {os.path.basename(where) for where in find_splits(top).values()}


def _folders_below(path: str, top: str) -> list[str]:
    """Names of the folders between the top and an image."""
    if path.startswith(f"{top}!"):
        return [part for part in path[len(top) + 1 :].split("/")[:-1] if part not in ("", ".")]
    return os.path.relpath(path, top).split(os.sep)[:-1]


def _unwrapped(below: list[list[str]]) -> list[list[str]]:
    """Without a folder that holds everything, unless it is a split or a class."""
    while all(len(parts) > 1 and parts[0] == below[0][0] for parts in below):
        if split_kind(below[0][0]) is not None:
            break
        below = [parts[1:] for parts in below]
    return below


def _splits_among(below: list[list[str]]) -> set[str]:
    """Names of the splits in an archive."""
    tops = {parts[0] for parts in below if parts}
    splits = {parts[0] for parts in below if len(parts) > 1 and split_kind(parts[0]) is not None}
    kinds = {split_kind(name) for name in splits}
    alone = splits == tops and kinds == {"train"}
    return splits if len(kinds) == len(splits) and (len(splits) > 1 or alone) else set()


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
