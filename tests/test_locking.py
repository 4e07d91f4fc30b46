"""Locks between real processes: one holder at a time, none after a death."""

import os
import signal
import subprocess
import sys

import pytest

from cvclassic._basics.locking import hidden_path, lock_beside, open_locked
from cvclassic.errors import OutputLockedError

HOLD = """
import sys, time
from cvclassic._basics.locking import lock_beside
with lock_beside(sys.argv[1], "busy"):
    print("held", flush=True)
    time.sleep(60)
"""
TAKE_TURNS = """
import os, sys
from cvclassic.errors import OutputLockedError
from cvclassic._basics.locking import lock_beside
target, done = sys.argv[1], 0
while done < 40:
    try:
        with lock_beside(target, "busy"):
            count = int(open(target).read())
            open(target, "w").write(str(count + 1))
            done += 1
    except OutputLockedError:
        pass
"""


def test_no_two_at_once(tmp_path) -> None:
    """Reading, adding and writing: what others do in between would be lost."""
    target = tmp_path / "count"
    target.write_text("0")
    children = [subprocess.Popen([sys.executable, "-c", TAKE_TURNS, str(target)]) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert target.read_text() == "120"
    assert os.listdir(tmp_path) == ["count"]


def test_a_killed_holder_lets_go(tmp_path) -> None:
    target = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with pytest.raises(OutputLockedError, match="out: busy"), lock_beside(target, "busy"):
        pass
    with pytest.raises(BlockingIOError):
        open_locked(hidden_path(target, "lock"))
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    with lock_beside(target, "busy"):
        assert hidden_path(target, "lock").exists()
    assert not hidden_path(target, "lock").exists()


def test_odd_places(tmp_path) -> None:
    with (
        pytest.raises(OSError, match="No such file") as caught,
        lock_beside(tmp_path / "no" / "out", "busy"),
    ):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "out")
    os.symlink(tmp_path / "elsewhere", hidden_path(tmp_path / "out", "lock"))
    with pytest.raises(OSError, match="out"), lock_beside(tmp_path / "out", "busy"):
        pass
    assert not (tmp_path / "elsewhere").exists()
    long = tmp_path / ("ü" * 127)
    with lock_beside(long, "busy"):
        assert len(os.fsencode(hidden_path(long, "lock").name)) < 255
