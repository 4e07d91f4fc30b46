"""Have the disk write a file while the program goes on."""

from __future__ import annotations

import os
import threading
import time


class Flusher:
    """Writes an open file through to the disk every few seconds, in a thread.

    A disk that is busy takes tens of milliseconds for it, in which many images could be
    classified.

    Parameters
    ----------
    fd : int
    seconds : float
        Between two times.
    """

    def __init__(self, fd: int, seconds: float) -> None:
        self._fd = fd
        self._seconds = seconds
        self._last = time.monotonic()
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def tick(self) -> None:
        """To be called after each write.

        Raises
        ------
        OSError
            The disk could not write what it was given before.
        """
        if self._error is not None:
            raise self._error
        if time.monotonic() - self._last < self._seconds:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._last = time.monotonic()
        # a copy, since the file may be closed meanwhile
        self._thread = threading.Thread(target=self._write, args=[os.dup(self._fd)], daemon=True)
        self._thread.start()

    def _write(self, fd: int) -> None:
        try:
            os.fsync(fd)
        except OSError as error:
            self._error = error
        finally:
            os.close(fd)
