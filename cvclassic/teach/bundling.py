"""Joins many small JavaScript modules into one script, without extra tools."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ..errors import DataError

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (function\*?|async function|const|class) (\w+)", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(import|export)\b.*", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")


def bundle(modules: Mapping[str, str], entry: str, name: str = "cvclassic") -> str:
    """Join modules into one script.

    Modules are written as the standard has them, with two limits that keep this simple: imports
    are ``import { a, b } from "./file.js";``, and what is exported is a function, constant or
    class whose declaration begins a line. Each becomes a function that runs once, after those
    that it imports from.

    Parameters
    ----------
    modules : mapping of str to str
        Path of each module, such as ``"numerics/pool.js"``, and its source.
    entry : str
        The module that starts the page. Modules that it does not lead to are left out.
    name : str
        Global name under which all modules can be reached, for tests and for curious readers.

    Returns
    -------
    str

    Raises
    ------
    DataError
        An import leads nowhere or in a circle, or a line uses another kind of import or export.

    Examples
    --------
    >>> modules = {"a.js": 'import { two } from "./b.js";\\nexport const four = 2 * two;\\n'}
    >>> script = bundle(modules | {"b.js": "export const two = 2;\\n"}, "a.js")
    >>> script.index('modules["b.js"]') < script.index('modules["a.js"]')
    True
    """
    order: list[str] = []
    _visit(modules, entry, order, ())
    exports = {path: _exports(modules[path]) for path in order}
    parts = [_wrapped(path, modules[path], exports) for path in order]
    script = "\n".join(
        ['"use strict";', "(() => {", "const modules = {};", *parts]
        + [f"globalThis.{name} = modules;", "})();", ""]
    )
    if "</script" in script.lower():
        raise DataError("a module holds </script, which would end the script of a page")
    return script


def _visit(modules: Mapping[str, str], path: str, order: list[str], on_the_way: tuple) -> None:
    """Put a module behind those that it imports from."""
    if path in order:
        return
    if path in on_the_way:
        raise DataError(f"modules import each other: {' -> '.join((*on_the_way, path))}")
    if path not in modules:
        raise DataError(f"{on_the_way[-1] if on_the_way else 'the page'} imports {path}: not found")
    for match in _IMPORT.finditer(modules[path]):
        _visit(modules, _resolved(path, match[2]), order, (*on_the_way, path))
    order.append(path)


def _resolved(path: str, target: str) -> str:
    """Path of an imported module, from the folder of the one that imports it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _exports(source: str) -> list[str]:
    """Names that a module gives to others."""
    return [match[2] for match in _EXPORT.finditer(source)]


def _wrapped(path: str, source: str, exports: Mapping[str, list[str]]) -> str:
    """A module as a function that runs at once and returns what it exports."""

    def imported(match: re.Match) -> str:
        names = [name.strip() for name in match[1].split(",") if name.strip()]
        target = _resolved(path, match[2])
        for name in names:
            if not _NAME.match(name) or name not in exports[target]:
                raise DataError(f"{path} imports {name!r}, which {target} does not export")
        return f'const {{ {", ".join(names)} }} = modules["{target}"];\n'

    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(imported, source))
    if wrong := _LEFT_OVER.search(body):
        raise DataError(f"{path} has an import or export of another kind: {wrong[0]}")
    return f'modules["{path}"] = (() => {{\n{body}return {{ {", ".join(exports[path])} }};\n}})();'
