"""Interrupted runs over archives, lists and drawings go on where they stopped."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cvclassic.batch import Journal
from cvclassic_cli.main import main

from .conftest import one_line
from .test_resume import journal

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


def cut(out: Path, n: int) -> None:
    """Leave what a run leaves that was killed after n records, in the middle of another."""
    head = journal(out).read_bytes().split(b"\n")
    journal(out).write_bytes(b"\n".join([*head[: n + 2], head[n + 2][:20]]))


def run(words: list, out: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command in this process, perhaps with a list on standard input."""
    arguments = [*map(os.fspath, words), "-o", str(out)]
    done = CliRunner().invoke(main, arguments, input=text)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def killed_late(monkeypatch) -> Callable[..., bytes]:
    """Run it to its end, but let it leave its journal, as if killed just before."""

    def run_and_cut(words: list, out: Path, n: int, text: str | None = None) -> bytes:
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "finish", lambda self: None)
            assert run(words, out, text).returncode in (0, 1)
        whole = out.read_bytes()
        out.unlink()
        cut(out, n)
        return whole

    return run_and_cut


@pytest.fixture
def archives(toy_folder, tmp_path) -> list[Path]:
    """The toys as .zip, .tar and .tar.gz, twelve inputs each."""
    files = sorted(toy_folder.rglob("*.png"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, f"{file.parent.name}/{file.name}")
    for name, mode in (("b.tar", "w"), ("c.tar.gz", "w:gz")):
        with tarfile.open(tmp_path / name, mode) as tar:
            for file in files:
                tar.add(file, f"{file.parent.name}/{file.name}")
    return [tmp_path / name for name in ("a.zip", "b.tar", "c.tar.gz")]


@pytest.mark.parametrize("n", [16, 20, 35])
def test_archives(killed_late, toy_model_file, archives, tmp_path, n) -> None:
    """Also where the interruption falls inside one; what is kept is not decoded again."""
    out = tmp_path / "l.csv"
    words = ["classify", toy_model_file, *archives, "--engine", "threads"]
    whole = killed_late(words, out, n)
    done = run(words, out)
    assert done.returncode == 0
    assert f"36 inputs ({n // 16 * 16} before the interruption)" in done.stderr
    assert out.read_bytes() == whole


def test_an_archive_that_has_changed(killed_late, toy_model_file, archives, tmp_path) -> None:
    """A member that was done and is another image now is found by its checksum."""
    out = tmp_path / "l.csv"
    words = ["classify", toy_model_file, *archives, "--engine", "threads"]
    killed_late(words, out, 20)
    with zipfile.ZipFile(archives[0]) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    first, second, *_ = content
    content[first] = content[second]
    with zipfile.ZipFile(archives[0], "w") as packed:
        for name, data in content.items():
            packed.writestr(name, data)
    line = one_line(run([*words, "-q"], out), 2)
    assert f"input 1, {archives[0]}!{first}, has changed since" in line
    shutil.copy(archives[1], archives[0])  # no zip at all
    line = one_line(run([*words, "-q"], out), 2)
    assert f"input 1 was {archives[0]}!{first}, and is {archives[0]} now" in line


@pytest.mark.parametrize("null", [False, True])
def test_lists_on_standard_input(killed_late, toy_model_file, toy_folder, tmp_path, null) -> None:
    """The same list goes on, also a longer one; a shorter one is refused."""
    out = tmp_path / "l.csv"
    end = "\0" if null else "\n"
    names = [str(file) for file in sorted(toy_folder.rglob("*.png"))] * 3
    text = "".join(name + end for name in names)
    words = ["classify", toy_model_file, "-", *["-0"] * null, "--engine", "threads"]
    whole = killed_late(words, out, 20, text)
    short = run([*words, "-q"], out, text[: len(text) // 3])
    assert f"input 13 was {names[12]}, and is missing now" in one_line(short, 2)
    done = run(words, out, text)
    assert "36 inputs (16 before the interruption)" in done.stderr
    assert out.read_bytes() == whole
    killed_late(words, out, 20, text)
    assert run(words, out, text + names[0] + end).returncode == 0
    assert out.read_bytes().startswith(whole)
    assert len(out.read_bytes().splitlines()) == 38


@pytest.mark.slow
def test_drawings_that_failed_are_told_again(
    killed_late, toy_model_file, toy_folder, tmp_path
) -> None:
    """What could not be drawn before the interruption is not forgotten after it."""
    out, drawn = tmp_path / "l.csv", tmp_path / "drawn"
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"broken")
    words = ["classify", toy_model_file, bad, toy_folder, toy_folder, "--pictures", drawn]
    killed_late(words, out, 20)
    names = sorted(os.listdir(drawn))
    assert len(names) == 24
    lost = sorted(toy_folder.rglob("*.png"))[0]
    (drawn / f"{lost.stem}.label.png").unlink()  # as if the disk had been full then
    done = run(words, out)
    assert done.returncode == 3
    assert "1 image could not be written:" in done.stderr
    assert f"{lost}: not_written: it was not written before the interruption" in done.stderr
    assert sorted(os.listdir(drawn)) == [n for n in names if n != f"{lost.stem}.label.png"]
