"""Convolution against worked grids, scipy and its own algebra."""

import numpy as np
import pytest
from scipy import ndimage

from cvclassic.errors import ParameterError
from cvclassic.filters import center_pad, convolve, kernel_names, output_size, parse_kernel

PICTURE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 1],
        [0, 1, 0, 1, 1, 0, 0],
        [0, 0, 1, 0, 0, 1, 1],
        [0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]
)
KERNEL = "0 0 1; 1 0 0; 0 1 1"


def test_the_worked_7x7_picture():
    # The slide that this example is from has 1 in the middle of the last row; the window there is
    # [0 0 1; 1 1 1; 0 0 0], and 1*1 + 1*1 is 2.
    expected = [[1, 2, 0, 2, 4], [1, 2, 2, 0, 0], [1, 0, 2, 2, 1], [3, 2, 2, 2, 2], [0, 1, 2, 1, 1]]
    np.testing.assert_array_equal(convolve(PICTURE, KERNEL), [expected])


def test_a_sum_done_by_hand():
    # One window, every product written out: 1*1 + 2*0 + 3*(-1) + 4*2 = 6; turned round:
    # 1*2 + 2*(-1) + 3*0 + 4*1 = 4.
    image = np.array([[1, 2], [3, 4]])
    assert convolve(image, "1 0; -1 2").item() == 6
    assert convolve(image, "1 0; -1 2", operation="convolution").item() == 4


def test_stride_picks_every_second_answer():
    full = convolve(PICTURE, KERNEL, padding=1)
    np.testing.assert_array_equal(convolve(PICTURE, KERNEL, padding=1, stride=2), full[:, ::2, ::2])
    wide = convolve(PICTURE, KERNEL, stride=4)  # windows that do not overlap go another way
    np.testing.assert_array_equal(wide, convolve(PICTURE, KERNEL)[:, ::4, ::4])


@pytest.mark.parametrize("size", [5, 7, 8, 32])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
@pytest.mark.parametrize("padding", [0, 1, 2, "same", "reflect", "valid"])
def test_sizes_follow_the_formula(size, kernel, stride, padding):
    total = 0 if padding == "valid" else kernel - 1 if isinstance(padding, str) else 2 * padding
    expected = (size + total - kernel) // stride + 1
    assert output_size(size, kernel, stride, padding) == expected
    if isinstance(padding, str) and padding != "valid":
        assert expected == -(-size // stride)
    maps = convolve(
        np.ones((size, size)), np.ones((kernel, kernel)), stride=stride, padding=padding
    )
    assert maps.shape == (1, expected, expected)


@pytest.mark.parametrize(
    ("padding", "mode"),
    [
        ("same", "constant"),
        ("reflect", "mirror"),
        ("symmetric", "reflect"),
        ("edge", "nearest"),
        ("wrap", "grid-wrap"),
    ],
)
@pytest.mark.parametrize("name", kernel_names())
def test_agrees_with_scipy(rng, name, padding, mode):
    image = rng.random((40, 33))
    kernel = parse_kernel(name)
    np.testing.assert_allclose(
        convolve(image, kernel, padding=padding)[0],
        ndimage.correlate(image, kernel, mode=mode),
        atol=1e-9,
    )
    np.testing.assert_allclose(
        convolve(image, kernel, padding=padding, operation="convolution")[0],
        ndimage.convolve(image, kernel, mode=mode),
        atol=1e-9,
    )


def test_bytes_do_not_overflow(rng):
    image = rng.integers(0, 256, (20, 20), dtype=np.uint8)
    expected = ndimage.correlate(image.astype(float), parse_kernel("sobel_x"), mode="mirror")
    maps = convolve(image, "sobel_x", padding="reflect")
    assert maps.dtype == np.float32
    np.testing.assert_allclose(maps[0], expected, atol=1e-3)


def test_channels_are_summed_as_in_a_network(rng):
    image, kernels = rng.random((9, 8, 3)), rng.random((4, 3, 3, 3))
    maps = convolve(image, kernels)
    assert maps.shape == (4, 7, 6)
    by_hand = (kernels[2] * image[1:4, 2:5]).sum()
    assert maps[2, 1, 2] == pytest.approx(by_hand)
    same = convolve(image, kernels[0, :, :, :1].repeat(3, axis=2))
    np.testing.assert_allclose(convolve(image, kernels[0, :, :, 0]), same)


def test_channels_apart(rng):
    image = rng.random((9, 8, 3))
    maps = convolve(image, ["sobel_x", "box"], channels="separate")
    assert maps.shape == (6, 7, 6)
    np.testing.assert_allclose(maps[4], convolve(image[:, :, 1], "box")[0])


def test_convolution_is_linear_and_commutes_with_shifts(rng):
    a, b = rng.random((2, 16, 16))
    both = convolve(2 * a + b, KERNEL, padding="wrap")
    parts = 2 * convolve(a, KERNEL, padding="wrap") + convolve(b, KERNEL, padding="wrap")
    np.testing.assert_allclose(both, parts)
    shifted = convolve(np.roll(a, (3, 5), (0, 1)), KERNEL, padding="wrap")
    np.testing.assert_allclose(
        shifted[0], np.roll(convolve(a, KERNEL, padding="wrap")[0], (3, 5), (0, 1))
    )


def test_center_pad_changes_no_answer(rng):
    image = rng.random((20, 20))
    grown = center_pad([parse_kernel("sobel_x"), parse_kernel("gaussian:sigma=1")])
    np.testing.assert_allclose(
        convolve(image, grown[0], padding="reflect"),
        convolve(image, "sobel_x", padding="reflect"),
        atol=1e-12,
    )


def test_the_picture_is_not_changed(rng):
    image = rng.random((9, 9))
    before = image.copy()
    convolve(image, "sharpen", padding="same")
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ({"image": np.zeros((2, 2)), "kernels": "box"}, "must fit"),
        ({"image": np.zeros(5), "kernels": "box"}, "shape (5,)"),
        ({"image": np.zeros((0, 5)), "kernels": "box"}, "none of them 0"),
        ({"image": np.zeros((5, 5)), "kernels": []}, "at least one"),
        ({"image": np.zeros((5, 5)), "kernels": ["box", "1 1"]}, "same size"),
        ({"image": np.zeros((5, 5)), "kernels": "box", "stride": 0}, "stride must be"),
        ({"image": np.zeros((5, 5)), "kernels": "box", "padding": -1}, "padding must be"),
        ({"image": np.zeros((5, 5)), "kernels": "box", "padding": "mirror"}, "padding must be one"),
        ({"image": np.zeros((5, 5)), "kernels": "box", "operation": "dot"}, "operation must be"),
        ({"image": np.zeros((5, 5, 2)), "kernels": np.ones((3, 3, 3))}, "as many as the image, 2"),
    ],
)
def test_bad_calls_say_why(arguments, fragment):
    with pytest.raises(ParameterError) as caught:
        convolve(**arguments)
    assert fragment in str(caught.value)
