"""Suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: object, names: Iterable[object]) -> str:
    """A question to put behind a message; empty if nothing comes near.

    Examples
    --------
    >>> did_you_mean("fischer", ["fast", "fisher"])
    " Did you mean 'fisher'?"
    >>> did_you_mean("xyz", ["fast", "fisher"])
    ''
    """
    known = {str(one).casefold(): str(one) for one in names if isinstance(one, str)}
    near = get_close_matches(str(name).casefold(), list(known), 1, 0.6)
    return f" Did you mean {known[near[0]]!r}?" if near else ""
