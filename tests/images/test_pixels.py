"""Cases 57 to 60 and 62: what the samples mean, and arrays."""

import cv2
import numpy as np
import pytest
from PIL import Image

from cvclassic.errors import ImageReadError, ParameterError
from cvclassic.images import decode_image, read_image, reduced_size, resize_to
from tests.images.makers import RAW_YCBCR, chunk, encode, png, smooth, tiff


def code_of(source, **options):
    with pytest.raises(ImageReadError) as caught:
        read_image(source, **options)
    return caught.value.code


def over_white(rgb, alpha):
    a = alpha[..., None] / 255
    return np.rint(rgb * a + 255 * (1 - a)).astype(int)


@pytest.fixture
def rgba(rng):
    return rng.integers(0, 256, (20, 30, 4), dtype=np.uint8)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM", "JPEG2000", "WEBP"])
def test_lossless_round_trip(format):
    for channels in (1, 3):
        if format == "WEBP" and channels == 1:
            continue
        image = smooth(40, 60, channels)
        options = {"lossless": True} if format == "WEBP" else {}
        np.testing.assert_array_equal(read_image(encode(image, format, **options)), image)


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_lose_the_lower_byte(rng, channels):
    shape = (20, 30, 3)[: 2 if channels == 1 else 3]
    wide = rng.integers(0, 65536, shape, dtype=np.uint16)
    expected = (wide >> 8).astype(np.uint8)
    bgr = wide if channels == 1 else wide[..., ::-1]
    for suffix in (".png", ".tiff", ".pgm" if channels == 1 else ".ppm", ".jp2"):
        ok, data = cv2.imencode(suffix, np.ascontiguousarray(bgr))
        if not ok:  # not every OpenCV writes 16 bits as JPEG 2000
            assert suffix == ".jp2"
            continue
        np.testing.assert_array_equal(read_image(np.asarray(data).tobytes()), expected)
    np.testing.assert_array_equal(read_image(wide), expected)


def test_sixteen_bit_tiff_where_zero_is_white(rng):
    wide = rng.integers(0, 65536, (20, 30), dtype=np.uint16)
    got = read_image(tiff(wide, photometric="miniswhite"))
    np.testing.assert_array_equal(got, ((65535 - wide) >> 8).astype(np.uint8))


@pytest.mark.parametrize("depth", [10, 12])
def test_avif_keeps_the_upper_bits(depth):
    image = np.full((32, 32, 3), (1 << depth) - 1, np.uint16)
    image[:16] = 0
    try:
        ok, data = cv2.imencode(".avif", image, [cv2.IMWRITE_AVIF_DEPTH, depth])
    except cv2.error as error:
        pytest.skip(f"this OpenCV writes no AVIF of {depth} bits: {error}")
    assert ok
    got = read_image(np.asarray(data).tobytes())
    assert got[4, 4].max() <= 3
    assert got[28, 28].min() >= 252


@pytest.mark.parametrize("maximum", [1, 15, 100, 255, 1000, 4095, 65535])
@pytest.mark.parametrize("plain", [True, False])
def test_pnm_is_scaled_by_its_maximum(maximum, plain):
    values = [0, maximum // 2, maximum]
    if plain:
        data = f"P2\n# a comment\n3 1\n{maximum}\n{' '.join(map(str, values))}\n".encode()
    else:
        body = np.array(values, ">u2" if maximum > 255 else "u1").tobytes()
        data = f"P5 3 1 {maximum}\n".encode() + body
    got = read_image(data)[0].astype(int)
    assert got[0] == 0
    assert got[2] == 255
    assert abs(got[1] - 255 * values[1] / maximum) <= 1


@pytest.mark.parametrize("format", ["PNG", "WEBP", "JPEG2000", "TIFF"])
def test_alpha_is_laid_over_white(rgba, format):
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    got = read_image(encode(rgba, format, **options)).astype(int)
    # TIFF colors are multiplied by alpha, in whole numbers, before anybody gets to see them.
    tolerance = 1 if format == "TIFF" else 0
    assert np.abs(got - over_white(rgba[..., :3], rgba[..., 3])).max() <= tolerance


@pytest.mark.parametrize("extra", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_alpha(rgba, extra, dtype):
    rgba[..., 3] = rgba[..., 3] // 51 * 51
    stored = rgba.astype(float)
    if extra == "assocalpha":
        stored[..., :3] *= rgba[..., 3:] / 255
    stored = np.rint(stored).astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    got = read_image(tiff(stored, photometric="rgb", extrasamples=[extra])).astype(int)
    assert np.abs(got - over_white(rgba[..., :3], rgba[..., 3])).max() <= 2


def test_fourth_channel_that_is_no_alpha_is_dropped(rgba):
    data = tiff(rgba, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(read_image(data), rgba[..., :3])


def test_gray_with_alpha_stays_gray(rgba):
    gray = rgba[..., [0, 3]]
    got = read_image(encode(Image.fromarray(gray, "LA"), "PNG"))
    np.testing.assert_array_equal(got, over_white(gray[..., :1], gray[..., 1])[..., 0])


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_png_transparent_gray(depth):
    top = (1 << depth) - 1
    pixel = (top // 3).to_bytes(2, "big")
    # Two rows of one pixel: that gray, and black.
    first = pixel if depth == 16 else bytes([(top // 3) << (8 - depth)])
    rows = b"\0" + first + b"\0" + bytes(len(first))
    got = read_image(png(1, 2, depth, 0, rows, chunk(b"tRNS", pixel)))
    # Of one bit both pixels are black.
    assert got.tolist() == [[255], [255 if depth == 1 else 0]]


def test_palette_one_bit_and_cmyk():
    image = smooth(40, 60)
    palette = Image.fromarray(image).quantize(16)
    expected = np.array(palette.convert("RGB"))
    for format in ("PNG", "GIF", "BMP", "TIFF"):
        np.testing.assert_array_equal(read_image(encode(palette, format)), expected)
    bits = Image.fromarray(image).convert("1")
    for format in ("PNG", "BMP", "TIFF", "PPM"):
        got = read_image(encode(bits, format))
        assert set(np.unique(got)) == {0, 255}
        np.testing.assert_array_equal(got, np.array(bits.convert("L")))
    flat = Image.new("RGB", (40, 40), (200, 100, 0)).convert("CMYK")
    for format in ("JPEG", "TIFF"):
        got = read_image(encode(flat, format))
        assert np.abs(got.astype(int) - (200, 100, 0)).max() <= 3


def test_palette_with_alpha(rgba):
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 0])
    palette.putpixel((1, 0), 1)
    got = read_image(encode(palette, "PNG", transparency=bytes([0, 255])))
    np.testing.assert_array_equal(got, [[[255, 255, 255], [200, 100, 0]]])
    got = read_image(encode(palette, "GIF", transparency=0))
    np.testing.assert_array_equal(got, [[[255, 255, 255], [200, 100, 0]]])


def test_empty_fourth_byte_of_a_bmp_is_no_alpha():
    data = bytearray(encode(np.full((4, 4, 3), 77, np.uint8), "BMP"))
    body = np.zeros((4, 4, 4), np.uint8)
    body[..., :3] = (30, 20, 10)
    data[28] = 32
    data[2:6] = (54 + 64).to_bytes(4, "little")
    got = read_image(bytes(data[:54]) + body.tobytes())
    assert (got == (10, 20, 30)).all()


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "u4"])
def test_odd_depths_are_refused(dtype):
    assert code_of(tiff(np.ones((4, 4), dtype))) == "unsupported_depth"


def test_float_files_with_nan():
    bad = np.ones((4, 4), np.float32)
    bad[1, 2] = np.nan
    assert code_of(tiff(bad)) == "non_finite"
    assert code_of(b"Pf\n4 4\n-1.0\n" + bad.tobytes()) == "non_finite"
    assert code_of(b"Pf\n4 4\n-1.0\n" + np.ones((4, 4), "<f4").tobytes()) == "unsupported_depth"


def test_arrays():
    image = smooth(40, 60)
    assert read_image(image) is image
    np.testing.assert_array_equal(read_image(image[..., :1]), image[..., 0])
    turned = read_image(image.transpose(1, 0, 2))
    assert turned.flags.c_contiguous
    clear = np.dstack([image, np.full((40, 60), 255, np.uint8)])
    np.testing.assert_array_equal(read_image(clear), image)
    clear[..., 3] = 0
    assert (read_image(clear) == 255).all()
    decoded = decode_image(image, max_side=30)
    assert (decoded.format, decoded.width, decoded.height) == ("array", 60, 40)
    np.testing.assert_array_equal(decoded.pixels, resize_to(image, 30))


def test_floats_from_0_to_1_and_bools_are_black_to_white():
    image = smooth(20, 30)
    for dtype in (np.float16, np.float32, np.float64):
        np.testing.assert_array_equal(read_image((image / 255).astype(dtype)), image)
    assert read_image(np.eye(3, dtype=bool)).tolist() == (255 * np.eye(3)).tolist()
    with pytest.raises(ImageReadError, match=r"floats from 0 to 1\. Got -2 to 7"):
        read_image(np.linspace(-2, 7, 16).reshape(4, 4))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_pillows_images_are_what_their_files_are(mode, tmp_path):
    from PIL import Image

    if mode == "YCbCr" and not RAW_YCBCR:
        pytest.skip("Pillow 12 cannot read it in a TIFF")
    image = Image.fromarray(smooth(20, 30)).convert("RGBA" if mode == "RGBA" else "RGB")
    if mode == "I;16":
        image = Image.fromarray(smooth(20, 30)[..., 0].astype(np.uint16) * 256)
    elif mode != image.mode:
        image = image.convert("L").convert("LA") if mode == "LA" else image.convert(mode)
    path = tmp_path / ("a.tif" if mode in ("CMYK", "YCbCr", "LA") else "a.png")
    image.save(path)
    found = read_image(image).astype(int)
    if mode == "LA":  # files of gray with alpha are read as color or gray by their kind
        found = found if found.ndim == 2 else found[..., 0]
    expected = read_image(path)
    expected = expected if expected.ndim == found.ndim else expected[..., 0]
    assert np.abs(found - expected).max() <= (6 if mode in ("CMYK", "YCbCr") else 0)


def test_pillows_images_are_turned_upright(tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(smooth(20, 30)).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(read_image(image), read_image(tmp_path / "a.png"))


def test_a_pillow_image_that_says_no_range_is_refused():
    from PIL import Image

    for mode in ("I", "F"):
        assert code_of(Image.new(mode, (4, 4))) == "unsupported_depth"


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.zeros((0, 4), np.uint8), "empty"),
        (np.full((4, 4), 1.5), "unsupported_depth"),
        (np.full((4, 4), -0.1, np.float32), "unsupported_depth"),
        (np.full((4, 4), np.nan), "non_finite"),
        (np.full((4, 4, 3), np.inf, np.float32), "non_finite"),
        (np.zeros((4, 4), int), "unsupported_depth"),
        (np.zeros((4, 4), object), "unsupported_depth"),
        (np.zeros(9, np.uint8), "unsupported_format"),
        (np.zeros((4, 4, 2), np.uint8), "unsupported_format"),
        (np.zeros((1, 4, 4, 3), np.uint8), "unsupported_format"),
    ],
)
def test_bad_arrays(array, code):
    assert code_of(array) == code


def test_path_bytes_and_array_are_the_same(tmp_path):
    image = smooth(40, 60)
    data = encode(image, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for source in (path, str(path), data, bytearray(data), memoryview(data), image):
        np.testing.assert_array_equal(read_image(source, max_side=31), resize_to(image, 31))


def test_tiny_and_uniform():
    for shape in ((1, 1), (1, 9), (9, 1), (1, 1, 3), (50, 50, 3)):
        image = np.full(shape, 128, np.uint8)
        np.testing.assert_array_equal(read_image(encode(image, "PNG")), image)
        assert read_image(encode(image, "JPEG"), max_side=1).shape[:2] == (1, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("max_side", [1, 7, 59, 60, 61, 119, 120, 121, 200, 239, 240, 241, 5000])
def test_reduced_size(max_side, channels):
    image = smooth(160, 240, channels)
    expected = reduced_size(240, 160, max_side)
    assert max(expected) == min(max_side, 240)
    for format in ("JPEG", "PNG"):
        data = encode(image, format)
        decoded = decode_image(data, max_side=max_side)
        assert decoded.pixels.shape[1::-1] == expected
        assert decoded.pixels.ndim == image.ndim
        assert (decoded.width, decoded.height) == (240, 160)
        difference = np.abs(decoded.pixels.astype(int) - resize_to(read_image(data), max_side))
        assert difference.mean() < (5 if format == "JPEG" else 1e-9)


def test_without_reduction_pixels_are_untouched():
    data = encode(smooth(160, 240), "JPEG")
    np.testing.assert_array_equal(read_image(data), read_image(data, max_side=240))


def test_reduced_size_is_symmetric(rng):
    for _ in range(200):
        w, h, side = (int(v) for v in rng.integers(1, 5000, 3))
        assert reduced_size(w, h, side) == reduced_size(h, w, side)[::-1]
        assert min(reduced_size(w, h, side)) >= 1


@pytest.mark.parametrize("bad", [0, -1, 1.5, "big", True])
def test_bad_parameters(bad):
    with pytest.raises(ParameterError, match="max_side must be an integer >= 1"):
        read_image(np.zeros((4, 4), np.uint8), max_side=bad)


def test_bad_source():
    for source in (None, 3, ["a.jpg"]):
        with pytest.raises(ParameterError, match="source must be"):
            read_image(source)
