"""Shared by the routes: the dispatcher, the catalog of models, requests per client."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import CvclassicError, ImageReadError, ParameterError
from .dispatcher import Dispatcher, QueueFullError
from .metrics import Metrics
from .models import describe_model
from .parsing import Upload
from .predictor import Job, Predictor, on_failure, stamp_of
from .problems import ProblemError
from .remote_images import fetch_image
from .settings import ServeSettings


class Service:
    """Models and the workers that hold them.

    Parameters
    ----------
    paths : mapping of str to str
        Names of models and their files; the first one answers where a request names none.
    settings : ServeSettings

    Raises
    ------
    ModelFileError
        A file is missing, damaged or cannot be served.
    """

    def __init__(self, paths: Mapping[str, str], settings: ServeSettings) -> None:
        self.settings = settings
        self.paths = dict(paths)
        self.metrics = Metrics()
        self.catalog = _catalog(self.paths)
        self._stamps = self._look()
        self._clients: Counter[str] = Counter()
        self._reloading = asyncio.Lock()
        self.draining = False
        self.dispatcher = Dispatcher(
            Predictor(self.paths),
            on_failure,
            n_workers=settings.workers,
            batch_size=settings.batch_size,
            batch_wait=settings.batch_wait,
            max_queue=settings.max_queue,
            timeout=settings.timeout or None,
            memory_cap=settings.memory_cap,
            on_batch=self.metrics.batches.observe,
        )
        self.metrics.queue.set_function(lambda: self.dispatcher.queued)
        self.metrics.workers.set_function(lambda: len(self.dispatcher.workers))

    def model_named(self, name: str | None) -> str:
        """The name of the model that a request means.

        Raises
        ------
        ProblemError
            There is none of that name.
        """
        if not self.paths:
            raise ProblemError(409, "no model is served yet.")
        if name is None:
            return next(iter(self.paths))
        if name not in self.paths:
            known = ", ".join(map(repr, self.paths))
            raise ProblemError(404, f"there is no model {name!r}. Models: {known}.")
        return name

    @contextlib.contextmanager
    def client(self, address: str) -> Iterator[None]:
        """Count a request of an address while it is in progress.

        Raises
        ------
        ProblemError
            This address has too many of them.
        """
        if self._clients[address] >= self.settings.max_per_client:
            most = self.settings.max_per_client
            raise ProblemError(429, f"at most {most} requests at a time.", retry_after=1)
        self._clients[address] += 1
        try:
            yield
        finally:
            self._clients[address] -= 1
            if not self._clients[address]:
                del self._clients[address]

    async def predict(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """One record for each job; cancelled when the caller is.

        Raises
        ------
        ProblemError
            The queue is full.
        """
        if len(jobs) > self.settings.max_queue - self.dispatcher.queued:
            raise _busy(f"{self.dispatcher.queued} images are already waiting")
        futures: list[asyncio.Future] = []
        try:
            for job in jobs:
                futures.append(asyncio.wrap_future(self.dispatcher.submit(job)))
            records = await asyncio.gather(*futures)
        except QueueFullError as error:
            raise _busy(str(error)) from None
        finally:
            for future in futures:
                future.cancel()  # a worker that has it already goes on; nobody listens
        for job, record in zip(jobs, records, strict=True):
            self.metrics.images.labels(job.model, record["status"], record["code"]).inc()
        return records

    async def read(self, upload: Upload) -> bytes | ImageReadError:
        """The bytes of an upload; a URL is fetched if that is allowed.

        Raises
        ------
        ProblemError
            The URL is not allowed.
        """
        if not isinstance(upload.data, str):
            return upload.data
        settings = self.settings
        if not settings.url_hosts:
            raise ProblemError(403, "URLs are not fetched here. Send the image itself.")
        try:
            return await asyncio.to_thread(
                fetch_image,
                upload.data,
                settings.url_hosts,
                max_bytes=settings.max_bytes,
                allow_private=settings.allow_private,
            )
        except ImageReadError as error:
            return error

    async def reload(self, paths: Mapping[str, str] | None = None) -> None:
        """Read the model files again; what is in progress is answered by the old ones.

        Parameters
        ----------
        paths : mapping, optional
            Other models from now on.

        Raises
        ------
        CvclassicError
            A file cannot be used; the old models stay.
        """
        async with self._reloading:
            wanted = dict(self.paths if paths is None else paths)
            try:
                catalog = await asyncio.to_thread(_catalog, wanted)
                await asyncio.to_thread(self.dispatcher.replace, Predictor(wanted))
            except (CvclassicError, OSError, RuntimeError):
                self.metrics.reloads.labels("false").inc()
                raise
            self.paths, self.catalog = wanted, catalog
            self._stamps = self._look()
            self.metrics.reloads.labels("true").inc()

    def changed(self) -> bool:
        """Whether a model file is another than when it was read."""
        now = self._look()
        return any(now[name] != stamp for name, stamp in self._stamps.items() if now.get(name))

    def remember(self) -> None:
        """Take the files as they are for read, so that a bad one is tried only once."""
        self._stamps = self._look()

    def _look(self) -> dict[str, tuple]:
        stamps = {}
        for name, path in self.paths.items():
            with contextlib.suppress(OSError):
                stamps[name] = stamp_of(path)
        return stamps

    def close(self) -> None:
        """End the workers when what waits is done."""
        self.draining = True
        self.dispatcher.close(self.settings.drain)


def name_models(files: Sequence[str | os.PathLike]) -> dict[str, str]:
    """Names for model files: ``name=path`` as given, else the name of the file.

    Raises
    ------
    ParameterError
        Two have the same name.

    Examples
    --------
    >>> name_models(["birds.cvmodel", "old=models/birds.cvmodel"])
    {'birds': 'birds.cvmodel', 'old': 'models/birds.cvmodel'}
    """
    names: dict[str, str] = {}
    for given in map(os.fsdecode, files):
        name, separator, path = given.partition("=")
        if not separator or os.path.exists(given):
            name, path = os.path.splitext(os.path.basename(given.rstrip("/")))[0], given
        if name in names:
            raise ParameterError(f"two models are called {name!r}. Name one of them: NAME={path}")
        names[name] = path
    return names


def _catalog(paths: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, **describe_model(path)} for name, path in paths.items()]


def _busy(why: str) -> ProblemError:
    return ProblemError(503, f"too busy: {why}.", retry_after=1)
