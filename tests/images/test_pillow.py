"""What Pillow decodes is what Pillow shows, at every reading."""

import io
import struct
import sys
import types
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from cvclassic.errors import ImageReadError
from cvclassic.images import decode_image, read_image, watch_decoders
from cvclassic.images.memory import is_pil_image
from tests.images.makers import RAW_YCBCR, encode, smooth, tiff

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def by_pillow(data):
    """Pixels as Pillow gives them, upright, alpha over white, 16 bits by those that are used."""
    image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(int)
        bits = next((b for b in (8, 10, 12, 14) if wide.max() < 1 << b), 16) if wide.max() else 16
        return wide >> bits - 8
    if "transparency" in image.info or "A" in image.mode or "a" in image.mode:
        pixels = np.asarray(image.convert("RGBA")).astype(int)
        alpha = pixels[..., 3:]
        return (pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB")).astype(int)


def check(data, tolerance=1):
    """Ours is Pillow's, and the same again after memory was filled with something else."""
    got = read_image(data)
    expected = by_pillow(data)
    shown, expected = (a if a.ndim == 3 else np.dstack([a] * 3) for a in (got, expected))
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).max() <= tolerance
    dirt = [np.full(got.nbytes + 64, value, np.uint8) for value in (0xAA, 0x55) for _ in range(4)]
    del dirt
    np.testing.assert_array_equal(read_image(data), got)


RGB = Image.fromarray(smooth(40, 60))
GRAY = Image.fromarray(smooth(40, 60, 1))
RGBA = Image.fromarray(np.dstack([smooth(40, 60), smooth(40, 60, 1, seed=1)]))
LA = Image.fromarray(np.dstack([smooth(40, 60, 1), smooth(40, 60, 1, seed=1)]), "LA")
PALETTE = RGB.quantize(16)
BITS = RGB.convert("1")
WIDE = Image.fromarray(smooth(40, 60, 1).astype(np.uint16) * 257)
CMYK = RGB.convert("CMYK")
IMAGES = {
    "RGB": RGB, "L": GRAY, "RGBA": RGBA, "LA": LA, "P": PALETTE, "1": BITS, "I;16": WIDE,
    "CMYK": CMYK, "YCbCr": RGB.convert("YCbCr"), "LAB": None,
}  # fmt: skip
KINDS = [
    *(("BMP", mode, {}) for mode in ("1", "L", "P", "RGB", "RGBA")),
    *(("GIF", mode, {"interlace": i}) for mode in ("1", "L", "P", "RGB", "RGBA") for i in (0, 1)),
    *(
        ("TIFF", mode, {"compression": c})
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "YCbCr")
        for c in ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate")
    ),
    *(("TIFF", "1", {"compression": c}) for c in ("group3", "group4", "tiff_ccitt")),
    *(("TIFF", mode, {"compression": "jpeg"}) for mode in ("L", "RGB", "CMYK")),
    ("TIFF", "RGB", {"compression": "tiff_lzw", "tiffinfo": {317: 2}}),
    ("TIFF", "RGB", {"big_tiff": True}),
    *(("JPEG2000", mode, {"no_jp2": n}) for mode in ("L", "LA", "RGB", "RGBA", "I;16")
      for n in (True, False)),
    ("JPEG2000", "RGB", {"irreversible": True, "tile_size": (16, 16)}),
    ("JPEG2000", "YCbCr", {}),
    *(("AVIF", mode, {"subsampling": s}) for mode in ("RGB", "RGBA") for s in ("4:2:0", "4:0:0")),
    ("AVIF", "RGB", {"range": "limited"}),
    ("TGA", "1", {}),
    *(("TGA", mode, {"compression": c}) for mode in ("L", "LA", "P", "RGB", "RGBA")
      for c in (None, "tga_rle")),
    *(("TGA", "RGB", {"orientation": o}) for o in (1, -1)),
    *(("ICO", mode, {"sizes": [(40, 40)], "bitmap_format": f}) for mode in ("RGB", "RGBA")
      for f in ("png", "bmp")),
    *(("PCX", mode, {}) for mode in ("1", "L", "P", "RGB")),
    *(("SGI", mode, {}) for mode in ("L", "RGB", "RGBA")),
    *(("DDS", mode, {}) for mode in ("L", "LA", "RGB", "RGBA")),
    *(("QOI", mode, {}) for mode in ("RGB", "RGBA")),
    ("XBM", "1", {}),
    ("MSP", "1", {}),
    *(("DIB", mode, {}) for mode in ("1", "L", "P", "RGB")),
    *(("PPM", mode, {}) for mode in ("1", "L", "RGB", "I;16")),
    *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    ("PNG", "P", {"transparency": bytes(range(0, 256, 16))}),
    ("PNG", "P", {"transparency": 3}),
    ("GIF", "P", {"transparency": 3}),
    ("PNG", "RGB", {"transparency": (10, 20, 30)}),
    ("PNG", "L", {"transparency": 40}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("format", "mode", "options"), KINDS, ids=[f"{f} {m} {o}"[:50] for f, m, o in KINDS]
)
def test_kinds(format, mode, options):
    if (format, mode) == ("TIFF", "YCbCr") and options["compression"] == "raw" and not RAW_YCBCR:
        pytest.skip("Pillow 12 cannot read it")
    check(encode(IMAGES[mode], format, **options))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "options", [{}, {"tile": (16, 16)}, {"rowsperstrip": 7}, {"compression": "zlib"}]
)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("extra", [[], ["unassalpha"], ["unspecified"]])
def test_orders_of_samples_in_a_tiff(planar, dtype, options, order, extra):
    """Planes of 16 bits are what OpenCV gives other pixels of at each reading."""
    samples = np.dstack([smooth(40, 60), *[smooth(40, 60, 1, seed=1)] * len(extra)]).astype(dtype)
    samples *= np.iinfo(dtype).max // 255
    stored = samples if planar == "contig" else np.moveaxis(samples, 2, 0)
    data = tiff(
        np.ascontiguousarray(stored),
        photometric="rgb",
        planarconfig=planar,
        byteorder=order,
        extrasamples=extra,
        **options,
    )
    expected = (samples >> (8 if dtype == np.uint16 else 0)).astype(int)
    alpha = expected[..., 3:] if extra == ["unassalpha"] else 255
    expected = (expected[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    got = read_image(data)
    assert np.abs(got.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(read_image(data), got)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("form", ["gray tiff", "tiff", "big-endian tiff", "zlib tiff", "gray png",
                                  "png", "rgba png", "pgm", "ppm", "array", "rgba array",
                                  "miniswhite tiff", "jp2"])  # fmt: skip
def test_sixteen_bits_are_scaled_by_those_that_are_used(bits, form):
    """Cameras have 12 bits, and 8 bits lie in 16: neither is black."""
    channels = 1 if form in ("gray tiff", "gray png", "pgm", "miniswhite tiff", "jp2") else 3
    wide = smooth(40, 60, channels).astype(np.uint16) * 257 >> 16 - bits
    expected = (wide >> bits - 8).astype(np.uint8)
    if "rgba" in form:
        wide = np.dstack([wide, np.full(wide.shape[:2], 65535, np.uint16)])
    if form.endswith("tiff"):
        photometric = "rgb" if channels == 3 else "minisblack"
        options = {"compression": "zlib"} if "zlib" in form else {}
        options |= {"byteorder": ">"} if "big" in form else {}
        if "white" in form:
            photometric, wide = "miniswhite", ~wide
        data = tiff(wide, photometric=photometric, **options)
    elif form.endswith("png"):
        import cv2

        order = [2, 1, 0, 3][: wide.shape[2]] if wide.ndim == 3 else slice(None)
        data = cv2.imencode(".png", np.ascontiguousarray(wide[..., order]))[1].tobytes()
    elif form == "jp2":
        data = encode(Image.fromarray(wide), "JPEG2000")
    elif "array" in form:
        data = wide
    else:
        head = f"P{5 if channels == 1 else 6} 60 40 65535\n".encode()
        data = head + wide.astype(">u2").tobytes()
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, expected)
    notes = [note.code for note in decoded.warnings]
    assert notes == (["low_range"] if bits < 16 else [])


def test_small_values_in_planes_are_refused_rather_than_black():
    wide = np.moveaxis(smooth(40, 60), 2, 0).astype(np.uint16)
    with pytest.raises(ImageReadError, match="interleaved") as caught:
        read_image(tiff(np.ascontiguousarray(wide), photometric="rgb", planarconfig="separate"))
    assert caught.value.code == "unsupported_format"


def test_declared_depths_have_no_low_range():
    assert not decode_image(b"P5 2 1 4095\n" + struct.pack(">HH", 0, 100)).warnings
    assert read_image(b"P5 2 1 4095\n" + struct.pack(">HH", 0, 4095)).tolist() == [[0, 255]]
    assert not decode_image(np.zeros((4, 4), np.uint16)).warnings


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("maximum", [1, 200, 255, 1000, 65535])
def test_pam(depth, maximum, rng):
    """Which Pillow does not read."""
    kind = ">u2" if maximum > 255 else "u1"
    samples = rng.integers(0, maximum + 1, (4, 5, depth)).astype(kind)
    samples[0, 0] = maximum
    head = f"P7\nWIDTH 5\nHEIGHT 4\nDEPTH {depth}\nMAXVAL {maximum}\nTUPLTYPE X\nENDHDR\n".encode()
    got = read_image(head + samples.tobytes())
    assert got.shape == ((4, 5) if depth < 3 else (4, 5, 3))
    if depth % 2:
        scaled = samples.reshape(got.shape).astype(float) * 255 / maximum
        assert np.abs(got - scaled).max() <= 1
    with pytest.raises(ImageReadError) as caught:
        read_image(head + samples.tobytes()[:-1])
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_first_frames_of_gifs(disposal):
    frames = [RGB.quantize(16, dither=0), GRAY.quantize(8)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=disposal)
    check(data)


def psd(pixels, depth=8, packed=False, mode=3):
    """A flat Photoshop file."""
    height, width = pixels.shape[:2]
    planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, len(planes), height, width, depth, mode)
    body = bytes(12) + struct.pack(">H", packed)
    if not packed:
        return head + body + planes.tobytes()
    rows = [
        b"".join(bytes([n - 1]) + row[i : i + n].tobytes() for i in range(0, width, 100)
                 for n in [min(100, width - i)])
        for plane in planes for row in plane
    ]  # fmt: skip
    counts = struct.pack(f">{len(rows)}H", *map(len, rows))
    return head + body + counts + b"".join(rows)


@pytest.mark.parametrize("packed", [False, True])
def test_photoshop(packed):
    for pixels, mode in ((smooth(40, 60), 3), (smooth(40, 60, 1), 1)):
        data = psd(pixels, packed=packed, mode=mode)
        np.testing.assert_array_equal(read_image(data), pixels)
        check(data)


def os2_bmp(pixels, bits=24):
    """A BMP with the header of OS/2 1.x, which OpenCV reads as gray."""
    height, width = pixels.shape[:2]
    body = b"".join(row.tobytes() + bytes(-3 * width % 4) for row in pixels[::-1, :, ::-1])
    return (
        b"BM"
        + struct.pack("<IHHIIHHHH", 26 + len(body), 0, 0, 26, 12, width, height, 1, bits)
        + body
    )


def test_bitmaps_of_os2():
    data = os2_bmp(smooth(40, 61))
    np.testing.assert_array_equal(read_image(data), smooth(40, 61))
    check(data)


@pytest.mark.parametrize(
    "masks", [(0xF800, 0x7E0, 0x1F), (0x7C00, 0x3E0, 0x1F), (0xF00, 0xF0, 0xF)]
)
def test_bitmaps_of_sixteen_bits(masks, rng):
    body = rng.integers(0, 65536, (6, 8), dtype=np.uint16).tobytes()
    info = struct.pack("<IiiHHIIiiII", 40, 8, 6, 1, 16, 3, len(body), 0, 0, 0, 0)
    head = b"BM" + struct.pack("<IHHI", 66 + len(body), 0, 0, 66)
    data = head + info + struct.pack("<III", *masks) + body
    try:
        expected = by_pillow(data)
    except OSError:
        with pytest.raises(ImageReadError) as caught:
            read_image(data)
        assert caught.value.code == "unsupported_format"
        return
    assert np.abs(read_image(data).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "JPEG2000", "TIFF"])
def test_orientation_in_xmp_alone(format, orientation):
    """Pillow's meaning, for all formats: EXIF first, then XMP."""
    xmp = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
    data = encode(RGB, format, **({"xmp": xmp} if format != "PNG" else {"pnginfo": text(xmp)}))
    assert Image.open(io.BytesIO(data)).getexif().get(274, 1) in (1, orientation)
    check(data, tolerance=0 if format != "JPEG" else 2)


def text(xmp):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
    return info


def test_heif_with_the_extra():
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(RGB).save(file, quality=-1)
    decoded = decode_image(file.getvalue(), name="phone.heic")
    assert decoded.format == "heif"
    assert not decoded.warnings
    assert np.abs(decoded.pixels.astype(int) - np.asarray(RGB)).mean() < 4
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        turned = heif.from_pillow(RGB)
        turned.info["exif"] = exif.tobytes()
        file = io.BytesIO()
        turned.save(file, quality=-1)
        expected = np.asarray(heif.open_heif(file).to_pillow().convert("RGB")).astype(int)
        assert np.abs(read_image(file.getvalue()) - expected).max() <= 1


def test_heif_without_the_extra(monkeypatch):
    monkeypatch.setattr("cvclassic.images.formats.suffixes.find_spec", lambda name: None)
    with pytest.raises(ImageReadError, match=r"HEIC.*pip install 'cvclassic\[heif\]'") as caught:
        read_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    assert caught.value.code == "unsupported_format"


def test_twelve_bits_packed_in_a_tiff_are_declared():
    """Two samples in three bytes; what is declared is no low range."""
    wide = smooth(40, 60, 1).astype(np.uint16) << 4
    pairs = wide.reshape(-1, 2)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8,
                       pairs[:, 1] & 255], 1).astype(np.uint8)  # fmt: skip
    tags = [(256, 60), (257, 40), (258, 12), (259, 1), (262, 1), (273, 122), (277, 1), (278, 40),
            (279, packed.size)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    decoded = decode_image(head + packed.tobytes())
    np.testing.assert_array_equal(decoded.pixels, smooth(40, 60, 1))
    assert decoded.warnings == ()


def test_camera_raw_is_no_small_picture():
    """The first image of a DNG is a preview."""
    data = tiff(smooth(16, 16), photometric="rgb", extratags=[(50706, "B", 4, b"\1\4\0\0", True)])
    with pytest.raises(ImageReadError, match="camera raw is not supported: develop it"):
        read_image(data)


def test_cases(data_dir):
    """Files that were misread, called corrupt, or passed over in silence."""
    pytest.importorskip("pillow_heif")
    top = data_dir / "cases"
    if not top.is_dir():
        pytest.skip("no cases")
    source = read_image(top / "wrong_pixels" / "os2_24.bmp")
    for path in sorted(top.rglob("*.*")):
        if path.name == "rgb_planar_16.tif":  # Pillow itself takes planes of 16 bits for 8
            np.testing.assert_array_equal(read_image(path), source)
        elif path.suffix == ".jxl":
            with pytest.raises(ImageReadError, match="JPEG XL is not supported: convert"):
                read_image(path)
        elif path.suffix == ".heic":
            with pytest.raises(ImageReadError) as caught:  # only its beginning, as it stands
                read_image(path)
            assert caught.value.code in ("truncated", "corrupt")
        else:
            check(path.read_bytes())


@pytest.mark.slow
def test_hostile_files_as_pillow_reads_them(data_dir):
    """Also twice over memory that was filled with something else."""
    n_same = 0
    with watch_decoders(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted((data_dir / "hostile").rglob("*.*")):
            data = path.read_bytes()
            if path.suffix in (".jpg", ".README", ".LICENSE"):
                continue
            try:
                read_image(data)
                by_pillow(data)
            except Exception:
                continue  # one of them refuses: see test_hostile.py
            check(data)
            n_same += 1
    assert n_same >= 240


@pytest.mark.parametrize("format", ["ICO", "ICNS"])
def test_icons_are_as_large_as_what_is_in_them(format):
    """The table of an icon may say less than its images."""
    data = bytearray(encode(RGB.resize((64, 64)), format))
    at = data.index(b"IHDR") + 4
    data[at : at + 8] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(ImageReadError) as caught:
        read_image(bytes(data))
    assert caught.value.code == "too_large"


def test_nothing_reaches_standard_error(capfd, recwarn):
    """Neither what libtiff says nor what Pillow logs, where a program watches."""
    data = bytearray(encode(BITS, "TIFF", compression="group4"))
    data[20:40] = bytes(20)
    with watch_decoders():
        for at in range(8, len(data) - 1, 7):
            bad = bytearray(data)
            bad[at] ^= 0xFF
            try:
                read_image(bytes(bad))
            except ImageReadError:
                pass
    assert capfd.readouterr().err == ""
    assert not [w for w in recwarn if "PIL" in w.filename]


def test_a_pillow_that_is_being_imported_by_another_thread(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", types.ModuleType("PIL.Image"))
    assert not is_pil_image("a.jpg")
