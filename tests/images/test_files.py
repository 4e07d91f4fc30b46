"""Cases 1 to 29: names and kinds of what is not always a file."""

import errno
import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from cvclassic.errors import ImageReadError
from cvclassic.images import files, read_file, read_image
from tests.images.makers import encode, smooth

PICTURE = encode(smooth(16, 24, 1), "PNG")


def failure(path):
    start, worked = time.perf_counter(), time.process_time()
    with pytest.raises(ImageReadError) as caught:
        read_image(path)
    # processor time, as others may use the machine; and nothing is waited for
    assert time.process_time() - worked < 0.1
    assert time.perf_counter() - start < 5
    str(caught.value).encode("utf-8")  # can be printed
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    [
        b"caf\xe9\xff.jpg",
        b"new\nline.jpg",
        b"tab\t.jpg",
        b"\"quotes';$(touch x).jpg",
        b"-rf.jpg",
        "é.jpg".encode(),
        "e\u0301.jpg".encode(),
        b"img_%03d.jpg",
        b"%d%s%n.jpg",
        b"*?[a].jpg",
        b" .jpg",
        b"x" * 251 + b".jpg",
        b"noextension",
        b"UPPER.PNG",
    ],
)
def test_odd_names(tmp_path, name):
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb") as file:
        file.write(PICTURE)
    assert read_image(os.fsdecode(path)).shape == (16, 24)
    # In messages, too.
    with open(path, "wb") as file:
        file.write(b"words")
    assert failure(os.fsdecode(path)) == "unsupported_format"


def test_relative_name_with_a_dash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-x.jpg").write_bytes(PICTURE)
    assert read_image("-x.jpg").shape == (16, 24)


def test_names_that_cannot_be(tmp_path):
    assert failure(f"{tmp_path}/\ud800.jpg") == "path_encoding"
    assert failure(f"{tmp_path}/a\0b.jpg") == "path_invalid"
    assert failure(f"{tmp_path}/{'x' * 256}.jpg") == "path_too_long"
    assert failure("") == "not_found"
    (tmp_path / "file").write_bytes(PICTURE)
    assert failure(tmp_path / "file" / "below.jpg") == "not_found"


@pytest.mark.parametrize("relative", [True, False])
def test_path_of_five_thousand_bytes(tmp_path, monkeypatch, relative):
    monkeypatch.chdir(tmp_path)
    name = "d" * 200
    for _ in range(25):
        os.mkdir(name)
        os.chdir(name)
    with open("a.png", "wb") as file:
        file.write(PICTURE)
    os.chdir(tmp_path)
    path = "/".join([name] * 25 + ["a.png"])
    path = path if relative else f"{tmp_path}/{path}"
    assert len(path) > 4096
    assert read_image(path).shape == (16, 24)
    assert failure(path + "x") == "not_found"
    assert failure(os.path.dirname(path)) == "not_regular"


def test_links(tmp_path):
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "good.png").symlink_to("a.png")
    (tmp_path / "dangling.png").symlink_to("nothing")
    (tmp_path / "self.png").symlink_to("self.png")
    (tmp_path / "ping.png").symlink_to("pong.png")
    (tmp_path / "pong.png").symlink_to("ping.png")
    os.link(tmp_path / "a.png", tmp_path / "hard.png")
    assert read_image(tmp_path / "good.png").shape == (16, 24)
    assert read_image(tmp_path / "hard.png").shape == (16, 24)
    assert failure(tmp_path / "missing.png") == "not_found"
    assert failure(tmp_path / "dangling.png") == "not_found"
    assert failure(tmp_path / "self.png") == "symlink_loop"
    assert failure(tmp_path / "ping.png") == "symlink_loop"


def test_kinds(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    assert failure(tmp_path / "folder.jpg") == "not_regular"
    assert failure(tmp_path / "pipe.jpg") == "not_regular"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.jpg"))
        assert failure(tmp_path / "socket.jpg") == "not_regular"
    assert failure("/dev/zero") == "not_regular"
    assert failure("/dev/null") == "not_regular"


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs /proc")
def test_pseudo_files():
    assert failure("/proc/self/mem") == "unreadable"
    assert read_file("/proc/self/stat").startswith(str(os.getpid()).encode())
    assert failure("/proc/self/stat") == "unsupported_format"


def test_permission(tmp_path):
    """In a child that is nobody, because root may read everything."""
    closed = tmp_path / "closed.png"
    closed.write_bytes(PICTURE)
    closed.chmod(0)
    script = (
        "import os, sys, tempfile\n"
        "from cvclassic.images import read_image, walk_images\n"
        "from cvclassic.errors import ImageReadError\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: read_image(sys.argv[1])\n"
        "except ImageReadError as error: print(error.code)\n"
    )
    # The child finds its modules before it changes, and the test's folder must let it in.
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.owner() == tmp_path.owner() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o711)
    found = subprocess.run(
        [sys.executable, "-c", script, str(closed)], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "permission"


def test_vanished(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)
    path.unlink()
    assert failure(path) == "not_found"


def test_growing_file_is_read_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)
    read = os.read

    def read_while_another_writes(fd, n):
        with open(path, "ab") as file:
            file.write(b"more")
        return read(fd, n)

    monkeypatch.setattr(files.os, "read", read_while_another_writes)
    assert read_file(path) == PICTURE


def test_file_that_comes_in_pieces(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)
    read = os.read
    monkeypatch.setattr(files.os, "read", lambda fd, n: read(fd, min(n, 100)))
    assert read_file(path) == PICTURE


def test_shrinking_file(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)
    read = os.read

    def read_after_a_cut(fd, n):
        os.truncate(path, 100)
        return read(fd, n)

    monkeypatch.setattr(files.os, "read", read_after_a_cut)
    assert failure(path) in ("corrupt", "truncated")


@pytest.mark.parametrize(("number", "code"), [(errno.EIO, "io"), (errno.ESTALE, "unreadable")])
def test_failing_disk(tmp_path, monkeypatch, number, code):
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)

    def fail(fd, n):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "read", fail)
    assert failure(path) == code


def test_no_descriptor_is_left_open(tmp_path):
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "words.png").write_text("words")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        read_image(tmp_path / "a.png")
        failure(tmp_path / "words.png")
        failure(tmp_path)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_threads_read_the_same(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    paths = []
    for i in range(12):
        path = tmp_path / f"{i}.jpg"
        path.write_bytes(encode(smooth(120, 160, seed=i), "JPEG"))
        paths.append(path)
    alone = [read_image(path, max_side=70) for path in paths]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda path: read_image(path, max_side=70), paths * 5))
    for one, other in zip(alone * 5, together, strict=True):
        np.testing.assert_array_equal(one, other)
