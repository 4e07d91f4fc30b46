"""The loop of a worker process: it answers lists until the other end closes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ...errors import CvclassicError


class Service:
    """Answers lists with ``function(list)`` until the other end closes. Pickles.

    Parameters
    ----------
    function : callable
    watched : bool
        Whether decoders are listened to, see `watch_decoders`.
    """

    def __init__(self, function: Callable[[list], list], watched: bool) -> None:
        self._function = function
        self._watched = watched

    def __call__(self, connection: Connection) -> None:
        """Serve one connection."""
        from ...images import single_threaded, watch_decoders

        with single_threaded(), watch_decoders() if self._watched else contextlib.nullcontext():
            connection.send("ready")
            while True:
                items = connection.recv()
                answer: Any
                try:
                    answer = self._function(items)
                except CvclassicError as error:
                    answer = error
                except Exception as error:
                    answer = RuntimeError(f"{type(error).__name__}: {error}")
                connection.send(answer)
