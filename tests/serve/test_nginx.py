"""Two services behind nginx, with the configuration that the documentation gives."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

from cvclassic.images import encode_image
from tests.checks import pictures

pytest.importorskip("starlette")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
]

_AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {inner}
}}
"""


@pytest.fixture
def nginx(root, tmp_path):
    """Starts nginx before services; gives its address."""
    running = []

    def begin(services) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        inner = (root / "docs" / "deploy" / "nginx.conf").read_text()
        servers = [f"server {one.address.removeprefix('http://')}" for one in services]
        old = re.search(r"server predict:8000([^;]*);", inner)
        inner = inner.replace(old[0], "\n".join(f"{one}{old[1]};" for one in servers))
        inner = inner.replace("listen 80;", f"listen 127.0.0.1:{port};")
        path = tmp_path / "nginx.conf"
        path.write_text(_AROUND.format(folder=tmp_path, inner=inner))
        running.append(subprocess.Popen(["nginx", "-c", str(path), "-p", str(tmp_path)]))
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        return f"http://127.0.0.1:{port}"

    yield begin
    for process in running:
        process.terminate()
        process.wait(30)


def test_one_of_two_may_die(start, nginx, toy_model_file) -> None:
    services = [start(f"toys={toy_model_file}", "--workers", "1") for _ in range(2)]
    address = nginx(services)
    image = encode_image(pictures()[0], ".png")

    def ask() -> int:
        with urllib.request.urlopen(f"{address}/predict", data=image, timeout=60) as response:
            return response.status

    def answered(service) -> float:
        text = service.ask("/metrics")[1].decode()
        found = re.search(r'requests_total{route="/predict",status="200"} (\S+)', text)
        return float(found[1]) if found else 0

    assert [ask() for _ in range(20)] == [200] * 20
    shares = [answered(service) for service in services]
    assert sum(shares) == 20
    assert min(shares) > 0
    os.kill(services[0].process.pid, signal.SIGKILL)
    services[0].process.wait(30)
    assert [ask() for _ in range(20)] == [200] * 20
    assert answered(services[1]) == shares[1] + 20
