"""Pages that are written from the code: reference, commands, benchmarks.

They are written before Sphinx reads anything, into `docs/generated`, and only when they change,
so that a second build is quick.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "generated"


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this."""
    write_all()
    return {"parallel_read_safe": True}


def write_all() -> None:
    """Write every generated page."""
    pages = {**reference(), **commands(), **benchmarks()}
    _remove_stale(set(pages))
    for name, text in pages.items():
        path = OUT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _remove_stale(names: set[str]) -> None:
    """Take away pages of names, commands and examples that are no more."""
    for folder in ("reference", "commands"):
        for path in (OUT / folder).rglob("*.*"):
            if path.relative_to(OUT).as_posix() not in names:
                path.unlink()
    examples = ROOT / "docs" / "gallery"
    for path in (OUT / "gallery").glob("*/plot_*"):
        if not (examples / path.parent.name / f"{path.name.partition('.')[0]}.py").is_file():
            path.unlink()


# -- reference ---------------------------------------------------------------------------------


def rooms() -> list[str]:
    """Public sub-packages and modules of the library."""
    import cvclassic

    return sorted(
        name for name in cvclassic.__all__ if inspect.ismodule(getattr(cvclassic, name, None))
    )


def public_names(room: str) -> dict[str, Any]:
    """What a room exports, in alphabetical order."""
    module = importlib.import_module(f"cvclassic.{room}")
    names = getattr(module, "__all__", None) or [
        name
        for name, found in vars(module).items()
        if not name.startswith("_") and getattr(found, "__module__", "") == module.__name__
    ]
    return {name: getattr(module, name) for name in sorted(names)}


def reference() -> dict[str, str]:
    """One page per room with a table of its names, and an index of the rooms."""
    import cvclassic

    pages = {}
    lines = ["# API reference", "", "Sub-packages are loaded on first use."]
    lines += ["", "| package | |", "|---|---|"]
    toc = []
    for room in rooms():
        module = importlib.import_module(f"cvclassic.{room}")
        summary = inspect.getdoc(module).split("\n\n")[0].replace("\n", " ")
        lines.append(f"| [`cvclassic.{room}`](reference/{room}.rst) | {summary} |")
        toc.append(f"reference/{room}")
        pages[f"reference/{room}.rst"] = _room_page(room, module)
        for name, found in public_names(room).items():
            if callable(found):
                path = f"reference/api/cvclassic.{room}.{name}.rst"
                pages[path] = _name_page(f"cvclassic.{room}", name, found)
    if top := _top_names():
        pages["reference/top.rst"] = _table_page(
            "The main job", "cvclassic", "The library call of the main job.", {"": top}
        )
        toc.insert(0, "reference/top")
        for name in top:
            pages[f"reference/api/cvclassic.{name}.rst"] = _name_page(
                "cvclassic", name, getattr(cvclassic, name), options="   :no-index:\n"
            )
        lines.insert(6, "| [`cvclassic`](reference/top.rst) | The main job as library calls. |")
    lines += ["", "```{toctree}", ":hidden:", "", *toc, "```", ""]
    return {"reference.md": "\n".join(lines), **pages}


def _top_names() -> list[str]:
    """Functions and classes that `cvclassic` itself exports."""
    import cvclassic

    return sorted(
        name
        for name in cvclassic.__all__
        if not name.startswith("_") and not inspect.ismodule(getattr(cvclassic, name))
    )


def _room_page(room: str, module: Any) -> str:
    found = public_names(room)
    kinds = {
        "Classes": [name for name, value in found.items() if inspect.isclass(value)],
        "Functions": [name for name, value in found.items() if inspect.isroutine(value)],
    }
    constants = [name for name in found if not any(name in names for names in kinds.values())]
    note = ""
    if constants:
        note = "Constants: " + ", ".join(f"``{name}``" for name in constants) + ".\n"
    return _table_page(
        f"cvclassic.{room}", f"cvclassic.{room}", inspect.getdoc(module) + "\n\n" + note, kinds
    )


def _name_page(module: str, name: str, found: Any, options: str = "") -> str:
    """The page of a class or function, with the examples of the gallery that use it."""
    full = f"{module}.{name}"
    kind = "class" if inspect.isclass(found) else "function"
    lines = [full, "=" * len(full), "", f".. currentmodule:: {module}", ""]
    lines += [f".. auto{kind}:: {name}", options]
    if methods := _own_methods(found):
        lines += ["   .. rubric:: Methods and properties", ""]
        for method, value in methods.items():
            directive = "autoproperty" if isinstance(value, property) else "automethod"
            lines.append(f"   .. {directive}:: {method}\n   {options}")
        lines.append("")
    lines += [f".. minigallery:: {full}", f"   :add-heading: Examples using ``{name}``", ""]
    return "\n".join(lines)


def _own_methods(found: Any) -> dict[str, Any]:
    """Public methods and properties that are written here; scikit-learn documents its own."""
    if not inspect.isclass(found):
        return {}
    methods = {}
    for name, value in inspect.getmembers_static(found):
        home = next((c for c in found.__mro__ if name in vars(c)), object)
        is_own = home.__module__.startswith("cvclassic") and not name.startswith("_")
        # scikit-learn adds set_fit_request and the like to every estimator's own class
        is_own = is_own and not name.endswith("_request")
        documented = inspect.getdoc(value.fget if isinstance(value, property) else value)
        if is_own and documented and (inspect.isroutine(value) or isinstance(value, property)):
            methods[name] = value
    return methods


def _table_page(title: str, module: str, text: str, kinds: dict[str, list[str]]) -> str:
    lines = [title, "=" * len(title), "", text, "", f".. currentmodule:: {module}", ""]
    for kind, names in kinds.items():
        if not names:
            continue
        if kind:
            lines += [kind, "-" * len(kind), ""]
        lines += [".. autosummary::", "   :toctree: api", ""]
        lines += [f"   {name}" for name in names] + [""]
    return "\n".join(lines)


# -- commands ----------------------------------------------------------------------------------


def commands() -> dict[str, str]:
    """One page per command, groups with their sub-commands on it."""
    from cvclassic_cli.main import main

    context = click.Context(main, info_name="cvclassic")
    lines = ["# Commands", "", "Every command has `--help`, which says the same.", ""]
    lines += ["| command | |", "|---|---|"]
    pages, toc = {}, []
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        summary = main.lazy[name][1] if name in main.lazy else command.get_short_help_str(200)
        lines.append(f"| [`cvclassic {name}`](commands/{name}.md) | {summary} |")
        pages[f"commands/{name}.md"] = f"# cvclassic {name}\n\n" + _command(command, context, name)
        toc.append(f"commands/{name}")
    lines += ["", "```{toctree}", ":hidden:", "", *toc, "```", ""]
    return {"commands.md": "\n".join(lines), **pages}


def _command(command: click.Command, parent: click.Context, name: str, level: int = 2) -> str:
    """Usage, text and options of a command, then those of its sub-commands."""
    context = click.Context(command, parent=parent, info_name=name)
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"```text\n{' '.join(usage.split())}\n```\n", _prose(command.help or "")]
    records = [p.get_help_record(context) for p in command.get_params(context)]
    if rows := [record for record in records if record]:
        parts.append("| option | |\n|---|---|\n" + "".join(map(_row, rows)))
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            title = f"{context.command_path} {child}"
            parts.append(f"{'#' * level} {title}\n\n{_command(found, context, child, level + 1)}")
    return "\n".join(parts)


def _row(record: tuple[str, str]) -> str:
    option, text = (" ".join(part.split()) for part in record)
    return f"| `{option}` | {_escaped(text)} |\n".replace(f"`{option}`", f"`{_piped(option)}`")


def _piped(text: str) -> str:
    return text.replace("|", "\\|")


def _escaped(text: str) -> str:
    """Text of a help as Markdown text."""
    for mark in "\\`*_<>|[]":
        text = text.replace(mark, f"\\{mark}")
    return text


def _prose(text: str) -> str:
    """A help text as Markdown: paragraphs, and blocks that click leaves alone as they are."""
    parts = []
    for block in inspect.cleandoc(text).split("\n\n"):
        if block.startswith("\b"):
            head, *rest = block.strip("\b\n").split("\n")
            if rest and not head.startswith(" "):
                parts += [_escaped(head), "```text\n" + inspect.cleandoc("\n".join(rest)) + "\n```"]
            else:
                parts.append("```text\n" + "\n".join([head, *rest]) + "\n```")
        else:
            parts.append(_escaped(" ".join(block.split())))
    return "\n\n".join(parts) + "\n"


# -- benchmarks --------------------------------------------------------------------------------


def benchmarks() -> dict[str, str]:
    """Every benchmark with its question, and what its result files say about when and where."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.__main__ import benchmarks as listed
    from benchmarks.readme import FROM_RESULTS

    text = ["# Benchmarks", ""]
    text += [
        "Run one again with `python -m benchmarks NAME`. Results are JSON files in "
        "`benchmarks/results`, each with the machine that it was measured on; every table in the "
        "documentation is generated from them. Settings are chosen on training images only, and "
        "test images are used once.",
        "",
    ]
    for name, make in FROM_RESULTS.items():
        text += [f"## {TITLES.get(name, name.replace('_', ' ').capitalize())}", "", make(), ""]
    text += ["## All benchmarks", "", "| name | question |", "|---|---|"]
    text += [f"| `{name}` | {_escaped(line)} |" for name, line in listed().items()]
    text += ["", "## Result files", "", "| file | date | machine |", "|---|---|---|"]
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        if path.stem.endswith("-quick"):
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        machine = found.get("machine", {})
        cores = f", {machine['cores']} cores" if "cores" in machine else ""
        where = f"{machine.get('processor', '')}{cores}"
        text.append(f"| `{path.name}` | {found.get('date', '')} | {where} |")
    return {"benchmarks.md": "\n".join(text) + "\n"}


TITLES = {
    "accuracy": "Accuracy of the recipes",
    "tutorial": "Against the script that tutorials teach",
    "speed": "Speed against other libraries",
    "comparison": "Beside convolutional networks",
}
