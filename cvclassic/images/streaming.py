"""A pass over many images: in parallel, in order, with one computing thread each."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from itertools import chain, islice
from typing import Any

import cv2
import numpy as np
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import ThreadingBackend, get_active_backend
from threadpoolctl import ThreadpoolController

from .._basics.platform import keep_freed_memory
from ..errors import ParameterError
from .cached_image import Picture
from .memory import column_of_images, is_pil_image

_MANY = 300  # images that are worth starting processes for
_lock = threading.Lock()
_depth = 0
_limit: Any = None
_cv2_threads = 0


def _controller() -> ThreadpoolController:
    """Thread pools of the process, those of SciPy's own BLAS too once it has been loaded."""
    return _thread_pools("scipy.linalg._fblas" in sys.modules)


@cache
def _thread_pools(_with_scipy: bool) -> ThreadpoolController:
    return ThreadpoolController()  # looking for them takes milliseconds


def _claim_blas() -> None:
    """Let the thread that calls set the number of BLAS threads.

    From 3.8 on threadpoolctl silently heeds only the first thread that asked, until it is
    told that this one is done; here the lock says whose turn it is.
    """
    for library in _controller().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let OpenCV and BLAS compute with one thread while any thread is inside.

    Images go in parallel, so that threads inside an image would only fight, and with
    one thread a product gives the same bits whatever `n_jobs` is. Both settings belong to
    the process: the first to enter makes them and the last to leave restores them.
    """
    global _depth, _limit, _cv2_threads
    with _lock:
        if _depth == 0:
            _cv2_threads = cv2.getNumThreads()
            cv2.setNumThreads(1)
            _claim_blas()
            _limit = _controller().limit(limits=1, user_api="blas")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                cv2.setNumThreads(_cv2_threads)
                _claim_blas()
                _limit.restore_original_limits()
                _claim_blas()


def check_images(X, name: str = "X") -> Sequence[Any]:
    """Return `X` if it is a sequence of images, else raise an error that says why not.

    Parameters
    ----------
    X : sequence of images, or ndarray of shape (n, H, W) or (n, H, W, 3)
        Each image a path (str, Path), encoded bytes, an array, an image of Pillow's or a
        `Picture`. A series of pandas or polars, or a table with one column, is a sequence too.

    Returns
    -------
    sequence
        With `len` and integer indices.

    Raises
    ------
    ParameterError
        It is something else, such as a single image.
    """
    expected = f"{name} must be a sequence of images (paths, encoded bytes or arrays)"
    if isinstance(X, str | bytes | Picture) or hasattr(X, "__fspath__") or is_pil_image(X):
        kind = type(X).__name__
        raise ParameterError(f"{expected}. Got a single {kind}; put it in a list: [image].")
    X = column_of_images(X, expected)
    if isinstance(X, np.ndarray) and X.dtype.kind not in "OUS":
        if X.ndim == 2 or (X.ndim == 3 and X.shape[2] in (1, 3, 4) and X.shape[1] > X.shape[2]):
            raise ParameterError(
                f"{expected} or an array of shape (n, H, W) or (n, H, W, 3). Got an array of shape "
                f"{X.shape}, which is a single image or a table; put an image in a list: [image]."
            )
        if X.ndim not in (3, 4):
            raise ParameterError(
                f"{expected} or an array of shape (n, H, W) or (n, H, W, 3). "
                f"Got an array of shape {X.shape}."
            )
    elif (
        isinstance(X, Mapping)
        or not hasattr(X, "__len__")
        or not hasattr(X, "__getitem__")
        or (isinstance(X, np.ndarray) and X.ndim != 1)
    ):
        shape = f" of shape {X.shape}" if isinstance(X, np.ndarray) else ""
        raise ParameterError(f"{expected}. Got {type(X).__name__}{shape} instead.")
    if len(X) == 0:
        raise ParameterError(f"{expected}. Got none: it is empty.")
    return X


def _uses_threads() -> bool:
    """Whether a pass goes to threads: `joblib.parallel_config` has asked for nothing else."""
    return isinstance(get_active_backend(prefer="threads")[0], ThreadingBackend)


def _in_several_threads(n_jobs: int | None) -> bool:
    return _uses_threads() and effective_n_jobs(n_jobs) > 1


@contextmanager
def worker_processes(X: Sequence, n_jobs: int | None) -> Iterator[None]:
    """Let long passes over many image files run in processes instead of threads.

    Describing an image takes hundreds of short array operations, and threads lose more
    time by handing the interpreter to each other than they gain: measured on two cores with
    the recipe `fisher`, 1.05 times as fast as one thread, where two processes are 1.6 times.
    Few images, and images that are in memory already, stay in threads, since processes
    take seconds to start. What `joblib.parallel_config` asks for is left as it is.

    Parameters
    ----------
    X : sequence of images
    n_jobs : int or None
        As in joblib.
    """
    chosen = not _uses_threads()
    first = X[0].source if len(X) and isinstance(X[0], Picture) else X[0] if len(X) else None
    on_disk = isinstance(first, str | os.PathLike)
    if chosen or not on_disk or len(X) < _MANY or effective_n_jobs(n_jobs) == 1:
        yield
        return
    with parallel_config(backend="loky"):
        try:
            yield
        finally:
            get_reusable_executor().shutdown()  # their memory is wanted now


def in_threads() -> AbstractContextManager:
    """Let `map_blocks` use threads inside, whatever is used outside.

    For blocks that are arrays: processes would have to be sent them.
    """
    return parallel_config(backend="threading")


@contextmanager
def thread_map(n_jobs: int | None) -> Iterator[Callable[[Callable, Iterable], Iterator]]:
    """A `map` in threads that stay from one pass to the next, with one BLAS thread each.

    For many short passes over arrays: `map_blocks` starts its threads anew in each, which takes
    12 ms. Results come in order, and only a few are there at once.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib; no more threads than processors.

    Yields
    ------
    callable
        ``run(function, items)``.

    Examples
    --------
    >>> with thread_map(2) as run:
    ...     list(run(abs, [-1, 2])), list(run(abs, [-3]))
    ([1, 2], [3])
    """
    n = min(effective_n_jobs(n_jobs), os.cpu_count() or 1)
    with single_threaded():
        if n == 1:
            yield map
            return
        with ThreadPoolExecutor(n) as pool:

            def run(function: Callable, items: Iterable) -> Iterator:
                pending: deque[Future] = deque()
                for item in items:
                    pending.append(pool.submit(function, item))
                    if len(pending) > 2 * n:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()

            yield run


class _Pass:
    """The blocks of one pass that are in progress in this process."""

    def __init__(self) -> None:
        self._running = 0
        self._stopped = False
        self._change = threading.Condition()

    def __reduce__(self):
        return _in_a_process_of_its_own, ()

    def run(self, function: Callable, block: list) -> Any:
        with self._change:
            if self._stopped:
                return None
            self._running += 1
        try:
            with single_threaded():
                return function(block)
        finally:
            with self._change:
                self._running -= 1
                self._change.notify_all()

    def stop(self) -> None:
        """Begin no more blocks, and wait for those that have begun.

        A thread that is still inside OpenCV when the interpreter ends aborts the process.
        """
        with self._change:
            self._stopped = True
            while self._running:
                self._change.wait()


def _in_a_process_of_its_own() -> _Pass:
    keep_freed_memory()
    return _Pass()


def map_blocks(
    function: Callable[[list], Any], X: Iterable, *, n_jobs: int | None, block_size: int = 8
) -> Generator[Any]:
    """Yield ``function(block)`` for consecutive blocks of `X`, in order.

    Threads by default, since OpenCV and NumPy release the interpreter lock in all that
    takes long; `joblib.parallel_config` chooses another backend. Only a few blocks are
    in progress at once.

    Parameters
    ----------
    function : callable
        Takes a list of images. Must pickle where the backend uses processes.
    X : iterable
        Read no further ahead than the work needs.
    n_jobs : int or None
        As in joblib.
    block_size : int
        Images a block.

    Yields
    ------
    object
        What `function` returned.
    """
    items = iter(X)
    blocks = iter(lambda: list(islice(items, block_size)), [])
    if _in_several_threads(n_jobs):
        first = list(islice(blocks, 2))
        if len(first) < 2:  # starting threads would take longer than an image
            for block in first:
                yield _Pass().run(function, block)
            return
        blocks = chain(first, blocks)
    parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator", batch_size=1)
    current = _Pass()
    results = parallel(delayed(current.run)(function, block) for block in blocks)
    try:
        for result in results:  # noqa: UP028
            yield result
    finally:
        with warnings.catch_warnings():
            # whoever wants no more results has them canceled on purpose
            warnings.simplefilter("ignore", UserWarning)
            results.close()
        current.stop()
