"""Whatever comes, one record goes out for each image, and the service lives on."""

from __future__ import annotations

import io
import json
import os
import resource
import socket
import tarfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from cvclassic.images import encode_image
from tests.checks import pictures
from tests.cli.test_bad_inputs import CONTENT

pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def image() -> bytes:
    return encode_image(pictures()[0], ".png")


def lives(served, image: bytes) -> None:
    """The service answers as ever."""
    assert served.ask("/health")[:2] == (200, {"status": "ok"})
    assert served.ask("/predict", image)[1]["status"] == "ok"


def test_bad_files_have_the_codes_of_the_command(served, image) -> None:
    for name, (data, codes) in CONTENT.items():
        query = quote(os.fsencode(name))
        status, answer, _ = served.ask(f"/predict?name={query}", data)
        assert (status, answer["code"] in codes) == (200, True), (name, answer)
        assert answer["status"] == "error" or answer["label"]
    lives(served, image)


def test_bad_files_in_an_archive(served, image) -> None:
    """Names too come out as they went in, also those that are no UTF-8."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, (data, _) in CONTENT.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    kind = "application/x-tar"
    status, lines, _ = served.ask("/predict/batch", packed.getvalue(), Content_Type=kind)
    records = [json.loads(line) for line in lines.splitlines()]
    assert status == 200
    assert [record["path"] for record in records] == list(CONTENT)
    assert all(record["code"] in CONTENT[record["path"]][1] for record in records)
    lives(served, image)


def test_odd_names_in_json(served) -> None:
    for name in ("\ud800", "a\0b", "x" * 5000, "\u202e", ""):
        body = json.dumps({"name": name, "image": "AAAA"}).encode()
        status, answer, _ = served.ask("/predict", body, Content_Type="application/json")
        assert (status, answer["code"]) == (200, "unsupported_format")
        assert answer["path"] == (name[:1000] or "image 1")
    body = json.dumps({"name": "\udfff", "image": 7}).encode()
    assert served.ask("/predict", body, Content_Type="application/json")[0] == 422


@pytest.mark.slow
def test_hostile_files_are_records(served, image, data_dir: Path) -> None:
    paths = sorted(path for path in (data_dir / "hostile").rglob("*") if path.is_file())
    assert paths
    for path in paths:
        status, answer, _ = served.ask("/predict?name=x", path.read_bytes())
        assert status == 200, path
        assert answer["status"] in ("ok", "warn", "error"), path
        assert answer["status"] == "ok" or answer["code"], path
    lives(served, image)


def connect(served) -> socket.socket:
    """An open connection."""
    host, port = served.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def test_broken_clients(served, image) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    for sent in (
        head % 1000 + b"half an upload",
        head % len(image) + image,  # does not wait for the answer
        head[:30],
        b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"",
    ):
        with connect(served) as client:
            client.sendall(sent)
    for sent in (
        b"\x00\xff nothing like HTTP\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        head % 5 + b"too much" + b"\r\n" * 100,
    ):
        with connect(served) as client:
            try:
                client.sendall(sent)
                assert b"HTTP/1.1 " in client.recv(1000)
            except ConnectionResetError:
                pass  # what is left of a request that was refused is thrown away
    lives(served, image)


def test_connections_opened_and_left_are_bounded(served, image) -> None:
    """More than the service keeps; the oldest silent ones go, and others are answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1400  # it keeps 1,000
    if hard != resource.RLIM_INFINITY and hard < wanted + 200:
        pytest.skip(f"only {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
    left = []
    try:
        for _ in range(wanted):
            left.append(connect(served))
        lives(served, image)
        files = len(os.listdir(f"/proc/{served.process.pid}/fd"))
        assert files < 1300
    finally:
        for client in left:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    lives(served, image)


def test_an_endless_head_is_cut_off(served, image) -> None:
    """Memory does not grow with what a client calls headers."""
    sent = 0
    with connect(served) as client:
        try:
            client.sendall(b"GET /health HTTP/1.1\r\n")
            while sent < 100_000_000:
                sent += client.send(b"X-More: " + b"y" * 8000 + b"\r\n")
        except OSError:
            pass
    assert sent < 10_000_000  # what the sockets between them hold is sent, too
    lives(served, image)


@pytest.mark.slow
def test_a_slow_head_is_cut_off(served, image) -> None:
    with connect(served) as client:
        start = time.monotonic()
        try:
            for letter in b"GET /health HTTP/1.1\r\nX-Slow: " + b"y" * 1000:
                client.sendall(bytes([letter]))
                time.sleep(0.2)
        except OSError:
            pass
        assert 5 < time.monotonic() - start < 60
    lives(served, image)
