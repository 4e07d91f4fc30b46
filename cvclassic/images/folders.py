"""Labeled images in folders of classes, and in folders of splits that hold folders of classes."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace

from cvclassic._basics.printable import list_names, plural, show_path
from cvclassic.errors import DataError, ParameterError
from cvclassic.images.keywords import load_listed
from cvclassic.images.labeled import (
    DataNote,
    Dataset,
    LabeledImages,
    check_label,
    clean_label,
    note_capitals,
    split_kind,
)
from cvclassic.images.walking import Fault, looks_like_image, walk_images

_PARTS = ("train", "validation", "test")


def load_folder(
    folder: str | os.PathLike,
    *,
    min_classes: int = 2,
    part: str = "train",
    skip_empty: bool = False,
) -> LabeledImages:
    """Labeled images from a folder that holds one sub-folder per class.

    The name of the class is that of the top folder; images in folders below belong to it. Names
    that begin with a dot are skipped, and so are files that are no images by suffix and by
    their first bytes (see ``only_images`` of :func:`cvclassic.images.walk_images`). Images beside
    the class folders belong to no class and are left out, with a note. Whether images can be
    read is not checked: files of formats that are not read are listed like others, and reading
    them says what to do.

    Where the folder holds splits (``train/``, ``valid/`` or ``val/``, ``test/``) and the classes
    lie in these, one of them is read: see `part`, and `parts` of the result for the others.

    Parameters
    ----------
    folder : str or os.PathLike
    min_classes : int
        How many classes there must be: 2 to train, 1 to evaluate.
    part : {"train", "validation", "test"}
        Split to read, if the folder holds splits. If the test split is missing, the validation
        split is read, and the other way around.
    skip_empty : bool
        Leave class folders without images out, with a note, instead of refusing them.

    Returns
    -------
    LabeledImages
        Sorted by class folder, then in the order of ``walk_images``. Labels are in Unicode's form
        NFC, without blanks around them.

    Raises
    ------
    DataError
        The folder is missing or is no folder, a folder cannot be listed, there are too few class
        folders, one of them holds no image, or there is no such part.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from pathlib import Path
    >>> from cvclassic.images import write_image
    >>> with tempfile.TemporaryDirectory() as top:
    ...     for name in ("cat", "dog"):
    ...         Path(top, name).mkdir()
    ...         write_image(Path(top, name, "1.png"), np.zeros((8, 8), np.uint8))
    ...     load_folder(top).counts
    {'cat': 1, 'dog': 1}
    """
    if part not in _PARTS:
        raise ParameterError(f"part must be one of {', '.join(_PARTS)}. Got {part!r} instead.")
    top = os.fsdecode(folder)
    parts = find_splits(top)
    if not parts:
        return _load_classes(top, min_classes, skip_empty)
    fallback = {"train": [], "validation": ["test"], "test": ["validation"]}[part]
    chosen = next((kind for kind in (part, *fallback) if kind in parts), None)
    if chosen is None:
        raise DataError(
            f"{show_path(top)}: holds splits, but none to {'train on' if part == 'train' else part}"
            f". Found {', '.join(show_path(os.path.basename(where)) for where in parts.values())}"
        )
    data = _load_classes(parts[chosen], min_classes, skip_empty)
    others = [show_path(where) for kind, where in parts.items() if kind != chosen]
    text = f"{show_path(top)} holds splits: {show_path(parts[chosen])} is used"
    if others:
        text += f", {' and '.join(others)} {'are' if len(others) > 1 else 'is'} not"
    note = DataNote("splits", text, tuple(parts.values()))
    return replace(data, notes=(note, *_note_left_out(top, parts), *data.notes), parts=parts)


def load_dataset(
    path: str | os.PathLike, *, min_classes: int = 2, skip_empty: bool = False
) -> Dataset:
    """A data set with all its splits: a folder of classes or of splits, or a manifest.

    Parameters
    ----------
    path : str or os.PathLike
        A folder as `load_folder` takes it, or a table as `load_manifest` takes it.
    min_classes : int
        How many classes the split to train on must have; others must have one.
    skip_empty : bool
        As in `load_folder`.

    Returns
    -------
    Dataset
        A split without class folders (such as the test images of a competition) is left out,
        with a note. Rows of a manifest whose split has another name are left out, too.

    Raises
    ------
    DataError
        As `load_folder` and `load_manifest`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "manifest.csv")
    ...     _ = table.write_text("path,label,split\\na.jpg,cat,train\\nb.jpg,dog,test\\n")
    ...     load_dataset(table, min_classes=1).test.labels
    ['dog']
    """
    name = os.fsdecode(path)
    if not os.path.isdir(name) and os.path.lexists(name):
        return _split_manifest(load_listed(name))
    parts = find_splits(name)
    if not parts:
        data = load_folder(name, min_classes=min_classes, skip_empty=skip_empty)
        return Dataset({"train": data}, data.notes)
    splits: dict[str, LabeledImages] = {}
    notes = _note_left_out(name, parts)
    for kind, where in parts.items():
        if not _class_folders(where):
            text = f"{show_path(where)}: the images of this split have no classes: not used"
            notes.append(DataNote("left_out", text, (where,)))
            continue
        least = min_classes if kind == "train" else 1
        splits[kind] = _load_classes(where, least, skip_empty)
        notes += splits[kind].notes
    names = {label for data in splits.values() for label in data.labels}
    known = {note.message for note in notes}
    notes += [n for n in note_capitals(names, "the classes") if n.message not in known]
    return Dataset(splits, tuple(notes))


def find_splits(folder: str | os.PathLike) -> dict[str, str]:
    """Splits that a folder holds: kind to path; empty where it holds classes.

    A folder holds splits if at least two of its sub-folders are called train, validation, test
    or the like, each another, and the first to train on holds class folders. A single folder
    ``train`` of class folders counts, too.

    Parameters
    ----------
    folder : str or os.PathLike

    Examples
    --------
    >>> find_splits("no/such/folder")
    {}
    """
    top = os.fsdecode(folder)
    try:
        names = _class_folders(top)
    except DataError:
        return {}
    found: dict[str, str] = {}
    for name in names:
        kind = split_kind(name)
        if kind is not None:
            if kind in found:  # train and training: two classes of something else
                return {}
            found[kind] = os.path.join(top, name)
    alone = len(names) == 1 and "train" in found
    with_classes = [kind for kind, where in found.items() if _class_folders(where)]
    if not with_classes or not (len(found) > 1 or alone):
        return {}
    if "train" in found and "train" not in with_classes:
        return {}
    return {kind: found[kind] for kind in _PARTS if kind in found}


def _class_folders(top: str) -> list[str]:
    """Names of the folders in a folder, sorted.

    Raises
    ------
    DataError
    """
    shown = show_path(top)
    try:
        with os.scandir(top) as listing:
            return sorted(e.name for e in listing if e.is_dir() and not e.name.startswith("."))
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such folder") from None
    except NotADirectoryError:
        raise DataError(f"{shown}: expected a folder with one sub-folder per class. Got a file") \
            from None  # fmt: skip
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: the folder cannot be listed ({reason})") from None


def _load_classes(top: str, min_classes: int, skip_empty: bool) -> LabeledImages:
    """Images of a folder of classes."""
    shown = show_path(top)
    names = _class_folders(top)
    if not names:
        raise DataError(f"{shown}: expected one sub-folder per class, found none")
    folders: dict[str, list[str]] = defaultdict(list)
    paths: list[str] = []
    labels: list[str] = []
    empty: list[str] = []
    for name in names:
        check_label(name, f"{shown}: the class folder {show_path(name)!r}")
        before = len(paths)
        for found in walk_images([os.path.join(top, name)], only_images=True):
            if isinstance(found, Fault):
                raise DataError(f"{show_path(found.path)}: {found.message}")
            if not os.path.isdir(found.path):
                paths.append(found.path)
        if len(paths) == before:
            empty.append(name)
            continue
        folders[clean_label(name)].append(name)
        labels += [clean_label(name)] * (len(paths) - before)
    if empty and not skip_empty:
        raise DataError(
            f"{shown}: the class folder {empty[0]!r} holds no images"
            + (f", nor do {list_names(empty[1:])}" if empty[1:] else "")
            + ". Fill or remove it (or skip empty classes)"
        )
    if len(folders) < min_classes:
        raise DataError(
            f"{shown}: expected at least {min_classes} class folders. "
            f"Found only {list_names(folders) or 'empty ones'}"
        )
    notes = note_capitals(folders, "the classes")
    for label, same in folders.items():
        if len(same) > 1:
            text = f"{len(same)} folders are called {label!r} in different spellings: one class"
            notes.append(DataNote("same_name", text, tuple(os.path.join(top, n) for n in same)))
    if empty:
        text = f"{plural(len(empty), 'class folder')} without images: {list_names(empty)}"
        notes.append(DataNote("empty_class", text, tuple(os.path.join(top, n) for n in empty)))
    return LabeledImages(paths, labels, notes=(*notes, *_note_loose(top)))


def find_loose(top: str) -> list[str]:
    """Images that lie in a folder itself, beside its sub-folders, sorted."""
    try:
        with os.scandir(top) as listing:
            names = [e.name for e in listing if not e.name.startswith(".") and not e.is_dir()]
    except OSError:
        return []
    found = (os.path.join(top, name) for name in sorted(names))
    return [path for path in found if looks_like_image(path)]


def _note_loose(top: str) -> list[DataNote]:
    """Images beside the class folders."""
    loose = find_loose(top)
    if not loose:
        return []
    names = list_names([os.path.basename(path) for path in loose], 3)
    some = plural(len(loose), "image")
    text = f"{show_path(top)}: {some} in no class folder, left out: {names}"
    return [DataNote("loose", text, tuple(loose))]


def _note_left_out(top: str, parts: dict[str, str]) -> list[DataNote]:
    """Images and folders beside the splits."""
    used = set(parts.values())
    others = [os.path.join(top, name) for name in _class_folders(top)]
    others = [path for path in others if path not in used]
    notes = _note_loose(top)
    if others:
        names = list_names([os.path.basename(path) for path in others])
        text = f"{show_path(top)}: {names} beside the splits left out"
        notes.append(DataNote("left_out", text, tuple(others)))
    return notes


def _split_manifest(data: LabeledImages) -> Dataset:
    """Rows of a manifest by the kind of their split; all to train on where there are none."""
    if not data.splits:
        return Dataset({"train": data}, data.notes)
    kinds = [split_kind(part) for part in data.splits]
    splits: dict[str, LabeledImages] = {}
    for kind in _PARTS:
        rows = [i for i, found in enumerate(kinds) if found == kind]
        if rows:
            splits[kind] = LabeledImages(
                [data.paths[i] for i in rows],
                [data.labels[i] for i in rows],
                [data.splits[i] for i in rows],
            )
    notes = list(data.notes)
    unknown = sorted({p for p, k in zip(data.splits, kinds, strict=True) if k is None})
    if unknown:
        text = f"rows of the splits {', '.join(map(repr, unknown))} are left out"
        notes.append(DataNote("left_out", text))
    if not splits:
        raise DataError(
            f"expected a column split with train, validation or test. Found {list_names(unknown)}"
        )
    return Dataset(splits, tuple(notes))
