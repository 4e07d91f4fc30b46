"""What a Dask worker does with a shard: it runs it in processes of its own.

The Dask worker itself decodes nothing. So whatever an image does to its decoder costs one record,
with the same code and message as on one machine, and never the worker.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import ParameterError
from .processes import Pool
from .recovery import OnFailure, recovery

_IDLE_SECONDS = 30.0  # after which processes end; who sent the work may be dead
_LOOK_SECONDS = 0.5  # at whether the run is over
_pools: dict[str, _RunPools] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class JobSpec:
    """What all shards of a run have in common, beside the function.

    Attributes
    ----------
    token : str
        Identifies the run.
    versions : dict of str to str
        Versions on the machine that started the run, see `versions`.
    lost : callable
    timeout, memory_cap : float or None
        As `map_in_processes` has them.
    """

    token: str
    versions: dict[str, str]
    lost: OnFailure
    timeout: float | None
    memory_cap: int | None


class InFolder:
    """A function of lists that works in a folder, so that relative names mean the same there.

    Where there is no such folder they mean nothing, and not what happens to be called so.
    """

    def __init__(self, folder: str, function: Callable[[list], list]) -> None:
        self._folder = folder
        self._function = function
        self._there = False

    def __call__(self, items: list) -> list:
        """Enter the folder, the first time."""
        if not self._there:
            try:
                os.chdir(self._folder)
            except (OSError, ValueError):
                top = tempfile.mkdtemp()
                nowhere = os.path.join(top, *"nowhere")  # so that .. means nothing either
                os.makedirs(nowhere)
                os.chdir(nowhere)
                shutil.rmtree(top)
            self._there = True
        return self._function(items)


def versions() -> dict[str, str]:
    """Versions that the last bits of a result depend on, and that must be the same everywhere."""
    import cv2
    import numpy
    import sklearn

    from ... import __version__

    return {
        "cvclassic": __version__,
        "OpenCV": cv2.__version__,
        "NumPy": numpy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def difference(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """In words, what another machine has in other versions; empty if nothing."""
    return ", ".join(
        f"{name} {theirs.get(name)} and not {version}"
        for name, version in ours.items()
        if theirs.get(name) != version
    )


def work(payload: bytes, spec: JobSpec, shard: bytes) -> bytes:
    """Results of the blocks of a shard, both pickled; `payload` is what `pack` made.

    Raises
    ------
    ParameterError
        This machine has other versions, or the function cannot be loaded here.
    """
    with _lock:
        pools = _pools.get(spec.token)
        if pools is None:
            found = difference(spec.versions, versions())
            if found:
                raise ParameterError(f"a Dask worker has {found}.")
            pools = _pools[spec.token] = _RunPools(payload, spec)
    return pickle.dumps(pools.work(pickle.loads(shard)))


def close_pool(token: str) -> None:
    """End the processes of a run, whatever they are at."""
    with _lock:
        pools = _pools.pop(token, None)
    if pools is not None:
        pools.close()


class _RunPools:
    """Pools of one process for each shard that is worked on at the same time."""

    def __init__(self, payload: bytes, spec: JobSpec) -> None:
        self._payload = payload
        self._spec = spec
        self._free: list[Pool] = []
        self._busy = 0
        self._closed = False
        self._change = threading.Lock()
        self._timer: threading.Timer | None = None

    def work(self, blocks: list[list]) -> list[list]:
        """Results of each block."""
        with self._change:
            self._busy += 1
            if self._timer is not None:
                self._timer.cancel()
            pool = self._free.pop() if self._free else None
        well = False
        try:
            if pool is None:
                limits = (self._spec.timeout, self._spec.memory_cap)
                pool = Pool(self._payload, 1, *limits, patience=_LOOK_SECONDS)
            begun = [pool.begin(recovery(block, self._spec.lost)) for block in blocks]
            while not self._closed and any(block.results is None for block in begun):
                pool.turn()
            well = not self._closed
            return [block.results for block in begun]  # type: ignore[misc]
        finally:
            with self._change:
                self._busy -= 1
                if well and pool is not None:
                    self._free.append(pool)
                if not self._busy:
                    self._timer = threading.Timer(_IDLE_SECONDS, close_pool, [self._spec.token])
                    self._timer.daemon = True
                    self._timer.start()
            if not well and pool is not None:
                pool.close()

    def close(self) -> None:
        """End the pools that are free at once, the others within a moment."""
        with self._change:
            self._closed = True
            pools, self._free = self._free, []
            if self._timer is not None:
                self._timer.cancel()
        for pool in pools:
            with contextlib.suppress(OSError):
                pool.close()
