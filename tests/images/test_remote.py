"""Web servers of every kind: chunked, silent, slow, endless and lying ones."""

import contextlib
import io
import socket
import tarfile
import threading
import time
import zipfile

import numpy as np
import pytest

from cvclassic.errors import ImageReadError
from cvclassic.images import decode_image, read_image, walk_archive
from tests.images.makers import encode, smooth

pytest.importorskip("fsspec", reason="fsspec is not installed (the extra cloud)")
pytest.importorskip("aiohttp", reason="aiohttp is not installed (the extra cloud)")

PIXELS = smooth(300, 400)
PICTURE = encode(PIXELS, "PNG")
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@contextlib.contextmanager
def served(answer):
    """A URL on this machine at which ``answer(send, request)`` speaks after each request."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(20)
    stopped = threading.Event()

    def speak(connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536)
            answer(connection.sendall, request)

    def listen():
        while not stopped.is_set():
            try:
                connection = server.accept()[0]
            except OSError:
                return
            threading.Thread(target=speak, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.png"
    finally:
        stopped.set()
        server.close()


def failure(url, **options):
    with pytest.raises(ImageReadError) as caught:
        read_image(url, **options)
    return caught.value


@pytest.fixture
def hurry(monkeypatch):
    """Time-outs that a test can wait for."""
    for name, seconds in (("CONNECT", 1), ("READ", 1), ("TOTAL", 2)):
        monkeypatch.setattr(f"cvclassic.images.remote._{name}_SECONDS", seconds)


def chunked(send, data, size):
    for i in range(0, len(data), size):
        piece = data[i : i + size]
        send(b"%x\r\n%s\r\n" % (len(piece), piece))
    send(b"0\r\n\r\n")


def test_declared_length():
    def answer(send, request):
        send(OK + b"Content-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE)

    with served(answer) as url:
        np.testing.assert_array_equal(read_image(url), PIXELS)


@pytest.mark.parametrize("size", [100, 5000, 1 << 20])
def test_chunks(size):
    """A server that does not know the length beforehand is read to its end."""

    def answer(send, request):
        send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        chunked(send, PICTURE, size)

    with served(answer) as url:
        decoded = decode_image(url)
        np.testing.assert_array_equal(decoded.pixels, PIXELS)
        assert decoded.warnings == ()


def test_no_length_at_all():
    """As servers of HTTP/1.0 do: the end is where the connection ends."""

    def answer(send, request):
        send(b"HTTP/1.0 200 OK\r\n\r\n")
        for i in range(0, len(PICTURE), 20_000):
            send(PICTURE[i : i + 20_000])
            time.sleep(0.01)

    with served(answer) as url:
        np.testing.assert_array_equal(read_image(url), PIXELS)


@pytest.mark.parametrize("tail", [b"", PICTURE])
def test_an_endless_body_is_too_large(tail):
    def answer(send, request):
        send(OK + b"\r\n" + tail)
        while True:
            send(bytes(65536))

    with served(answer) as url:
        start = time.monotonic()
        error = failure(url, max_bytes=3_000_000)
        assert error.code == "too_large"
        assert "expected at most 3000000 bytes. Got more" in error.message
        assert time.monotonic() - start < 10


def test_a_declared_length_that_is_too_large_is_not_read():
    sent = []

    def answer(send, request):
        send(OK + b"Content-Length: 5000000000\r\n\r\n")
        for _ in range(1000):
            send(bytes(65536))
            sent.append(1)

    with served(answer) as url:
        error = failure(url)
    assert (error.code, "5000000000 bytes" in error.message) == ("too_large", True)
    assert len(sent) < 500


@pytest.mark.parametrize("difference", [1000, -1000])
def test_a_length_that_lies(difference):
    """More is declared than comes: the connection breaks off. Less: the rest is not read."""

    def answer(send, request):
        send(OK + b"Content-Length: %d\r\n\r\n" % (len(PICTURE) + difference) + PICTURE)

    with served(answer) as url:
        assert failure(url).code in (("io",) if difference > 0 else ("io", "corrupt"))


def test_a_silent_server(hurry):
    def answer(send, request):
        time.sleep(15)

    with served(answer) as url:
        start = time.monotonic()
        error = failure(url)
        assert error.code == "io"
        assert "does not answer in time" in error.message
        assert time.monotonic() - start < 10


def test_a_server_that_falls_silent_on_the_way(hurry):
    def answer(send, request):
        send(OK + b"Content-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE[:5000])
        time.sleep(15)

    with served(answer) as url:
        assert "does not answer in time" in failure(url).message


def test_a_server_that_gives_a_byte_now_and_then(hurry):
    """Each piece is in time, and all of it would take for ever."""

    def answer(send, request):
        send(OK + b"\r\n")
        for byte in PICTURE:
            send(bytes([byte]))
            time.sleep(0.2)

    with served(answer) as url:
        start = time.monotonic()
        error = failure(url)
        assert (error.code, "too slow" in error.message) == ("io", True)
        assert time.monotonic() - start < 10


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}/a.png").code == "io"


@pytest.mark.parametrize(
    ("status", "code"),
    [(b"404 Not Found", "not_found"), (b"403 Forbidden", "permission"), (b"500 Oh", "io")],
)
def test_what_servers_refuse(status, code):
    def answer(send, request):
        send(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status)

    with served(answer) as url:
        assert failure(url).code == code


def test_an_empty_body_and_nonsense():
    with served(lambda send, request: send(OK + b"Content-Length: 0\r\n\r\n")) as url:
        assert failure(url).code == "empty"
    with served(lambda send, request: send(b"nonsense\r\n\r\n" * 50)) as url:
        assert failure(url).code == "io"
    with served(lambda send, request: None) as url:
        assert failure(url).code == "io"


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_archives_of_servers_without_lengths_and_ranges(kind):
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("b.png", PICTURE)
    else:
        with tarfile.open(fileobj=file, mode="w:gz" if kind.endswith("gz") else "w") as archive:
            info = tarfile.TarInfo("b.png")
            info.size = len(PICTURE)
            archive.addfile(info, io.BytesIO(PICTURE))

    def answer(send, request):
        send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        if not request.startswith(b"HEAD"):
            chunked(send, file.getvalue(), 3000)

    with served(answer) as url:
        (member,) = walk_archive(url.replace("a.png", f"a.{kind}"))
        np.testing.assert_array_equal(read_image(member.read()), PIXELS)
