"""Public names of a package: those in the ``__all__`` of its stub.

The stub also imports names that other rooms use; they can be had from the package like the others,
but may change with any version.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from typing import Any

import lazy_loader

_EVERY: dict[str, tuple[str, ...]] = {}


def attach_stub(
    package: str, file: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Load the names of a package on first use, as `lazy_loader.attach_stub` does.

    Parameters
    ----------
    package, file : str
        ``__name__`` and ``__file__`` of the package.

    Returns
    -------
    __getattr__, __dir__, __all__
        The list of names is that of the stub.
    """
    getter, _, every = lazy_loader.attach_stub(package, file)
    _EVERY[package] = tuple(every)
    names = _promised(f"{os.path.splitext(file)[0]}.pyi")
    return getter, lambda: sorted(names), names


def names_of(package: str) -> tuple[str, ...]:
    """All names of the stub of a package that was imported, also those that are not promised."""
    return _EVERY[package]


def _promised(stub: str) -> list[str]:
    with open(stub, encoding="utf-8") as source:
        for node in ast.parse(source.read()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                return ast.literal_eval(node.value)
    raise ValueError(f"{stub} has no __all__")
