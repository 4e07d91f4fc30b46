"""SIFT of color: what it is of the planes, and what it does not see."""

import numpy as np

from cvclassic.describe import DenseSIFT, OpponentSIFT, dense_sift_features
from cvclassic.describe.color import color_planes
from cvclassic.describe.grid import grid_origin


def test_halves_are_dense_sift_of_the_planes(rng) -> None:
    image = rng.integers(0, 255, (70, 90, 3), np.uint8)
    found = OpponentSIFT(step=5, bin_sizes=(6,)).describe(image)
    planes = color_planes(image, "opponent") * np.float32(255)
    for i in (0, 1):
        own = dense_sift_features(
            planes[..., 1 + i],
            step=5,
            bin_size=6,
            window="flat",
            sigma=1.0,
            origin=grid_origin((70, 90), 5, 6, 0),
            root=True,
        )
        np.testing.assert_array_equal(found.xy, own.xy)
        half = found.descriptors[:, 128 * i : 128 * (i + 1)]
        np.testing.assert_allclose(half, own.descriptors, atol=1e-5)


def test_same_grid_as_dense_sift(rng) -> None:
    image = rng.integers(0, 255, (70, 90, 3), np.uint8)
    first = DenseSIFT(step=6, bin_sizes=(6, 10), contrast_threshold=0).describe(image)
    second = OpponentSIFT().describe(image)
    np.testing.assert_array_equal(first.xy, second.xy)
    np.testing.assert_array_equal(first.scale, second.scale)


def test_gray_images_have_no_features(rng) -> None:
    gray = rng.integers(0, 255, (60, 60), np.uint8)
    assert len(OpponentSIFT().describe(gray)) == 0
    assert len(OpponentSIFT().describe(np.repeat(gray[:, :, None], 3, axis=2))) == 0


def test_brightness_does_not_count(rng) -> None:
    """The same gray pattern added to all channels changes nothing."""
    image = rng.integers(60, 140, (60, 60, 3), np.uint8)
    lighter = image + rng.integers(0, 100, (60, 60, 1), np.uint8)
    first, second = (OpponentSIFT().describe(i).descriptors for i in (image, lighter))
    np.testing.assert_allclose(first, second, atol=2e-3)


def test_one_uniform_channel_is_zeros() -> None:
    """Red against green with as much blue as both: only the first plane has edges."""
    image = np.zeros((60, 60, 3), np.uint8)
    image[:, ::2, 0] = image[:, 1::2, 1] = 200
    image[..., 2] = 100
    found = OpponentSIFT(step=4, bin_sizes=(4,), magnification=1e6).describe(image)
    assert len(found)
    assert np.abs(found.descriptors[:, 128:]).max() < np.abs(found.descriptors[:, :128]).max()
    np.testing.assert_allclose(np.linalg.norm(found.descriptors[:, :128], axis=1), 1, atol=1e-4)
