"""Quick checks of a labeled set before training: files compared by their bytes."""

from __future__ import annotations

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import xxhash

from .._basics.label_sets import is_multilabel
from .._basics.printable import list_names, plural, show_path
from ..errors import DataError
from ..images import DataNote, Dataset, LabeledImages, load_folder, split_kind

_CHUNK = 1 << 20
_Row = tuple[str, str, str]  # path, label, split


def quick_audit(data: LabeledImages | Dataset) -> list[DataNote]:
    """Problems of a labeled set that matter before training.

    Identical files in several classes, in several splits or several times in one class, and
    classes of one image, beside what was noticed while the set was listed (its ``notes``). No image
    is decoded, and only files of the same size are read, so that it costs little beside a
    training. Re-encoded and resized copies are found by :func:`cvclassic.audit.audit_images`.

    Parameters
    ----------
    data : LabeledImages or Dataset
        The training images; if they came from a folder with splits, the other splits are checked
        too. Images in archives and at URLs are not read.

    Returns
    -------
    list of DataNote
        With the codes ``"single"``, ``"conflict"``, ``"leak"``, ``"duplicate"`` and those of the
        set's own notes.

    Examples
    --------
    >>> [note.code for note in quick_audit(LabeledImages(["a", "b", "c"], ["x", "x", "y"]))]
    ['single']
    """
    train = data if isinstance(data, LabeledImages) else data.train
    notes = [*data.notes, *note_single(train.labels if train is not None else ())]
    rows = {row[0]: row for row in _rows(data)}
    groups = [[rows[path] for path in group] for group in identical_files(rows)]
    return notes + _note_copies(groups)


def note_single(labels: Sequence) -> list[DataNote]:
    """Classes of one image: they can never be held out, so their accuracy stays unknown."""
    if is_multilabel(labels):
        return _note_rare(labels)
    alone = sorted(str(label) for label, n in Counter(labels).items() if n == 1)
    if not alone or _are_numbers(labels):
        return []
    one = len(alone) == 1
    text = (
        f"{'class' if one else f'{len(alone)} classes'} with a single image, which can "
        f"never be held out to judge {'it' if one else 'them'}: {list_names(alone, 5)}"
    )
    return [DataNote("single", text)]


def _note_rare(labels: Sequence) -> list[DataNote]:
    """Keywords of a single image: nothing is known of how well they are found."""
    counts = Counter(word for words in labels for word in words)
    alone = sorted(str(word) for word, n in counts.items() if n == 1)
    if not alone:
        return []
    text = (
        f"{len(alone)} of {plural(len(counts), 'keyword')} with a single image, which will hardly "
        f"be found: {list_names(alone, 5)}"
    )
    return [DataNote("rare", text)]


def note_splits_of_words(rows: Iterable[tuple[Sequence, str]]) -> list[DataNote]:
    """Keywords that only images outside of the training split have: no model can know them.

    Parameters
    ----------
    rows : iterable of (words, split)

    Examples
    --------
    >>> [n.code for n in note_splits_of_words([(("sky",), "train"), (("sky", "moose"), "test")])]
    ['untrained']
    """
    trained: set = set()
    others: set = set()
    for words, split in rows:
        (trained if split_kind(split) == "train" else others).update(words)
    missing = sorted(str(word) for word in others - trained)
    if not missing or not trained:
        return []
    text = (
        f"{plural(len(missing), 'keyword')} of other splits not in the training split: "
        f"{list_names(missing, 5)}"
    )
    return [DataNote("untrained", text)]


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


def _rows(data: LabeledImages | Dataset) -> Iterator[_Row]:
    """Path, label and split of every image, also of the splits beside the one that was loaded."""
    if isinstance(data, Dataset):
        for split, part in data.splits.items():
            for path, label in zip(part.paths, part.labels, strict=True):
                yield path, label, split
        return
    first = data.paths[0] if data.paths else ""
    inside = [kind for kind, top in data.parts.items() if first.startswith(os.path.join(top, ""))]
    own = inside[0] if inside else ""
    yield from zip(data.paths, data.labels, data.splits or [own] * len(data), strict=True)
    for kind, top in data.parts.items():
        if kind == own:
            continue
        try:
            other = load_folder(top, min_classes=1, skip_empty=True)
        except DataError:
            continue  # a split without classes
        for path, label in zip(other.paths, other.labels, strict=True):
            yield path, label, kind


def _note_copies(groups: list[list[_Row]]) -> list[DataNote]:
    """Notes about groups of identical files."""
    leaks = [g for g in groups if len({split for _, _, split in g}) > 1]
    conflicts = [g for g in groups if len({label for _, label, _ in g}) > 1]
    copies = [g for g in groups if len({(label, split) for _, label, split in g}) == 1]
    words = any(isinstance(label, tuple) for group in groups for _, label, _ in group)
    notes = []
    for code, found, what in (
        ("conflict", conflicts, "with different keywords" if words else "in more than one class"),
        ("leak", leaks, "in the training set too, or in two splits"),
        ("duplicate", copies, "there more than once" if words else "more than once in a class"),
    ):
        if found:
            first = " and ".join(
                f"{show_path(path)} ({(split if code != 'conflict' else '') or _said(label)})"
                for path, label, split in found[0][:2]
            )
            many = f"{plural(len(found), 'image')} {'is' if len(found) == 1 else 'are'}"
            paths = tuple(path for group in found for path, _, _ in group)
            notes.append(DataNote(code, f"{many} {what}, byte for byte: {first}", paths))
    return notes


def _said(label) -> str:
    """A label, or some keywords."""
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
