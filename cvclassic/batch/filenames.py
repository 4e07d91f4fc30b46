"""Unique names for files that are made from other files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from .._basics.numbered import numbered

_HOSTILE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')  # for some system


class FreeNames:
    """Beginnings of names, in the order in which they are asked for.

    Examples
    --------
    >>> names = FreeNames()
    >>> [names.take(path) for path in ("a/cat.jpg", "b/Cat.png", "digits.npz[17]")]
    ['cat', 'Cat-2', 'digits.npz[17]']
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._left: dict[str, Iterator[str]] = {}

    def take(self, path: str) -> str:
        """A name that no other input has; fit for file systems of 255 bytes."""
        stem = Path(path).name if path.endswith("]") else Path(path).stem  # digits.npz[17]
        stem = os.fsdecode(os.fsencode(stem)[:200])
        stem = "".join(
            "_" if c in '/\\:*?"<>|' or ord(c) < 32 or ord(c) == 127 else c for c in stem
        )
        stem = stem.lstrip(".") or "image"
        names = self._left.setdefault(stem, numbered(stem, "-", suffix=False))
        # names that differ in case alone are one file on some systems
        name = next(name for name in names if name.casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name

    def reserve(self, name: str) -> None:
        """Take a name that was given before."""
        self._taken.add(name.casefold())
