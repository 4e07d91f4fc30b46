"""Workers for systems that cannot fork, such as Windows: each is started afresh.

The same four methods as `ForkServer` has, so that the pool does not know which it has. Every worker
loads the libraries and the model for itself, which takes seconds, and as with all that
`multiprocessing` spawns, a script needs the guard ``if __name__ == "__main__":``.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
from multiprocessing.connection import Connection
from typing import Any


class SpawnServer:
    """Starts workers with `multiprocessing` and learns how they died."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._payload = b""
        self._workers: dict[int, Any] = {}

    def load(self, payload: bytes) -> None:
        """Keep the pickled function that workers serve."""
        self._payload = payload

    def fork(self) -> tuple[int, Connection]:
        """Start a worker: its process number, and a connection to it.

        Raises
        ------
        RuntimeError
            The system starts no more processes.
        """
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(self._payload, theirs), daemon=True)
        try:
            process.start()
        except OSError as error:
            ours.close()
            raise RuntimeError(f"no process can be started ({error})") from None
        finally:
            theirs.close()
        self._workers[process.pid or 0] = process
        return process.pid or 0, ours

    def reap(self, pid: int) -> int | None:
        """Kill a worker, if it still lives; its exit code, negative for a signal."""
        process = self._workers.pop(pid, None)
        if process is None:
            return None
        process.join(0.1)  # one that has closed its connection is about to end
        if process.is_alive():
            process.kill()
            process.join()
        code: int | None = process.exitcode
        return code

    def close(self) -> None:
        """End all workers."""
        for pid in list(self._workers):
            self.reap(pid)


def serve(payload: bytes, connection: Connection) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program decides
    with contextlib.suppress(EOFError, OSError):
        pickle.loads(payload)(connection)
