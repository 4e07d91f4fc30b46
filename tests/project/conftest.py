"""Fixtures for tests of the project itself: packaging, imports, scripts, the command group."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import run


@pytest.fixture
def run_cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``cvclassic ARGS`` in a process of its own."""
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    return lambda *args, **options: run(args, **options)


@pytest.fixture(scope="module")
def cli_on_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which ``cvclassic`` is the one under test, however it is installed."""
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    folder = tmp_path_factory.mktemp("bin")
    script = Path(folder, "cvclassic")
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cvclassic_cli "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
