"""Start writing a file to disk while the program continues."""

from __future__ import annotations

import os
import threading


class Flusher:
    """Writes an open file through to the disk soon after each write, in a thread.

    A disk that is busy takes tens of milliseconds for it, in which many images could be
    classified. The thread waits first, so that one time serves all that is written meanwhile, and
    no write waits for the next one.

    Parameters
    ----------
    fd : int
    seconds : float
        From a write to when the disk is told, at most.
    """

    def __init__(self, fd: int, seconds: float) -> None:
        self._fd = fd
        self._seconds = seconds
        self._lock = threading.Lock()
        self._written = False  # since the disk was told last
        self._waiting = False
        self._closed = threading.Event()
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
        with self._lock:
            self._written = True
            if self._waiting:
                return
            self._waiting = True
        # a copy, since the file may be closed meanwhile
        threading.Thread(target=self._flush, args=[os.dup(self._fd)], daemon=True).start()

    def close(self) -> None:
        """Wait for nothing any more: the caller tells the disk."""
        self._closed.set()

    def _flush(self, fd: int) -> None:
        try:
            while not self._closed.wait(self._seconds):
                with self._lock:
                    self._written = False
                os.fsync(fd)
                with self._lock:
                    if not self._written:
                        self._waiting = False
                        return
        except OSError as error:
            self._error = error
        finally:
            os.close(fd)
