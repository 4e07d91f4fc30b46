"""Cases 30 to 49 and 17 to 19: what the bytes are."""

import gzip

import cv2
import numpy as np
import pytest
from PIL import Image

from cvclassic.errors import ImageReadError
from cvclassic.images import decode_image, identify, read_header, read_image
from tests.images.makers import encode, gif, png, smooth, tiff


def failure(source, **options):
    with pytest.raises(ImageReadError) as caught:
        read_image(source, **options)
    return caught.value


def warnings(source, **options):
    return [note.code for note in decode_image(source, **options).warnings]


def outcome(source):
    """The code of the failure, or "ok"."""
    try:
        read_image(source)
    except ImageReadError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"just words\n", "text"),
        ("Größe".encode(), "text"),
        (b"<!DOCTYPE html><html>404</html>", "HTML"),
        (b"\n<html>404</html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git-LFS pointer"),
        (gzip.compress(b"x", mtime=0), "gzip"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<svg></svg>", "SVG"),
        (b"\xff\x0a" + bytes(20), "JPEG XL"),
        (b"IIRO" + bytes(20), "camera raw"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04", "ZIP"),
        (b"\0\x01\x02\x03", "unknown"),
    ],
)
def test_what_is_no_picture_is_named(data, name):
    error = failure(data)
    assert error.code == "unsupported_format"
    assert name in error.message


def test_empty():
    assert failure(b"").code == "empty"


@pytest.fixture(scope="module")
def files():
    image = smooth(160, 240)
    ok, restarts = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_RST_INTERVAL, 4])
    assert ok
    return {
        "jpeg": encode(image, "JPEG"),
        "gray jpeg": encode(smooth(160, 240, 1), "JPEG"),
        "progressive jpeg": encode(image, "JPEG", progressive=True),
        "jpeg with restarts": np.asarray(restarts).tobytes(),
        "png": encode(image, "PNG"),
        "gif": encode(image, "GIF"),
        "bmp": encode(image, "BMP"),
        "tiff": encode(image, "TIFF"),
        "lzw tiff": encode(image, "TIFF", compression="tiff_lzw"),
        "big tiff": tiff(image, bigtiff=True, photometric="rgb"),
        "webp": encode(image, "WEBP"),
        "lossless webp": encode(image, "WEBP", lossless=True),
        "alpha webp": encode(np.dstack([image, image[..., :1]]), "WEBP"),
        "ppm": encode(image, "PPM"),
        "jpeg2000": encode(image, "JPEG2000"),
        "j2k": encode(image, "JPEG2000", no_jp2=True),
        "avif": encode(image, "AVIF"),
    }


def test_header_and_pixels_agree(files):
    for name, data in files.items():
        header = read_header(data)
        assert header.format in name or name in ("ppm", "j2k"), name
        assert (header.width, header.height) == (240, 160), name
        assert read_image(data).shape[:2] == (160, 240), name
        assert identify(data[:1024]) == header.format


@pytest.mark.parametrize("part", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_cut_files(files, part):
    for name, data in files.items():
        error = failure(data[: int(len(data) * part)])
        # PNG and GIF come in blocks: what lacks one is damaged
        allowed = {"corrupt"} if name in ("png", "gif") else {"truncated"}
        if part == 0.01 or name in ("lzw tiff", "big tiff", "tiff", "avif", "jpeg2000", "j2k"):
            allowed = {"truncated", "corrupt"}
        assert error.code in allowed, (name, part, error)


def test_every_cut_of_a_jpeg(files):
    """No cut is taken for a whole image, unless only the mark is gone."""
    for name in ("jpeg", "progressive jpeg", "jpeg with restarts", "gray jpeg"):
        data = files[name]
        whole = read_image(data)
        for at in [2, 3, 20, *range(200, len(data) - 2, 997), *range(len(data) - 12, len(data))]:
            if outcome(data[:at]) == "truncated":
                assert at < len(data) - 1
            else:
                assert warnings(data[:at]) == ["missing_eoi"], (name, at)
                np.testing.assert_array_equal(read_image(data[:at]), whole)
                assert at > len(data) - 12


def test_tiny_beginnings_of_every_format(files):
    for name, data in files.items():
        for n in range(1, 64):
            assert failure(data[:n]).code in ("truncated", "corrupt", "unsupported_format"), name


def test_soi_and_header_only(files):
    assert failure(b"\xff\xd8").code == "truncated"
    data = files["jpeg"]
    assert failure(data[: data.index(b"\xff\xda")]).code == "truncated"
    assert failure(data[: data.index(b"\xff\xda") + 14]).code == "truncated"
    assert failure(b"\xff\xd8\xff\xd9").code == "corrupt"


def test_truncated_jpeg_on_request(files):
    whole = read_image(files["jpeg"])
    data = files["jpeg"][: len(files["jpeg"]) // 2]
    decoded = decode_image(data, allow_truncated=True)
    assert [note.code for note in decoded.warnings] == ["truncated"]
    np.testing.assert_array_equal(decoded.pixels[:32], whole[:32])
    assert decoded.pixels[-8:].std() < 3


def test_zeros_in_place_of_the_end(files):
    """A download that was allocated whole and never finished."""
    for name in ("jpeg", "progressive jpeg"):
        data = files[name]
        cut = data[: len(data) // 2] + bytes(len(data) // 2)
        assert failure(cut).code == "truncated"


def test_missing_end_mark_only(files):
    for name in ("jpeg", "progressive jpeg", "gray jpeg", "jpeg with restarts"):
        data = files[name]
        assert warnings(data[:-2]) == ["missing_eoi"], name
        np.testing.assert_array_equal(read_image(data[:-2]), read_image(data))
        assert warnings(data[:-2], max_side=60) == ["missing_eoi"]


def test_thumbnail_is_not_the_end(files):
    """The end mark of a thumbnail in the metadata does not make a cut image whole."""
    thumbnail = encode(smooth(32, 32), "JPEG")
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    data = b"\xff\xd8" + segment + files["jpeg"][2:]
    assert read_image(data).shape == (160, 240, 3)
    assert failure(data[: len(data) // 2]).code == "truncated"


def test_garbage_tail(files):
    for name in ("jpeg", "progressive jpeg", "png", "webp"):
        assert warnings(files[name] + b"garbage") == ["trailing_data"], name
        np.testing.assert_array_equal(read_image(files[name] + b"garbage"), read_image(files[name]))
    for name, data in files.items():
        if "tiff" not in name and "avif" not in name:
            assert read_image(data + b"garbage").shape == (160, 240, 3)[: 2 + ("gray" not in name)]


def test_whole_files_have_no_warnings(files):
    for name, data in files.items():
        assert warnings(data) == [], name


def test_png_crc(files):
    for at in (20, len(files["png"]) // 2):
        data = bytearray(files["png"])
        data[at] ^= 0xFF
        assert failure(bytes(data)).code in ("corrupt", "too_large")


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (0, 0)])
def test_zero_dimension(width, height):
    assert failure(png(width, height)).code == "corrupt"
    assert failure(gif(width, height)).code == "corrupt"
    assert failure(f"P5 {width} {height} 255 ".encode()).code == "corrupt"


def test_names(files, tmp_path):
    for name, expected in (
        ("picture.jpg", ["ext_mismatch"]),
        ("picture.png", []),
        ("picture.PNG", []),
        ("picture", []),
        ("picture.dat", []),
        (".jpg", []),
    ):
        path = tmp_path / name
        path.write_bytes(files["png"])
        assert warnings(path) == expected
        assert warnings(files["png"], name=path) == expected


def test_messages_name_the_source(tmp_path):
    path = tmp_path / "words.jpg"
    path.write_text("words")
    error = failure(path)
    assert str(path) in str(error)
    assert error.source == str(path)
    assert "<5 bytes>" in str(failure(b"words"))


def test_animations_give_their_first_frame():
    frames = [Image.fromarray(np.full((20, 30, 3), v, np.uint8)) for v in (0, 255)]
    for format in ("GIF", "PNG", "WEBP", "TIFF"):
        data = encode(frames[0], format, save_all=True, append_images=frames[1:])
        assert (read_image(data) <= 2).all()


def test_random_damage_gives_an_array_or_a_code(files, rng):
    """Whatever is done to a file, nothing but ImageReadError comes out."""
    codes = set()
    for name, data in files.items():
        for _ in range(15):
            bad = bytearray(data)
            for at in rng.integers(0, min(len(bad), 4096), 8):
                bad[at] = rng.integers(256)
            try:
                image = read_image(bytes(bad), max_pixels=2_000_000)
                assert image.dtype == np.uint8, name
            except ImageReadError as error:
                codes.add(error.code)
    assert codes <= {
        "corrupt",
        "too_large",
        "truncated",
        "unsupported_format",
        "unsupported_depth",
        "non_finite",
    }
