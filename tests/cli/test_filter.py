"""``cvclassic filter``."""

import numpy as np
import pytest

from cvclassic.filters import convolve, kernel_names
from cvclassic.images import read_image, write_image


@pytest.fixture
def picture(tmp_path, rng):
    path = tmp_path / "a.png"
    write_image(path, rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    return path


def test_lists_every_kernel(in_process):
    done = in_process("filter", "--list")
    assert done.returncode == 0
    assert all(name in done.stdout for name in kernel_names())


def test_identity_changes_nothing(in_process, tmp_path, picture):
    done = in_process("filter", "identity", picture, "-o", tmp_path / "b.png")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(read_image(tmp_path / "b.png"), read_image(picture))


@pytest.mark.parametrize(
    "kernel",
    ["laplacian8", "-1 -1 -1; -1 8 -1; -1 -1 -1", "[[-1,-1,-1],[-1,8,-1],[-1,-1,-1]]", "@FILE"],
)
def test_ways_to_write_a_kernel(in_process, tmp_path, picture, kernel):
    if kernel == "@FILE":
        (tmp_path / "kernel.txt").write_text("-1 -1 -1\n-1  8 -1\n-1 -1 -1\n")
        kernel = f"@{tmp_path / 'kernel.txt'}"
    done = in_process("filter", kernel, picture, "-o", tmp_path / "b.npy", "--padding", "2")
    assert done.returncode == 0, done.stderr
    expected = convolve(read_image(picture), "laplacian8", padding=2, channels="separate")
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), expected)


def test_a_kernel_may_begin_with_minus_zero(in_process, tmp_path, picture):
    done = in_process("filter", "-0.5 0 0.5", picture, "-o", tmp_path / "b.npy")
    assert done.returncode == 0, done.stderr
    pixels = read_image(picture).astype(float)
    expected = (pixels[:, 2:] - pixels[:, :-2]).transpose(2, 0, 1) / 2
    np.testing.assert_allclose(np.load(tmp_path / "b.npy")[:, :, 1:-1], expected)


def test_many_images_go_to_a_folder(in_process, tmp_path, picture):
    write_image(tmp_path / "c.png", read_image(picture))
    done = in_process("filter", "sobel_x", picture, tmp_path / "c.png", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 2
    words = ("filter", "box", picture, tmp_path / "c.png", "-o", tmp_path / "one.png")
    assert "need a folder" in in_process(*words).stderr


def test_zero_is_middle_gray_for_derivatives(in_process, tmp_path):
    image = np.full((20, 30), 70, np.uint8)
    image[:, 15:] = 90
    write_image(tmp_path / "a.png", image)
    in_process("filter", "sobel_x", tmp_path / "a.png", "-o", tmp_path / "b.png")
    drawn = read_image(tmp_path / "b.png")
    assert drawn[:, :13].min() == drawn[:, :13].max() == 128
    assert drawn.max() == 255
    in_process("filter", "sobel_x", tmp_path / "a.png", "-o", tmp_path / "b.png", "--show", "clip")
    assert sorted(np.unique(read_image(tmp_path / "b.png"))) == [0, 80]


def test_stride_pooling_and_turning(in_process, tmp_path, picture):
    out = tmp_path / "b.npy"
    in_process("filter", "0 1; 0 0", picture, "-o", out, "--gray", "--padding", "valid")
    straight = np.load(out)
    options = ("--gray", "--padding", "valid", "--convolution", "--force")
    in_process("filter", "0 1; 0 0", picture, "-o", out, *options)
    assert straight.shape == (1, 19, 29)
    np.testing.assert_array_equal(np.load(out)[0, :-1, 1:], straight[0, 1:, :-1])
    in_process("filter", "box", picture, "-o", out, "--stride", "2", "--pool", "3", "--force")
    assert np.load(out).shape == (3, 3, 5)


def test_the_gabor_bank_is_a_sheet(in_process, tmp_path, picture):
    done = in_process("filter", "gabor-bank", picture, "-o", tmp_path / "b.png")
    assert done.returncode == 0, done.stderr
    assert read_image(tmp_path / "b.png").shape[1] > 60


@pytest.mark.parametrize(
    ("kernel", "name", "options", "code", "fragment"),
    [
        ("nonsense", "a.png", [], 2, "kernel must be one of"),
        ("1 2 x", "a.png", [], 2, "rows of numbers"),
        ("@nowhere.txt", "a.png", [], 3, "nowhere.txt"),
        ("box", "no.png", [], 1, "no such file"),
        ("box", "a.png", ["--padding", "mirror"], 2, "padding must be one of"),
        ("box:size=99", "a.png", ["--padding", "valid"], 2, "must fit"),
        ("box", "a.png", ["--stride", "0"], 2, "x>=1"),
        ("box", "a.png", ["--pool", "99"], 2, "must fit"),
    ],
)
def test_mistakes(in_process, tmp_path, picture, kernel, name, options, code, fragment):
    done = in_process("filter", kernel, tmp_path / name, "-o", tmp_path / "b.png", *options)
    assert done.returncode == code
    assert fragment in done.stderr
    assert not (tmp_path / "b.png").exists()


def test_an_unknown_format_is_found_before_the_work(in_process, tmp_path):
    done = in_process("filter", "box", "no.png", "-o", tmp_path / "b.xyz")
    assert done.returncode == 2
    assert "suffix" in done.stderr


def test_a_figure_shows_kernel_input_and_output(in_process, tmp_path, picture):
    out = tmp_path / "b.png"
    done = in_process("filter", "sobel_x", picture, "-o", out, "--figure")
    assert done.returncode == 0
    drawn = read_image(out)
    assert drawn.shape[1] > 3 * 250
    for color in ((213, 94, 0), (0, 114, 178)):  # weights of -2 and 2
        assert (drawn == color).all(axis=-1).sum() > 10_000
    for words in (("gabor-bank", picture, "-o", out), ("box", picture, "-o", tmp_path / "b.npy")):
        assert "leave out .npy or the bank" in in_process("filter", *words, "--figure").stderr
