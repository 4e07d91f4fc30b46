"""Blocks of inputs on a Dask cluster: same results, same order, whichever worker is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...errors import CvclassicError, ParameterError
from .dask_cluster import check_address, check_workers, connected, import_dask, silence
from .dask_worker import InFolder, JobSpec, close_pool, versions, work
from .processes import check_memory, pack
from .recovery import OnFailure

_BLOCKS = 4  # in a shard: some work for each message
_AHEAD = 3  # shards in progress for each thread of the cluster
_LOOK_SECONDS = 2.0
_PATIENCE = 60.0  # with a cluster without workers, or whose scheduler is silent
_MOST_DEATHS = 5  # of shards whose worker died again and again


def map_on_dask(
    function: Callable[[list], list],
    X: Iterable,
    *,
    lost: OnFailure,
    address: str,
    n_workers: int,
    block_size: int,
    timeout: float | None = None,
    memory_cap: int | None = None,
    probe: list | None = None,
) -> Generator[list]:
    """Yield ``function(block)`` for consecutive blocks of `X`, in order, from a Dask cluster.

    Blocks and results are those of `map_in_processes`, which each Dask worker uses for its part.

    Parameters
    ----------
    function : callable
        Takes a list and gives one result for each item. Sent once to each worker.
    X : iterable
        Items that can be pickled. Only a few shards per worker are read ahead of the results.
    lost : callable
        Gives the result of an item that kills its process, takes too long or too much memory.
    address : str
        ``tcp://host:port`` of a scheduler, or ``local`` for a cluster of this machine that
        lives as long as this call.
    n_workers : int
        Number of workers of a local cluster.
    block_size : int
    timeout, memory_cap, probe
        As `map_in_processes` has them; memory is measured on this machine.

    Yields
    ------
    list
        Results of a block.

    Raises
    ------
    ParameterError
        The cluster cannot be reached, has no workers, or they lack cvclassic or have other
        versions.
    MissingDependencyError
        Dask is not installed.
    ConnectionError
        The cluster was lost on the way.
    """
    check_address(address)
    distributed = import_dask()
    if memory_cap is not None and probe is not None:
        check_memory(pack(function), memory_cap, probe)
    with silence(), connected(distributed, address, n_workers) as client:
        check_workers(client, address)
        order = JobSpec(uuid.uuid4().hex, versions(), lost, timeout, memory_cap)
        run = _Run(distributed, client, address, order, pack(InFolder(_folder(), function)))
        shards: deque[_Shard] = deque()
        items = iter(X)
        blocks = iter(lambda: list(islice(items, block_size)), [])
        try:
            while True:
                while len(shards) < run.room and (shard := list(islice(blocks, run.blocks))):
                    shards.append(run.send(pickle.dumps(shard)))
                if not shards:
                    return
                yield from run.receive(shards.popleft())
        finally:
            run.close(shards)


def _folder() -> str:
    """The current folder, a name that no folder has where it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


@dataclass
class _Shard:
    """Consecutive blocks, and who works on them."""

    number: int
    blocks: bytes
    future: Any
    deaths: int = 0


class _Run:
    """The sending and receiving of shards."""

    def __init__(
        self, distributed: Any, client: Any, address: str, order: JobSpec, payload: bytes
    ) -> None:
        self._client = client
        self._address = address
        self._order = order
        self._killed = distributed.scheduler.KilledWorker
        # a task and not data, since data are lost with the last worker that has them
        self._payload = client.submit(bytes, payload, key=f"cvclassic-model-{order.token}")
        self._n_sent = 0
        self._threads = 1
        self._looked = self._well = time.monotonic()
        self._look()

    @property
    def room(self) -> int:
        """Shards that may be in progress."""
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._look()
        return _AHEAD * self._threads

    @property
    def blocks(self) -> int:
        """Blocks of the next shard; the first ones are small, so that all have work soon."""
        return min(_BLOCKS, 1 + self._n_sent // (2 * self._threads))

    def send(self, blocks: bytes) -> _Shard:
        """Have a shard worked on."""
        shard = _Shard(self._n_sent, blocks, None)
        self._n_sent += 1
        self._submit(shard)
        return shard

    def _submit(self, shard: _Shard) -> None:
        key = f"cvclassic-{self._order.token}-{shard.number}-{shard.deaths}"
        arguments = (self._payload, self._order, shard.blocks)
        shard.future = self._client.submit(work, *arguments, key=key, priority=-shard.number)

    def receive(self, shard: _Shard) -> list[list]:
        """Results of the blocks of a shard; Dask has those of lost workers made again."""
        while True:
            try:
                return pickle.loads(shard.future.result(timeout=_LOOK_SECONDS))
            except TimeoutError:
                self._look()
            except self._killed:
                shard.deaths += 1
                if shard.deaths > _MOST_DEATHS:
                    raise self._gone("The workers of the Dask cluster keep dying") from None
                self._submit(shard)
            except CvclassicError as error:
                raise ParameterError(f"{self._address}: {error}") from None
            except ImportError as error:
                raise ParameterError(
                    f"{self._address}: a Dask worker cannot load cvclassic ({error})."
                ) from None
            except Exception as error:
                if shard.future.status != "error":  # canceled, since the scheduler has gone
                    raise self._gone("The Dask scheduler has gone") from None
                raise RuntimeError(f"{type(error).__name__}: {error}") from None

    def _look(self) -> None:
        """Count the threads of the cluster, and lose patience if there are none for long."""
        self._looked = time.monotonic()
        threads = 0
        if self._client.status == "running":
            with contextlib.suppress(OSError, TimeoutError):
                threads = sum(self._client.nthreads().values())
        if threads:
            self._threads, self._well = threads, self._looked
        elif self._looked - self._well > _PATIENCE:
            raise self._gone(f"The Dask cluster has had no workers for {_PATIENCE:.0f} s")

    def _gone(self, message: str) -> ConnectionError:
        return ConnectionError(errno.ECONNABORTED, message, self._address)

    def close(self, shards: Iterable[_Shard]) -> None:
        """Stop what is in progress, and end our processes there."""
        with contextlib.suppress(Exception):
            self._client.cancel([shard.future for shard in shards], force=True)
            if self._client.status == "running":
                self._client.run(close_pool, self._order.token, on_error="ignore", wait=True)
