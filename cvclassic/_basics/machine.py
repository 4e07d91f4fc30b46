"""What this process takes of the machine."""

from __future__ import annotations

import sys


def peak_memory() -> int | None:
    """Most memory that this process had so far, in bytes; None where nobody counts it."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
