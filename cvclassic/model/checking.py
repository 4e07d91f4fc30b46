"""What is quickly seen of a training set before the training: the part of `audit` that is cheap."""

from __future__ import annotations

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import xxhash

from .._basics.printable import list_names, show_path
from ..errors import DataError
from ..images import DataNote, LabeledImages, load_folder
from ..images.labeled_source import LabeledData

_CHUNK = 1 << 20


def check_data(data: LabeledData) -> list[DataNote]:
    """What a user should know of labeled data before a model is trained on them.

    No image is decoded. Files are compared byte by byte where their sizes agree.

    Parameters
    ----------
    data : labeled data

    Returns
    -------
    list of DataNote
        What was noted when the data were read, classes of a single image (they can never be held
        out, so that nobody knows how they do), files that are the same in two classes, and
        training files that are in the test or validation split too.

    Examples
    --------
    >>> [note.code for note in check_data(LabeledImages(["a", "b", "c"], ["x", "x", "y"]))]
    ['single']
    """
    notes = list(getattr(data, "notes", ()))
    alone = sorted(str(label) for label, n in Counter(data.labels).items() if n == 1)
    if alone and not _are_numbers(data.labels):
        one = len(alone) == 1
        notes.append(
            DataNote(
                "single",
                f"{'class' if one else f'{len(alone)} classes'} with a single image, which can "
                f"never be held out to judge {'it' if one else 'them'}: {list_names(alone, 5)}",
            )
        )
    if isinstance(data, LabeledImages):
        notes += _note_conflicts(data)
        notes += _note_leaks(data)
    return notes


def _are_numbers(labels: Sequence) -> bool:
    """Whether labels are measured values, each of which may be the only one."""
    return any(isinstance(label, float) for label in labels) or (
        len(set(labels)) > 0.5 * len(labels) and all(_is_number(label) for label in labels)
    )


def _is_number(label: object) -> bool:
    try:
        float(str(label))
    except ValueError:
        return False
    return True


def identical_files(paths: Iterable[str]) -> list[list[str]]:
    """Groups of files with the same bytes; what is no file here is left out.

    Only files of one size are read.

    Parameters
    ----------
    paths : iterable of str

    Returns
    -------
    list of list of str
        Each group in the order of `paths`.
    """
    by_size: dict[int, list[str]] = defaultdict(list)
    for path in dict.fromkeys(paths):
        try:
            about = os.stat(path)
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(about.st_mode) and about.st_size:
            by_size[about.st_size].append(path)
    groups: dict[bytes, list[str]] = defaultdict(list)
    for same in by_size.values():
        for path in same if len(same) > 1 else ():
            digest = _digest(path)
            if digest is not None:
                groups[digest].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _digest(path: str) -> bytes | None:
    found = xxhash.xxh3_128()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
    except OSError:
        return None  # reading it will say why
    return found.digest()


def _note_conflicts(data: LabeledImages) -> list[DataNote]:
    """Files that are the same in several classes."""
    label = dict(zip(data.paths, data.labels, strict=True))
    groups = [
        group for group in identical_files(data.paths) if len({label[path] for path in group}) > 1
    ]
    if not groups:
        return []
    first = groups[0]
    other = next(path for path in first if label[path] != label[first[0]])
    text = (
        f"{len(groups)} {'image is' if len(groups) == 1 else 'images are'} in more than one class, "
        f"byte for byte: {show_path(first[0])} ({label[first[0]]}) and {show_path(other)} "
        f"({label[other]})"
    )
    return [DataNote("conflict", text, tuple(path for group in groups for path in group))]


def _note_leaks(data: LabeledImages) -> list[DataNote]:
    """Training files that other splits of the same folder hold too."""
    training = set(data.paths)
    notes = []
    for kind in ("validation", "test"):
        if kind not in data.parts:
            continue
        try:
            others = load_folder(data.parts[kind], min_classes=1, skip_empty=True).paths
        except DataError:
            continue  # a split without classes
        if set(others) & training:
            continue  # the split that is trained on
        groups = [
            group
            for group in identical_files([*data.paths, *others])
            if any(path in training for path in group)
            and any(path not in training for path in group)
        ]
        if groups:
            n = sum(path not in training for group in groups for path in group)
            where = show_path(data.parts[kind])
            text = (
                f"{n} of the {len(others)} images in {where} "
                f"{'is' if n == 1 else 'are'} in the training set too: {show_path(groups[0][0])}"
            )
            notes.append(DataNote("leak", text, tuple(path for group in groups for path in group)))
    return notes


def chance_level(labels: Iterable) -> float:
    """Mean class accuracy of guessing: one over the number of classes.

    Examples
    --------
    >>> chance_level(["a", "b", "b", "c"])
    0.3333333333333333
    """
    return 1 / max(len(set(labels)), 1)
