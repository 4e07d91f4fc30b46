"""Table entries that name an object of a module, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any


def load_named(entry: Any, package: str) -> Any:
    """What an entry of a table stands for: itself, or for a text ``module:name`` of a package.

    Examples
    --------
    >>> load_named("named:load_named", "cvclassic._basics") is load_named
    True
    >>> load_named(len, "cvclassic._basics")
    <built-in function len>
    """
    if not isinstance(entry, str):
        return entry
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(f".{module}", package), name)
