"""A pool of processes that outlives its members: nobody's death costs more than one input.

`concurrent.futures` and joblib give up all work when one process dies. Here `recovery` says what is
done again.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

from ...images.formats.decoder_warnings import is_watching
from .forkserver import Nursery, Service
from .recovery import Loss, Lost, Script, recovery

_POLL_MEMORY = 0.1  # seconds
_MOST_STILLBORN = 5  # deaths in a row before a process was ready
_spare: Nursery | None = None


@dataclass
class _Block:
    """Consecutive inputs, and how far their results are."""

    script: Script
    request: list
    results: list | None = None


@dataclass
class _Worker:
    pid: int
    connection: Connection
    ready: bool = False
    block: _Block | None = None
    started: float = 0.0


def prepare_workers() -> None:
    """Begin to load what workers need, while this process does something else."""
    global _spare
    if _spare is None:
        _spare = Nursery()


def discard_workers() -> None:
    """End what `prepare_workers` began and nobody has used."""
    global _spare
    if _spare is not None:
        _spare.close()
        _spare = None


def _nursery() -> Nursery:
    global _spare
    nursery, _spare = _spare or Nursery(), None
    return nursery


def map_in_processes(
    function: Callable[[list], list],
    X: Iterable,
    *,
    lost: Lost,
    n_workers: int,
    block_size: int,
    timeout: float | None = None,
    memory_cap: int | None = None,
) -> Generator[list]:
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
    pool = Pool(pack(function), n_workers, timeout, memory_cap)
    items = iter(X)
    order: deque[_Block] = deque()
    try:
        while True:
            while len(order) < 3 * n_workers and (block := list(islice(items, block_size))):
                order.append(pool.begin(recovery(block, lost)))
                pool.assign()
            if not order:
                return
            while (results := order[0].results) is None:
                pool.turn()
            order.popleft()
            yield results
    finally:
        pool.close()


def pack(function: Callable[[list], list]) -> bytes:
    """What a `Pool` is told to do."""
    return pickle.dumps(Service(function, is_watching()))


class Pool:
    """Processes, what each is at, and what waits.

    Parameters
    ----------
    payload : bytes
        What `pack` makes of a function.
    n_workers : int
    timeout, memory_cap : float or None
        As `map_in_processes` has them.
    patience : float or None
        Seconds after which `turn` comes back in any case.
    """

    def __init__(
        self,
        payload: bytes,
        n_workers: int,
        timeout: float | None,
        memory_cap: int | None,
        patience: float | None = None,
    ) -> None:
        self._payload = payload
        self._longest = patience
        self._nursery = _nursery()
        self._n_workers = n_workers
        self._timeout = timeout
        self._memory_cap = memory_cap
        self._workers: list[_Worker] = []
        self._waiting: deque[_Block] = deque()
        self._stillborn = 0
        try:
            self._nursery.teach(self._payload)
        except BaseException:
            self._nursery.close()
            raise

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
        heard = wait([worker.connection for worker in self._workers], self._patience())
        for worker in [worker for worker in self._workers if worker.connection in heard]:
            try:
                answer = worker.connection.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                self._bury(worker, None)
                continue
            self._take(worker, answer)
        self._stop_those_beyond_limits()
        self.assign()

    def close(self) -> None:
        """End all processes, whatever they are at."""
        self._nursery.close()
        for worker in self._workers:
            worker.connection.close()
        self._workers.clear()

    def _start(self) -> _Worker:
        try:
            return _Worker(*self._nursery.fork())
        except RuntimeError:  # somebody killed it, perhaps for its memory
            self._nursery.close()
            self._nursery = Nursery()
            self._nursery.teach(self._payload)
            return _Worker(*self._nursery.fork())

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

    def _bury(self, worker: _Worker, loss: Loss | None) -> None:
        """Remove a worker; without a `loss` it died by itself."""
        self._workers.remove(worker)
        code = self._nursery.reap(worker.pid)
        worker.connection.close()
        loss = loss or Loss("worker_crash", f"the process that worked on it {_fate(code)}")
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn > _MOST_STILLBORN:
                raise RuntimeError(f"worker processes die before they begin: {loss.message}")
        if worker.block is not None:
            self._advance(worker.block, loss)

    def _patience(self) -> float | None:
        """Seconds until a limit has to be looked at."""
        busy = [worker.started for worker in self._workers if worker.block is not None]
        limits = [] if self._longest is None else [self._longest]
        if self._memory_cap is not None and busy:
            limits.append(_POLL_MEMORY)
        if self._timeout is not None and busy:
            limits.append(max(0.0, min(busy) + self._timeout - time.monotonic()))
        return min(limits, default=None)

    def _stop_those_beyond_limits(self) -> None:
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.block is not None]:
            if self._timeout is not None and now >= worker.started + self._timeout:
                self._bury(worker, Loss("timeout", f"took longer than {self._timeout:g} s"))
            elif self._memory_cap is not None:
                taken = _resident(worker.pid)
                if taken > self._memory_cap:
                    message = f"took {taken >> 20} MiB, more than {self._memory_cap >> 20} MiB"
                    self._bury(worker, Loss("out_of_memory", message))


def _fate(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "died"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _resident(pid: int) -> int:
    """Bytes of memory that a process occupies, 0 where nobody knows."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
