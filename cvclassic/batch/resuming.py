"""Runs over many inputs that can be resumed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any, NoReturn

import numpy as np

from ..errors import ResumeError
from ..images import ArchiveMember, FoundFile, NamedItem
from ..images.files import show_path
from .journal import Journal
from .records import Record
from .tasks import path_of

Process = Callable[[Iterable], Generator[Record]]


def fingerprint(item: Any) -> list[int] | None:
    """What tells whether an input is still the same, without decoding it.

    Parameters
    ----------
    item : FoundFile, ArchiveMember, Fault, NamedItem, str or Path

    Returns
    -------
    list of int or None
        Size in bytes and time of the last change of a file in nanoseconds; size and CRC-32 of an
        array, or of a member of an archive; None for what cannot be read.
    """
    if isinstance(item, NamedItem):
        if isinstance(item.value, np.ndarray):
            return [item.value.nbytes, zlib.crc32(np.ascontiguousarray(item.value).data)]
        return None
    if isinstance(item, ArchiveMember):
        return item.fingerprint
    if not isinstance(item, FoundFile | str | os.PathLike):
        return None
    try:
        info = os.stat(path_of(item))
    except (OSError, ValueError):
        return None
    return [info.st_size, info.st_mtime_ns] if stat.S_ISREG(info.st_mode) else None


def file_digest(path: str | os.PathLike) -> str:
    """SHA-256 of a file, to know it again."""
    with open(os.fsdecode(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resume(
    journal: Journal, inputs: Iterable, process: Process, *, block_size: int = 16
) -> Generator[tuple[Record, bool]]:
    """Give the records that a journal has, and process the rest of the inputs.

    Parameters
    ----------
    journal : Journal
        Just opened. Every record is in it before it is given out.
    inputs : iterable
        The same as when the journal was begun, in the same order. Those that are done are
        compared by name and `fingerprint`, and not decoded.
    process : callable
        Gives one record for each input, in order.
    block_size : int
        Inputs that `process` works on at once. What is done of a block that was cut is done
        again, since the last bits of a product depend on the shape of its factors.

    Yields
    ------
    record : Record
        One for each input.
    kept : bool
        Whether it is from before the interruption.

    Raises
    ------
    ResumeError
        Inputs that are done have changed, or are no longer there.
    OSError
        The journal cannot be written.
    """
    inputs = iter(inputs)
    for record in _skip(journal, inputs, block_size):
        yield record, True
    marks: deque = deque()

    def marked() -> Iterator:
        for item in inputs:
            marks.append(fingerprint(item))
            yield item

    with contextlib.closing(process(marked())) as records:
        pending: list[tuple[Record, Any]] = []  # they come as blocks, and are written as such
        try:
            for record in records:
                pending.append((record, marks.popleft()))
                if len(pending) == block_size:
                    pairs, pending = pending, []
                    journal.extend(pairs)
                    yield from ((record, False) for record, _ in pairs)
        finally:  # also after an interruption
            journal.extend(pending)
        yield from ((record, False) for record, _ in pending)
    journal.sync()


def _skip(journal: Journal, inputs: Iterator, block_size: int) -> Iterator[Record]:
    """Records of whole blocks, each checked against its input."""
    kept = journal.kept()
    done = 0
    while len(block := list(islice(kept, block_size))) == block_size:
        for record, mark in block:
            done += 1
            item = next(inputs, None)
            if item is None:
                _refuse(journal, f"input {done} was {show_path(record.path)}, and is missing now")
            if path_of(item) != record.path:
                _refuse(
                    journal,
                    f"input {done} was {show_path(record.path)}, "
                    f"and is {show_path(path_of(item))} now",
                )
            if fingerprint(item) != mark:
                _refuse(journal, f"input {done}, {show_path(record.path)}, has changed since")
            yield record
    journal.keep(done)


def _refuse(journal: Journal, why: str) -> NoReturn:
    raise ResumeError(
        f"{journal.shown}: an interrupted run is there, but its inputs are no longer the same: "
        f"{why}. Restore them, or discard the run with --restart."
    )
