"""Images are written whole or not at all."""

import os

import numpy as np
import pytest

from cvclassic.errors import DataError, ParameterError
from cvclassic.images import encode_image, read_image, write_image
from tests.images.makers import smooth


@pytest.mark.parametrize(
    "suffix", [".png", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".PNG"]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_lossless_round_trip(tmp_path, suffix, channels):
    image = smooth(40, 60, channels)
    path = tmp_path / f"a{suffix}"
    if suffix == ".pgm" and channels == 3:
        with pytest.raises(ParameterError, match="gray images only"):
            write_image(path, image)
        return
    write_image(path, image)
    got = read_image(path)
    if suffix == ".ppm" and channels == 1 and got.ndim == 3:
        got = got[..., 0]
    np.testing.assert_array_equal(got, image)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_round_trip(tmp_path, suffix):
    image = smooth(40, 60)
    for path in (tmp_path / f"a{suffix}", f"{tmp_path}/b{suffix}"):
        write_image(path, image, quality=90)
        assert np.abs(read_image(path).astype(int) - image).mean() < 16
    assert len(encode_image(image, suffix, quality=20)) < len(encode_image(image, suffix))


def test_replaces_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.png"
    for value in (1, 2):
        write_image(path, np.full((4, 4), value, np.uint8))
    assert os.listdir(tmp_path) == ["a.png"]
    assert read_image(path)[0, 0] == 2
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_odd_names(tmp_path):
    for name in ("%d.png", "new\nline.png", os.fsdecode(b"\xff.png")):
        write_image(tmp_path / name, np.zeros((4, 4), np.uint8))
        assert read_image(tmp_path / name).shape == (4, 4)


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    write_image(path, np.zeros((4, 4), np.uint8))
    for bad in (np.zeros((4, 4)), np.zeros((0, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), None):
        with pytest.raises(ParameterError, match="image must be a uint8 array"):
            write_image(path, bad)
    assert read_image(path).shape == (4, 4)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        write_image(tmp_path / "folder.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="cannot be written"):
        write_image(tmp_path / "missing" / "a.png", np.zeros((4, 4), np.uint8))
    assert sorted(os.listdir(tmp_path)) == ["a.png", "folder.png"]


def test_bad_parameters(tmp_path):
    image = np.zeros((4, 4), np.uint8)
    with pytest.raises(ParameterError, match=r"Got '\.xyz' instead"):
        write_image(tmp_path / "a.xyz", image)
    with pytest.raises(ParameterError, match="quality must be an integer"):
        write_image(tmp_path / "a.jpg", image, quality=101)
