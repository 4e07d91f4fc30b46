"""Whatever interrupts a run, the next one ends with the same records."""

import errno
import json
import os
import random
import signal
import time

import pytest

from cvclassic.batch import Record, classify_files, journal_path, open_journal, resume
from cvclassic.batch.journal import Journal
from cvclassic.errors import OutputLockedError, ParameterError, ResumeError
from cvclassic.images import Fault, FoundFile, NamedItem, write_image
from tests.checks import pictures

ABOUT = {"model": "abc", "--top": 1}
NAMES = ["a.jpg", "new\nline", "\udcff.jpg", "ü.jpg", '"', "x" * 300]


def answer(item) -> Record:
    """A record of every kind, by the input's number."""
    n = int(item.path.rpartition(" ")[2])
    scores = (("cat", n / 7), ("dog", 1 / 3))
    return [
        Record(item.path, "ok", "", "", "cat", scores, size=(640, 480)),
        Record(item.path, "error", "empty", "the file\nhas 0 bytes"),
        Record(item.path, "warn", "odd", "é", 7, ((7, 0.1),), labels=(7, "b")),
        Record(item.path, "ok", "no_features", "", "unknown", (), labels=()),
    ][n % 4]


def items(n: int, start: int = 0) -> list[FoundFile]:
    return [FoundFile(f"/nowhere/{NAMES[i % 6]} {i}") for i in range(start, start + n)]


def go(output, inputs, classified=None, **options) -> list[Record]:
    """One run to the end."""

    def classify(rest):
        for item in rest:
            if classified is not None:
                classified.append(item.path)
            yield answer(item)

    with open_journal(output, ABOUT, **options) as journal:
        records = [record for record, _ in resume(journal, inputs, classify, block_size=4)]
        assert [record for record, _ in journal.kept()] == records
        assert [r.size for r, _ in journal.kept()] == [r.size for r in records]
        journal.finish()
    assert not journal_path(output).exists()
    return records


def interrupt(output, inputs, n: int) -> None:
    """A run that is stopped after n records."""
    with open_journal(output, ABOUT) as journal:
        records = resume(journal, inputs, lambda rest: map_generator(rest), block_size=4)
        for _ in zip(range(n), records, strict=False):
            pass


def map_generator(rest):
    for item in rest:
        yield answer(item)


def test_a_whole_run(tmp_path) -> None:
    assert go(tmp_path / "o", items(10)) == [answer(item) for item in items(10)]
    assert go(tmp_path / "o", []) == []
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("n", [1, 3, 4, 9, 10])
def test_going_on(tmp_path, n) -> None:
    """Only whole blocks are kept; the rest is classified again."""
    interrupt(tmp_path / "o", items(10), n)
    classified: list[str] = []
    assert go(tmp_path / "o", items(10), classified) == [answer(item) for item in items(10)]
    begun = min(8, -(-n // 4) * 4)  # a block is written before its first record is given out
    assert classified == [item.path for item in items(10)[begun:]]


@pytest.mark.slow
def test_cut_or_damaged_at_any_byte(tmp_path) -> None:
    """As after a power cut: the tail is missing, or zeros, or nonsense."""
    interrupt(tmp_path / "o", items(6), 6)
    path = journal_path(tmp_path / "o")
    whole = path.read_bytes()
    expected = [answer(item) for item in items(6)]
    for cut in range(0, len(whole), 7):
        for tail in (b"", bytes(20), b"00000000 []\n"):
            path.write_bytes(whole[:cut] + tail)
            assert go(tmp_path / "o", items(6)) == expected, cut


@pytest.mark.slow
def test_killed_at_random(tmp_path) -> None:
    """Fifty processes, each killed in the midst of writing."""
    rng = random.Random(0)
    output = tmp_path / "o"
    kills = 0
    inputs = items(30_000)
    while kills < 50:
        child = os.fork()
        if child == 0:
            try:
                interrupt(output, inputs, len(inputs))
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0.005, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills += 1
    assert go(output, inputs) == [answer(item) for item in inputs]


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"model": "xyz", "--top": 1}, "with another model is there (abc then, xyz now)"),
        ({"model": "abc", "--top": 3}, "with another --top is there (1 then, 3 now)"),
        ({"model": "abc"}, "with another --top is there (1 then, None now)"),
        ({**ABOUT, "more": "y" * 80}, "with another more is there. Finish"),
    ],
)
def test_another_request_is_refused(tmp_path, about, message) -> None:
    interrupt(tmp_path / "o", items(10), 10)
    before = journal_path(tmp_path / "o").read_bytes()
    with pytest.raises(ResumeError) as caught, open_journal(tmp_path / "o", about):
        pass
    assert message in str(caught.value)
    assert "--restart" in str(caught.value)
    assert journal_path(tmp_path / "o").read_bytes() == before
    with open_journal(tmp_path / "o", about, restart=True) as journal:
        assert not journal.resumed
    assert not journal_path(tmp_path / "o").exists()


def test_other_inputs_are_refused(tmp_path) -> None:
    path = tmp_path / "real.jpg 0"
    path.write_bytes(b"abc")
    real = [FoundFile(str(path))]
    interrupt(tmp_path / "o", real + items(9, 1), 10)
    for inputs, message in [
        (real + items(2, 1), "input 4 was /nowhere/ü.jpg 3, and is missing now"),
        (real + items(9, 2), "input 2 was /nowhere/new\nline 1, and is /nowhere/\\xff.jpg 2 now"),
        ([Fault(str(path), "x", "y"), *items(9, 1)], "has changed since"),
    ]:
        with pytest.raises(ResumeError) as caught:
            go(tmp_path / "o", inputs)
        assert message in str(caught.value)
    os.utime(path, ns=(1, 1))
    with pytest.raises(ResumeError, match=r"input 1, .*real.jpg 0, has changed since"):
        go(tmp_path / "o", real + items(9, 1))
    path.unlink()
    with pytest.raises(ResumeError, match="has changed since"):
        go(tmp_path / "o", real + items(9, 1))
    assert go(tmp_path / "o", items(3), restart=True) == [answer(item) for item in items(3)]


def test_more_inputs_at_the_end_are_welcome(tmp_path) -> None:
    interrupt(tmp_path / "o", items(8), 8)
    assert go(tmp_path / "o", items(12)) == [answer(item) for item in items(12)]


def test_arrays_are_known_by_their_content(tmp_path) -> None:
    inputs = [NamedItem(f"a.npz {i}", image) for i, image in enumerate(pictures(4))]
    interrupt(tmp_path / "o", inputs, 4)
    go_on = list(inputs)
    go_on[1] = NamedItem("a.npz 1", pictures(4)[1] ^ 1)
    with pytest.raises(ResumeError, match=r"input 2, a.npz 1, has changed"):
        go(tmp_path / "o", go_on)
    assert len(go(tmp_path / "o", inputs)) == 4


def test_only_one_run_at_a_time(tmp_path) -> None:
    with open_journal(tmp_path / "o", ABOUT):
        for restart in (False, True):
            with (
                pytest.raises(OutputLockedError) as caught,
                open_journal(tmp_path / "o", ABOUT, restart=restart),
            ):
                pass
            assert f"process {os.getpid()} is writing it" in str(caught.value)
    with open_journal(tmp_path / "o", ABOUT):
        pass
    assert os.listdir(tmp_path) == []


def test_outputs_that_cannot_be(tmp_path) -> None:
    with pytest.raises(IsADirectoryError), open_journal(tmp_path, ABOUT):
        pass
    with pytest.raises(FileNotFoundError) as caught, open_journal(tmp_path / "no" / "o", ABOUT):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "o")
    with pytest.raises(ParameterError, match="a device or a pipe"), open_journal("/dev/null", {}):
        pass
    os.symlink("/etc/hostname", journal_path(tmp_path / "o"))
    with pytest.raises(OSError, match="o"), open_journal(tmp_path / "o", ABOUT):
        pass
    long = tmp_path / ("n" * 251 + ".csv")
    assert len(go(long, items(3))) == 3


def test_a_disk_that_fills_up(tmp_path, monkeypatch) -> None:
    """Even where a part of a line is taken: what was whole is kept."""
    room = [3000]
    pwrite = os.pwrite

    def full(fd, data, place):
        taken = min(len(data), room[0])
        room[0] -= taken
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(fd, data[:taken], place)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        go(tmp_path / "o", items(40))
    assert caught.value.filename == str(tmp_path / "o")
    size = journal_path(tmp_path / "o").stat().st_size
    assert 2000 < size <= 3000
    assert journal_path(tmp_path / "o").read_bytes().endswith(b"\n")
    monkeypatch.undo()
    classified: list[str] = []
    assert go(tmp_path / "o", items(40), classified) == [answer(item) for item in items(40)]
    assert len(classified) < 40


def test_the_journal_is_text_that_people_can_read(tmp_path) -> None:
    interrupt(tmp_path / "o", items(4), 4)
    first, head, *records = journal_path(tmp_path / "o").read_bytes().splitlines()
    assert first.split()[-1] == str(os.getpid()).encode()
    assert json.loads(head.partition(b" ")[2]) == [ABOUT]
    assert [json.loads(line.partition(b" ")[2])[0] for line in records] == [
        item.path for item in items(4)
    ]


def test_nothing_is_decoded_twice(toy_model, tmp_path) -> None:
    """Inputs that are done are not even opened."""
    paths = [str(tmp_path / f"{i:02d}.png") for i in range(40)]
    for i, path in enumerate(paths):
        write_image(path, pictures(12)[i % 12])
    found = [FoundFile(path) for path in paths]

    def classify(rest):
        return classify_files(toy_model, rest, n_jobs=1)

    expected = list(classify_files(toy_model, found, n_jobs=1))
    with open_journal(tmp_path / "o", ABOUT) as journal:
        records = resume(journal, found, classify)
        for _ in range(35):
            next(records)
        records.close()
    for path in paths[:32]:
        os.chmod(path, 0)
        size = os.stat(path)
        with open(path, "r+b") as file:
            file.write(b"nonsense")
        os.utime(path, ns=(size.st_atime_ns, size.st_mtime_ns))
    with open_journal(tmp_path / "o", ABOUT) as journal:
        assert isinstance(journal, Journal)
        assert journal.resumed
        got = list(resume(journal, found, classify))
    assert [record for record, _ in got] == expected
    assert [kept for _, kept in got] == [True] * 32 + [False] * 8
