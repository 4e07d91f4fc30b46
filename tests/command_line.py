"""Runs ``cvclassic`` for tests: in a process of its own, without importing everything again.

Most of the second that a small command takes is spent importing NumPy, OpenCV and scikit-learn. A
`CommandServer` is a process that has imported them and done nothing else; for each call it forks a
child that takes over the arguments, the folder, the environment and the three streams, and then
lives and ends as any Python program does. Where a process cannot fork, and for whatever is read
while Python or a library starts, `run` starts a fresh one.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn, cast

# read once, by Python or by a library that is imported
_READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "OPENBLAS_", "OPENCV_", "CVCLASSIC_")
_TOO_LONG = 1 << 20


def command() -> list[str]:
    """``cvclassic`` as it is installed beside this Python, else the same by module."""
    script = Path(sys.executable).with_name("cvclassic")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "cvclassic_cli"]


def run(
    args: Sequence[str | bytes],
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike | None = None,
    timeout: float = 120,
    fresh: bool = False,
    input: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run ``cvclassic ARGS``; text in and out is lossless.

    `env` is added to the environment. `fresh` starts a new interpreter in any case. `input` is what
    the command reads from its standard input.
    """
    with tempfile.TemporaryFile() as given:
        given.write(input.encode("utf-8", "surrogateescape"))
        given.seek(0)
        return _run(args, env or {}, cwd, timeout, fresh, given)


def _run(
    args: Sequence[str | bytes],
    env: Mapping[str, str],
    cwd: str | os.PathLike | None,
    timeout: float,
    fresh: bool,
    given: IO[bytes],
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **env}
    server = None if fresh or any(map(_read_at_start, env)) else _server()
    if server is not None and server.serves(environment):
        words = [os.fsdecode(word) for word in args]
        code, out, err = server.run(
            words, environment, os.fspath(cwd or os.getcwd()), timeout, given
        )
        texts = [data.decode("utf-8", "surrogateescape") for data in (out, err)]
        return subprocess.CompletedProcess(words, code, *texts)
    return subprocess.run(
        [*command(), *args],
        stdin=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        env=environment,
        cwd=cwd,
        timeout=timeout,
    )


def _read_at_start(name: str) -> bool:
    return name.startswith(_READ_AT_START)


class CommandServer:
    """The side of the tests."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._start = _what_starts_read(os.environ)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **dict.fromkeys(_THREADS, "1")},
            )
        self._lock = threading.Lock()
        atexit.register(self.close)

    def serves(self, environment: Mapping[str, str]) -> bool:
        """Whether a child of the server is what a fresh process would be."""
        return self._start == _what_starts_read(environment)

    def run(
        self,
        args: list[str],
        environment: Mapping[str, str],
        cwd: str,
        timeout: float,
        given: IO[bytes],
    ) -> tuple[int, bytes, bytes]:
        """Run one command: its exit code, what it wrote to stdout and to stderr."""
        request = json.dumps([args, dict(environment), cwd]).encode("ascii")
        assert len(request) < _TOO_LONG
        out, err = _Reader(), _Reader()
        with self._lock:
            streams = [given.fileno(), out.theirs, err.theirs]
            self._control.sendall(len(request).to_bytes(4, "big"))
            socket.send_fds(self._control, [b"f"], streams)
            self._control.sendall(request)
            out.begin()
            err.begin()
            pid = self._number()
            late = threading.Timer(timeout, os.kill, (pid, signal.SIGKILL))
            late.start()
            code = self._number()
            in_time = late.is_alive()
            late.cancel()
        if code == -signal.SIGKILL and not in_time:
            raise subprocess.TimeoutExpired(args, timeout, out.data, err.data)
        return code, out.wait(), err.wait()

    def close(self) -> None:
        """End the server."""
        self._control.close()
        self._process.wait()

    def _number(self) -> int:
        data = self._control.recv(4, socket.MSG_WAITALL)
        assert len(data) == 4, "the process that runs commands has died"
        return int.from_bytes(data, "big", signed=True)


class _Reader:
    """Reads a pipe in a thread, until all who write to it have closed it."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.pipe()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.data = b""

    def begin(self) -> None:
        os.close(self.theirs)
        self._thread.start()

    def wait(self) -> bytes:
        self._thread.join()
        return self.data

    def _read(self) -> None:
        with open(self._ours, "rb") as file:
            self.data = file.read()


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def _what_starts_read(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if _read_at_start(name)}


@functools.cache
def _server() -> CommandServer | None:
    """One for each process that runs tests."""
    return CommandServer() if hasattr(os, "fork") and hasattr(socket, "send_fds") else None


# --- The side of the server -------------------------------------------------------------------


def _serve(control: socket.socket) -> list[str] | None:
    """Fork a child for each request, one after the other; in a child: its arguments."""
    while True:
        size = control.recv(4, socket.MSG_WAITALL)
        if len(size) < 4:
            return None
        _, streams, _, _ = socket.recv_fds(control, 1, 3)
        request = control.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        pid = os.fork()
        if pid == 0:
            control.close()
            args, environment, cwd = json.loads(request)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            _open_streams()
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(environment)
            return args
        for stream in streams:
            os.close(stream)
        control.sendall(pid.to_bytes(4, "big", signed=True))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        control.sendall(code.to_bytes(4, "big", signed=True))


def _open_streams() -> None:
    """As Python does when it starts; the old ones remember what kind of file they were for."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        old = getattr(sys, name)
        new = open(  # noqa: SIM115
            number, mode, encoding=old.encoding, errors=old.errors, closefd=False
        )
        assert isinstance(new, io.TextIOWrapper)
        new.reconfigure(line_buffering=old.line_buffering)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _import_all() -> Callable[..., None]:
    """Import what commands import, with one thread: others would not live on in a child."""
    import gc
    import importlib
    import pkgutil

    import cvclassic
    import cvclassic_cli.main

    for package in (cvclassic, cvclassic_cli):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1
    return cvclassic_cli.main.main


class _Spare:
    """A child that waits, in case that the command wants a process which starts its workers.

    It stands for `cvclassic.batch.engines.forkserver._start`: the same code in a process without
    threads, only that this one need not import the libraries again.
    """

    def __init__(self) -> None:
        from cvclassic._basics.platform import block_signals
        from cvclassic.batch.engines import forkserver

        self._start, forkserver._start = forkserver._start, self.start
        self._control, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            block_signals()
            self._control.close()
            _, fds, _, _ = socket.recv_fds(theirs, 1, 1)
            theirs.close()
            if fds:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                forkserver.main(fds[0])
            os._exit(0)
        theirs.close()

    def start(self, fd: int) -> subprocess.Popen:
        """Let it serve, the first time; else start another as the program would."""
        if self._control.fileno() < 0:
            return self._start(fd)
        socket.send_fds(self._control, [b"f"], [fd])
        self._control.close()
        return cast("subprocess.Popen", self)  # `wait` and `kill` are all that is asked of it

    def wait(self, timeout: float = 60.0) -> None:
        """As `subprocess.Popen` has it."""
        until = time.monotonic() + timeout
        while not os.waitpid(self.pid, os.WNOHANG)[0]:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("forkserver", timeout)
            time.sleep(0.002)

    def kill(self) -> None:
        """As `subprocess.Popen` has it."""
        os.kill(self.pid, signal.SIGKILL)


def _live(main: Callable[..., None], args: list[str]) -> NoReturn:
    """Run a command and end as Python ends, without taking 2,000 modules apart."""
    _Spare()
    # multiprocessing looks there for what to import in other processes
    sys.modules["__main__"].__file__ = command()[0]
    sys.argv = ["cvclassic", *args]
    code = 1
    try:
        main(prog_name="cvclassic")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if end.code is not None and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    threading._shutdown()  # type: ignore[attr-defined]  # as Python does when it ends
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    _main = _import_all()
    _args = _serve(socket.socket(fileno=int(sys.argv[1])))
    if _args is not None:
        _live(_main, _args)
