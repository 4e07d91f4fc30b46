"""The named bank and kernels written as text or JSON."""

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.filters import gabor_bank, get_kernel, kernel_names, parse_kernel

DERIVATIVES = ["edge_diagonal", "laplacian4", "laplacian8", "sobel_x", "scharr_y", "prewitt_x"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("identity", "0 0 0; 0 1 0; 0 0 0"),
        ("box", "1 1 1; 1 1 1; 1 1 1"),
        ("gaussian3", "1 2 1; 2 4 2; 1 2 1 / 16"),
        ("edge_diagonal", "1 0 -1; 0 0 0; -1 0 1"),
        ("laplacian4", "0 1 0; 1 -4 1; 0 1 0"),
        ("laplacian8", "-1 -1 -1; -1 8 -1; -1 -1 -1"),
        ("sharpen", "0 -1 0; -1 5 -1; 0 -1 0"),
    ],
)
def test_textbook_kernels(name, text):
    np.testing.assert_array_equal(get_kernel(name), parse_kernel(text))


@pytest.mark.parametrize("name", kernel_names())
def test_every_kernel_is_finite_and_odd(name):
    kernel = get_kernel(name)
    assert np.isfinite(kernel).all()
    assert kernel.shape[0] % 2 == kernel.shape[1] % 2 == 1


@pytest.mark.parametrize("name", [*DERIVATIVES, "log", "gabor"])
def test_derivatives_do_not_see_a_flat_picture(name):
    assert abs(get_kernel(name).sum()) < 1e-12


@pytest.mark.parametrize("spec", ["gaussian:sigma=0.7", "gaussian:sigma=5", "motion:angle=30"])
def test_blurs_keep_the_brightness(spec):
    kernel = parse_kernel(spec)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.min() >= 0


def test_gaussian_agrees_with_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    impulse = np.zeros((41, 41))
    impulse[20, 20] = 1
    expected = ndimage.gaussian_filter(impulse, 2.5, truncate=4)
    kernel = get_kernel("gaussian", sigma=2.5)
    r = kernel.shape[0] // 2
    np.testing.assert_allclose(kernel, expected[20 - r : 21 + r, 20 - r : 21 + r], atol=1e-12)


def test_log_is_a_laplacian_of_a_gaussian():
    ndimage = pytest.importorskip("scipy.ndimage")
    impulse = np.zeros((61, 61))
    impulse[30, 30] = 1
    expected = ndimage.gaussian_laplace(impulse, 3.0, truncate=6)
    kernel = get_kernel("log", sigma=3.0)
    r = kernel.shape[0] // 2
    np.testing.assert_allclose(kernel, expected[30 - r : 31 + r, 30 - r : 31 + r], atol=2e-5)


def test_a_turned_gabor_is_the_gabor_of_a_turned_angle():
    a = get_kernel("gabor", wavelength=5, angle=20, phase=90, size=21)
    b = get_kernel("gabor", wavelength=5, angle=110, phase=90, size=21)
    np.testing.assert_allclose(np.rot90(a), b, atol=1e-12)


def test_gabor_bank_answers_most_to_its_own_grating():
    bank = gabor_bank((6.0,), n_angles=4)
    y, x = np.mgrid[-30:31, -30:31]
    r = bank[0].shape[0] // 2
    for i in range(4):
        angle = np.pi * i / 4
        grating = np.cos(2 * np.pi * (x * np.cos(angle) - y * np.sin(angle)) / 6)
        patch = grating[30 - r : 31 + r, 30 - r : 31 + r]
        answers = [abs((kernel * patch).sum()) for kernel in bank]
        assert np.argmax(answers) == i


def test_motion_blur_along_x_is_one_row():
    kernel = get_kernel("motion", length=5)
    assert np.flatnonzero(kernel.sum(axis=1) > 1e-12).tolist() == [2]
    np.testing.assert_allclose(get_kernel("motion", length=5, angle=90), kernel.T, atol=1e-9)


@pytest.mark.parametrize(
    "text",
    ["1,2;3,4", "1 2\n3 4", "[[1, 2], [3, 4]]", '{"kernel": [[2, 4], [6, 8]], "scale": 0.5}'],
)
def test_ways_to_write_a_kernel(text):
    np.testing.assert_array_equal(parse_kernel(text), [[1, 2], [3, 4]])


def test_json_by_name():
    np.testing.assert_array_equal(
        parse_kernel('{"name": "gaussian", "sigma": 2}'), get_kernel("gaussian", sigma=2)
    )


@pytest.mark.parametrize(
    ("spec", "fragment"),
    [
        ("nonsense", "one of identity"),
        ("", "kernel must"),
        ("1 2; 3", "rows of equal length"),
        ("1 x; 2 3", "rows of numbers"),
        ("1 nan", "finite"),
        ("1 2 / 0", "divided by 0"),
        ("[[1, 2], [3]]", "rows of equal length"),
        ("[[1, 2", "not valid JSON"),
        ("[" * 5000, "not valid JSON"),
        ('{"scale": 2}', '"kernel"'),
        ("gaussian:sigma=-1", "sigma must be"),
        ("gaussian:sigma=1e9", "sigma must be at most"),
        ("gaussian:size=100000", "size must be an integer from 1"),
        ("gaussian:size=[1]", "must read like"),
        ("gaussian:width=3", "takes sigma, size"),
        ("sobel_x:size=3", "takes no parameters"),
        (np.zeros((0, 3)), "none of them 0"),
        (np.zeros((300, 3)), "at most 255"),
        ([["a"]], "numbers"),
    ],
)
def test_bad_kernels_say_why(spec, fragment):
    with pytest.raises(ParameterError) as caught:
        parse_kernel(spec)
    assert fragment in str(caught.value)
    assert len(str(caught.value)) < 400
