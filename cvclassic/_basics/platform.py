"""Differences between operating systems; everything here works without POSIX."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator

# flags of os.open that not every system has, and that are then not needed
O_CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
O_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
O_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
O_DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
O_BINARY: int = getattr(os, "O_BINARY", 0)  # else Windows changes line ends


def can_fork() -> bool:
    """Whether a process can be copied, and sockets be given to another."""
    import socket

    return hasattr(os, "fork") and hasattr(socket, "send_fds")


# whoever opens a file for reading: a named pipe is not waited for, perhaps forever
READ_FLAGS: int = os.O_RDONLY | O_CLOEXEC | O_NONBLOCK | getattr(os, "O_NOCTTY", 0) | O_BINARY
_seeking = threading.Lock()


def can_list_descriptors() -> bool:
    """Whether a folder can be opened, and listed by its descriptor."""
    return bool(O_DIRECTORY) and os.scandir in os.supports_fd


def pread(fd: int, size: int, place: int) -> bytes:
    """Read at an offset, without touching the file's position."""
    if hasattr(os, "pread"):
        return os.pread(fd, size, place)
    with _seeking:
        os.lseek(fd, place, os.SEEK_SET)
        return os.read(fd, size)


def pread_into(fd: int, view: memoryview, place: int) -> int:
    """Read into memory at a place; how many bytes."""
    if hasattr(os, "preadv"):
        return os.preadv(fd, [view], place)
    data = pread(fd, len(view), place)
    view[: len(data)] = data
    return len(data)


def pwrite(fd: int, data: bytes | memoryview, place: int) -> int:
    """Write at a place; how many bytes were taken."""
    if hasattr(os, "pwrite"):
        return os.pwrite(fd, data, place)
    with _seeking:
        os.lseek(fd, place, os.SEEK_SET)
        return os.write(fd, data)


def lock_file(fd: int) -> None:
    """Lock an open file; nothing happens on file systems that have no locks.

    Raises
    ------
    BlockingIOError
        Somebody else holds the lock.
    """
    from filelock import lock_descriptor

    try:
        free = lock_descriptor(fd, blocking=False)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return  # better unlocked than unused
    if not free:
        raise BlockingIOError(errno.EWOULDBLOCK, "Another process holds the lock")


_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def unlock_file(fd: int) -> None:
    """Give a lock back now, and not when the last copy of the descriptor is closed."""
    from filelock import unlock_descriptor

    with contextlib.suppress(OSError):
        unlock_descriptor(fd)


STOPPING = (signal.SIGINT, signal.SIGTERM)


def block_signals() -> None:
    """Keep Ctrl-C and SIGTERM from this thread and from the processes that it starts."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)


@contextlib.contextmanager
def blocked_signals() -> Iterator[None]:
    """The same for the block's time."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def kill(pid: int) -> None:
    """End a process at once, if it lives."""
    with contextlib.suppress(OSError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def sync_folder(folder: str | os.PathLike) -> None:
    """Have the disk write a folder's names, so that a rename survives a power cut.

    Some file systems, and Windows, cannot be asked to; they are left alone.
    """
    if not O_DIRECTORY:
        return
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    if os.name != "posix":
        return True  # asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_kept = False


def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB of freed arrays instead of giving them back and asking again.

    For processes that describe image after image: fresh pages cost page faults, 850 per image
    for SIFT at 512 pixels, a sixth of its time. The setting belongs to the whole process, so it
    is for the application to set, not for a library. Other systems and libraries are left as
    they are.
    """
    global _kept
    if _kept or not sys.platform.startswith("linux"):
        return
    import ctypes

    _kept = True
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)  # the most that it takes
        mallopt(_M_TRIM_THRESHOLD, 256 << 20)


def available_memory() -> int | None:
    """Bytes that a new program could take without swapping; None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError), open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, _, amount = line.partition(":")
            if name == "MemAvailable":
                return int(amount.split()[0]) * 1024
    return None


def can_measure_memory() -> bool:
    """Whether `resident_memory` knows anything here."""
    return os.path.exists("/proc/self/statm")


def resident_memory(pid: int) -> int:
    """Bytes of memory that a process occupies; 0 where unknown."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError, AttributeError):
        return 0


def peak_of(pid: int) -> int:
    """Peak memory of a process so far, in bytes; 0 where unknown."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return 0
