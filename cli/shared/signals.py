"""Ctrl-C and SIGTERM: what is in progress ends in order, and soon in any case."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_PATIENCE = 4.0  # seconds; a decoder or a network file system may not let go earlier
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end.

    Attributes
    ----------
    exit_code : int
        130 or 143, as shells have it.
    """

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


@contextmanager
def stop_on_signals(message: Callable[[], str]) -> Iterator[None]:
    """Turn the first signal into `Stopped`; a second one, or 4 s, end the process at once.

    `message` is what to say then. Signals that the caller has set to be ignored (``nohup``, a
    background job of a shell) stay so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    over = threading.Event()
    stopped: list[int] = []

    def end_now(number: int) -> None:
        # not by its number: `watch_decoders` may have turned that away
        text = f"{message()}\n".encode(errors="backslashreplace")
        with suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), text)
        os._exit(128 + number)  # the pipes to other processes close, and they end too

    def lose_patience(number: int) -> None:
        if not over.wait(_PATIENCE):
            end_now(number)

    def handle(number: int, _frame: object) -> None:
        if stopped:
            end_now(number)
        stopped.append(number)
        threading.Thread(target=lose_patience, args=(number,), daemon=True).start()
        raise Stopped(number, message())

    for number in _SIGNALS:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)
