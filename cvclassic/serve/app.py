"""The routes of the service."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import tempfile
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ..errors import CvclassicError, ImageReadError
from ..images import ArchiveMember, Fault, walk_archive
from .metrics import CONTENT_TYPE
from .models import MOST_ANSWERS
from .openapi import openapi_document
from .page import page_and_policy
from .parsing import Upload, read_uploads
from .predictor import Job
from .problems import ProblemError, problem_response
from .responses import AsciiResponse
from .service import Service
from .settings import ServeSettings

log = logging.getLogger("cvclassic.serve")
Handler = Callable[[Request], Awaitable[Response]]
_OPEN = {"/", "/health", "/ready", "/openapi.json", "/collect"}  # need no token
_ARCHIVES = {"application/zip", "application/x-tar", "application/gzip", "application/x-gtar"}
_WATCH = 2.0  # seconds between looks at the model files


def create_app(models: Mapping[str, str], settings: ServeSettings | None = None) -> Starlette:
    """An ASGI application that answers with models.

    Parameters
    ----------
    models : mapping of str to str
        Names and model files; the first one answers where a request names none.
    settings : ServeSettings, optional

    Returns
    -------
    starlette.applications.Starlette
        Its ``state.service`` is the `Service`.

    Raises
    ------
    ModelFileError
        A file is missing, damaged or cannot be served.
    """
    service = Service(models, settings or ServeSettings())
    routes = [
        _route("/predict", predict, methods=["POST"]),
        _route("/predict/batch", predict_batch, methods=["POST"]),
        _route("/models", list_models),
        Route("/health", health),
        Route("/ready", ready),
        _route("/metrics", metrics),
        Route("/openapi.json", openapi),
        Route("/", page),
    ]
    if service.settings.collect is not None:
        from .collect import collect_routes

        routes += collect_routes(service, _route)
    middleware = []
    if service.settings.cors:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(service.settings.cors),
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type"],
            )
        )
    app = Starlette(
        routes=list[BaseRoute](routes),
        middleware=middleware,
        lifespan=_lifespan,
        exception_handlers={HTTPException: _not_found},  # type: ignore[dict-item]
    )
    app.state.service = service
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    service: Service = app.state.service
    watching = asyncio.create_task(_watch(service))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.to_thread(service.close)


async def _watch(service: Service) -> None:
    """Read models again when their files have changed and been quiet for a moment."""
    while True:
        await asyncio.sleep(_WATCH)
        if service.changed():
            await asyncio.sleep(_WATCH / 4)  # whoever writes it in place may not be done
            await reload_models(service)


async def reload_models(service: Service) -> None:
    """Read the models again, and say in the log how that went."""
    try:
        await service.reload()
        log.info("models read again", extra={"models": list(service.paths)})
    except (CvclassicError, OSError, RuntimeError) as error:
        service.remember()
        log.error("models cannot be read, keeping the old ones", extra={"error": str(error)})


def _route(path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    """A route with a token check, a count, a log line, and problems as responses."""

    async def answer(request: Request) -> Response:
        service: Service = request.app.state.service
        start = time.perf_counter()
        request_id = uuid.uuid4().hex[:16]
        request.state.id = request_id
        client = request.client.host if request.client else ""
        try:
            _check_token(request, service.settings)
            with service.client(client):
                response = await handler(request)
        except ProblemError as error:
            response = problem_response(error, request_id)
        except CvclassicError as error:
            response = problem_response(ProblemError(422, str(error)), request_id)
        except ClientDisconnect:
            response = problem_response(ProblemError(400, "the client disconnected."), request_id)
        except asyncio.CancelledError:
            if not service.draining:
                raise
            problem = ProblemError(503, "the service is shutting down.", retry_after=1)
            response = problem_response(problem, request_id)
        except Exception:
            log.exception("a request failed", extra={"request_id": request_id})
            problem = ProblemError(500, "internal error; the log has it under this request id.")
            response = problem_response(problem, request_id)
        seconds = time.perf_counter() - start
        response.headers["X-Request-ID"] = request_id
        service.metrics.requests.labels(path, str(response.status_code)).inc()
        service.metrics.latency.labels(path).observe(seconds)
        log.info(
            "request",
            extra={
                "request_id": request_id,
                "method": request.method,
                "route": path,
                "status": response.status_code,
                "ms": round(1e3 * seconds, 1),
                "client": client,
            },
        )
        return response

    return Route(path, answer, methods=list(methods))


def _check_token(request: Request, settings: ServeSettings) -> None:
    if not settings.tokens or request.url.path in _OPEN:
        return
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    sent = given.strip().encode("utf-8", "surrogateescape")
    known = [hmac.compare_digest(sent, token.encode()) for token in settings.tokens]
    if kind.lower() != "bearer" or not any(known):
        raise ProblemError(401, "a token is required: Authorization: Bearer TOKEN")


async def _not_found(_request: Request, error: HTTPException) -> Response:
    detail = (
        "not found; GET /openapi.json lists them."
        if (error.status_code == 404)
        else str(error.detail)
    )
    response = problem_response(ProblemError(error.status_code, detail))
    response.headers.update(error.headers or {})
    return response


async def predict(request: Request) -> Response:
    """``POST /predict``: a record for an image, records for several."""
    service: Service = request.app.state.service
    job = _template(request, service)
    uploads, several = await read_uploads(request, service.settings)
    jobs = [await _job(service, job, upload) for upload in uploads]
    work = asyncio.ensure_future(service.predict(jobs))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ProblemError(400, "the client disconnected.")
        records = work.result()
    finally:
        work.cancel()
        gone.cancel()
    return AsciiResponse({"records": records} if several else records[0])


async def _gone(request: Request) -> None:
    """Return when the client has closed its connection."""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return


async def predict_batch(request: Request) -> Response:
    """``POST /predict/batch``: files or an archive in, records as JSON lines as they are ready."""
    service: Service = request.app.state.service
    job = _template(request, service)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _ARCHIVES:
        archive = await _save_archive(request, service.settings)
        jobs = _archive_jobs(archive, job)
    else:
        unbounded = replace(service.settings, max_images=1_000_000)
        uploads, _ = await read_uploads(request, unbounded)
        jobs = _upload_jobs(service, uploads, job)
    return StreamingResponse(_stream(service, jobs), media_type="application/x-ndjson")


async def _stream(service: Service, jobs: AsyncIterator[Job]) -> AsyncIterator[bytes]:
    """Records in the order of the jobs; only as many in progress as keep the workers busy."""
    window = service.settings.batch_size * (service.settings.workers + 1)
    flying: deque[asyncio.Task] = deque()
    try:
        async for job in jobs:
            flying.append(asyncio.create_task(_patient(service, job)))
            if len(flying) >= window:
                yield _line(await flying.popleft())
        while flying:
            yield _line(await flying.popleft())
    finally:
        for task in flying:
            task.cancel()


async def _patient(service: Service, job: Job) -> dict:
    """The record of a job; waits for a place in the queue."""
    while True:
        try:
            return (await service.predict([job]))[0]
        except ProblemError as error:
            if error.status != 503 or service.draining:
                return {
                    "path": job.name,
                    "status": "error",
                    "code": "unavailable",
                    "message": error.detail,
                    "model": job.model,
                }
        await asyncio.sleep(0.02)


def _line(record: dict) -> bytes:
    return json.dumps(record, ensure_ascii=True).encode() + b"\n"


async def _save_archive(
    request: Request, settings: ServeSettings
) -> tempfile._TemporaryFileWrapper:
    """An archive in a file without a lasting name: its members are read one by one."""
    suffix = {"application/zip": ".zip", "application/gzip": ".tar.gz"}
    kind = request.headers["content-type"].partition(";")[0].strip().lower()
    file = tempfile.NamedTemporaryFile(suffix=suffix.get(kind, ".tar"))  # noqa: SIM115
    size = 0
    try:
        async with asyncio.timeout(settings.body_timeout):
            async for chunk in request.stream():
                size += len(chunk)
                if size > settings.max_request_bytes:
                    most = settings.max_request_bytes
                    raise ProblemError(413, f"an archive may have at most {most} bytes.")
                file.write(chunk)
    except TimeoutError:
        file.close()
        seconds = settings.body_timeout
        raise ProblemError(408, f"the body did not arrive within {seconds:g} s.") from None
    except BaseException:
        file.close()
        raise
    file.flush()
    return file


async def _archive_jobs(file: tempfile._TemporaryFileWrapper, job: Job) -> AsyncIterator[Job]:
    with file:
        members = iter(walk_archive(file.name))
        while (found := await asyncio.to_thread(next, members, None)) is not None:
            yield await asyncio.to_thread(_member_job, found, job)


def _member_job(member: ArchiveMember | Fault, job: Job) -> Job:
    name = member.path.partition("!")[2] or "archive"
    if isinstance(member, Fault):
        return replace(job, name=name, data=ImageReadError(member.code, member.message))
    try:
        return replace(job, name=name, data=member.read())
    except ImageReadError as error:
        return replace(job, name=name, data=error)


async def _upload_jobs(service: Service, uploads: list[Upload], job: Job) -> AsyncIterator[Job]:
    for upload in uploads:
        yield await _job(service, job, upload)


def _template(request: Request, service: Service) -> Job:
    """What the query asks of every image of a request."""
    query = request.query_params
    known = {"model", "top", "explain", "mask", "name"}
    if unknown := sorted(set(query) - known):
        raise ProblemError(422, f"unknown parameter {unknown[0]!r}. Known: {', '.join(known)}.")
    top = query.get("top")
    if top is not None and not (top.isdecimal() and 1 <= int(top[:9]) <= MOST_ANSWERS):
        raise ProblemError(422, f"top must be 1 to {MOST_ANSWERS}. Got {top!r} instead.")
    explain = query.get("explain", "0").lower()
    if explain not in ("0", "1", "true", "false"):
        raise ProblemError(422, f"explain must be 0 or 1. Got {explain!r} instead.")
    mask = query.get("mask", "png")
    if mask not in ("png", "rle", "none"):
        raise ProblemError(422, f"mask must be png, rle or none. Got {mask!r} instead.")
    name = service.model_named(query.get("model"))
    return Job(name, "", b"", None if top is None else int(top), mask, explain in ("1", "true"))


async def _job(service: Service, job: Job, upload: Upload) -> Job:
    return replace(job, name=upload.name, data=await service.read(upload))


async def list_models(request: Request) -> Response:
    """``GET /models``."""
    return AsciiResponse({"models": request.app.state.service.catalog})


async def health(_request: Request) -> Response:
    """``GET /health``: the process is alive; never waits for predictions."""
    return AsciiResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """``GET /ready``: whether predictions are taken now."""
    service: Service = request.app.state.service
    if service.draining:
        return problem_response(ProblemError(503, "the service is shutting down."))
    if not service.paths and service.settings.collect is None:
        return problem_response(ProblemError(503, "no model is loaded."))
    if service.dispatcher.queued >= service.settings.max_queue:
        return problem_response(ProblemError(503, "the queue is full.", retry_after=1))
    return AsciiResponse({"status": "ready", "models": list(service.paths)})


async def metrics(request: Request) -> Response:
    """``GET /metrics``."""
    return Response(request.app.state.service.metrics.text(), media_type=CONTENT_TYPE)


async def openapi(_request: Request) -> Response:
    """``GET /openapi.json``."""
    return AsciiResponse(openapi_document())


async def page(_request: Request) -> Response:
    """``GET /``: the page where one drops an image."""
    html, policy = page_and_policy("predict")
    return HTMLResponse(html, headers=page_headers(policy))


def page_headers(policy: str) -> dict[str, str]:
    """Headers of a page that loads nothing from elsewhere."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
