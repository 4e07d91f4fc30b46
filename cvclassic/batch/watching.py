"""Watches folders: each new file is read once it has stopped changing."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from ..images import Fault, FoundFile, find_inputs, walk_images
from .journal import Journal
from .records import Record
from .resuming import Process, fingerprint
from .tasks import path_of

_PAUSE = 1.0  # seconds between two looks, in which a file that is being written grows
_SHARE = 0.2  # of the time that looking may take


class Arrivals:
    """New inputs in folders.

    A file counts when its size and time are those of the look before. One that has changed since
    it was given out is given out again. Memory grows with the number of files, by some 200 bytes
    for each.

    Parameters
    ----------
    folders : iterable of str
    journal : Journal
        Inputs that it has records of, with the same `fingerprint`, do not count.
    expand : callable
        Opens what holds several inputs.
    """

    def __init__(
        self,
        folders: Iterable[str],
        journal: Journal,
        expand: Callable[[Iterator], Iterator] = iter,
    ) -> None:
        self._folders = list(folders)
        self._expand = expand
        self._done = {_key(record.path, mark) for record, mark in journal.kept()}
        self._files: dict[str, tuple[int | None, bool]] = {}  # look of a file, whether it was given

    def look(self) -> Iterator[tuple[Any, Any]]:
        """Inputs that have come to rest since the last look, and their fingerprints."""
        found: dict[str, tuple[int | None, bool]] = {}
        for item in walk_images(self._folders):
            stamp = _key(item.path, fingerprint(item) if isinstance(item, FoundFile) else item.code)
            before, given = self._files.get(item.path, (None, False))
            settled = before == stamp
            found[item.path] = (stamp, settled)
            if settled and not given:
                yield from self._inputs(item)
        self._files = found

    def _inputs(self, item: FoundFile | Fault) -> Iterator[tuple[Any, Any]]:
        inside: Iterator = iter([item])
        if isinstance(item, FoundFile):
            inside = find_inputs([item.path], patterns=False)
        for one in self._expand(inside):
            mark = fingerprint(one)
            key = _key(path_of(one), mark)
            if key not in self._done:
                self._done.add(key)
                yield one, mark


def _key(path: str, mark: Any) -> int:
    return hash((path, tuple(mark) if isinstance(mark, list) else mark))


def watch(
    arrivals: Arrivals, process: Process, idle: Callable[[], None] = lambda: None
) -> Generator[tuple[Record, Any]]:
    """Process what arrives, forever.

    Parameters
    ----------
    arrivals : Arrivals
    process : callable
        Gives one record for each input, in order.
    idle : callable
        Called after each look.

    Yields
    ------
    record : Record
    mark : list or None
        Fingerprint of its input.
    """
    while True:
        start = time.monotonic()
        marks: deque = deque()
        looking = 0.0

        def marked() -> Iterator:
            nonlocal looking
            inputs = arrivals.look()
            while True:
                before = time.monotonic()
                item, mark = next(inputs, (None, None))
                looking += time.monotonic() - before
                if item is None:
                    return
                marks.append(mark)  # noqa: B023
                yield item

        first = next(inputs := marked(), None)
        if first is not None:
            with contextlib.closing(process(_chain(first, inputs))) as records:
                for record in records:
                    yield record, marks.popleft()
        idle()
        rest = max(_PAUSE, looking / _SHARE) - (time.monotonic() - start)
        time.sleep(max(rest, 0.1 * _PAUSE))


def _chain(first: Any, rest: Iterator) -> Iterator:
    yield first
    yield from rest
