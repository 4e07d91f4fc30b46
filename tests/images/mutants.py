"""Damaged image files, the same for the same seed: for the tests, and for benchmarks in bulk."""

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.images.makers import encode, smooth, tiff

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def originals() -> dict[str, bytes]:
    """Small sound files, several of each format."""
    color, gray = smooth(24, 32), smooth(24, 32, 1)
    rgb, alpha = Image.fromarray(color), Image.fromarray(np.dstack([color, gray]))
    palette, bits = rgb.quantize(16), rgb.convert("1")
    wide = Image.fromarray(gray.astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[274] = 6
    files = {
        "jpeg": encode(rgb, "JPEG", exif=exif),
        "progressive": encode(rgb, "JPEG", progressive=True),
        "png": encode(rgb, "PNG", exif=exif),
        "png palette": encode(palette, "PNG", transparency=b"\0\x80\xff"),
        "png 16": encode(wide, "PNG"),
        "apng": encode(rgb, "PNG", save_all=True, append_images=[alpha.convert("RGB")]),
        "gif": encode(palette, "GIF", interlace=1),
        "animation": encode(palette, "GIF", save_all=True, append_images=[rgb.quantize(8)]),
        "bmp": encode(rgb, "BMP"),
        "bmp palette": encode(palette, "BMP"),
        "webp": encode(rgb, "WEBP"),
        "webp lossless": encode(alpha, "WEBP", lossless=True, exif=exif),
        "jpeg2000": encode(rgb, "JPEG2000"),
        "j2k": encode(alpha, "JPEG2000", no_jp2=True),
        "avif": encode(rgb, "AVIF", speed=10, exif=exif),
        "avif alpha": encode(alpha, "AVIF", speed=10),
        "tga": encode(rgb, "TGA"),
        "tga rle": encode(alpha, "TGA", compression="tga_rle"),
        "ico": encode(alpha, "ICO", sizes=[(16, 16)], bitmap_format="bmp"),
        "ico png": encode(alpha, "ICO", sizes=[(16, 16)]),
        "icns": encode(rgb.resize((16, 16)), "ICNS"),
        "pcx": encode(rgb, "PCX"),
        "sgi": encode(rgb, "SGI"),
        "dds": encode(rgb, "DDS"),
        "dxt": encode(rgb, "DDS", pixel_format="DXT1"),
        "qoi": encode(rgb, "QOI"),
        "xbm": encode(bits, "XBM"),
        "msp": encode(bits, "MSP"),
        "dib": encode(rgb, "DIB"),
        "pbm": encode(bits, "PPM"),
        "ppm": encode(rgb, "PPM"),
        "plain": b"P3 2 2 255 " + b"1 2 3 " * 4,
        "pam": b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nENDHDR\n" + bytes(range(16)),
        "tiff planes": tiff(
            np.moveaxis(color, 2, 0).copy().astype(np.uint16) * 257,
            photometric="rgb",
            planarconfig="separate",
        ),
        "tiff tiles": tiff(color, photometric="rgb", tile=(16, 16), compression="zlib"),
    }
    for mode, image in (("RGB", rgb), ("1", bits), ("P", palette), ("I;16", wide)):
        for packing in ("raw", "packbits", "tiff_lzw", "jpeg", "group4", "tiff_adobe_deflate"):
            if (packing == "group4") != (mode == "1") or (packing == "jpeg" and mode != "RGB"):
                continue
            file = io.BytesIO()
            image.save(file, "TIFF", compression=packing, exif=exif)
            files[f"tiff {mode} {packing}"] = file.getvalue()
    return files


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One damaged copy: bytes, numbers and pieces changed, or its end cut off."""
    bad = bytearray(data)
    kind = rng.integers(6)
    near = min(len(bad), 64 if rng.integers(2) else len(bad))
    if kind == 0:
        for at in rng.integers(0, near, rng.integers(1, 9)):
            bad[at] = rng.integers(256)
    elif kind == 1:
        bad[rng.integers(near)] ^= 1 << rng.integers(8)
    elif kind == 2:
        size, order = (2, "H"), "<>"[rng.integers(2)]
        size = (4, "I") if rng.integers(2) else size
        at = int(rng.integers(max(near - size[0], 1)))
        value = EXTREMES[rng.integers(len(EXTREMES))] & (1 << 8 * size[0]) - 1
        bad[at : at + size[0]] = struct.pack(order + size[1], value)
    elif kind == 3:
        del bad[rng.integers(len(bad)) :]
    elif kind == 4:
        a, b = sorted(rng.integers(0, len(bad), 2))
        del bad[a : min(b, a + 40)]
    else:
        a, b, to = rng.integers(0, len(bad), 3)
        bad[to:to] = bad[min(a, b) : min(max(a, b), min(a, b) + 60)]
    return bytes(bad)


def mutants(n: int, seed: int = 0) -> Iterator[tuple[str, int, bytes]]:
    """Name of the original, number and bytes of `n` damaged files, all formats in turn."""
    files = list(originals().items())
    for i in range(n):
        name, data = files[i % len(files)]
        yield name, i, mutate(data, np.random.default_rng([seed, i]))
