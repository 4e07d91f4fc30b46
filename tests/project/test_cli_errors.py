"""Whatever goes wrong ends as one line and the right exit code, never as a traceback."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

from click.testing import CliRunner

from cvclassic.errors import ImageReadError, ModelFileError, ParameterError
from cvclassic_cli.main import LazyGroup


def end(error: BaseException, **env: str):
    """Run a command that raises."""
    group = LazyGroup("cvclassic")

    @group.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(group, ["fail"], env={"CVCLASSIC_DEBUG": None, **env})


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ParameterError("n_words must be >= 2. Got 0."), 2, "Error: n_words must be >= 2. Got 0."),
        (ModelFileError("not\na model"), 2, "Error: not a model"),
        (ImageReadError("empty", "has no bytes", "a.jpg"), 2, "Error: a.jpg: has no bytes"),
        (PermissionError(13, "Permission denied", "/x/y"), 3, "Error: /x/y: Permission denied"),
        (OSError(28, "No space left on device"), 3, "Error: No space left on device"),
        (click.ClickException("wrong"), 2, "Error: wrong"),
        (ZeroDivisionError("by zero"), 70, "Error: unexpected ZeroDivisionError: by zero"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_errors(error: BaseException, code: int, message: str) -> None:
    done = end(error)
    assert done.exit_code == code
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_debug_shows_where_it_happened() -> None:
    error = ZeroDivisionError("by zero")
    assert end(error, CVCLASSIC_DEBUG="1").exception is error
    assert "CVCLASSIC_DEBUG=1" in end(error).stderr


@pytest.mark.slow
@pytest.mark.parametrize("args", [["nonsense"], ["doctor", "--nonsense"], ["--nonsense"]])
def test_wrong_usage(run_cli, args: list[str]) -> None:
    done = run_cli(*args)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr


def test_version(run_cli) -> None:
    import cvclassic

    assert run_cli("--version").stdout == f"cvclassic {cvclassic.__version__}\n"
    assert run_cli("-V").stdout == f"cvclassic {cvclassic.__version__}\n"


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error() -> None:
    """The other end of the pipe is closed before the first byte."""
    done = subprocess.Popen(
        [sys.executable, "-m", "cvclassic_cli", "doctor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    message = done.stderr.read()
    done.stderr.close()
    assert done.wait(60) == 141
    assert message == ""


def test_exit_codes_come_from_the_enum() -> None:
    import cvclassic_cli

    number = re.compile(r"\b(?:sys|ctx|os)\._?exit\([^)]*\b\d+\b[^)]*\)")
    found = []
    for path in Path(cvclassic_cli.__file__).parent.rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if number.search(line) and "128 + number" not in line:  # a signal
                found.append(f"{path.name}: {line.strip()}")
    assert not found, "\n".join(found)
