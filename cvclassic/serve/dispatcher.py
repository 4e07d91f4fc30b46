"""Collects images of many requests into batches for worker processes that may be killed.

One thread speaks with the processes. It wakes up when a process has answered or when an image has
come, so nobody waits for a clock but a batch that is not full yet.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import Any

from ..batch.engines.processes import Pool, pack
from ..batch.engines.recovery import Failure, recovery
from ..errors import CvclassicError

_LONGEST = 0.05  # seconds of work that a batch should be; more only makes its first images late
_MEMORY = 0.9  # of the running mean of seconds per item
_PAUSES = (0.1, 0.2, 0.5, 1.0)  # seconds between attempts to start a pool that broke


class QueueFullError(CvclassicError):
    """Too many images are waiting; the client should try again later."""


@dataclass
class _Waiting:
    item: Any
    future: Future
    since: float


@dataclass
class _Flying:
    """A batch that a worker has."""

    block: Any
    batch: list[_Waiting]
    since: float


class Dispatcher:
    """A pool of workers behind a bounded queue.

    Parameters
    ----------
    function : callable
        Takes a list of items and gives one result for each. Pickled.
    on_failure : callable
        ``on_failure(item, failure)`` gives the result of an item that no worker survived.
    n_workers : int
    batch_size : int
        Items that a worker is given at once, at most; where an item takes long, so few that a batch
        takes about 50 ms, since its answers come all at its end.
    batch_wait : float
        Seconds that an item waits for others while its batch is not full; where an item takes
        longer than that, none waits for others while a worker is free.
    max_queue : int
        Items that may wait or be in progress.
    timeout, memory_cap
        As `cvclassic.batch.map_in_processes` has them.
    """

    def __init__(
        self,
        function: Callable[[list], list],
        on_failure: Callable[[Any, Failure], Any],
        *,
        n_workers: int = 1,
        batch_size: int = 16,
        batch_wait: float = 0.005,
        max_queue: int = 256,
        timeout: float | None = None,
        memory_cap: int | None = None,
        on_batch: Callable[[int], None] = lambda n: None,
    ) -> None:
        self._on_failure = on_failure
        self._n_workers = n_workers
        self._batch_size = batch_size
        self._batch_wait = batch_wait
        self._max_queue = max_queue
        self._limits = (timeout, memory_cap)
        self._on_batch = on_batch
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._flying: list[_Flying] = []
        self._pace = _LONGEST / batch_size  # mean seconds per item
        self._under_way = 0
        self._closing = False
        self._next: Pool | None = None
        self._payload = pack(function)
        self._pool = self._make_pool(self._payload)
        self._restarts = 0
        self._ears, self._bell = Pipe(duplex=False)
        self._rung = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Items that wait or are in progress."""
        return self._under_way

    @property
    def workers(self) -> list[int]:
        """Process numbers of the workers."""
        return self._pool.pids

    def submit(self, item: Any) -> Future:
        """Queue an item.

        Returns
        -------
        concurrent.futures.Future
            The item's result. If it is canceled before a worker has the item, it costs nothing.

        Raises
        ------
        QueueFullError
            Too many wait already, or the service ends.
        """
        future: Future = Future()
        with self._lock:
            if self._closing:
                raise QueueFullError("the service is shutting down")
            if self._under_way >= self._max_queue:
                raise QueueFullError(f"{self._under_way} images are already waiting")
            self._under_way += 1
            self._waiting.append(_Waiting(item, future, time.monotonic()))
        future.add_done_callback(self._left)
        self._ring()
        return future

    def replace(self, function: Callable[[list], list]) -> None:
        """Go on with another function; what is in progress ends with the old one.

        Raises
        ------
        ParameterError
            It cannot be loaded in another process; the old one stays.
        """
        payload = pack(function)
        pool = self._make_pool(payload)
        with self._lock:
            self._payload = payload
            previous, self._next = self._next, pool
        if previous is not None:
            previous.close()
        self._ring()

    def close(self, patience: float = 5.0) -> None:
        """Take nothing more, finish what waits within `patience` seconds, end the workers."""
        with self._lock:
            self._closing = True
        self._ring()
        self._thread.join(patience)
        self._pool.close()
        with self._lock:
            left = [*self._waiting, *(one for flying in self._flying for one in flying.batch)]
        for one in left:
            if not one.future.done():
                one.future.cancel()

    def _left(self, _future: Future) -> None:
        with self._lock:
            self._under_way -= 1

    def _make_pool(self, payload: bytes) -> Pool:
        timeout, memory_cap = self._limits
        return Pool(payload, self._n_workers, timeout, memory_cap)

    def _ring(self) -> None:
        """Wake the thread; one signal is enough until it has been heard."""
        with self._lock:
            if self._rung:
                return
            self._rung = True
        with contextlib.suppress(OSError):
            self._bell.send_bytes(b"!")

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._closing and not self._waiting and not self._flying:
                    return
            if self._next is not None and not self._flying:
                self._swap()
            pause = self._dispatch()
            try:
                heard = self._pool.turn(also=[self._ears], patience=pause)
            except Exception as error:
                self._start_again(error)
                continue
            if heard:
                with self._lock:
                    self._rung = False
                with contextlib.suppress(OSError, EOFError):
                    self._ears.recv_bytes()
            self._deliver()

    def _swap(self) -> None:
        with self._lock:
            pool, self._next = self._next, None
        if pool is not None:
            old, self._pool = self._pool, pool
            old.close()

    def _dispatch(self) -> float | None:
        """Give batches to workers that are free; seconds until the next batch is due."""
        while True:
            if self._next is not None:
                return None if self._flying else 0.0
            with self._lock:
                if not self._waiting or len(self._flying) >= self._n_workers:
                    return None
                most = max(min(self._batch_size, int(_LONGEST / self._pace)), 1)
                if self._pace < self._batch_wait and len(self._waiting) < most:
                    due = self._waiting[0].since + self._batch_wait - time.monotonic()
                    if due > 0 and not self._closing:
                        return due
                n = min(len(self._waiting), most)
                # free workers share what waits
                free = self._n_workers - len(self._flying)
                n = min(n, -(-len(self._waiting) // free))
                taken = [self._waiting.popleft() for _ in range(n)]
            batch = [one for one in taken if one.future.set_running_or_notify_cancel()]
            if batch:
                self._on_batch(len(batch))
                self._begin(batch)

    def _begin(self, batch: list[_Waiting]) -> None:
        plan = recovery([one.item for one in batch], self._on_failure)
        self._flying.append(_Flying(self._pool.begin(plan), batch, time.monotonic()))

    def _deliver(self) -> None:
        done = [flying for flying in self._flying if flying.block.results is not None]
        self._flying = [flying for flying in self._flying if flying.block.results is None]
        for flying in done:
            self._restarts = 0
            pace = (time.monotonic() - flying.since) / len(flying.batch)
            pace = min(pace, 2 * self._pace)  # a worker that starts or dies says little
            self._pace = _MEMORY * self._pace + (1 - _MEMORY) * pace
            for one, result in zip(flying.batch, flying.block.results, strict=True):
                one.future.set_result(result)

    def _start_again(self, error: Exception) -> None:
        """The pool itself broke: what it was at goes to a new one, a few times."""
        self._restarts += 1
        batches, self._flying = [flying.batch for flying in self._flying], []
        with contextlib.suppress(Exception):
            self._pool.close()
        for pause in _PAUSES:
            try:
                self._pool = self._make_pool(self._payload)
                break
            except Exception as again:
                error = again
                time.sleep(pause)
        else:
            self._restarts = len(_PAUSES) + 1
        if self._restarts > len(_PAUSES):
            failure = Failure("worker_crash", f"workers cannot be started: {error}")
            for one in (one for batch in batches for one in batch):
                one.future.set_result(self._on_failure(one.item, failure))
            return
        for batch in batches:
            self._begin(batch)
