"""Numbered names, for when a name is taken."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator


def numbered(name: str, separator: str = "_", *, suffix: bool = True) -> Iterator[str]:
    """The name, and then the same with 2, 3, ... before its suffix, or at its end.

    Examples
    --------
    >>> names = numbered("a/cat.jpg")
    >>> next(names), next(names), next(names)
    ('a/cat.jpg', 'a/cat_2.jpg', 'a/cat_3.jpg')
    """
    stem, end = os.path.splitext(name) if suffix else (name, "")
    yield name
    for number in itertools.count(2):
        yield f"{stem}{separator}{number}{end}"


def free_name(path: str) -> str:
    """The first of a path's `numbered` names that nothing in its folder has."""
    return next(name for name in numbered(path) if not os.path.lexists(name))
