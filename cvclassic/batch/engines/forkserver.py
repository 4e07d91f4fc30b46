"""A small process without threads that forks workers.

It loads the libraries and the model once, and its children share them. Forking the program itself
would copy locks that its threads hold; starting workers afresh would load all that for each.
`multiprocessing` has such a server too, but runs the main script again in every worker, leaves
folders behind when it is killed, and hears Ctrl-C while it starts.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

from ..._basics.platform import STOPPING, blocked_signals, keep_freed_memory, kill
from ...errors import ParameterError

_ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
}
_FORK, _REAP = b"f", b"r"


class ForkServer:
    """The other end: starts workers and learns how they died. Needs `can_fork`."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        # Ctrl-C and `systemctl stop` reach every process of a job; the program decides
        try:
            with blocked_signals():
                self._process = _start(theirs.fileno())
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        self._connection = Connection(os.dup(ours.fileno()))

    def load(self, payload: bytes) -> None:
        """Send the pickled function that workers serve, once.

        Raises
        ------
        ParameterError
            It cannot be loaded there.
        RuntimeError
            The process has died.
        """
        try:
            self._connection.send_bytes(payload)
            problem = self._connection.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError(f"the process that starts workers has died ({error})") from None
        if problem:
            raise ParameterError(f"this does not work in other processes: {problem}")

    def fork(self) -> tuple[int, Connection]:
        """Start a worker: its process number, and a connection to it."""
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._socket, [_FORK], [theirs.fileno()])
            pid = self._connection.recv()
        except (EOFError, OSError) as error:
            ours.close()
            raise RuntimeError(f"the process that starts workers has died ({error})") from None
        finally:
            theirs.close()
        return pid, Connection(ours.detach())

    def reap(self, pid: int) -> int | None:
        """Kill a worker, if it still lives; its exit code, negative for a signal."""
        try:
            self._socket.sendall(_REAP)
            self._connection.send(pid)
            return self._connection.recv()
        except (EOFError, OSError):
            return None

    def close(self) -> None:
        """End the process and all its workers."""
        self._connection.close()
        self._socket.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _start(fd: int) -> subprocess.Popen:
    """Start the process; `fd` is its end of the socket."""
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        f"from cvclassic.batch.engines.forkserver import main; main({fd})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        pass_fds=[fd],
        env={**os.environ, **_ONE_THREAD},
    )


def main(fd: int) -> None:
    """What the process does."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    keep_freed_memory()
    from .. import classifying  # noqa: F401  while the program loads its model

    control = socket.socket(fileno=fd)
    connection = Connection(os.dup(fd))
    children: set[int] = set()
    try:
        serve = _load(connection)
        while serve is not None:
            command, fds, _, _ = socket.recv_fds(control, 1, 1)
            if not command:
                break
            if command == _REAP:
                pid = connection.recv()
                children.discard(pid)
                connection.send(_kill(pid))
                continue
            pid = os.fork()
            if pid == 0:
                control.close()
                connection.close()
                _worker(serve, fds[0])
            os.close(fds[0])
            children.add(pid)
            connection.send(pid)
    except (EOFError, OSError):
        pass
    finally:
        for pid in children:
            _kill(pid)
    os._exit(0)


def _load(connection: Connection) -> Callable[[Connection], None] | None:
    """Load the function that workers serve."""
    try:
        serve = pickle.loads(connection.recv_bytes())
    except (EOFError, OSError):
        raise
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")
        return None
    connection.send("")
    return serve


def _worker(serve: Callable[[Connection], None], fd: int) -> None:
    """The life of a worker."""
    code = 1
    try:
        with contextlib.suppress(EOFError, OSError):
            serve(Connection(fd))
        code = 0
    finally:
        os._exit(code)


def _kill(pid: int) -> int | None:
    kill(pid)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except OSError:
        return None
