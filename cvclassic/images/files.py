"""Reads the bytes of a file, and refuses what only looks like one."""

from __future__ import annotations

import errno
import os
import stat

from cvclassic._basics.platform import O_CLOEXEC, O_DIRECTORY, READ_FLAGS, pread
from cvclassic._basics.printable import show_path
from cvclassic.errors import ImageReadError
from cvclassic.images.formats.headers import identify
from cvclassic.images.formats.suffixes import check_readable

_CODES = {
    errno.ENOENT: ("not_found", "there is no such file"),
    errno.ENOTDIR: ("not_found", "a part of the path is not a folder"),
    errno.EACCES: ("permission", "permission denied"),
    errno.EPERM: ("permission", "permission denied"),
    errno.ELOOP: ("symlink_loop", "the symbolic links lead in a circle"),
    errno.ENAMETOOLONG: ("path_too_long", "the path or a name in it is too long"),
    errno.ENXIO: ("not_regular", "expected a regular file. Got a socket or a device"),
    errno.EIO: ("io", "the device reports an input/output error"),
    errno.ENODEV: ("not_regular", "expected a regular file. Got a device"),
}
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
LOOK_FIRST = 4 << 20
"""Bytes from which on a file is not read before its first bytes are an image's."""


def read_file(path: str | os.PathLike, *, max_bytes: int = 256_000_000) -> bytes:
    """Read a regular file once, never more than it holds at the moment it is opened.

    Parameters
    ----------
    path : str or os.PathLike
        Names that are not UTF-8 come as Python gives them (``surrogateescape``). Paths longer
        than the system takes at once are opened folder by folder. What is no file may be an image
        in an archive (``photos.zip!a/b.jpg``) or a URL (``s3://bucket/b.jpg``).
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
        ``too_large``, in archives ``encrypted``, ``truncated`` and ``corrupt``, or, for a file of
        more than 4 MB that is plainly no image, ``unsupported_format``.
    """
    name = os.fspath(path)
    try:
        fd = open_path(name)
        try:
            return _read(fd, max_bytes)
        finally:
            os.close(fd)
    except ImageReadError as error:
        raise ImageReadError(error.code, error.message, show_path(name)) from None
    except UnicodeEncodeError:
        code, message = "path_encoding", "the path holds a character that no file name can have"
    except ValueError:
        code, message = "path_invalid", "the path holds a NUL character"
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            data = _read_elsewhere(os.fsdecode(name), max_bytes)
            if data is not None:
                return data
        code, message = explain_os_error(error, name)
    raise ImageReadError(code, message, show_path(name))


def _read_elsewhere(name: str, max_bytes: int) -> bytes | None:
    """What is no file of this name: a member of an archive, or a URL; None if it is neither."""
    from cvclassic.images.archives.members import read_member
    from cvclassic.images.remote import is_url, read_url

    if "!" in name:
        data = read_member(name, max_bytes)
        if data is not None:
            return data
    return read_url(name, max_bytes) if is_url(name) else None


def _read(fd: int, max_bytes: int) -> bytes:
    """Bytes of an open file, after a look at its kind, size and first bytes."""
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        what = next((text for test, text in _KINDS if test(info.st_mode)), "something else")
        raise ImageReadError("not_regular", f"expected a regular file. Got {what}")
    size = info.st_size
    if size > max_bytes:
        raise ImageReadError("too_large", f"expected at most {max_bytes} bytes. Got {size} bytes")
    if size > LOOK_FIRST:
        check_readable(identify(pread(fd, 1024, 0)), size)
    try:
        # Files of /proc say 0 and hold something anyway.
        data = os.read(fd, size or 65536)
        if len(data) != size:
            data = _read_on(fd, data, size or max_bytes)
    except OSError as error:
        # What has no size is not on a disk that could fail (/proc/self/mem).
        if error.errno == errno.EIO and size > 0:
            raise
        raise ImageReadError(
            "unreadable", f"the file can be opened but not read ({error.strerror})"
        ) from None
    if not data:
        raise ImageReadError("empty", "the file has 0 bytes")
    return data


def _read_on(fd: int, data: bytes, limit: int) -> bytes:
    """The rest of a file that came in pieces, up to a limit."""
    parts = [data]
    got = len(data)
    while parts[-1] and got < limit:
        parts.append(os.read(fd, min(limit - got, 1 << 24)))
        got += len(parts[-1])
    return b"".join(parts)


def open_path(name: str | bytes, flags: int = READ_FLAGS) -> int:
    """``os.open``, and again folder by folder where the path is too long for the system."""
    try:
        return os.open(name, flags)
    except OSError as error:
        parts = os.fsencode(name).split(b"/")
        if error.errno != errno.ENAMETOOLONG or max(map(len, parts)) > 255:
            raise
    fd = None
    folder_flags = getattr(os, "O_PATH", os.O_RDONLY) | O_DIRECTORY | O_CLOEXEC
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


def explain_os_error(error: OSError, name: str | bytes) -> tuple[str, str]:
    """Record code and message of a system error at a path."""
    if error.errno == errno.ENOENT and os.path.islink(name):
        return "not_found", "the symbolic link points to nothing"
    return _CODES.get(
        error.errno or 0, ("unreadable", f"the file cannot be opened: {error.strerror}")
    )
