"""Bounds on connections, so that silent or numerous ones do not delay others."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .settings import ServeSettings

_OTHER_FILES = 256  # pipes, models, libraries
_MOST_HEAD = 1 << 16  # bytes of the head of a request
_SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
_NO_NEW_CONNECTIONS = (  # socket(7), classic BPF: operation, jump if true, if false, operand
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x45, 0, 1, 0x02),  # is SYN among them?
    (0x06, 0, 0, 0),  # then drop the packet,
    (0x06, 0, 0, 0xFFFFFFFF),  # else let it pass
)


def guarded_protocol(settings: ServeSettings) -> type[HttpToolsProtocol]:
    """HTTP/1.1 with a deadline and a bound for the head of each request, and one on connections.

    When there are too many, the one that has said nothing for the longest time is closed, so that
    connections opened and left do not keep others out.
    """
    quiet: dict[HttpToolsProtocol, None] = {}  # without a request in progress, the longest first

    class GuardedProtocol(HttpToolsProtocol):
        """One connection."""

        _deadline: asyncio.TimerHandle | None = None
        _head = 0  # bytes since the last request was answered

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > settings.max_connections:
                oldest = next(iter(quiet), self)
                quiet.pop(oldest, None)
                oldest.transport.abort()
                self.connections.discard(oldest)
                if oldest is self:
                    return
            self._watch(settings.head_timeout)

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():  # what comes after the last answer of a connection
                return
            super().data_received(data)
            if self.transport.is_closing() or not self._waits():
                self._unwatch()
                self._head = 0
                return
            self._head += len(data)
            if self._head > _MOST_HEAD:
                self._drop()
            elif self._deadline is None:
                self._watch(settings.head_timeout)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._waits() and not self.transport.is_closing():
                quiet[self] = None

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            super().connection_lost(exc)

        def _waits(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _watch(self, seconds: float) -> None:
            quiet[self] = None
            self._deadline = self.loop.call_later(seconds, self._drop)

        def _unwatch(self) -> None:
            quiet.pop(self, None)
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _drop(self) -> None:
            """The head of a request takes too long or is too large."""
            self._deadline = None
            if self._waits() and not self.transport.is_closing():
                self.transport.abort()

    return GuardedProtocol


def raise_file_limit(connections: int) -> None:
    """Let the process hold so many connections open, as far as the system allows."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = connections + _OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def refuse_new_connections(listener: socket.socket) -> None:
    """Drop new connections; those already made are still accepted.

    Closing the socket resets connections that wait to be accepted, and between the last accept
    and the close there is always time for one more. Only Linux offers a way; elsewhere, nothing
    is done.
    """
    if not sys.platform.startswith("linux"):
        return
    program = b"".join(struct.pack("HBBI", *operation) for operation in _NO_NEW_CONNECTIONS)
    memory = ctypes.create_string_buffer(program)
    option = struct.pack("HL", len(_NO_NEW_CONNECTIONS), ctypes.addressof(memory))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, option)
