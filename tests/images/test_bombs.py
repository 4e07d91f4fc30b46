"""Cases 50 to 56: little files that ask for much are refused before they get it."""

import os
import resource
import struct
import time
import zlib

import numpy as np
import pytest

from cvclassic.errors import ImageReadError
from cvclassic.images import read_image
from cvclassic.images.formats.av1 import item_starts, sequence_size
from tests.images.makers import chunk, encode, gif, png, resized_jpeg, smooth, tiff

BOMBS = {
    "png 30000": lambda: png(30_000, 30_000, 1, 0, bytes(3751 * 30_000)),
    "png 60000": lambda: png(60_000, 60_000, 8, 2),
    "jpeg 30000": lambda: resized_jpeg(30_000, 30_000),
    "jpeg 65500 high": lambda: resized_jpeg(1000, 65_500),
    "gif 65535": lambda: gif(65_535, 65_535),
    "png chunk of 4 GB": lambda: (
        png(8, 8)[:33] + struct.pack(">I4s", 0xFFFFFFF0, b"IDAT") + bytes(16)
    ),
    "1 x 1048576": lambda: png(1, 1_048_576, 8, 0, bytes(2 * 1_048_576)),
    "1048576 x 1": lambda: png(1_048_576, 1, 8, 0, bytes(1 + 1_048_576)),
    "bmp": lambda: b"BM" + struct.pack("<IIIIiiHH", 100, 0, 54, 40, 40_000, -40_000, 1, 24)
    + bytes(40),
    "ppm": lambda: b"P6 99999 99999 255 ",
    "pfm": lambda: b"PF 99999 99999 -1 ",
    "webp": lambda: b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff" * 6 + bytes(40),
    "j2k": lambda: b"\xff\x4f\xff\x51" + struct.pack(">HHIIII", 47, 0, 90_000, 90_000, 0, 0)
    + bytes(16) + struct.pack(">HB", 3, 7) + bytes(80),
    "tiff": lambda: tiff(smooth(16, 16), photometric="rgb").replace(
        struct.pack("<HHII", 256, 4, 1, 16), struct.pack("<HHII", 256, 4, 1, 60_000)
    ).replace(struct.pack("<HHII", 257, 4, 1, 16), struct.pack("<HHII", 257, 4, 1, 60_000)),
    "tga": lambda: struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 60_000, 60_000, 24, 0)
    + bytes(100),
    "sgi": lambda: b"\x01\xda\x01\x01" + struct.pack(">HHHH", 3, 60_000, 60_000, 3) + bytes(600),
    "qoi": lambda: b"qoif" + struct.pack(">IIBB", 60_000, 60_000, 3, 0) + bytes(40),
    "dib": lambda: struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    + bytes(40),
    "gif frame": lambda: b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0) + b","
    + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x4c\x01\0;",
    "tiff tile": lambda: tiff(smooth(16, 16), photometric="rgb", tile=(16, 16)).replace(
        struct.pack("<HHII", 322, 4, 1, 16), struct.pack("<HHII", 322, 4, 1, 1 << 20)
    ),
}  # fmt: skip


def in_a_child(source):
    """Code, seconds and grown memory of one read, in a process of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            start = time.process_time()  # others may use the machine
            try:
                read_image(source)
                code = "ok"
            except ImageReadError as error:
                code = error.code
            seconds = time.process_time() - start
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(writer, f"{code} {seconds} {grown / 1024}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        words = file.read().split()
    os.waitpid(pid, 0)
    return words[0], float(words[1]), float(words[2])


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(name):
    data = BOMBS[name]()
    assert len(data) < 200_000, "a bomb is little"
    code, seconds, megabytes = in_a_child(data)
    assert code == "too_large"
    assert seconds < 0.2
    assert megabytes < 50


@pytest.mark.parametrize("head", [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_two_gigabytes_of_nothing(tmp_path, head):
    path = tmp_path / "sparse.jpg"
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(2 << 30)
    code, seconds, megabytes = in_a_child(path)
    assert code == "too_large"
    assert seconds < 0.2
    assert megabytes < 50


def test_big_file_that_is_no_picture_is_not_read(tmp_path):
    path = tmp_path / "table.csv"
    with open(path, "wb") as file:
        file.write(b"a,b,c\n" * 1000)
        file.truncate(200_000_000)
    code, seconds, megabytes = in_a_child(path)
    assert code == "unsupported_format"
    assert seconds < 0.2
    assert megabytes < 50


def test_png_chunk_that_runs_past_the_end():
    """200 MB would be asked for, for 100 bytes of file."""
    data = png(8, 8)[:33] + struct.pack(">I4s", 200_000_000, b"IDAT") + bytes(16)
    code, _, megabytes = in_a_child(data)
    assert code == "corrupt"
    assert megabytes < 50


@pytest.mark.slow
def test_text_bomb_in_a_png():
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    code, _, megabytes = in_a_child(png(8, 8, 8, 0, bytes(72), text))
    assert code in ("ok", "corrupt")
    assert megabytes < 50


@pytest.mark.slow
def test_avif_whose_boxes_lie():
    """The boxes say 16 x 16, the data 9000 x 9000: 2 kB that would cost 1 GB."""
    data = bytearray(encode(np.zeros((9000, 9000), np.uint8), "AVIF", speed=10))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 16, 16)
    code, seconds, megabytes = in_a_child(bytes(data))
    assert code == "too_large"
    assert seconds < 0.2
    assert megabytes < 50


def test_avif_size_in_the_data():
    """Whatever the settings, the data's own header is understood."""
    for height, width in ((1, 1), (33, 50), (96, 160), (300, 1000)):
        for image in (smooth(height, width, 1), smooth(height, width)):
            for options in ({}, {"speed": 10, "subsampling": "4:4:4"}):
                data = encode(image, "AVIF", **options)
                begin = data.index(b"iloc") + 4
                (start,) = item_starts(data, begin, None)
                assert sequence_size(data, start) == (width, height)


def test_limits_can_be_set(tmp_path):
    data = png(100, 100, 8, 0, bytes(10_100))
    assert read_image(data).shape == (100, 100)
    assert read_image(data, max_pixels=10_000).shape == (100, 100)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for pixels, size in ((9_999, len(data)), (10_000, len(data) - 1)):
        for source in (data, path):
            with pytest.raises(ImageReadError) as caught:
                read_image(source, max_pixels=pixels, max_bytes=size)
            assert caught.value.code == "too_large"
    assert read_image(path, max_bytes=len(data)).shape == (100, 100)


def test_large_but_allowed():
    """The limits stop nothing that is within them."""
    image = read_image(png(7000, 7000, 1, 0, bytes(876 * 7000)))
    assert image.shape == (7000, 7000)


def test_an_icon_of_very_many_images():
    """A table of a million bytes would be walked for a second."""
    code, seconds, megabytes = in_a_child(b"\0\0\1\0\xff\xff" + bytes(16) * 65_535)
    assert code == "corrupt"
    assert seconds < 0.2
    assert megabytes < 50
