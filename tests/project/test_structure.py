"""How modules know each other: no circles, and no private name crosses a room's door."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.project.test_imports import absolute
from tests.source_trees import parsed


def modules(root: Path) -> dict[str, ast.Module]:
    """Syntax trees of the library and the command line by dotted name."""
    trees = {}
    for folder, package in (("cvclassic", "cvclassic"), ("cli", "cvclassic_cli")):
        for file in sorted((root / folder).rglob("*.py")):
            parts = file.relative_to(root / folder).with_suffix("").parts
            name = ".".join([package, *parts])
            trees[name] = parsed(file.read_text(encoding="utf-8"))
    return trees


def at_import(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    """The imports that run when the module is loaded."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield node


def joined(name: str, tree: ast.Module, known: set[str]) -> set[str]:
    """Modules that one needs while it is being loaded."""
    package = name.rpartition(".")[0]
    found = set()
    for node in at_import(tree):
        base = absolute("." * node.level + (node.module or ""), package)
        for alias in node.names:
            if f"{base}.{alias.name}" in known:
                found.add(f"{base}.{alias.name}")
            elif base in known:
                found.add(base)
    return found - {name}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected parts of more than one module (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while True:
                part.append(stack.pop())
                if part[-1] == node:
                    break
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_modules_form_no_circles(root: Path) -> None:
    trees = modules(root)
    graph = {name: joined(name, tree, set(trees)) for name, tree in trees.items()}
    assert sum(map(len, graph.values())) > 300  # imports are seen at all
    assert circles(graph) == []


def room_of(name: str) -> str:
    """The room that a module lies in."""
    return ".".join(name.split(".")[:2])


def test_no_private_name_crosses_a_door(root: Path) -> None:
    found = []
    for name, tree in modules(root).items():
        package = name.rpartition(".")[0]
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            base = absolute("." * node.level + (node.module or ""), package)
            if not base.startswith("cvclassic") or room_of(base) == room_of(name):
                continue
            names = [alias.name for alias in node.names]
            private = [part for part in names if part[:1] == "_" and part[:2] != "__"]
            within = [part for part in base.split(".")[2:] if part[:1] == "_"]
            found += [f"{name}: {base}.{part}" for part in [*private, *within] if part != "_basics"]
    assert not found, "\n".join(found)


# asked for by name: methods that `SavedState` says an estimator may have
HOOKS = {"_check", "_check_saved", "_saved_columns"}


def own_names(tree: ast.Module) -> Iterator[str]:
    """Methods and attributes that a module gives to objects."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def private_reads(tree: ast.Module) -> Iterator[str]:
    """Private attributes that a module reads of other objects than its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr[:1] == "_" != node.attr[1:2]:
            of = node.value
            if isinstance(of, ast.Call):  # super()
                of = of.func
            if getattr(of, "id", "") not in ("self", "cls", "super"):
                yield node.attr


def test_no_private_attribute_is_read_in_another_room(root: Path) -> None:
    trees = modules(root)
    owners: dict[str, set[str]] = {}
    for name, tree in trees.items():
        for attribute in own_names(tree):
            owners.setdefault(attribute, set()).add(room_of(name))
    found = [
        f"{name}: {attribute}"
        for name, tree in trees.items()
        for attribute in private_reads(tree)
        if room_of(name) not in owners.get(attribute, {room_of(name)}) and attribute not in HOOKS
    ]
    assert not found, "\n".join(found)
    assert list(private_reads(ast.parse("encoder._project(self._x)"))) == ["_project"]
