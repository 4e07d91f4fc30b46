"""The installed command line as a subprocess."""

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.command_line import run


@pytest.fixture(scope="session")
def cvclassic() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``cvclassic ARGS`` in a process of its own; options as for `tests.command_line.run`."""
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

    def call(*args: object, **options) -> subprocess.CompletedProcess[str]:
        done = run([_word(arg) for arg in args], **options)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return call


@pytest.fixture(scope="session")
def in_process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The same without a new process: a second less for each of many small mistakes."""
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    from click.testing import CliRunner

    from cvclassic_cli.main import main

    def call(*args: object) -> subprocess.CompletedProcess[str]:
        words = [os.fsdecode(_word(arg)) for arg in args]
        done = CliRunner().invoke(main, words)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return call


def _word(arg: object) -> str | bytes:
    return os.fspath(arg) if isinstance(arg, str | bytes | os.PathLike) else str(arg)


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The message of a run that failed with `code`: a line on stderr, nothing on stdout."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    # click puts its usage before a message about it; what is odd about data is told before too
    about = ("Usage:", "Try '", "Warning: ", "Note: ")
    lines = [line for line in lines if not line.startswith(about) and line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Error: "), lines[0]
    return lines[0]
