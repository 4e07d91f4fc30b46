"""Locks beside files: one writer at a time, released by the system when the holder dies."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import OutputLockedError
from .platform import O_BINARY, O_CLOEXEC, O_NOFOLLOW, lock_file

_FLAGS = os.O_RDWR | os.O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_BINARY


def hidden_path(target: str | os.PathLike, suffix: str) -> Path:
    """Name of a hidden file that belongs to another, in the same folder.

    Examples
    --------
    >>> str(hidden_path("results/labels.csv", "lock"))
    'results/.labels.csv.lock'
    """
    path = Path(os.fsdecode(target))
    name = os.fsencode(path.name)
    if len(name) > 200:  # a name has at most 255 bytes
        name = name[:150] + b"~" + hashlib.sha256(name).hexdigest()[:16].encode()
    return path.with_name(f".{os.fsdecode(name)}.{suffix}")


def open_locked(path: str | os.PathLike) -> int:
    """Open a file, new if need be, and lock it; the lock ends with the descriptor.

    Parameters
    ----------
    path : str or Path
        The holder of the lock may remove the file.

    Returns
    -------
    int
        Descriptor of the file that bears the name. Without a lock on file systems that have none:
        better unlocked than unused.

    Raises
    ------
    BlockingIOError
        Another process holds the lock.
    OSError
        The file cannot be opened.
    """
    while True:
        fd = os.open(path, _FLAGS, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, "The name of its lock is taken by something else")
            lock_file(fd)
            # its last holder may have removed it between the two calls
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), os.stat(path)):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


@contextlib.contextmanager
def lock_beside(target: str | os.PathLike, busy: str) -> Iterator[None]:
    """Hold a hidden lock file beside a file while it is read, changed and written.

    Parameters
    ----------
    target : str or Path
        Need not be there.
    busy : str
        What somebody else is doing, for the message.

    Raises
    ------
    OutputLockedError
        Somebody else holds the lock.
    OSError
        The folder cannot be written to.
    """
    name = os.fsdecode(target)
    lock = hidden_path(target, "lock")
    try:
        fd = open_locked(lock)
    except BlockingIOError:
        raise OutputLockedError(f"{name}: {busy}. Wait for it, or name another file.") from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock)  # while it is locked, so that nobody waits on a file that is gone
        os.close(fd)
