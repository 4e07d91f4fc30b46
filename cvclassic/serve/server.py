"""Runs a service: socket and signals."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Mapping

import uvicorn

from ..errors import ParameterError
from .app import create_app, reload_models
from .connections import guarded_protocol, raise_file_limit, refuse_new_connections
from .logs import flush_logs, log_to_stderr
from .settings import ServeSettings

_BACKLOG = 2048
_TURN = 0.0005  # seconds
_TO_ACCEPT = 0.05  # seconds
_TO_ASK = 2.0  # seconds that a client who has connected may take for its request


def run_server(
    models: Mapping[str, str],
    settings: ServeSettings,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; requests in progress are answered first.

    Parameters
    ----------
    models : mapping of str to str
        Names and model files.
    settings : ServeSettings
    on_ready : callable
        Called with the address, such as ``http://127.0.0.1:8000``, when requests are taken.

    Raises
    ------
    ModelFileError
        A model cannot be served.
    ParameterError
        The address cannot be used.
    """
    raise_file_limit(settings.max_connections)
    listener = _listen(settings)
    with contextlib.closing(listener):
        log_to_stderr()
        sys.setswitchinterval(_TURN)  # the thread that speaks with workers lets go sooner
        app = create_app(models, settings)
        config = uvicorn.Config(
            app,
            http=guarded_protocol(settings),
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=30,
            backlog=_BACKLOG,
        )
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        server = _Server(config, settings.drain, lambda: on_ready(address))
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it is ready, and reads models again on SIGHUP."""

    def __init__(self, config: uvicorn.Config, drain: float, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._drain = drain
        self._on_ready = on_ready

    async def startup(self, sockets=None) -> None:
        """Begin to listen."""
        await super().startup(sockets=sockets)
        if self.should_exit:
            return
        service = self.config.app.state.service  # type: ignore[union-attr]
        if hasattr(signal, "SIGHUP"):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(
                signal.SIGHUP, lambda: asyncio.ensure_future(reload_models(service))
            )
        gc.collect()
        gc.freeze()  # what libraries hold need not be gone through while a request waits
        self._on_ready()

    async def shutdown(self, sockets=None) -> None:
        """Answer what is in progress, take nothing new."""
        logging.getLogger("cvclassic.serve").info("shutting down")
        loop = asyncio.get_running_loop()
        start = loop.time()
        self.config.app.state.service.draining = True  # type: ignore[union-attr]
        for listener in sockets or []:
            refuse_new_connections(listener)
        for _ in range(2):  # the loop looks at its sockets once in between, however late it is
            await asyncio.sleep(_TO_ACCEPT)
        for server in self.servers:
            server.close()
        await self._read_first_requests()
        # what waiting took is part of the same deadline
        left = max(self._drain - (loop.time() - start), _TO_ACCEPT)
        self.config.timeout_graceful_shutdown = left  # type: ignore[assignment]
        await super().shutdown(sockets=sockets)
        flush_logs()

    async def _read_first_requests(self) -> None:
        """Wait for clients that have connected and not asked yet; they would be cut off."""
        loop = asyncio.get_running_loop()
        end = loop.time() + min(_TO_ASK, self._drain / 2)
        while loop.time() < end:
            await asyncio.sleep(_TO_ACCEPT)
            connections = self.server_state.connections
            if all(one.cycle is not None for one in connections):  # type: ignore[union-attr]
                return


def _listen(settings: ServeSettings) -> socket.socket:
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ParameterError(f"host {settings.host!r} is unknown ({error.strerror}).") from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise ParameterError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Choose another with --port."
        ) from None
    return listener
