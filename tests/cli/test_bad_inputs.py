"""What people's folders hold, through the installed command: a record each, with its code."""

import json
import os
import socket
import struct
import time
import zlib

import numpy as np
import pytest

from cvclassic.images import encode_image
from tests.checks import pictures


def chunk(kind: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def png_header(width: int, height: int, depth: int = 1) -> bytes:
    """A PNG that declares a size, with no more than a few bytes of data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100)))


def png_crc(data: bytes) -> bytes:
    """The checksum of the header is wrong."""
    return data[:29] + bytes(4) + data[33:]


def jpeg_of_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header lies."""
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def tiff_of_floats(values: np.ndarray) -> bytes:
    """Little-endian, one strip of float32."""
    height, width = values.shape
    tags = [(256, 4, width), (257, 4, height), (258, 3, 32), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 8 + 2 + 12 * 10 + 4), (277, 3, 1), (278, 4, height)]
    tags += [(279, 4, values.nbytes), (339, 3, 3)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + values.tobytes()


PNG = encode_image(pictures(1)[0], ".png")
JPEG = encode_image(np.repeat(np.repeat(pictures(1)[0], 4, 0), 4, 1), ".jpg")
GIF = b"GIF89a\xff\xff\xff\xff\0\0\0," + bytes(4) + b"\xff\xff\xff\xff\0\x02\x02\x4c\x01\0;"
FLOATS = np.linspace(0, 1, 64 * 64, dtype="<f4").reshape(64, 64)
# name -> bytes, and the codes that the record may have; "" is an ordinary image
CONTENT: dict[str, tuple[bytes, set[str]]] = {
    "zero.jpg": (b"", {"empty"}),
    "text.jpg": (b"hello\n", {"unsupported_format"}),
    "page.jpg": (b"<!DOCTYPE html><html>404</html>", {"unsupported_format"}),
    "lfs.jpg": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        {"unsupported_format"},
    ),
    "packed.jpg": (b"\x1f\x8b\x08" + bytes(20), {"unsupported_format"}),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {"unsupported_format"}),
    "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(20), {"unsupported_format", "corrupt"}),
    "soi.jpg": (b"\xff\xd8", {"truncated"}),
    "header.jpg": (JPEG[: JPEG.index(b"\xff\xda")], {"truncated"}),
    **{f"cut{p}.jpg": (JPEG[: len(JPEG) * p // 100], {"truncated"}) for p in (10, 50, 90)},
    "no_eoi.jpg": (JPEG[:-2], {"missing_eoi"}),
    "tail.jpg": (JPEG + b"garbage" * 9, {"trailing_data"}),
    "crc.png": (png_crc(PNG), {"corrupt"}),
    "cut.png": (PNG[: len(PNG) // 2], {"corrupt", "truncated"}),
    "cut.gif": (b"GIF89a\x40\0\x40\0\xf0\0\0" + bytes(6) + b",", {"corrupt", "truncated"}),
    "nothing.png": (png_header(0, 5), {"corrupt"}),
    "large.png": (png_header(30000, 30000), {"too_large"}),
    "larger.png": (png_header(60000, 60000), {"too_large"}),
    "liar.jpg": (jpeg_of_size(JPEG, 30000, 30000), {"too_large"}),
    "large.gif": (GIF, {"too_large"}),
    "chunk.png": (
        png_header(9, 9)[:33] + b"\xff\xff\xff\xf0IDAT" + bytes(16),
        {"too_large"},
    ),
    "line.png": (png_header(1, 1048576), {"too_large"}),
    "float.tiff": (tiff_of_floats(FLOATS), {"unsupported_depth"}),
    "nan.tiff": (tiff_of_floats(FLOATS * np.float32("nan")), {"non_finite"}),
    "deep.png": (encode_image(pictures(1)[0], ".png"), {""}),
    "png.jpg": (PNG, {"ext_mismatch"}),
    "none": (PNG, {""}),
    "UPPER.PNG": (PNG, {""}),
    "%d.png": (PNG, {""}),
    "img_%03d.png": (PNG, {""}),
    "-dash.png": (PNG, {""}),
    "new\nline.png": (PNG, {""}),
    "tab\t.png": (PNG, {""}),
    "\"'; $(x).png": (PNG, {""}),
    "\udcff\udcfe.png": (PNG, {""}),
    "u\u0308.png": (PNG, {""}),
    "\u00fc.png": (PNG, {""}),
    "n" * 251 + ".png": (PNG, {""}),
    "dot.png": (encode_image(np.zeros((1, 1), np.uint8), ".png"), {"no_features"}),
    "row.png": (encode_image(np.zeros((1, 90), np.uint8), ".png"), {"no_features"}),
    "blank.png": (encode_image(np.full((64, 64, 3), 99, np.uint8), ".png"), {"no_features"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    """All of `CONTENT`, and what is no regular file."""
    top = os.fspath(tmp_path_factory.mktemp("bad"))
    for name, (data, _) in CONTENT.items():
        with open(os.path.join(top, name), "wb") as file:
            file.write(data)
    os.mkdir(f"{top}/dir.jpg")
    os.mkfifo(f"{top}/pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(top)  # a socket's path may have 107 bytes
        try:
            listener.bind("socket.jpg")
        finally:
            os.chdir(here)
    os.symlink("nowhere", f"{top}/dangling.jpg")
    os.symlink("self.jpg", f"{top}/self.jpg")
    os.symlink(".", f"{top}/circle")
    os.symlink("none", f"{top}/link.png")
    with open(f"{top}/sparse.jpg", "wb") as file:
        file.write(JPEG)
        file.truncate(2 << 30)
    with open(f"{top}/.hidden.png", "wb") as file:
        file.write(PNG)
    return top


SPECIAL = {
    "dir.jpg": {"not_regular"},
    "pipe.jpg": {"not_regular"},
    "socket.jpg": {"not_regular"},
    "dangling.jpg": {"not_found"},
    "self.jpg": {"symlink_loop"},
    "link.png": {""},
    "sparse.jpg": {"too_large"},
}


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_one_record_each_with_its_code(engine, cvclassic, folder, toy_model_file, tmp_path) -> None:
    out = tmp_path / "l.jsonl"
    more = ["/dev/zero", "/proc/self/mem"] if os.path.exists("/proc/self/mem") else []
    start = time.monotonic()
    done = cvclassic("classify", toy_model_file, folder, *more, "-o", out, "--engine", engine, "-q")
    assert time.monotonic() - start < 60
    assert done.returncode == 1
    assert done.stderr == ""
    records = [json.loads(line) for line in out.read_text().splitlines()]
    codes = {os.path.relpath(record["path"], folder): record["code"] for record in records[:-2]}
    expected = {name: code for name, (_, code) in CONTENT.items()} | SPECIAL
    assert len(codes) == len(records) - len(more)
    assert {n: code for n, code in codes.items() if code not in expected.pop(n)} == {}
    assert expected == {}
    if more:
        assert [record["code"] for record in records[-2:]] == ["not_regular", "unreadable"]
