"""The rooms of the library import only from rooms to their left."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source_trees import nodes_of

# From left to right: the way of an image, then what is built around it. A room imports only from
# rooms to its left.
ORDER = [
    "errors",
    "_basics",
    "images",
    "draw",
    "audit",
    "filters",
    "detect",
    "describe",
    "encode",
    "classify",
    "match",
    "models",
    "evaluate",
    "explain",
    "batch",
    "model",
    "cascade",
    "faces",
    "objects",
    "segment",
    "search",
    "video",
    "comparison",
    "report",
    "teach",
    "serve",
]
LOADERS = {"import_module", "load", "attach", "attach_stub"}


def allowed(room: str) -> set[str]:
    """The rooms that a room may import, itself included."""
    return set(ORDER[: ORDER.index(room) + 1])


def imported(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a module in ``package`` imports.

    Relative imports are resolved; so are the names given as strings to import_module and to
    lazy_loader. ``from a import b`` yields ``a.b``, as b may be a module.
    """
    nodes = nodes_of(source)
    unseen = {  # what only type checkers read joins no rooms
        part
        for node in nodes
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for part in ast.walk(node)
    }
    for node in nodes:
        if node in unseen:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = absolute("." * node.level + (node.module or ""), package)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in LOADERS:
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    text = part.value
                    # lazy_loader prefixes its sub-modules with the package and a dot
                    if name.startswith("attach"):
                        yield (
                            node.lineno,
                            f"{package}.{text}"
                            if text[:1] != "."
                            else absolute(f".{text}", package),
                        )
                    elif text.replace(".", "").isidentifier():
                        yield node.lineno, absolute(text, package)


def absolute(name: str, package: str) -> str:
    """Resolve leading dots against the package that the import stands in."""
    level = len(name) - len(name.lstrip("."))
    if level == 0:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name[level:]])])


def violations(source: str, package: str) -> list[str]:
    """What a module of the library imports and should not."""
    room = package.split(".")[1]
    known = set(ORDER)
    found = []
    for line, name in imported(source, package):
        top, _, rest = name.partition(".")
        other = rest.split(".")[0]
        if top in ("cli", "click", "cvclassic_cli", "cvclassic_samples", "tests", "benchmarks"):
            found.append(f"line {line}: the library must not import {name}")
        elif top == "cvclassic" and other in known and other not in allowed(room):
            found.append(f"line {line}: {room} must not import {name}")
    return found


def test_rooms_import_only_from_their_left(root: Path) -> None:
    folder = root / "cvclassic"
    found = []
    for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        if file.parent == folder and file.stem == "__init__":
            continue
        parts = file.relative_to(root).with_suffix("").parts
        package = ".".join(parts[:-1]) if file.parent != folder else ".".join(parts)
        room = parts[1]
        assert room in ORDER, f"{room}: say in ORDER where this room stands"
        for what in violations(file.read_text(encoding="utf-8"), package):
            found.append(f"{file.relative_to(root)}, {what}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from cvclassic.encode import BagOfWords",
        "from cvclassic import encode",
        "import cvclassic.encode.base as base",
        "from ..encode import BagOfWords",
        "from .. import encode",
        "def f():\n    from ..encode.base import x",
        "import importlib\nimportlib.import_module('cvclassic.encode')",
        "import importlib\nimportlib.import_module('..encode', __package__)",
        "import lazy_loader as lazy\nlazy.load('cvclassic.encode')",
        "import lazy_loader\nlazy_loader.attach(__name__, submod_attrs={'.encode.base': ['x']})",
        "import click",
    ],
)
def test_imports_to_the_right_are_found(source: str) -> None:
    assert violations(source, "cvclassic.describe")


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nfrom cvclassic.errors import CvclassicError",
        "from ..images import read_image",
        "from .sift import SIFT",
        "from . import sift",
        "from cvclassic import __version__",
        "import lazy_loader\nlazy_loader.attach(__name__, ['encode'], {'sift': ['SIFT']})",
        "note = 'cvclassic.encode comes later'",
    ],
)
def test_imports_to_the_left_are_allowed(source: str) -> None:
    assert violations(source, "cvclassic.describe") == []


def test_reports_show_matches_and_not_the_other_way_round() -> None:
    assert violations("from ..match import MatchResult", "cvclassic.report") == []
    assert violations("from ..report import draw_match", "cvclassic.match")


def test_commands_import_each_other_relatively(root: Path) -> None:
    """They are installed under another name than their folder's."""
    for file in (root / "cli").rglob("*.py"):
        names = [name for _, name in imported(file.read_text(encoding="utf-8"), "X")]
        tops = {name.partition(".")[0] for name in names}
        assert not tops & {"cli", "cvclassic_cli"}, file


def test_the_map_names_every_room_in_order(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## The rooms")[1].split("## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    rooms = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert rooms == ORDER, "docs/architecture.md and ORDER differ"
    for path in re.findall(r"`((?:\w+/)+\w*(?:\.\w+)?)`", text):
        places = [top / path for top in (root, root / "cvclassic", root / "cli")]
        assert any(place.exists() for place in places), path
