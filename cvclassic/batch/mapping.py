"""A task over a stream of inputs, in threads, in processes or on a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any

from joblib import effective_n_jobs

from .._basics.atomic import atomic_file
from .._basics.checks import check_choice, check_jobs, check_number
from .._basics.marks import is_own_file, mark_image
from ..draw import encode_drawing
from ..errors import CvclassicError, ParameterError
from ..images import encode_image, map_blocks
from .engines.recovery import Failure, call_with_recovery
from .records import Record
from .tasks import Input, Task, path_of

ENGINES = ("threads", "processes", "dask")


@dataclass(frozen=True)
class Work:
    """How the work is done; the records are the same.

    Parameters
    ----------
    engine : {"threads", "processes", "dask"}
        In processes a crash inside a decoder costs one record (``worker_crash``) and not the
        run; a script needs the guard ``if __name__ == "__main__":`` then. With Dask they are
        processes of its workers.
    n_jobs : int or None
        Blocks of inputs processed in parallel, as in joblib.
    timeout : float, optional
        Seconds that an input may take before it is given up (``timeout``), not with "threads".
    memory_cap : int, optional
        Bytes that a process may occupy (``out_of_memory``), not with "threads", on Linux.
    dask : str
        Address of the scheduler, such as ``tcp://host:8786``, or ``local`` for `n_jobs` workers on
        this machine.

    Raises
    ------
    ParameterError
        A value is not one of these, or the threads cannot do what is asked.
    """

    engine: str = "threads"
    n_jobs: int | None = None
    timeout: float | None = None
    memory_cap: int | None = None
    dask: str = "local"

    def __post_init__(self) -> None:
        check_choice("engine", self.engine, ENGINES)
        check_jobs("n_jobs", self.n_jobs)
        check_number("timeout", self.timeout, 0, exclusive=True, none=True)
        check_number("memory_cap", self.memory_cap, 0, exclusive=True, none=True)
        if self.engine == "threads" and (self.timeout or self.memory_cap):
            raise ParameterError("timeout and memory_cap need engine='processes'.")


THREADS = Work()


@dataclass(frozen=True)
class NamedInput:
    """An input, and how the names of its files begin.

    Parameters
    ----------
    item : Input
    name : str
    """

    item: Any
    name: str

    @property
    def path(self) -> str:
        """What the record of the input calls it."""
        return path_of(self.item)


class _Block:
    """Has a task work on a list of inputs, takes the time, and writes its images. Pickles."""

    def __init__(self, task: Task, folder: str | None, keep_pictures: bool, force: bool) -> None:
        self._task = task
        self._folder = folder
        self._keep = keep_pictures
        self._force = force

    def __call__(self, inputs: list) -> list[Record]:
        start = time.perf_counter()
        records = call_with_recovery(self._work, inputs, lost)
        share = (time.perf_counter() - start) / max(len(records), 1)
        return [replace(record, seconds=share) for record in records]

    def _work(self, inputs: list) -> list[Record]:
        named = [one if isinstance(one, NamedInput) else NamedInput(one, "") for one in inputs]
        records = self._task([one.item for one in named])
        return [
            replace(
                self._written(record, one) if one.name else record,
                pictures=record.pictures if self._keep else {},
            )
            for record, one in zip(records, named, strict=True)
        ]

    def _written(self, record: Record, item: NamedInput) -> Record:
        """The record with its images on disk, each whole or not at all."""
        name, files = item.name, []
        try:
            for ending, picture in record.pictures.items():
                target = os.path.join(self._folder or ".", f"{name}{ending}")
                if _is_same(target, item.path):
                    raise ParameterError("the output would overwrite its own input")
                if not self._force and _is_foreign(target, ending):
                    raise ParameterError(f"{name}{ending} exists and was not written by cvclassic")
                with atomic_file(target) as file:
                    file.write(mark_image(self._encoded(picture, ending)))
                files.append(f"{name}{ending}")
        except (CvclassicError, OSError) as error:
            code = f"{record.code} not_written".strip()
            why = getattr(error, "strerror", None) or str(error)
            message = f"{record.message}; {name}: {why}".removeprefix("; ")
            status = "error" if record.failed else "warn"
            record = replace(record, status=status, code=code, message=message)
        return replace(record, name=name, files=tuple(files))

    def _encoded(self, picture: Any, ending: str) -> bytes:
        """The bytes of an image; label images and numbers come as such."""
        if isinstance(picture, bytes):
            return picture
        if self._task.compact:
            return encode_drawing(picture, ending)
        return encode_image(picture, os.path.splitext(f"x{ending}")[1])


def _is_foreign(target: str, ending: str) -> bool:
    """Whether a file has that name which something else wrote.

    Endings such as ``.edges.png`` are ours, ``.png`` may be that of a photo.
    """
    return ending.count(".") < 2 and os.path.isfile(target) and not is_own_file(target)


def _is_same(target: str, path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return os.path.samefile(target, path)
    return False


def lost(item: Input, failure: Failure) -> Record:
    """Record of an input that the work failed on."""
    return Record(path_of(item), "error", failure.code, failure.message)


def map_inputs(
    task: Task,
    inputs: Iterable[Input],
    work: Work = THREADS,
    *,
    folder: str | None = None,
    keep_pictures: bool = False,
    force: bool = False,
) -> Generator[Record]:
    """Yield one record for each input, in order, in bounded memory.

    Parameters
    ----------
    task : Task
    inputs : iterable
        Read no further ahead than the work needs.
    work : Work
    folder : str, optional
        Where images of inputs go that are a `NamedInput`; those of others are dropped.
    keep_pictures : bool
        Whether the records given out have their images, too.
    force : bool
        Whether images replace files that something else wrote.

    Yields
    ------
    Record

    Raises
    ------
    ParameterError
        The cluster cannot be reached or lacks what is needed, or `Work.memory_cap` is less
        than what the task needs.
    ConnectionError
        The Dask cluster was lost on the way.
    MissingDependencyError
        Dask is not installed.
    """
    function = _Block(task, folder, keep_pictures, force)
    blocks: Generator[list[Record]]
    if work.engine == "threads":
        blocks = map_blocks(function, inputs, n_jobs=work.n_jobs, block_size=task.block_size)
    else:
        limits: dict[str, Any] = {"timeout": work.timeout, "memory_cap": work.memory_cap}
        limits |= {"n_workers": effective_n_jobs(work.n_jobs), "block_size": task.block_size}
        if work.memory_cap is not None:
            limits["probe"] = task.probe()
        if work.engine == "dask":
            from .engines.dask import map_on_dask

            blocks = map_on_dask(function, inputs, lost=lost, address=work.dask, **limits)
        else:
            from .engines.processes import map_in_processes

            blocks = map_in_processes(function, inputs, lost=lost, **limits)
    with contextlib.closing(blocks):
        for records in blocks:
            yield from records
