"""Types that users see: stubs are what packages export, and checkers tell good calls from bad."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import cvclassic

PROGRAM = Path(__file__).with_name("user_program.py")
MARK = "# wrong"


def packages() -> list[str]:
    """Packages of the library that load lazily, from a stub."""
    found = [m.name for m in pkgutil.walk_packages(cvclassic.__path__, "cvclassic.") if m.ispkg]
    return [name for name in found if stub_of(name).is_file()]


def stub_of(name: str) -> Path:
    return Path(str(importlib.import_module(name).__file__)).with_suffix(".pyi")


def wrong_lines() -> set[int]:
    """Lines of the program that a checker must refuse."""
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    return {i for i, line in enumerate(lines, 1) if MARK in line}


def test_every_package_that_exports_has_a_stub() -> None:
    assert len(packages()) >= 15


@pytest.mark.parametrize("name", packages())
def test_stub_and_exports_are_equal(name) -> None:
    tree = ast.parse(stub_of(name).read_text(encoding="utf-8"))
    listed: list[str] = []
    imported: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed = ast.literal_eval(node.value)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                imported.append(alias.name)
    package = importlib.import_module(name)
    assert len(imported) == len(set(imported))
    assert set(listed) <= set(imported)  # the others are for other rooms
    assert sorted(listed) == sorted(package.__all__)
    for export in imported:
        assert getattr(package, export) is not None


@pytest.mark.slow
def test_mypy_tells_good_calls_from_bad(tmp_path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed (pip install cvclassic[dev])")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--show-error-codes"]
        + ["--follow-imports=silent", f"--cache-dir={tmp_path}", "--config-file=", str(PROGRAM)]
        + ["--ignore-missing-imports"],
        capture_output=True,
        text=True,
        cwd=PROGRAM.parents[2],
        timeout=900,
    )
    refused = {
        int(line.split(":")[1])
        for line in done.stdout.splitlines()
        if Path(line.split(":")[0]).name == PROGRAM.name and ": error:" in line
    }
    assert refused == wrong_lines(), done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_tells_good_calls_from_bad() -> None:
    pytest.importorskip("pyright", reason="pyright is not installed (pip install cvclassic[dev])")
    command = [sys.executable, "-m", "pyright"]
    try:
        done = subprocess.run(
            [*command, "--outputjson", "--pythonpath", sys.executable, str(PROGRAM)],
            capture_output=True,
            text=True,
            cwd=PROGRAM.parents[2],
            timeout=900,
        )
        report = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"pyright does not run here: it needs node ({error})")
    refused = {
        one["range"]["start"]["line"] + 1
        for one in report["generalDiagnostics"]
        if one["severity"] == "error"
    }
    assert refused == wrong_lines(), done.stdout
