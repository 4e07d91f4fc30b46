"""``classify --watch`` as a process that files come to, and that is killed."""

import csv
import os
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from .conftest import one_line
from .test_failures import alive, start

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


def names(out: Path) -> list[str]:
    """Last parts of the paths that have records."""
    if not out.exists():
        return []
    with open(out, newline="", encoding="utf-8") as file:
        return [os.path.basename(row[0]) for row in csv.reader(file)][1:]


def wait_for(process: subprocess.Popen, out: Path, expected: list[str]) -> None:
    deadline = time.monotonic() + 60
    while names(out) != expected:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, names(out)
        time.sleep(0.05)


@pytest.mark.slow
def test_files_come_and_runs_go(toy_model_file, toy_folder, tmp_path) -> None:
    """One record for each file, once it is whole; nothing is done again after kill -9."""
    box, out = tmp_path / "box", tmp_path / "l.csv"
    box.mkdir()
    files = sorted(toy_folder.rglob("*.png"))
    shutil.copy(files[0], box / "a.png")
    arguments = ["classify", toy_model_file, box, "-o", out, "--watch", "-j", "1"]
    first = start(*arguments)
    try:
        wait_for(first, out, ["a.png"])
        with open(box / "b.png", "wb") as growing:
            data = files[1].read_bytes()
            for at in range(0, len(data), len(data) // 8):  # three seconds
                growing.write(data[at : at + len(data) // 8])
                growing.flush()
                time.sleep(0.4)
                assert "b.png" not in names(out)
        (box / "c.png").write_bytes(b"broken")
        wait_for(first, out, ["a.png", "b.png", "c.png"])
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
    with open(out, "a", encoding="utf-8") as file:
        file.write("half a reco")
    with zipfile.ZipFile(box / "d.zip", "w") as archive:
        archive.write(files[2], "inside.png")
    second = start(*arguments)
    wait_for(second, out, ["a.png", "b.png", "c.png", "d.zip!inside.png"])
    shutil.copy(files[3], box / "a.png")  # another image of that name
    wait_for(second, out, ["a.png", "b.png", "c.png", "d.zip!inside.png", "a.png"])
    begin = time.monotonic()
    second.send_signal(signal.SIGINT)
    _, said = second.communicate(timeout=20)
    assert time.monotonic() - begin < 10
    assert second.returncode == 1
    assert f"Watching {box}. Press Ctrl-C to stop." in said
    assert "5 inputs (3 before the interruption): 4 ok, 1 failed (" in said
    assert "Traceback" not in said
    assert alive(second.pid) == []
    with open(out, newline="", encoding="utf-8") as file:
        assert [row["code"] for row in csv.DictReader(file)].count("unsupported_format") == 1


@pytest.mark.slow
def test_what_does_not_go_together(in_process, toy_model_file, toy_folder, tmp_path) -> None:
    picture = next(toy_folder.rglob("*.png"))
    out = tmp_path / "l.csv"
    for arguments, message in [
        ([toy_folder], "--watch needs an output file"),
        ([toy_folder, "-o", tmp_path / "l.parquet"], "name a file .csv or .jsonl"),
        ([picture, "-o", out], "name folders as inputs"),
        ([toy_folder, "-o", out, "--sort-into", toy_folder / "s"], "which is an input"),
        ([toy_folder, "-o", out, "--dask", "local"], "leave out --dask"),
    ]:
        done = in_process("classify", toy_model_file, *arguments, "--watch")
        assert message in one_line(done, 2)
