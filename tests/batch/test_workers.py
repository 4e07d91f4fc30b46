"""Processes may die, hang and swell; every input has a result, and nothing stays behind."""

import itertools
import os
import signal
import time

import pytest

from cvclassic.batch.engines import processes
from cvclassic.batch.engines.processes import map_in_processes
from cvclassic.batch.engines.recovery import Failure, call_with_recovery
from cvclassic.errors import ParameterError

from . import tasks


def lost(item, loss: Failure):
    return (item, loss.code, loss.message)


def run(function, items, block_size=4, n_workers=2, **limits) -> list[list]:
    blocks = map_in_processes(
        function, items, lost=lost, n_workers=n_workers, block_size=block_size, **limits
    )
    return list(blocks)


def children() -> set[str]:
    """Living descendants of this process."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[pid] = fields[1]
    found = {str(os.getpid())}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {str(os.getpid())}


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


@pytest.mark.slow
@pytest.mark.parametrize("n", [0, 1, 4, 9])
def test_in_order(n) -> None:
    expected = [i * i for i in range(n)]
    blocks = run(tasks.square, iter(range(n)))
    assert list(itertools.chain(*blocks)) == expected
    assert all(len(block) == 4 for block in blocks[:-1])


@pytest.mark.slow
@needs_proc
def test_death_hang_and_hunger_cost_one_result_each(tmp_path) -> None:
    """Three culprits in one run; the neighbors keep their results and their company."""
    before = children()
    items = [
        *("a", "die 11", "b", "c"),
        *("d", "e", "sleep 60", "f"),
        *("g", "h", "i", "fill 500"),
        *("exit 3", "j", "k", "l"),
        *(f"once {tmp_path / 'flag'}", "m"),
    ]
    blocks = run(tasks.obey, items, timeout=10, memory_cap=400 << 20)
    results = dict(zip(items, itertools.chain(*blocks), strict=True))
    bad = {item: result[1:] for item, result in results.items() if isinstance(result, tuple)}
    assert {item: code for item, (code, _) in bad.items()} == {
        "die 11": "worker_crash",
        "sleep 60": "timeout",
        "fill 500": "out_of_memory",
        "exit 3": "worker_crash",
    }
    assert "killed by SIGSEGV" in bad["die 11"][1]
    assert "ended with code 3" in bad["exit 3"][1]
    assert bad["sleep 60"][1] == "took longer than 10 s"
    assert "more than 400 MiB" in bad["fill 500"][1]
    assert [results[item] for item in items if item not in bad] == [
        i for i in items if i not in bad
    ]
    assert children() <= before


@pytest.mark.slow
def test_a_kill_from_outside_changes_nothing(tmp_path) -> None:
    """The block is done again as a whole, so that products have the same shapes."""
    killed = run(tasks.obey, [f"once {tmp_path / 'x'}", "a", "b"])
    assert killed == [[f"once {tmp_path / 'x'}", "a", "b"]]
    asked = []

    def answer(items):
        asked.append(tuple(items))
        if "bad" in items:
            raise MemoryError
        return tasks.tell_the_block(items)

    results = call_with_recovery(answer, ["a", "bad", "b"], lost)
    assert results[0] == ("a", ("a", "b"))
    assert results[2] == ("b", ("a", "b"))
    assert results[1][:2] == ("bad", "out_of_memory")
    assert asked == [("a", "bad", "b"), ("a",), ("bad",), ("b",), ("a", "b")]


def test_unexpected_exceptions_in_threads() -> None:
    results = call_with_recovery(tasks.obey, ["a", "raise why", "b"], lost)
    assert results[::2] == ["a", "b"]
    assert results[1] == ("raise why", "internal_error", "unexpected ZeroDivisionError: why")


@pytest.mark.slow
@needs_proc
def test_workers_killed_all_the_time() -> None:
    """Whoever kills workers at random loses no result: each is tried again."""
    start = time.monotonic()
    pids = []
    blocks = map_in_processes(tasks.report_pid, range(24), lost=lost, n_workers=2, block_size=2)
    for i, block in enumerate(blocks):
        pids += block
        if i % 4 == 0:
            os.kill(block[0], signal.SIGKILL)
    assert len(pids) == 24
    assert all(isinstance(pid, int) for pid in pids)
    assert len(set(pids)) > 2
    assert time.monotonic() - start < 30


@pytest.mark.slow
@needs_proc
def test_the_process_that_forks_is_killed() -> None:
    """Its workers and the run live on."""
    results = []
    before = children()
    blocks = map_in_processes(tasks.obey, map(str, range(40)), lost=lost, n_workers=1, block_size=2)
    results += next(blocks)
    for pid in children() - before:
        os.kill(int(pid), signal.SIGKILL)
    for block in blocks:
        results += block
    assert results == [str(i) for i in range(40)]
    assert children() <= before


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("deaths", [1, 3])
def test_the_process_that_forks_is_killed_while_it_starts(monkeypatch, deaths) -> None:
    """Another takes its place, some times; what always dies ends in a message."""
    before = children()
    left = [deaths]
    server = processes.ForkServer

    class Doomed(server):
        def __init__(self) -> None:
            super().__init__()
            left[0] -= 1
            if left[0] >= 0:
                os.kill(self._process.pid, signal.SIGKILL)

    monkeypatch.setattr(processes, "ForkServer", Doomed)
    assert run(tasks.square, range(4)) == [[0, 1, 4, 9]]
    left[0] = 99
    with pytest.raises(ChildProcessError, match="die at startup"):
        run(tasks.square, range(4))
    assert children() <= before


@pytest.mark.slow
@needs_proc
def test_whoever_wants_no_more_leaves_no_process() -> None:
    before = children()
    asked = []

    def endless():
        for i in itertools.count():
            asked.append(i)
            yield i

    blocks = map_in_processes(tasks.square, endless(), lost=lost, n_workers=2, block_size=4)
    next(blocks)
    assert children() > before
    blocks.close()
    assert children() <= before
    assert len(asked) < 60


def test_what_does_not_load_there_is_said() -> None:
    def local(items):
        return items

    with pytest.raises((ParameterError, AttributeError)):
        run(local, [1])


@pytest.mark.slow
def test_errors_about_all_inputs_come_through() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: why"):
        run(tasks.obey, ["raise why"])
