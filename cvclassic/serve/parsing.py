"""From the body of a request to images: multipart, raw bytes, JSON, archives."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from ..errors import ImageReadError
from .problems import ProblemError
from .settings import ServeSettings

_MOST_FIELDS = 1000


@dataclass(frozen=True)
class Upload:
    """One image of a request.

    Attributes
    ----------
    name : str
        As the request calls it, else its place, such as ``image 2``.
    data : bytes, str or ImageReadError
        The file; a URL to fetch; or why there is none.
    """

    name: str
    data: bytes | str | ImageReadError


class _MemoryParser(MultiPartParser):
    """Parts stay in memory: images of strangers are not written to disk."""

    spool_max_size = 1 << 40


async def read_body(request: Request, most: int, seconds: float) -> bytes:
    """The body of a request, in bounded memory and time.

    Raises
    ------
    ProblemError
        413 too large, 408 too slow, 400 the client has gone.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise ProblemError(
            413, f"a request may have at most {most} bytes. This one has {declared}."
        )
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise ProblemError(
                        413, f"a request may have at most {most} bytes. This one has more."
                    )
    except TimeoutError:
        raise ProblemError(408, f"the body did not arrive within {seconds:g} s.") from None
    except ClientDisconnect:
        raise ProblemError(
            400, "the client disconnected before its request was complete."
        ) from None
    return bytes(body)


async def read_uploads(request: Request, settings: ServeSettings) -> tuple[list[Upload], bool]:
    """The images of a request.

    Returns
    -------
    uploads : list of Upload
    several : bool
        Whether they came as a list, which is then answered by a list.

    Raises
    ------
    ProblemError
        The body is not understood, or there is no image.
    """
    body = await read_body(request, settings.max_request_bytes, settings.body_timeout)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        uploads = await _multipart(request, body, settings)
        several = len(uploads) > 1
    elif kind == "application/json":
        uploads, several = _json(body)
    elif not body:
        message = "0 bytes. Send an image as the body: curl --data-binary @photo.jpg"
        uploads, several = [Upload(_header_name(request), ImageReadError("empty", message))], False
    else:
        uploads, several = [Upload(_header_name(request), body)], False
    if not uploads:
        raise ProblemError(400, "the request holds no image.")
    if len(uploads) > settings.max_images:
        raise ProblemError(
            413,
            f"a request may hold at most {settings.max_images} images. "
            f"This one holds {len(uploads)}; "
            "POST /predict/batch takes any number.",
        )
    return [_bounded(upload, settings.max_bytes) for upload in uploads], several


def _bounded(upload: Upload, most: int) -> Upload:
    if isinstance(upload.data, bytes) and len(upload.data) > most:
        message = f"{len(upload.data)} bytes; at most {most} are read"
        return Upload(upload.name, ImageReadError("too_large", message))
    return upload


def _header_name(request: Request) -> str:
    """Name of an image that is the whole body."""
    return request.query_params.get("name", "image")[:1000]


async def _multipart(request: Request, body: bytes, settings: ServeSettings) -> list[Upload]:
    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    parser = _MemoryParser(
        request.headers,
        once(),
        max_files=max(settings.max_images, 1) * 4 + _MOST_FIELDS,
        max_fields=_MOST_FIELDS,
        max_part_size=settings.max_request_bytes,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        reason = getattr(error, "message", str(error)) or "it has no boundary"
        raise ProblemError(400, f"the multipart body is damaged: {reason}") from None
    uploads: list[Upload] = []
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            name = value.filename or f"image {len(uploads) + 1}"
            uploads.append(Upload(name, await value.read()))
    await form.close()
    return uploads


def _json(body: bytes) -> tuple[list[Upload], bool]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, f"the body is not valid JSON: {error}") from None
    if isinstance(content, dict) and isinstance(content.get("images"), list):
        content = content["images"]
    if isinstance(content, list):
        return [_json_image(one, i) for i, one in enumerate(content)], True
    return [_json_image(content, 0)], False


def _json_image(one: Any, place: int) -> Upload:
    """An image as base64 text, or an object with ``image`` or ``url`` and perhaps ``name``."""
    name = f"image {place + 1}"
    if isinstance(one, str):
        return Upload(name, _base64(one, place))
    if not isinstance(one, dict) or not ({"image", "url"} & set(one)):
        raise ProblemError(
            422,
            f"{name}: expected base64 text, or an object with 'image' (base64) or 'url'.",
        )
    name = str(one.get("name") or name)[:1000]
    if "image" in one:
        if not isinstance(one["image"], str):
            raise ProblemError(422, f"{name}: 'image' must be base64 text.")
        return Upload(name, _base64(one["image"], place))
    if not isinstance(one["url"], str):
        raise ProblemError(422, f"{name}: 'url' must be text.")
    return Upload(str(one.get("name") or one["url"])[:1000], one["url"])


def _base64(text: str, place: int) -> bytes:
    """Bytes of base64 text, also of a data URL."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProblemError(422, f"image {place + 1} is not valid base64.") from None
