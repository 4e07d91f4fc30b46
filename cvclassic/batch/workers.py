"""A pool of processes that outlives its members: nobody's death costs more than one input.

`concurrent.futures` and joblib give up all work when one process dies. Here `recovery` says what is
done again.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import CvclassicError
from ..images import single_threaded, watch_decoders
from ..images.messages import is_watching
from .recovery import Loss, Lost, Script, recovery

_POLL_MEMORY = 0.1  # seconds
_MOST_STILLBORN = 5  # deaths in a row before a process was ready
_NO_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class _Block:
    """Consecutive inputs, and how far their results are."""

    script: Script
    request: list
    results: list | None = None


@dataclass
class _Worker:
    process: Any
    connection: Connection
    lifeline: Connection
    ready: bool = False
    block: _Block | None = None
    started: float = 0.0


def prepare_workers() -> None:
    """Begin to load what workers need, while this process does something else.

    Notes
    -----
    Workers are forked from a small server process that has the libraries loaded and runs no
    threads, so that a new one takes milliseconds and inherits no locks.
    """
    context = _context()
    if context.get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver

    loaded = [name for name in sys.modules if name.startswith("cvclassic.")]
    needed = ["sklearn.pipeline", "sklearn.svm", "cvclassic.batch.classifying", __name__]
    context.set_forkserver_preload([*needed, *loaded])
    before = {name: os.environ.get(name) for name in _NO_THREADS}
    os.environ.update(dict.fromkeys(_NO_THREADS, "1"))
    try:
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _context() -> Any:
    """The way in which processes are started: never a fork of this one, with its threads."""
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


def map_in_processes(
    function: Callable[[list], list],
    X: Iterable,
    *,
    lost: Lost,
    n_workers: int,
    block_size: int,
    timeout: float | None = None,
    memory_cap: int | None = None,
) -> Iterator[list]:
    """Yield ``function(block)`` for consecutive blocks of `X`, in order, from other processes.

    Parameters
    ----------
    function : callable
        Takes a list and gives one result for each item. Pickled once.
    X : iterable
        Of what pickles. Read only a few blocks ahead of the results.
    lost : callable
        Gives the result of an item that kills its process, takes too long or too much memory.
    n_workers, block_size : int
    timeout : float or None
        Seconds. A block that takes longer is done input by input, each with as much time.
    memory_cap : int or None
        Bytes of resident memory of one process, looked at ten times a second.

    Yields
    ------
    list
        Results of a block.

    Raises
    ------
    RuntimeError
        Processes die before they have begun, or `function` raised.
    """
    pool = _Pool(function, n_workers, timeout, memory_cap)
    items = iter(X)
    order: deque[_Block] = deque()
    try:
        while True:
            while len(order) < 3 * n_workers and (block := list(islice(items, block_size))):
                order.append(pool.begin(recovery(block, lost)))
                pool.assign()
            if not order:
                return
            while order[0].results is None:
                pool.turn()
            yield order.popleft().results
    finally:
        pool.close()


class _Pool:
    """Processes, what each is at, and what waits."""

    def __init__(
        self, function: Callable, n_workers: int, timeout: float | None, memory_cap: int | None
    ) -> None:
        prepare_workers()
        self._context = _context()
        self._payload = pickle.dumps((function, is_watching()))
        self._n_workers = n_workers
        self._timeout = timeout
        self._memory_cap = memory_cap
        self._workers: list[_Worker] = []
        self._waiting: deque[_Block] = deque()
        self._stillborn = 0

    def begin(self, script: Script) -> _Block:
        """Queue the first request of a script."""
        block = _Block(script, next(script))
        self._waiting.append(block)
        return block

    def assign(self) -> None:
        """Give work to those who have none; start processes while there are too few."""
        for worker in list(self._workers):
            if self._waiting and worker.ready and worker.block is None:
                self._send(worker, self._waiting.popleft())
        missing = min(self._n_workers - len(self._workers), len(self._waiting))
        for _ in range(missing):
            self._workers.append(self._start())

    def turn(self) -> None:
        """Wait until something happens, and see to it."""
        self.assign()
        for connection in wait([w.connection for w in self._workers], self._patience()):
            worker = next(w for w in self._workers if w.connection is connection)
            try:
                answer = connection.recv()  # type: ignore[union-attr]
            except (EOFError, OSError, pickle.UnpicklingError):
                self._bury(worker, Loss("worker_crash", f"the process {_fate(worker)}"))
                continue
            self._take(worker, answer)
        self._stop_those_beyond_limits()
        self.assign()

    def close(self) -> None:
        """End all processes, whatever they are at."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
            worker.lifeline.close()
        self._workers.clear()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        held, lifeline = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_serve, args=(theirs, held, self._payload), daemon=True
        )
        try:
            process.start()
        finally:
            theirs.close()
            held.close()
        return _Worker(process, ours, lifeline)

    def _send(self, worker: _Worker, block: _Block) -> None:
        worker.block, worker.started = block, time.monotonic()
        # a worker that is dead already will be found so by the next turn
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send(block.request)

    def _take(self, worker: _Worker, answer: Any) -> None:
        if not worker.ready:
            worker.ready, self._stillborn = True, 0
            return
        block, worker.block = worker.block, None
        if isinstance(answer, Exception):
            raise answer
        if block is not None:
            self._advance(block, answer)

    def _advance(self, block: _Block, answer: Any) -> None:
        """Let a script have an answer; what it asks for next goes before all else."""
        try:
            block.request = block.script.send(answer)
        except StopIteration as end:
            block.results = end.value
        else:
            self._waiting.appendleft(block)

    def _bury(self, worker: _Worker, loss: Loss) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        worker.lifeline.close()
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn > _MOST_STILLBORN:
                raise RuntimeError(f"worker processes die before they begin: {loss.message}")
        if worker.block is not None:
            self._advance(worker.block, loss)

    def _patience(self) -> float | None:
        """Seconds until a limit has to be looked at."""
        busy = [worker.started for worker in self._workers if worker.block is not None]
        limits = [] if self._memory_cap is None or not busy else [_POLL_MEMORY]
        if self._timeout is not None and busy:
            limits.append(max(0.0, min(busy) + self._timeout - time.monotonic()))
        return min(limits, default=None)

    def _stop_those_beyond_limits(self) -> None:
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.block is not None]:
            if self._timeout is not None and now >= worker.started + self._timeout:
                self._bury(worker, Loss("timeout", f"took longer than {self._timeout:g} s"))
            elif self._memory_cap is not None:
                taken = _resident(worker.process.pid)
                if taken > self._memory_cap:
                    message = f"took {taken >> 20} MiB, more than {self._memory_cap >> 20} MiB"
                    self._bury(worker, Loss("out_of_memory", message))


def _fate(worker: _Worker) -> str:
    """How a process ended, in words."""
    worker.process.join(1)
    code = worker.process.exitcode
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"that worked on it was killed by {signal.Signals(-code).name}"
    return f"that worked on it ended with code {code}"


def _resident(pid: int) -> int:
    """Bytes of memory that a process occupies, 0 where nobody knows."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _serve(connection: Connection, lifeline: Connection, payload: bytes) -> None:
    """What a worker process does."""
    # Ctrl-C reaches the whole group; the parent decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, args=(lifeline,), daemon=True).start()
    function, watched = pickle.loads(payload)
    with single_threaded(), watch_decoders() if watched else contextlib.nullcontext():
        connection.send("ready")
        while True:
            try:
                items = connection.recv()
            except EOFError:
                return
            try:
                answer = function(items)
            except CvclassicError as error:
                answer = error
            except Exception as error:
                answer = RuntimeError(f"{type(error).__name__}: {error}")
            connection.send(answer)


def _die_with_parent(lifeline: Connection) -> None:
    """Wait for the end of a pipe that only the parent holds, then end, whatever is going on."""
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)
