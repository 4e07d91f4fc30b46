"""What can be said of a set before training without decoding it: files compared by their bytes."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator

from .._basics.printable import list_names
from ..images import DataNote, Dataset, LabeledImages, load_folder

_CHUNK = 1 << 20


def quick_audit(data: LabeledImages | Dataset) -> list[DataNote]:
    """Faults of a labeled set that matter before anything learns from it.

    Identical files in several classes, in several splits or in one class, and classes of one
    image, beside what was noticed while the set was listed (see its ``notes``). Only files of
    the same size are read, so that it costs little beside training. Re-encoded and resized copies
    are found by :func:`audit_images`.

    Parameters
    ----------
    data : LabeledImages or Dataset
        Of a folder that holds splits the other splits are looked at, too. Images in archives and
        at URLs are not read.

    Returns
    -------
    list of DataNote
        With the codes ``"leak"``, ``"conflict"``, ``"duplicate"``, ``"single"`` and those of the
        set's own notes.

    Examples
    --------
    >>> data = LabeledImages(["a.jpg", "b.jpg", "c.jpg"], ["cat", "dog", "dog"])
    >>> [note.message for note in quick_audit(data)]
    ["1 class has a single image, which cannot be held out to check it: 'cat'"]
    """
    rows = list(_rows(data))
    notes = [*data.notes, *_identical(rows)]
    train = data if isinstance(data, LabeledImages) else data.train
    counts = Counter(train.labels if train is not None else ())
    single = sorted(label for label, n in counts.items() if n == 1)
    if single:
        many = "1 class has a single image" if len(single) == 1 else (
            f"{len(single)} classes have a single image each"
        )  # fmt: skip
        text = f"{many}, which cannot be held out to check it: {list_names(map(repr, single))}"
        notes.append(DataNote("single", text))
    return notes


def _rows(data: LabeledImages | Dataset) -> Iterator[tuple[str, str, str]]:
    """Path, label and split of every image."""
    if isinstance(data, Dataset):
        for split, part in data.splits.items():
            yield from ((path, label, split) for path, label in zip(part.paths, part.labels,
                                                                    strict=True))  # fmt: skip
        return
    own = next((kind for kind, where in data.parts.items() if _lies_in(data, where)), "")
    splits = data.splits or [own] * len(data)
    yield from zip(data.paths, data.labels, splits, strict=True)
    for kind, where in data.parts.items():
        if kind != own:
            other = _listed(where)
            yield from ((path, label, kind) for path, label in zip(other.paths, other.labels,
                                                                   strict=True))  # fmt: skip


def _lies_in(data: LabeledImages, folder: str) -> bool:
    return bool(data.paths) and data.paths[0].startswith(os.path.join(folder, ""))


def _listed(folder: str) -> LabeledImages:
    """Another split, whatever state it is in."""
    from ..errors import DataError

    try:
        return load_folder(folder, min_classes=1, skip_empty=True)
    except DataError:
        return LabeledImages([], [])


def _identical(rows: list[tuple[str, str, str]]) -> list[DataNote]:
    """Notes about files with the same bytes."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for i, (path, _, _) in enumerate(rows):
        try:
            by_size[os.stat(path).st_size].append(i)
        except (OSError, ValueError):
            continue  # reading it will say what is wrong
    same: dict[bytes, list[int]] = defaultdict(list)
    for size, some in by_size.items():
        for i in some if len(some) > 1 and size else ():
            same[_digest(rows[i][0])].append(i)
    same.pop(b"", None)
    groups: dict[str, list[list[int]]] = {"leak": [], "conflict": [], "duplicate": []}
    for group in same.values():
        if len(group) < 2:
            continue
        labels, splits = ({rows[i][k] for i in group} for k in (1, 2))
        if len(splits) > 1:
            groups["leak"].append(group)
        if len(labels) > 1:
            groups["conflict"].append(group)
        if len(labels) == len(splits) == 1:
            groups["duplicate"].append(group)
    said = {
        "leak": "in several splits, which makes scores too good",
        "conflict": "in several classes, of which at most one is right",
        "duplicate": "more than once in a class",
    }
    notes = []
    for kind, found in groups.items():
        if found:
            images = "1 image lies" if len(found) == 1 else f"{len(found)} images lie"
            paths = tuple(rows[i][0] for group in found for i in group)
            text = f"{images} {said[kind]}: {' = '.join(paths[: min(len(found[0]), 3)])}"
            notes.append(DataNote(kind, text, paths))
    return notes


def _digest(path: str) -> bytes:
    """Hash of a file's bytes; empty where it cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return b""
    return digest.digest()
