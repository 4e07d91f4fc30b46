"""Which pictures a set has, their classes and their splits; whatever state the set is in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import DataError
from ..images import Fault, load_manifest, walk_images

SPLIT_NAMES = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}


@dataclass(frozen=True)
class Listed:
    """A picture of a set.

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
    """Pictures in folders, one by one.

    The class of a picture is the first folder below the one that was named. Folders called
    train, test, validation and the like are splits if there is nothing else, and the classes
    are then below them. Where several folders are named, each is a split.

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
        splits = not own and _holds_splits(top)
        for found in walk_images([top], only_images=True):
            if isinstance(found, Fault):
                yield found
                continue
            parts = os.path.relpath(found.path, top).split(os.sep)[:-1]
            split = parts.pop(0) if splits and parts else own
            yield Listed(found.path, parts[0] if parts else "", split)


def _holds_splits(top: str) -> bool:
    """Whether a folder holds at least two splits and nothing else."""
    try:
        with os.scandir(top) as listing:
            names = {e.name.lower() for e in listing if e.is_dir() and not e.name.startswith(".")}
    except OSError:
        return False
    return len(names) > 1 and names <= SPLIT_NAMES


def list_manifest(manifest: str | os.PathLike, split: str | None = None) -> Iterator[Listed]:
    """Pictures of a manifest, as `load_manifest` reads it, with their splits."""
    data = load_manifest(manifest, split)
    splits = data.splits or [""] * len(data)
    for path, label, part in zip(data.paths, data.labels, splits, strict=True):
        yield Listed(path, label, part)
