"""What a power cut leaves: a trace of what was written, and any part of what the disk was not told.

Writes are recorded as they happen. A cut after any of them leaves what was there when the disk was
last told to write (`os.fsync`), and of what came later any part, in any order, torn at any byte.
"""

import os
import stat
import threading
import time

import numpy as np
import pytest

from cvclassic._basics import atomic
from cvclassic._basics.atomic import atomic_file
from cvclassic.batch import Record, journal, journal_path, open_journal
from cvclassic.batch.journal_lines import content_of, line_of
from cvclassic.batch.outputs.flushing import Flusher

ABOUT = {"model": "abc"}


def record(i: int) -> Record:
    return Record(f"{i}.jpg", "ok", "", "", "cat", (("cat", i / 7),))


class Trace:
    """Every write, truncation and fsync of one file, with its time."""

    def __init__(self, monkeypatch, path) -> None:
        self.events: list[tuple] = []
        self._lock = threading.Lock()
        self._path = os.fspath(path)
        pwrite, truncate, sync = journal.pwrite, os.ftruncate, os.fsync

        def note(fd, *event) -> None:
            if os.path.exists(self._path) and os.path.samestat(os.fstat(fd), os.stat(self._path)):
                with self._lock:
                    self.events.append((time.monotonic(), *event))

        def traced_pwrite(fd, data, offset):
            note(fd, "write", bytes(data), offset)
            return pwrite(fd, data, offset)

        def traced_truncate(fd, size):
            note(fd, "truncate", size)
            truncate(fd, size)

        def traced_sync(fd):
            note(fd, "sync")
            sync(fd)

        monkeypatch.setattr(journal, "pwrite", traced_pwrite)
        monkeypatch.setattr(os, "ftruncate", traced_truncate)
        monkeypatch.setattr(os, "fsync", traced_sync)

    def after_cut(self, n: int, rng) -> bytes:
        """The file where the power goes after the first n events."""
        told = max((i for i in range(n) if self.events[i][1] == "sync"), default=0)
        content = bytearray()
        for event in self.events[:told]:
            _apply(content, event)
        late = [event for event in self.events[told:n] if event[1] != "sync"]
        for i in np.flatnonzero(rng.random(len(late)) < 0.6):
            event = late[i]
            if event[1] == "write" and rng.random() < 0.5:  # a part of it, a page or none
                event = (*event[:2], event[2][: rng.integers(len(event[2]))], event[3])
            _apply(content, event)
        return bytes(content)

    def synced_lines(self, n: int) -> bytes:
        """All that the disk was told before the cut."""
        told = max((i for i in range(n) if self.events[i][1] == "sync"), default=0)
        content = bytearray()
        for event in self.events[:told]:
            _apply(content, event)
        return bytes(content)


def _apply(content: bytearray, event: tuple) -> None:
    if event[1] == "truncate":
        del content[event[2] :]
        content.extend(bytes(event[2] - len(content)))
    elif event[1] == "write":
        data, offset = event[2:]
        content.extend(bytes(max(offset + len(data) - len(content), 0)))
        content[offset : offset + len(data)] = data


def kept_paths(path) -> list[str]:
    with open_journal(path, ABOUT) as again:
        return [found.path for found, _ in again.kept()]


def test_whatever_the_disk_was_told_is_kept_and_nothing_is_made_up(
    monkeypatch, tmp_path, rng
) -> None:
    output = tmp_path / "labels.csv"
    monkeypatch.setattr(journal, "_SYNC_SECONDS", 0.01)
    with open_journal(output, ABOUT) as first:
        path = journal_path(output)
        trace = Trace(monkeypatch, path)
        # as if the run had begun with the trace
        trace.events.append((0.0, "write", path.read_bytes(), 0))
        for i in range(12):
            first.append(record(i), [i])
            time.sleep(0.004 * (i % 3))
    monkeypatch.undo()
    every = [f"{i}.jpg" for i in range(12)]
    assert any(event[1] == "sync" for event in trace.events[2:-1])
    for n in range(1, len(trace.events) + 1):
        for _ in range(3):
            other = tmp_path / "cut.csv"
            journal_path(other).write_bytes(trace.after_cut(n, rng))
            kept = kept_paths(other)
            assert kept == every[: len(kept)]
            told = trace.synced_lines(n).count(b".jpg")
            assert len(kept) >= told
            journal_path(other).unlink(missing_ok=True)


def test_no_write_waits_for_the_next_one(tmp_path, monkeypatch) -> None:
    """The disk is told of every record within the time, also where no other follows."""
    output = tmp_path / "labels.csv"
    monkeypatch.setattr(journal, "_SYNC_SECONDS", 0.05)
    with open_journal(output, ABOUT) as run:
        trace = Trace(monkeypatch, journal_path(output))
        for i in range(3):
            run.append(record(i))
            for _ in range(200):  # a busy machine may take longer
                if trace.events[-1][1] == "sync":
                    break
                time.sleep(0.01)
            assert trace.events[-1][1] == "sync", f"the disk was never told of record {i}"
    written = [at for at, kind, *_ in trace.events if kind == "write"]
    told = [at for at, kind, *_ in trace.events if kind == "sync"]
    assert all(any(sync >= at for sync in told) for at in written)


def test_two_seconds_are_promised() -> None:
    assert journal._SYNC_SECONDS + 0.5 <= 2


def test_writes_while_the_disk_writes_are_written_too(monkeypatch, tmp_path) -> None:
    started, go_on = threading.Event(), threading.Event()
    calls = []

    def slow(fd) -> None:
        calls.append(fd)
        started.set()
        go_on.wait(5)

    monkeypatch.setattr(os, "fsync", slow)
    with open(tmp_path / "x", "wb") as file:
        flusher = Flusher(file.fileno(), 0.01)
        flusher.tick()
        assert started.wait(5)
        flusher.tick()  # meanwhile
        go_on.set()
        for _ in range(500):
            if len(calls) == 2:
                break
            time.sleep(0.01)
        flusher.close()
    assert len(calls) == 2


def test_a_disk_that_fails_is_told_at_the_next_write(monkeypatch, tmp_path) -> None:
    def broken(fd) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with open(tmp_path / "x", "wb") as file:
        flusher = Flusher(file.fileno(), 0.0)
        flusher.tick()
        for _ in range(500):
            if flusher._error is not None:
                break
            time.sleep(0.01)
        with pytest.raises(OSError, match="Input/output"):
            flusher.tick()


def test_an_ended_run_has_told_the_disk(monkeypatch, tmp_path) -> None:
    with open_journal(tmp_path / "labels.csv", ABOUT) as run:
        trace = Trace(monkeypatch, journal_path(tmp_path / "labels.csv"))
        run.append(record(0))
    assert [kind for _, kind, *_ in trace.events] == ["write", "sync"]


# -------------------------------------------------------------------------------- single lines


def test_a_line_without_its_end_is_not_whole() -> None:
    line = line_of(record(1), None)
    assert content_of(line) is not None
    assert content_of(line[:-1]) is None  # its checksum is right, and the next would be glued on
    assert content_of(line[:-2] + b"\n") is None


def test_what_is_not_kept_is_cut_off(tmp_path) -> None:
    output = tmp_path / "labels.csv"
    with open_journal(output, ABOUT) as run:
        run.extend([(record(i), None) for i in range(5)])
    size = journal_path(output).stat().st_size
    with open_journal(output, ABOUT) as run:
        run.keep(2)
        gone = sum(len(line_of(record(i), None)) for i in range(2, 5))
        assert journal_path(output).stat().st_size == size - gone
        assert [found.path for found, _ in run.kept()] == ["0.jpg", "1.jpg"]


def test_a_half_written_line_is_cut_off_when_the_disk_is_full(monkeypatch, tmp_path) -> None:
    output = tmp_path / "labels.csv"
    with open_journal(output, ABOUT) as run:
        run.append(record(0))
        size = journal_path(output).stat().st_size
        write = journal.pwrite

        def full(fd, data, offset):
            if len(data) < 20:
                raise OSError(28, "No space left on device")
            return write(fd, data[:20], offset)

        monkeypatch.setattr(journal, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            run.append(record(1))
        assert journal_path(output).stat().st_size == size


# ------------------------------------------------------------------------- files that are renamed


def test_a_renamed_file_is_whole_before_and_after(monkeypatch, tmp_path) -> None:
    """The content goes to the disk before the name, and the name before the end."""
    events: list[str] = []
    replace, sync = os.replace, os.fsync

    def traced_sync(fd) -> None:
        is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        events.append("folder" if is_folder else "content")
        sync(fd)

    def traced_replace(old, new) -> None:
        with open(old, "rb") as file:
            events.append(f"rename {file.read().decode()}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", traced_sync)
    monkeypatch.setattr(atomic.os, "replace", traced_replace)
    with atomic_file(tmp_path / "a.txt", "w") as file:
        file.write("whole")
    assert events == ["content", "rename whole", "folder"]


def test_a_new_journal_has_a_name_on_the_disk(monkeypatch, tmp_path) -> None:
    events = []
    monkeypatch.setattr(journal, "sync_folder", lambda folder: events.append(folder))
    for _ in range(2):  # an interrupted run is there already the second time
        with open_journal(tmp_path / "labels.csv", ABOUT) as run:
            run.append(record(0))
    assert events == [tmp_path]
