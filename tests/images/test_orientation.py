"""Case 61: eight orientations, the same pixels."""

import cv2
import numpy as np
import pytest
from PIL import Image

from cvclassic.images import decode_image, read_image, resize_to, write_image
from cvclassic.images.formats.pixels import turn_upright
from tests.images.makers import encode, smooth, tiff

# What a camera that was held so would have stored of an upright image.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}
FORMATS = {
    "JPEG": ({"quality": 98, "subsampling": 0}, 8),
    "PNG": ({}, 0),
    "WEBP": ({"lossless": True}, 0),
    "TIFF": ({}, 0),
    "AVIF": ({"quality": 98, "subsampling": "4:4:4"}, 12),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("format", FORMATS)
def test_upright_pixels(format, channels, orientation):
    options, tolerance = FORMATS[format]
    upright = smooth(96, 160, channels)
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    data = encode(stored, format, exif=exif, **options)
    decoded = decode_image(data)
    got = decoded.pixels
    if channels == 1 and got.ndim == 3:  # WebP and AVIF as Pillow writes them have no gray
        assert format in ("WEBP", "AVIF")
        got = got[..., 0]
    assert (decoded.width, decoded.height) == (160, 96)
    assert got.shape == upright.shape
    assert np.abs(got.astype(int) - upright).max() <= tolerance

    reduced = read_image(data, max_side=40)
    reduced = reduced[..., 0] if channels == 1 and reduced.ndim == 3 else reduced
    assert reduced.shape[:2] == (24, 40)
    difference = np.abs(reduced.astype(int) - resize_to(upright, 40))
    assert difference.max() <= (16 if format == "JPEG" else tolerance)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib"}, {"tile": (32, 32)}, {"rowsperstrip": 8}]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_kinds(dtype, options, orientation):
    upright = smooth(96, 160)
    stored = np.ascontiguousarray(STORED[orientation](upright)).astype(dtype)
    stored *= np.iinfo(dtype).max // 255
    data = tiff(stored, photometric="rgb", extratags=[(274, "H", 1, orientation, True)], **options)
    np.testing.assert_array_equal(read_image(data), upright)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_turned_by_exif_alone(orientation):
    """A file without irot and imir is turned by its EXIF data."""
    upright = smooth(96, 160)
    exif = Image.Exif()
    exif[274] = orientation
    # Pillow would write irot and imir instead.
    stored = np.ascontiguousarray(STORED[orientation](upright)[..., ::-1])
    try:
        ok, data = cv2.imencodeWithMetadata(
            ".avif", stored, [cv2.IMAGE_METADATA_EXIF], [np.frombuffer(exif.tobytes(), np.uint8)]
        )
    except (AttributeError, cv2.error) as error:
        pytest.skip(f"this OpenCV writes no EXIF into AVIF: {error}")
    assert ok
    got = read_image(np.asarray(data, np.uint8).tobytes())
    assert got.shape == upright.shape
    assert np.abs(got.astype(int) - upright).mean() < 6


def test_turn_upright_is_the_inverse_of_storing(rng):
    for shape in ((5, 7), (5, 7, 3), (1, 1), (1, 9, 3)):
        upright = rng.integers(0, 256, shape, dtype=np.uint8)
        for orientation, store in STORED.items():
            stored = np.ascontiguousarray(store(upright))
            np.testing.assert_array_equal(turn_upright(stored, orientation), upright)


def test_all_orientations_of_one_photo(data_dir):
    folder = data_dir / "hostile" / "exif_orientation"
    photos = [read_image(folder / f"Landscape_{i}.jpg") for i in range(1, 9)]
    for photo in photos[1:]:
        assert photo.shape == photos[0].shape
        # Each was compressed anew.
        assert np.abs(photo.astype(int) - photos[0]).mean() < 4


def test_g4_orientations_agree(data_dir):
    folder = data_dir / "hostile" / "pillow"
    first = read_image(folder / "g4_orientation_1.tif")
    for i in range(2, 9):
        other = read_image(folder / f"g4_orientation_{i}.tif")
        # Bilevel scans that differ in a hundred of 51,920 pixels.
        assert other.shape == first.shape
        assert (other != first).mean() < 0.01


def test_damaged_exif_means_upright():
    image = smooth(40, 60)
    for exif in (b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", bytes(200)):
        data = encode(image, "JPEG", exif=b"Exif\0\0" + exif)
        assert read_image(data).shape == image.shape
    for value in (0, 9, 65535):
        exif = Image.Exif()
        exif[274] = value
        assert read_image(encode(image, "JPEG", exif=exif)).shape == image.shape


def test_what_is_written_is_upright(tmp_path):
    image = smooth(40, 60)
    write_image(tmp_path / "a.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
