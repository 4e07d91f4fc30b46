"""The bytes of a file, and nothing that only looks like one."""

from __future__ import annotations

import errno
import os
import stat

from cvclassic.errors import ImageReadError
from cvclassic.images.headers import SUPPORTED, identify

_CODES = {
    errno.ENOENT: ("not_found", "there is no such file"),
    errno.ENOTDIR: ("not_found", "a part of the path is not a folder"),
    errno.EACCES: ("permission", "the file may not be read"),
    errno.EPERM: ("permission", "the file may not be read"),
    errno.ELOOP: ("symlink_loop", "the symbolic links lead in a circle"),
    errno.ENAMETOOLONG: ("path_too_long", "the path or a name in it is too long"),
    errno.ENXIO: ("not_regular", "expected a regular file. Got a socket or a device"),
    errno.ENODEV: ("not_regular", "expected a regular file. Got a device"),
}
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# Without O_NONBLOCK a named pipe would be waited for, perhaps for ever.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_LOOK_FIRST = 4 << 20


def show_path(path: str | bytes | os.PathLike) -> str:
    """A path as text that can be printed; bytes that are not UTF-8 appear as ``\\xff``."""
    text = path if isinstance(path, str) else os.fsdecode(path)
    shown = (
        text.encode("utf-8", "surrogateescape")
        if _is_native(text)
        else text.encode("utf-8", "backslashreplace")
    )
    return shown.decode("utf-8", "backslashreplace")


def _is_native(text: str) -> bool:
    """True where a path's odd characters all stand for bytes of a file name."""
    return not any("\ud800" <= c <= "\udfff" and not "\udc80" <= c <= "\udcff" for c in text)


def read_file(path: str | os.PathLike, *, max_bytes: int = 256_000_000) -> bytes:
    """Read a regular file once, never more than it holds at the moment it is opened.

    Parameters
    ----------
    path : str or os.PathLike
        Names that are not UTF-8 come as Python gives them (``surrogateescape``). Paths longer
        than the system takes at once are opened folder by folder.
    max_bytes : int
        Larger files are refused before anything is read.

    Returns
    -------
    bytes

    Raises
    ------
    ImageReadError
        With the code ``not_found``, ``permission``, ``not_regular``, ``symlink_loop``,
        ``path_invalid``, ``path_encoding``, ``path_too_long``, ``unreadable``, ``io``, ``empty``,
        ``too_large``, or, for a file of more than 4 MB that is plainly no picture,
        ``unsupported_format``.
    """
    name = os.fspath(path)
    shown = show_path(name)
    try:
        fd = open_path(name)
    except UnicodeEncodeError:
        raise ImageReadError(
            "path_encoding", "the path holds a character that no file name can have", shown
        ) from None
    except ValueError:
        raise ImageReadError("path_invalid", "the path holds a NUL character", shown) from None
    except OSError as error:
        raise translate_os_error(error, name, shown) from None
    try:
        return _read(fd, max_bytes, shown)
    finally:
        os.close(fd)


def _read(fd: int, max_bytes: int, shown: str) -> bytes:
    """Bytes of an open file, after a look at its kind, size and first bytes."""
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        what = next((text for test, text in _KINDS if test(info.st_mode)), "something else")
        raise ImageReadError("not_regular", f"expected a regular file. Got {what}", shown)
    size = info.st_size
    if size > max_bytes:
        raise ImageReadError(
            "too_large", f"expected at most {max_bytes} bytes. Got {size} bytes", shown
        )
    try:
        if size > _LOOK_FIRST:
            name = identify(os.pread(fd, 1024, 0))
            if name not in SUPPORTED:
                raise ImageReadError(
                    "unsupported_format",
                    f"expected a picture ({', '.join(SUPPORTED)}). Got {size} bytes of {name}",
                    shown,
                )
        # Files of /proc say 0 and hold something all the same.
        data = os.read(fd, size or 65536)
        if len(data) != size:
            data = _read_on(fd, data, size or max_bytes)
    except OSError as error:
        if isinstance(error, ImageReadError):
            raise
        if size == 0 or error.errno != errno.EIO:
            raise ImageReadError(
                "unreadable", f"the file can be opened but not read ({error.strerror})", shown
            ) from None
        raise ImageReadError("io", "the device reports an input/output error", shown) from None
    if not data:
        raise ImageReadError("empty", "the file has 0 bytes", shown)
    return data


def _read_on(fd: int, data: bytes, limit: int) -> bytes:
    """The rest of a file that came in pieces, up to a limit."""
    parts = [data]
    got = len(data)
    while parts[-1] and got < limit:
        parts.append(os.read(fd, min(limit - got, 1 << 24)))
        got += len(parts[-1])
    return b"".join(parts)


def open_path(name: str | bytes, flags: int = _FLAGS) -> int:
    """``os.open``, and again folder by folder where the path is too long for the system."""
    try:
        return os.open(name, flags)
    except OSError as error:
        parts = os.fsencode(name).split(b"/")
        if error.errno != errno.ENAMETOOLONG or max(map(len, parts)) > 255:
            raise
    fd = None
    folder_flags = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        for i in range(0, len(parts) - 1, 12):
            chunk = b"/".join(parts[i : min(i + 12, len(parts) - 1)]) or b"."
            if i == 0 and parts[0] == b"":
                chunk = chunk if chunk.startswith(b"/") else b"/"
            inner = os.open(chunk, folder_flags, dir_fd=fd)
            if fd is not None:
                os.close(fd)
            fd = inner
        return os.open(parts[-1] or b".", flags, dir_fd=fd)
    finally:
        if fd is not None:
            os.close(fd)


def translate_os_error(error: OSError, name: str | bytes, shown: str) -> ImageReadError:
    """The record code of a failed ``open``."""
    code, message = _CODES.get(error.errno, ("unreadable", f"cannot be opened: {error.strerror}"))
    if error.errno == errno.EIO:
        code, message = "io", "the device reports an input/output error"
    elif error.errno == errno.ENOENT and os.path.islink(name):
        message = "the symbolic link points to nothing"
    return ImageReadError(code, message, shown)
