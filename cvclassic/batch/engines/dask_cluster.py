"""A Dask cluster: how to reach it, and whether it will do."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from multiprocessing import resource_tracker
from typing import Any

from ..._basics.platform import block_signals, kill
from ...errors import MissingDependencyError, ParameterError
from .dask_worker import difference, versions

_CONNECT_SECONDS = 10.0
_START_SECONDS = 60.0  # of processes on a busy machine
_LOGS = ("distributed", "distributed.client", "tornado", "asyncio")


def import_dask() -> Any:
    """The package `distributed`, or `MissingDependencyError`."""
    try:
        import dask
        import distributed
    except ImportError:
        raise MissingDependencyError(
            "Dask needs distributed. Install it: pip install 'cvclassic[dask]'"
        ) from None
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    return distributed


def check_address(address: str) -> None:
    """Raise `ParameterError` unless `address` is ``local`` or that of a scheduler.

    Examples
    --------
    >>> check_address("tcp://scheduler:8786")
    >>> check_address("scheduler")
    Traceback (most recent call last):
        ...
    cvclassic.errors.ParameterError: dask must be 'local' or the address of a scheduler, such as \
tcp://host:8786. Got 'scheduler' instead.
    """
    if address != "local" and not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^/\s]+:\d{1,5}", address):
        raise ParameterError(
            "dask must be 'local' or the address of a scheduler, such as tcp://host:8786. "
            f"Got {address!r} instead."
        )


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What Dask logs about lost workers is no news to people who wait for records."""
    loggers = [logging.getLogger(name) for name in _LOGS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def connected(distributed: Any, address: str, n_workers: int) -> Iterator[Any]:
    """A client of the cluster, which has workers."""
    with contextlib.ExitStack() as stack:
        try:
            if address == "local":
                place: Any = stack.enter_context(_local_cluster(distributed, n_workers))
            else:
                place = address
            client = distributed.Client(
                place, timeout=_CONNECT_SECONDS, set_as_default=False, direct_to_workers=False
            )
        except (OSError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ParameterError(
                f"{address}: no Dask scheduler answers there ({reason})."
            ) from None
        stack.callback(_end_client, client)
        try:
            patience = _START_SECONDS if address == "local" else _CONNECT_SECONDS
            client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            raise ParameterError(f"{address}: the Dask cluster has no workers.") from None
        yield client


def _end_client(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=1)


@contextlib.contextmanager
def _local_cluster(distributed: Any, n_workers: int) -> Iterator[Any]:
    """A cluster of this machine, deaf for Ctrl-C: the program decides what that means."""
    cluster = distributed.LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,  # ours are looked after by themselves
        silence_logs=logging.CRITICAL + 1,
    )
    try:
        cluster.sync(_go_deaf)
        cluster.scale(n_workers)
        yield cluster
    finally:
        for nanny in cluster.workers.values():  # taking leave would take seconds
            nanny.auto_restart = False
            if nanny.pid is not None:
                kill(nanny.pid)
        with contextlib.suppress(Exception):
            cluster.close(timeout=2)


async def _go_deaf() -> None:
    """Block signals in the thread that starts processes; they inherit that."""
    resource_tracker.ensure_running()  # which unblocks them, the first time
    block_signals()


def check_workers(client: Any, address: str) -> None:
    """Ask every worker for its versions."""
    ours = versions()
    try:
        client.run_on_scheduler(versions)  # it unpickles what it hands on
    except Exception as error:
        raise ParameterError(
            f"{address}: the Dask scheduler cannot load cvclassic ({error}). Install it there."
        ) from None
    for worker, theirs in client.run(versions, on_error="return").items():
        if isinstance(theirs, dict):
            found = difference(ours, theirs)
            if found:
                raise ParameterError(f"{address}: the Dask worker {worker} has {found}.")
        elif not isinstance(theirs, OSError):  # those have died meanwhile
            raise ParameterError(
                f"{address}: the Dask worker {worker} cannot load cvclassic "
                f"({type(theirs).__name__}: {theirs}). Install the same version there."
            )
