"""Images and broken files that the tests of this room share."""

import io
import struct
import zlib

import cv2
import numpy as np
import PIL
import tifffile
from PIL import Image

RAW_YCBCR = int(PIL.__version__.split(".")[0]) >= 13  # Pillow 12 reads none in a TIFF


def smooth(height=160, width=240, channels=3, seed=0):
    """An image with structure at every place, which survives lossy formats."""
    rng = np.random.default_rng(seed)
    shape = (height, width, 3) if channels == 3 else (height, width)
    noise = cv2.GaussianBlur(rng.integers(0, 256, shape, dtype=np.uint8), (0, 0), 3)
    return cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)


def encode(image, format, **options):
    """Encode with Pillow, so that OpenCV is not its own judge."""
    file = io.BytesIO()
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    image.save(file, format, **options)
    return file.getvalue()


def tiff(array, **options):
    """Encode with tifffile."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def chunk(kind, data=b"", length=None):
    """A PNG chunk, perhaps with a false length."""
    head = struct.pack(">I4s", len(data) if length is None else length, kind)
    return head + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth=8, color=0, rows=b"", *between):
    """A PNG with any declared size."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
        + b"".join(between)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND")
    )


def resized_jpeg(width, height):
    """A small JPEG whose frame header declares another size."""
    data = bytearray(encode(smooth(32, 32), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def gif(width, height):
    """A GIF whose screen and frame have any size."""
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0x80, 0, 0)
        + bytes(6)
        + b","
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\x02\x02\x4c\x01\x00;"
    )
