"""``./dev`` on machines that lack something, with a Python that only notes what it is asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ["cat", "chmod", "cksum", "cp", "dirname", "ls", "mkdir", "tail"]

# Answers like an interpreter; makes "environments" whose python is itself; writes down every
# installation. LACKS says what is missing on the imagined machine.
FAKE_PYTHON = r"""#!/bin/sh
here=$(dirname "$0")
case "$*" in
    *version_info*) [ "$LACKS" != python ] ;;
    *ensurepip*) [ "$LACKS" != venv ] ;;
    -V) echo "Python 3.99" ;;
    "-m venv"*)
        echo venv >>"$LOG"
        for folder; do :; done
        mkdir -p "$folder/bin"
        cp "$0" "$folder/bin/python"
        : >"$folder/pyvenv.cfg" ;;
    "-m pip --version") [ -f "$here/../pyvenv.cfg" ] ;;
    "-m pip install"*headless*)
        echo headless >>"$LOG"
        : >"$here/headless" ;;
    "-m pip uninstall"*) echo uninstall >>"$LOG" ;;
    "-m pip install"*) echo install >>"$LOG" ;;
    *metadata*) echo 4.1.2.3 ;;
    "-c import cv2")
        if [ "$LACKS" = everything ] || { [ "$LACKS" = libGL ] && ! [ -f "$here/headless" ]; }; then
            echo "Traceback" >&2
            echo "ImportError: libGL.so.1: cannot open shared object file" >&2
            exit 1
        fi ;;
    *) echo "ran $*" ;;
esac
"""


class Machine:
    """A fresh machine: a copy of the project's top, and a PATH with hardly anything."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.project = folder / "a project"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.project.mkdir()
        self.bin.mkdir()
        for name in ("dev", "pyproject.toml", "constraints.txt"):
            shutil.copy(root / name, self.project)
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))

    def add_python(self, name: str = "python3") -> None:
        """Install an interpreter."""
        (self.bin / name).write_text(FAKE_PYTHON)
        (self.bin / name).chmod(0o755)

    def dev(self, *args: str, lacks: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run ./dev from another folder."""
        self.log.write_text("")
        return subprocess.run(
            [shutil.which("dash") or "/bin/sh", str(self.project / "dev"), *args],
            capture_output=True,
            text=True,
            cwd=self.bin.parent,
            env={"PATH": str(self.bin), "LACKS": lacks, "LOG": str(self.log), **env},
            timeout=60,
        )

    @property
    def done(self) -> list[str]:
        """What the last run made and installed."""
        return self.log.read_text().split()


@pytest.fixture
def machine(root: Path, tmp_path: Path) -> Machine:
    """A machine without Python."""
    return Machine(root, tmp_path)


def test_it_is_executable_and_posix(root: Path) -> None:
    assert os.access(root / "dev", os.X_OK)
    assert os.access(root / ".ci" / "run", os.X_OK)
    assert (root / "dev").read_text().startswith("#!/bin/sh\n")


@pytest.mark.parametrize("args", [["help"], ["--help"], []])
def test_help_needs_nothing(machine: Machine, args: list[str]) -> None:
    done = machine.dev(*args)
    assert done.returncode == 0, done.stderr
    for command in ("demo", "test", "check", "bench", "setup", "help"):
        assert f"\n  {command} " in done.stdout


def test_unknown_command(machine: Machine) -> None:
    done = machine.dev("nonsense")
    assert done.returncode != 0
    assert "unknown command: nonsense" in done.stderr


@pytest.mark.parametrize("lacks", ["", "python"])
def test_missing_python(machine: Machine, lacks: str) -> None:
    if lacks:
        machine.add_python()  # there, but too old
    done = machine.dev("demo", lacks=lacks)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert "missing: Python >= 3.11" in line
    assert "apt install" in line
    assert not (machine.project / ".venv").exists()


def test_missing_venv_module(machine: Machine) -> None:
    machine.add_python()
    done = machine.dev("demo", lacks="venv")
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert "missing: the venv module" in line
    assert "apt install python3-venv" in line


@pytest.mark.parametrize("name", ["python3", "python3.11", "python3.14"])
def test_second_run_reuses_the_first(machine: Machine, name: str) -> None:
    machine.add_python(name)
    first = machine.dev("test", "-x", "tests/a b")
    assert first.returncode == 0, first.stderr
    assert machine.done == ["venv", "install"]
    assert first.stdout == "ran -m pytest -n auto --dist worksteal -m not slow -x tests/a b\n"
    second = machine.dev("demo")
    assert machine.done == []
    assert second.stdout == "ran -m cvclassic_cli demo\n"
    assert second.stderr == ""


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_changed_dependencies_are_installed(machine: Machine, name: str) -> None:
    machine.add_python()
    machine.dev("setup")
    with open(machine.project / name, "a") as file:
        file.write("# changed\n")
    machine.dev("setup")
    assert machine.done == ["install"]
    machine.dev("setup")
    assert machine.done == []


def test_other_interpreter_and_other_folder(machine: Machine) -> None:
    machine.add_python("my python")
    done = machine.dev("setup", PYTHON="my python", CVCLASSIC_VENV="other venv")
    assert done.returncode == 0, done.stderr
    assert (machine.bin.parent / "other venv" / "pyvenv.cfg").is_file()
    assert not (machine.project / ".venv").exists()


def test_a_folder_that_is_not_ours_is_left_alone(machine: Machine, tmp_path: Path) -> None:
    machine.add_python()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    done = machine.dev("setup", CVCLASSIC_VENV=str(tmp_path / "mine"))
    assert done.returncode != 0
    assert "not a Python environment" in done.stderr
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert machine.done == []


def test_missing_libgl_swaps_in_the_headless_build(machine: Machine) -> None:
    machine.add_python()
    done = machine.dev("setup", lacks="libGL")
    assert done.returncode == 0, done.stderr
    assert machine.done == ["venv", "install", "uninstall", "headless"]
    (line,) = (line for line in done.stderr.splitlines() if "libGL.so.1" in line)
    assert "opencv-contrib-python-headless 4.1.2.3" in line
    machine.dev("setup", lacks="libGL")
    assert machine.done == []


def test_a_library_that_the_headless_build_lacks_too_is_named(machine: Machine) -> None:
    machine.add_python()
    done = machine.dev("setup", lacks="everything")
    assert done.returncode != 0
    assert "still fails: ImportError: libGL.so.1" in done.stderr.splitlines()[-1]


def test_lint_stops_at_the_first_failure(machine: Machine) -> None:
    machine.add_python()
    text = FAKE_PYTHON.replace('"-m venv"*)', '*"ruff check"*) exit 7 ;;\n    "-m venv"*)')
    (machine.bin / "python3").write_text(text)
    done = machine.dev("check")
    assert done.returncode == 7
    assert "ran -m ruff format --check ." in done.stdout
    assert "pytest" not in done.stdout
