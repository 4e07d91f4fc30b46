"""No way into the inner network, whatever a request names."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest

pytest.importorskip("starlette")

from cvclassic.errors import ImageReadError
from cvclassic.serve import remote_images
from cvclassic.serve.problems import ProblemError
from cvclassic.serve.remote_images import fetch_image, is_public


@pytest.fixture(scope="module")
def host():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/there":
                self.send_response(302)
                self.send_header("Location", "/image")
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (10 if self.path == "/image" else 5000))

        def log_message(self, *arguments) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


def test_an_allowed_host_is_read(host) -> None:
    options = {"max_bytes": 100, "allow_private": True}
    assert fetch_image(f"{host}/image", ["localhost"], **options) == b"x" * 10
    with pytest.raises(ImageReadError, match="more than 100 bytes"):
        fetch_image(f"{host}/large", ["localhost"], **options)
    with pytest.raises(ImageReadError, match="redirects"):
        fetch_image(f"{host}/there", ["localhost"], **options)


def test_inner_addresses_are_refused(host) -> None:
    with pytest.raises(ProblemError, match="private network"):
        fetch_image(f"{host}/image", ["localhost"], max_bytes=100)
    with pytest.raises(ProblemError, match="not allowed"):
        fetch_image(f"{host}/image", ["example.org"], max_bytes=100, allow_private=True)
    for url in ("file:///etc/passwd", "http://", "//x", "http://a:b@localhost/", "http://x:99999/"):
        with pytest.raises(ProblemError):
            fetch_image(url, ["localhost"], max_bytes=100)


def test_a_name_that_leads_inside_is_refused(monkeypatch) -> None:
    """Also if only one of its addresses does, and the second look-up is never made."""
    asked = []

    def look_up(name, port, **_):
        asked.append(name)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("93.184.215.14", port)), (*kind, ("169.254.169.254", port))]

    monkeypatch.setattr(remote_images.socket, "getaddrinfo", look_up)
    with pytest.raises(ProblemError, match="private network"):
        fetch_image("http://rebind.example/x", ["rebind.example"], max_bytes=100)
    assert asked == ["rebind.example"]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_what_is_not_public(address) -> None:
    assert not is_public(address)
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
