"""A pool of processes that survives its members: a crash costs at most one input.

`concurrent.futures` and joblib give up all work when one process dies. Here `recovery` says what is
done again.
"""

from __future__ import annotations

import contextlib
import errno
import math
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

from ..._basics.platform import can_fork, peak_of, resident_memory
from ...errors import ParameterError
from ...images.formats.decoder_warnings import is_watching
from .forkserver import ForkServer
from .recovery import Failure, OnFailure, RetryPlan, recovery
from .service import Service
from .spawn import SpawnServer

_POLL_MEMORY = 0.1  # seconds
_MOST_FAILED_STARTS = 5  # deaths in a row before a process was ready
_MOST_DEAD_SERVERS = 5
_MARGIN = 1.1  # what inputs may need beyond the ordinary one that memory is measured with
_SPREAD = 1.05  # of two measurements: what is advised must be enough at the next one
Server = ForkServer | SpawnServer
_spare: Server | None = None


@dataclass
class _Block:
    """Consecutive inputs, and how far their results are."""

    script: RetryPlan
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
        _spare = _new_server()


def discard_workers() -> None:
    """End the unused workers that `prepare_workers` started."""
    global _spare
    if _spare is not None:
        _spare.close()
        _spare = None


def _new_server() -> Server:
    return ForkServer() if can_fork() else SpawnServer()


def _take_server() -> Server:
    global _spare
    server, _spare = _spare or _new_server(), None
    return server


def map_in_processes(
    function: Callable[[list], list],
    X: Iterable,
    *,
    lost: OnFailure,
    n_workers: int,
    block_size: int,
    timeout: float | None = None,
    memory_cap: int | None = None,
    probe: list | None = None,
) -> Generator[list]:
    """Yield ``function(block)`` for consecutive blocks of `X`, in order, from other processes.

    Parameters
    ----------
    function : callable
        Takes a list and gives one result for each item. Pickled once.
    X : iterable
        Items that can be pickled. Only a few blocks are read ahead of the results.
    lost : callable
        Gives the result of an item that kills its process, takes too long or too much memory.
    n_workers, block_size : int
    timeout : float or None
        Seconds. A block that takes longer is done input by input, each with as much time.
    memory_cap : int or None
        Bytes of resident memory of one process, looked at ten times a second.
    probe : list, optional
        Ordinary inputs: what they need is what `memory_cap` must allow.

    Yields
    ------
    list
        Results of a block.

    Raises
    ------
    ParameterError
        `memory_cap` is less than `probe` needs.
    ChildProcessError
        Processes die before they have begun.
    RuntimeError
        `function` raised.
    """
    if memory_cap is not None and probe is not None:
        check_memory(pack(function), memory_cap, probe)
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


def check_memory(payload: bytes, memory_cap: int, probe: list) -> None:
    """Raise `ParameterError` if a process needs more memory for ordinary inputs than it may have.

    Parameters
    ----------
    payload : bytes
        What `pack` makes of a function.
    memory_cap : int
    probe : list
        Ordinary inputs.
    """
    pool = Pool(payload, 1, None, None)
    try:
        block = pool.begin(_once(probe))
        while block.results is None:
            pool.turn()
        needed = max((peak_of(worker.pid) for worker in pool._workers), default=0)
    finally:
        pool.close()
    least = -(-int(needed * _MARGIN) // 1_000_000)
    if memory_cap < least * 1_000_000:
        raise ParameterError(
            f"memory cap: a worker needs about {least} MB for the model and an ordinary image. "
            f"Got {memory_cap / 1e6:g} MB; give at least {math.ceil(least * _SPREAD)}."
        )


def _once(items: list) -> RetryPlan:
    """Try a list once, whatever becomes of it."""
    yield items
    return []


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
        self._server = _take_server()
        self._n_workers = n_workers
        self._timeout = timeout
        self._memory_cap = memory_cap
        self._workers: list[_Worker] = []
        self._waiting: deque[_Block] = deque()
        self._failed_starts = 0
        try:
            self._load_server()
        except BaseException:
            self._server.close()
            raise

    def begin(self, script: RetryPlan) -> _Block:
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

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers."""
        return [worker.pid for worker in list(self._workers)]

    def turn(
        self, also: Sequence[Connection] = (), patience: float | None = None
    ) -> list[Connection]:
        """Wait until something happens, and see to it.

        Parameters
        ----------
        also : sequence of Connection
            What ends the waiting too.
        patience : float or None
            Seconds after which it ends in any case.

        Returns
        -------
        list of Connection
            Those of `also` that have something to say.
        """
        self.assign()
        limits = [limit for limit in (self._patience(), patience) if limit is not None]
        connections = [worker.connection for worker in self._workers]
        heard = wait([*connections, *also], min(limits, default=None))
        for worker in [worker for worker in self._workers if worker.connection in heard]:
            try:
                answer = worker.connection.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                self._remove_worker(worker, None)
                continue
            self._take(worker, answer)
        self._stop_those_beyond_limits()
        self.assign()
        return [connection for connection in also if connection in heard]

    def close(self) -> None:
        """End all processes, whatever they are at."""
        self._server.close()
        for worker in self._workers:
            worker.connection.close()
        self._workers.clear()

    def _load_server(self) -> None:
        """Give the server its payload; one that dies meanwhile is replaced by another."""
        for attempt in range(_MOST_DEAD_SERVERS):
            try:
                self._server.load(self._payload)
                return
            except RuntimeError:  # somebody killed it, perhaps for its memory
                self._server.close()
                if attempt + 1 == _MOST_DEAD_SERVERS:
                    raise _dying() from None
                self._server = _new_server()

    def _start(self) -> _Worker:
        for _ in range(_MOST_DEAD_SERVERS):
            with contextlib.suppress(RuntimeError):
                return _Worker(*self._server.fork())
            self._server.close()
            self._server = _new_server()
            self._load_server()
        raise _dying()

    def _send(self, worker: _Worker, block: _Block) -> None:
        worker.block, worker.started = block, time.monotonic()
        # a worker that is dead already will be found so by the next turn
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send(block.request)

    def _take(self, worker: _Worker, answer: Any) -> None:
        if not worker.ready:
            worker.ready, self._failed_starts = True, 0
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

    def _remove_worker(self, worker: _Worker, loss: Failure | None) -> None:
        """Remove a worker; without a `loss` it died by itself."""
        self._workers.remove(worker)
        code = self._server.reap(worker.pid)
        worker.connection.close()
        loss = loss or Failure("worker_crash", f"its worker process {_fate(code)}")
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts > _MOST_FAILED_STARTS:
                raise _dying(loss.message)
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
                self._remove_worker(
                    worker, Failure("timeout", f"took longer than {self._timeout:g} s")
                )
            elif self._memory_cap is not None:
                taken = resident_memory(worker.pid)
                if taken > self._memory_cap:
                    message = f"used {taken >> 20} MiB, more than {self._memory_cap >> 20} MiB"
                    self._remove_worker(worker, Failure("out_of_memory", message))


def _dying(why: str = "") -> ChildProcessError:
    """Nothing can be done where processes die before they have begun."""
    text = "Worker processes die at startup, perhaps for lack of memory"
    return ChildProcessError(errno.ECHILD, f"{text} ({why})" if why else text)


def _fate(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "died"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
