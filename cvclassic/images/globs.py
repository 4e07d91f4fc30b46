"""Patterns such as ``photos/**/*.jpg``, with a report of folders that cannot be listed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from wcmatch import fnmatch

from cvclassic.images.files import explain_os_error

from .walking import Fault, FoundFile, list_folder, walk_images

_MAGIC = re.compile(r"[*?\[]|\{[^{}/]*,[^{}/]*\}")
_FLAGS = fnmatch.DOTMATCH | fnmatch.CASE | fnmatch.BRACE


def has_magic(path: str) -> bool:
    """Whether a name may be a pattern.

    Examples
    --------
    >>> has_magic("photos/*.jpg"), has_magic("photos/a.jpg")
    (True, False)
    """
    return _MAGIC.search(path) is not None


def walk_glob(pattern: str) -> Iterator[FoundFile | Fault]:
    """Files that match a pattern, each once.

    ``*`` stands for any part of a name, ``?`` for a character, ``[abc]`` for one of several,
    ``{jpg,png}`` for one of these words, and ``**`` for any folders, or none. Names that begin
    with a dot match only where the pattern has the dot, too. A folder that matches is walked, as
    if it had been named. The order and the
    rule for links are those of `walk_images`. A pattern without a match is yielded itself, so
    that reading it says that there is no such file.

    Parameters
    ----------
    pattern : str

    Yields
    ------
    FoundFile or Fault

    Examples
    --------
    >>> list(walk_glob("no/such/*.jpg"))
    [FoundFile(path='no/such/*.jpg')]
    """
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    n_fixed = next(i for i, part in enumerate(parts) if has_magic(part))
    base = "/" * pattern.startswith("/") + "/".join(parts[:n_fixed])
    wanted = tuple(parts[n_fixed:])
    found = False
    for item in _walk(base, wanted):
        found = True
        yield item
    if not found:
        yield FoundFile(pattern)


def _walk(base: str, wanted: tuple[str, ...]) -> Iterator[FoundFile | Fault]:
    """Walk below the fixed part; each folder knows how much of the pattern led to it."""
    hidden = any(part.startswith(".") for part in wanted)
    seen: set[tuple[int, int]] = set()
    todo = [(base, _closure({0}, wanted))]
    linked: list[tuple[str, frozenset[int]]] = []
    while todo or linked:
        folder, states = todo.pop() if todo else linked.pop(0)
        try:
            entries = list_folder(folder or ".", seen, hidden)
        except OSError as error:
            if folder != base:
                code, _ = explain_os_error(error, folder)
                yield Fault(folder, code, f"the folder cannot be listed: {error.strerror}")
            continue
        inner: list[tuple[str, frozenset[int]]] = []
        for name, is_folder, is_link in entries or ():
            then = _closure(_step(name, states, wanted), wanted)
            if not then:
                continue
            path = os.path.join(folder, name)
            if len(wanted) in then:
                if not is_folder:
                    yield FoundFile(path)
                    continue
                yield from walk_images([path])
            elif is_folder:
                (linked if is_link else inner).append((path, then))
        todo.extend(reversed(inner))


def _closure(states: set[int], wanted: tuple[str, ...]) -> frozenset[int]:
    """States that are reached without a name, as ``**`` may stand for nothing."""
    todo, all_of_them = list(states), set(states)
    while todo:
        state = todo.pop()
        if state < len(wanted) and wanted[state] == "**" and state + 1 not in all_of_them:
            all_of_them.add(state + 1)
            todo.append(state + 1)
    return frozenset(all_of_them)


def _step(name: str, states: frozenset[int], wanted: tuple[str, ...]) -> set[int]:
    """States after one more name."""
    then = set()
    for state in states:
        if state == len(wanted):
            continue
        part = wanted[state]
        if part == "**":
            if not name.startswith("."):
                then.add(state)
        elif name.startswith(".") and not part.startswith("."):
            continue
        elif name == part or _compiled(part).match(name):
            then.add(state + 1)
    return then


@lru_cache(maxsize=256)
def _compiled(part: str) -> Any:
    return fnmatch.compile(part, flags=_FLAGS)
