"""What differs between systems, said once: everything here works without POSIX."""

from __future__ import annotations

import contextlib
import os

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


def can_measure_memory() -> bool:
    """Whether `resident_memory` knows anything here."""
    return os.path.exists("/proc/self/statm")


def resident_memory(pid: int) -> int:
    """Bytes of memory that a process occupies, 0 where nobody knows."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError, AttributeError):
        return 0


def peak_of(pid: int) -> int:
    """Most bytes of memory that a process has occupied so far, 0 where nobody knows."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return 0
