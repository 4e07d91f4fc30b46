"""Pictures at URLs (``s3://``, ``gs://``, ``https://`` ...), through fsspec."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import IO, Any

from cvclassic.errors import ImageReadError, MissingDependencyError
from cvclassic.images.walking import Fault, FoundFile

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/]*", re.DOTALL)
_WEB = ("http", "https")


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
        system, path = fsspec.core.url_to_fs(url)
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
        if url.partition("://")[0].lower() in _WEB:
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
    """Open what is at a URL for reading.

    Raises
    ------
    ImageReadError, MissingDependencyError
    """
    try:
        system, path = _file_system(url)
        return system.open(path, "rb")
    except (ImageReadError, MissingDependencyError):
        raise
    except Exception as error:
        raise ImageReadError(*explain_remote(error), url) from None


def read_url(url: str, max_bytes: int) -> bytes:
    """Bytes of what is at a URL, once.

    Raises
    ------
    ImageReadError, MissingDependencyError
    """
    try:
        with open_url(url) as file:
            size = getattr(file, "size", None)
            data = b"" if (size or 0) > max_bytes else file.read(max_bytes + 1)
    except (ImageReadError, MissingDependencyError):
        raise
    except Exception as error:
        raise ImageReadError(*explain_remote(error), url) from None
    if (size or 0) > max_bytes or len(data) > max_bytes:
        got = f"{size} bytes" if size else "more"
        raise ImageReadError("too_large", f"expected at most {max_bytes} bytes. Got {got}", url)
    if not data:
        raise ImageReadError("empty", "the file has 0 bytes", url)
    return data


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
        return "permission", "the file may not be read: check the credentials"
    if isinstance(error, IsADirectoryError):
        return "not_regular", "expected a file. Got a folder"
    text = " ".join(str(error).split()) or os.strerror(getattr(error, "errno", None) or 5)
    return "io", f"the server cannot be read: {type(error).__name__}: {text[:300]}"
