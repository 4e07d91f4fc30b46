"""Images at URLs (``s3://``, ``gs://``, ``https://`` ...), through fsspec."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from typing import IO, Any

from cvclassic.errors import ImageReadError, MissingDependencyError
from cvclassic.images.walking import Fault, FoundFile

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/]*", re.DOTALL)
_WEB = ("http", "https")
_CONNECT_SECONDS, _READ_SECONDS, _TOTAL_SECONDS = 10, 30, 300
_MAX_SPOOLED = 8_000_000_000  # bytes of an archive that is read through a temporary file


def is_url(path: str) -> bool:
    """Whether a name is a URL; chains of fsspec (``zip://a::s3://b``) are none.

    Examples
    --------
    >>> [is_url(name) for name in ("s3://bucket/a.jpg", "a.jpg", "C:/a.jpg", "zip://a::s3://b")]
    [True, False, False, False]
    """
    return _URL.match(path) is not None and "::" not in path


def _file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the name in it."""
    protocol = url.partition("://")[0].lower()
    try:
        import fsspec.core
    except ImportError:
        raise MissingDependencyError(
            f"{protocol}:// needs fsspec. Install it: pip install 'cvclassic[cloud]'"
        ) from None
    try:
        system, path = fsspec.core.url_to_fs(url, **_options(protocol))
    except ImportError as error:
        raise MissingDependencyError(
            f"{protocol}:// needs one more package ({error}). "
            "Install it: pip install 'cvclassic[cloud]'"
        ) from None
    except ValueError as error:
        raise ImageReadError("path_invalid", f"the URL cannot be used ({error})") from None
    return system, path


def check_url(url: str) -> None:
    """Raise `MissingDependencyError` where a package for this kind of URL is not installed."""
    with contextlib.suppress(ImageReadError):
        _file_system(url)


def list_url(url: str) -> Iterator[FoundFile | Fault]:
    """What a URL stands for: a folder with all that is below it, a pattern with ``*``, or a file.

    Names are sorted, and those that begin with a dot are skipped, as in folders. Web addresses
    are always files, since the web has no folders to list.

    Parameters
    ----------
    url : str

    Yields
    ------
    FoundFile or Fault

    Raises
    ------
    MissingDependencyError
        fsspec, or what it needs for this kind of URL, is not installed.
    """
    try:
        system, path = _file_system(url)
        if _is_web(url):
            names = None
        elif "*" in path:
            names, top = sorted(system.glob(path)), path.partition("*")[0]
        elif system.isdir(path):
            names, top = sorted(system.find(path)), path
        else:
            names = None
    except MissingDependencyError:
        raise
    except Exception as error:
        yield Fault(url, *explain_remote(error))
        return
    if names is None:
        yield FoundFile(url)
        return
    if not names:
        code, message = "not_found", "there is nothing at this URL"
        yield Fault(url, code, message)
    for name in names:
        if not any(part.startswith(".") for part in name[len(top) :].split("/")):
            yield FoundFile(system.unstrip_protocol(name))


def open_url(url: str) -> IO[bytes]:
    """Open what is at a URL for reading with `seek`.

    What a web server gives only from beginning to end comes into a temporary file first.

    Raises
    ------
    ImageReadError, MissingDependencyError
    """
    try:
        system, path = _file_system(url)
        if not _is_web(url) or system.info(path).get("partial"):
            return system.open(path, "rb")
        with _open_stream(url) as stream:
            spool = tempfile.TemporaryFile(prefix="cvclassic-")  # noqa: SIM115
            for piece in _pieces(stream, _MAX_SPOOLED, url):
                spool.write(piece)
            spool.seek(0)
            return spool
    except (ImageReadError, MissingDependencyError):
        raise
    except Exception as error:
        raise ImageReadError(*explain_remote(error), url) from None


def read_url(url: str, max_bytes: int) -> bytes:
    """Bytes of what is at a URL, to the end, once.

    Servers have 10 seconds to take a connection, 30 for each piece that they send, and 5 minutes
    for all of it.

    Raises
    ------
    ImageReadError
        ``too_large`` as soon as the server has declared or sent more than `max_bytes`; ``io``
        where it does not answer, stops on the way or is too slow; ``not_found``,
        ``permission``, ``not_regular``, ``empty``.
    MissingDependencyError
    """
    try:
        with _open_stream(url) as stream:
            data = b"".join(_pieces(stream, max_bytes, url))
    except (ImageReadError, MissingDependencyError):
        raise
    except Exception as error:
        raise ImageReadError(*explain_remote(error), url) from None
    if not data:
        raise ImageReadError("empty", "the file has 0 bytes", url)
    return data


def _open_stream(url: str) -> IO[bytes]:
    """Open what is at a URL to be read once from beginning to end."""
    system, path = _file_system(url)
    if _is_web(url):
        # one request, whatever the server says about sizes and ranges: any size but None keeps
        # fsspec from asking for it, and blocks of 0 bytes are its name for a stream
        return system.open(path, "rb", block_size=0, size=1)
    return system.open(path, "rb")


def _pieces(stream: Any, max_bytes: int, url: str) -> Iterator[bytes]:
    """What a stream gives, piece by piece, never more than `max_bytes` and in bounded time."""
    response = getattr(stream, "r", None)
    size = response.content_length if response is not None else getattr(stream, "size", None)
    deadline = time.monotonic() + _TOTAL_SECONDS
    got = 0
    while got <= max_bytes and (size or 0) <= max_bytes:
        piece = stream.read(min(1 << 20, max_bytes + 1 - got))
        if not piece:
            return
        got += len(piece)
        yield piece
        if time.monotonic() > deadline:
            raise ImageReadError(
                "io", f"the server is too slow: {got} bytes in {_TOTAL_SECONDS} s", url
            )
    many = f"{size} bytes" if size else "more"
    raise ImageReadError("too_large", f"expected at most {max_bytes} bytes. Got {many}", url)


def _is_web(url: str) -> bool:
    return url.partition("://")[0].lower() in _WEB


def _options(protocol: str) -> dict[str, Any]:
    """Time-outs for the file systems that wait forever without: those of the web and Google."""
    if protocol not in (*_WEB, "gs", "gcs"):
        return {}
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS)
    name = "client_kwargs" if protocol in _WEB else "session_kwargs"
    return {name: {"timeout": timeout}}


def explain_remote(error: Exception) -> tuple[str, str]:
    """Record code and message of whatever a file system may raise; there is no common error."""
    if isinstance(error, ImageReadError):
        return error.code, error.message
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and isinstance(cause, Exception):
        return explain_remote(cause)  # so says fsspec of a server that does not answer, too
    status = getattr(error, "status", None)
    if isinstance(error, FileNotFoundError) or status in (404, 410):
        return "not_found", "there is no such file"
    if (
        isinstance(error, PermissionError)
        or status in (401, 403)
        or type(error).__name__ == "NoCredentialsError"
    ):
        return "permission", "permission denied: check the credentials"
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return "io", (
            f"the server does not answer in time ({_CONNECT_SECONDS} s to connect, "
            f"{_READ_SECONDS} s for each piece)"
        )
    if isinstance(error, IsADirectoryError):
        return "not_regular", "expected a file. Got a folder"
    text = " ".join(str(error).split()) or os.strerror(getattr(error, "errno", None) or 5)
    return "io", f"the server cannot be read: {type(error).__name__}: {text[:300]}"
