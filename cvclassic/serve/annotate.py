"""The annotation page, served to this machine only."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

import cv2
import numpy as np

from ..errors import CvclassicError, DataError, ParameterError
from ..images import encode_image, read_image
from ..segment.annotation import Annotation

_STATIC = {
    "/": ("annotate.html", "text/html; charset=utf-8"),
    "/annotate.js": ("annotate.js", "text/javascript; charset=utf-8"),
    "/annotate.css": ("annotate.css", "text/css; charset=utf-8"),
}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MOST_BYTES = 20_000_000
_COLORS = ("#56b4e9", "#e69f00", "#00be8c", "#e082b4", "#f0e442", "#0072b2", "#d55e00", "#969696",
           "#ffffff")  # fmt: skip


def make_annotation_server(annotation: Annotation, port: int = 0) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 that shows the page of an `Annotation`.

    Parameters
    ----------
    annotation : Annotation
    port : int
        0 takes one that is free.

    Returns
    -------
    http.server.ThreadingHTTPServer
        Not yet running; ``server_address`` tells the port.

    Raises
    ------
    ParameterError
        The port cannot be used.
    """

    class Handler(_Handler):
        """Requests about this annotation."""

        subject = annotation

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise ParameterError(f"port {port} cannot be used ({error.strerror})") from None
    server.daemon_threads = True
    return server


def serve_annotation(
    annotation: Annotation, port: int, on_ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until Ctrl-C."""
    server = make_annotation_server(annotation, port)
    with server:
        on_ready(f"http://127.0.0.1:{server.server_address[1]}/")
        worker = threading.Thread(target=server.serve_forever, daemon=True)
        worker.start()
        try:
            while worker.is_alive():
                worker.join(0.5)
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    subject: Annotation
    protocol_version = "HTTP/1.1"
    server_version = "cvclassic"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """Pages, images, scribbles, predictions."""
        self._answer(self._get)

    def do_PUT(self) -> None:
        """Scribbles of an image, as PNG."""
        self._answer(self._put)

    def _answer(self, handle: Callable[[], tuple[bytes, str]]) -> None:
        try:
            self._check_origin()
            body, kind = handle()
        except _Refused as refused:
            self.close_connection = True
            self._send(
                refused.status, json.dumps({"error": str(refused)}).encode(), "application/json"
            )
        except CvclassicError as error:
            self._send(
                HTTPStatus.BAD_REQUEST,
                json.dumps({"error": str(error)}).encode(),
                "application/json",
            )
        except OSError as error:
            if not isinstance(error, ConnectionError):
                text = error.strerror or str(error)
                body = json.dumps({"error": text}).encode()
                self._send(HTTPStatus.INTERNAL_SERVER_ERROR, body, "application/json")
        else:
            self._send(HTTPStatus.OK, body, kind)

    def _check_origin(self) -> None:
        """Other sites must not reach this server through the browser."""
        port = self.server.server_address[1]  # type: ignore[index]
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        if self.headers.get("Host") not in hosts:
            raise _Refused(
                HTTPStatus.FORBIDDEN, "this server only accepts requests from this machine"
            )
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            raise _Refused(HTTPStatus.FORBIDDEN, "other sites may not use this server")

    def _get(self) -> tuple[bytes, str]:
        path = self.path.split("?")[0]
        if path in _STATIC:
            name, kind = _STATIC[path]
            return (files(__package__) / "static" / name).read_bytes(), kind
        if path == "/state":
            return self._json(self._state())
        kind, number = self._place(path)
        if kind == "image":
            return encode_image(self.subject.pixels(number), ".png"), "image/png"
        if kind == "marks":
            return _png(self.subject.marks(number)), "image/png"
        if kind == "prediction":
            return self._prediction(number)
        raise _Refused(HTTPStatus.NOT_FOUND, "not found")

    def _put(self) -> tuple[bytes, str]:
        kind, number = self._place(self.path.split("?")[0])
        length = self.headers.get("Content-Length", "")
        if kind != "marks" or not length.isdigit() or int(length) > _MOST_BYTES:
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected scribbles as PNG")
        pixels = read_image(self.rfile.read(int(length)))
        # a browser's canvas gives color: the number of the class is in all channels
        self.subject.mark(number, pixels if pixels.ndim == 2 else pixels[..., 0])
        return self._json({"marked": self.subject.counts()[number]})

    def _place(self, path: str) -> tuple[str, int]:
        kind, _, number = path.strip("/").partition("/")
        if not number.isdigit() or int(number) >= len(self.subject.paths):
            raise _Refused(HTTPStatus.NOT_FOUND, "not found")
        return kind, int(number)

    def _state(self) -> dict[str, Any]:
        counts = self.subject.counts()
        return {
            "classes": [
                {"name": name, "color": _COLORS[i]} for i, name in enumerate(self.subject.names)
            ],
            "images": [
                {"name": self.subject.name(i), "marked": counts[i]}
                for i in range(len(self.subject.paths))
            ],
        }

    def _prediction(self, number: int) -> tuple[bytes, str]:
        """Colors with an alpha channel, as PNG; a message where there is nothing to learn."""
        found = self.subject.predict(number)
        if found is None:
            raise DataError("mark at least two classes to see a result")
        classes, _ = found
        table = np.array(
            [[int(color[i : i + 2], 16) for i in (5, 3, 1)] for color in _COLORS], np.uint8
        )
        colors = table[np.minimum(classes, len(_COLORS) - 1)]
        alpha = np.full((*classes.shape, 1), 255, np.uint8)
        return _png(np.concatenate([colors, alpha], axis=2)), "image/png"

    def _json(self, content: Any) -> tuple[bytes, str]:
        return json.dumps(content).encode(), "application/json"

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news."""
        logging.getLogger(__name__).debug(format, *args)


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


def _png(pixels: np.ndarray) -> bytes:
    """Encode an array as it is, (H, W) or (H, W, 4) BGRA."""
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
