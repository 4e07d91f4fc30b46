"""Resources that this process uses."""

from __future__ import annotations

import errno
import sys


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says, in one of many ways, that there is no more memory."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    text = str(error)
    return any(words in text for words in _NO_MEMORY)


_NO_MEMORY = (
    "Insufficient memory",  # OpenCV
    "Cannot allocate memory",  # the loader of libraries
    "failed to map segment from shared object",
    "can't start new thread",  # whose stack has no room
    "std::bad_alloc",
)


def peak_memory() -> int | None:
    """Peak memory of this process so far, in bytes; None where the system does not count it."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
