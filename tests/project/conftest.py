"""Fixtures for tests of the project itself: packaging, imports, scripts, the command group."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def run_cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``cvclassic ARGS`` in a new process."""
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

    def run(*args: str, **options) -> subprocess.CompletedProcess[str]:
        options.setdefault("timeout", 60)
        env = {**os.environ, **options.pop("env", {})}
        return subprocess.run(
            [sys.executable, "-m", "cvclassic_cli", *args],
            capture_output=True,
            text=True,
            env=env,
            **options,
        )

    return run


@pytest.fixture(scope="module")
def cli_on_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which ``cvclassic`` is the one under test, however it is installed."""
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    folder = tmp_path_factory.mktemp("bin")
    script = Path(folder, "cvclassic")
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cvclassic_cli "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
