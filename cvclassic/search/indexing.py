"""Adds images to an index on disk: new ones are described, known ones skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..batch import Record, Task, Work, fingerprint, map_inputs
from ..batch.tasks import path_of, read_input
from ..errors import DataError, ImageReadError, IndexFileError
from ..images import Fault
from .coding import ImageCode, ImageCoder, learn_coder
from .index import segment_of
from .store import (
    IndexFolder,
    IndexWriter,
    check_place,
    create_folder,
    is_index,
    open_folder,
    writing,
)

SEGMENT_IMAGES = 1000  # images that are written at once: so much work is lost when a run is killed
_SAMPLE_IMAGES = 3000  # images that the vocabulary is learned from, at most


@dataclass(frozen=True)
class CodeTask(Task):
    """Describes images for an index; the codes are in the details of the records.

    Parameters
    ----------
    coder : ImageCoder
    """

    coder: ImageCoder

    def __call__(self, inputs: list) -> list[Record]:
        """One record for each input."""
        return [self._record(item) for item in inputs]

    def _record(self, item) -> Record:
        path = path_of(item)
        try:
            image, notes = read_input(item, self.coder.describer.max_side)
            code = self.coder.code(image.pixels)
        except ImageReadError as error:
            return Record(path, "error", error.code, error.message)
        codes = [note.code for note in notes]
        said = [note.message for note in notes]
        if not len(code):
            codes.append("no_features")
            said.append("the image has no keypoints and can be found only by its color")
        status = "warn" if codes else "ok"
        details: Any = (code,)
        return Record(path, status, " ".join(codes), "; ".join(said), details=details)

    def about(self) -> dict[str, Any]:
        """What the codes depend on."""
        return {"task": "index", "n_words": self.coder.n_words}


@dataclass
class IndexingResult:
    """What an indexing run did.

    Parameters
    ----------
    n_added, n_known, n_replaced, n_images : int
        Images that are new, that were there already, that have changed since; and all.
    failures : list of (path, code, message)
    warnings : list of (path, code, message)
    """

    n_added: int = 0
    n_known: int = 0
    n_replaced: int = 0
    n_images: int = 0
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


def index_images(
    path: str | os.PathLike,
    items: Iterable,
    *,
    coder: ImageCoder | None = None,
    n_words: int | None = None,
    compact: bool = True,
    random_state: int = 0,
    work: Work | None = None,
    create: bool = True,
    watch: Callable[[Iterable, int], Iterable] | None = None,
) -> IndexingResult:
    """Add images to an index on disk, which is made where there is none.

    Interrupted at any moment, the index holds what was written so far; the same call goes on from
    there. Images whose file is still the same are not described again, and those whose file has
    changed replace what was known of them.

    Parameters
    ----------
    path : str or os.PathLike
        Folder of the index.
    items : iterable
        As `cvclassic.images.find_inputs` gives them.
    coder : ImageCoder, optional
        Vocabulary for a new index; else it is learned from its images.
    n_words, compact, random_state
        For a new index without `coder`, as in `ImageIndex`.
    work : Work, optional
    create : bool
        Whether a new index may be made.
    watch : callable, optional
        Is given the records and their number, and passes them on.

    Raises
    ------
    IndexFileError
        The index is damaged, or there is none.
    DataError
        There is nothing to learn a vocabulary from.
    OutputLockedError
        Another command changes the index.
    """
    work = work or Work()
    result = IndexingResult()
    wanted = []
    for item in items:
        if isinstance(item, Fault):
            result.faults.append((item.path, item.code, item.message))
        else:
            wanted.append(item)
    if not is_index(path):
        if not create:
            raise IndexFileError(f"{os.fsdecode(path)}: there is no image index.")
        check_place(path)
        if not wanted:
            raise DataError("no images to index")
        if coder is None:
            coder = _learn(wanted, n_words, compact, random_state, work)
        create_folder(path, coder, {"base": os.getcwd()})
    with writing(path) as writer:
        folder = open_folder(path)
        known, outdated = _known(folder)
        todo = []
        for item in wanted:
            place = known.get(path_of(item))
            if place is not None and place[2] == _print_of(item):
                result.n_known += 1
            else:
                todo.append(item)
                if place is not None:
                    outdated.append(place[:2])
                    result.n_replaced += 1
        task = CodeTask(folder.coder)
        records: Iterable = map_inputs(task, todo, work)
        if watch is not None:
            records = watch(records, len(todo))
        done = 0
        for batch in _batches(zip(todo, records, strict=False), result):
            codes, names, prints = zip(*batch, strict=True)
            writer.add(segment_of(folder.coder, codes, names, prints))
            writer.tidy(len(folder.segments))
            done += len(batch)
        result.n_added = done - min(result.n_replaced, done)
        _finish(writer, path, outdated)
        result.n_images = open_folder(path).n_images
    return result


def _learn(items: list, n_words, compact, random_state, work: Work) -> ImageCoder:
    """Vocabulary of a new index."""
    rng = np.random.RandomState(random_state)
    n = min(len(items), _SAMPLE_IMAGES)
    chosen = np.sort(rng.choice(len(items), n, replace=False))
    return learn_coder(
        [path_of(items[i]) for i in chosen],
        n_words=n_words,
        compact=compact,
        random_state=random_state,
        n_jobs=work.n_jobs,
    )


def _known(
    folder: IndexFolder,
) -> tuple[dict[str, tuple[int, int, tuple[int, int]]], list[tuple[int, int]]]:
    """Where each image is, and its print; and images that a later one of the name replaced."""
    known: dict[str, tuple[int, int, tuple[int, int]]] = {}
    outdated = []
    for s, i, name in folder.names():
        if name in known:  # a run was killed between adding the new one and removing the old
            outdated.append(known[name][:2])
        size, changed = folder.segments[s].arrays["prints"][i].tolist()
        known[name] = (s, i, (size, changed))
    return known, outdated


def _print_of(item) -> tuple[int, int]:
    """Size and time of a file; zeros where unknown."""
    found = fingerprint(item)
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _batches(
    pairs: Iterable[tuple], result: IndexingResult
) -> Iterator[list[tuple[ImageCode, str, tuple[int, int]]]]:
    """Codes of images that could be read, some at a time."""
    batch: list[tuple[ImageCode, str, tuple[int, int]]] = []
    for item, record in pairs:
        if record.status == "error":
            result.failures.append((record.path, record.code, record.message))
            continue
        if record.status == "warn":
            result.warnings.append((record.path, record.code, record.message))
        batch.append((record.details[0], record.path, _print_of(item)))
        if len(batch) == SEGMENT_IMAGES:
            yield batch
            batch = []
    if batch:
        yield batch


def _finish(writer: IndexWriter, path, outdated: Sequence[tuple[int, int]]) -> None:
    """Remove what was replaced, and merge where segments are many."""
    if outdated:
        remove_places(writer, open_folder(path), outdated)
    writer.tidy()


def remove_places(
    writer: IndexWriter, folder: IndexFolder, places: Iterable[tuple[int, int]]
) -> None:
    """Remove images by segment and number."""
    removed = [gone.copy() for gone in folder.removed]
    for s, i in places:
        removed[s][i] = True
    writer.remove(removed)


def remove_images(path: str | os.PathLike, names: Iterable[str]) -> tuple[int, list[str]]:
    """Remove images from an index; nothing of them is found from here on.

    Their postings are in the files until `IndexWriter.compact`.

    Parameters
    ----------
    path : str or os.PathLike
    names : iterable of str
        Paths as they were given, or folders: everything below goes.

    Returns
    -------
    n_removed : int
    missing : list of str
        Names that no image has.
    """
    wanted = list(names)
    with writing(path) as writer:
        folder = open_folder(path)
        every = list(folder.names())
        exact: dict[str, list] = {}
        for s, i, name in every:
            exact.setdefault(name, []).append((s, i))
        places: set[tuple] = set()
        missing: list[str] = []
        for name in wanted:
            found = exact.get(name)
            if not found:
                below = name.rstrip("/") + "/"
                found = [(s, i) for s, i, one in every if one.startswith(below)]
            if not found:
                missing.append(name)
            places.update(found)
        if places:
            remove_places(writer, folder, places)
    return len(places), missing
