"""Histograms of oriented gradients: symmetries and invariances."""

import cv2
import numpy as np
import pytest

from cvclassic.describe import HOG
from cvclassic.errors import ParameterError


@pytest.fixture
def image(rng) -> np.ndarray:
    """Smooth gray noise of 32 x 48 pixels."""
    noise = cv2.GaussianBlur(rng.normal(size=(32, 48)).astype(np.float32), (0, 0), 2)
    return cv2.normalize(noise, None, 0, 200, cv2.NORM_MINMAX).astype(np.uint8)


def blocks(hog: HOG, image: np.ndarray, n: int) -> np.ndarray:
    """Vector as (block columns, block rows, cell columns, cell rows, orientations)."""
    return hog.fit_transform([image]).reshape(5, 3, 2, 2, n)


@pytest.mark.parametrize(("signed", "n"), [(False, 9), (True, 8)])
def test_mirror_permutes_bins(image, signed, n) -> None:
    hog = HOG(image_size=(32, 48), orientations=n, signed=signed)
    first = blocks(hog, image, n)
    second = blocks(hog, np.ascontiguousarray(image[:, ::-1]), n)
    # bins are centered at (i + 1/2) * width; an angle a becomes 180 degrees - a
    order = (n // 2 - 1 - np.arange(n)) % n if signed else np.arange(n)[::-1]
    mirrored = first[::-1, :, ::-1][..., order]
    # not to the bit: OpenCV's window over a block is half a pixel off its center
    assert np.corrcoef(second.ravel(), mirrored.ravel())[0, 1] > 0.95
    assert np.corrcoef(second.ravel(), first.ravel())[0, 1] < 0.9


@pytest.mark.parametrize("horizontal", [True, False])
def test_stripes(horizontal) -> None:
    """Stripes have all their gradients across them."""
    wave = (128 + 100 * np.sin(np.arange(32) / 3)).astype(np.uint8)
    image = np.tile(wave, (32, 1))
    image = np.ascontiguousarray(image.T) if horizontal else image
    bins = HOG(image_size=32, orientations=9).fit_transform([image]).reshape(-1, 9).sum(axis=0)
    # an angle of 0 degrees is on the seam of the first and the last bin, 90 in the middle
    strongest = {4} if horizontal else {0, 8}
    assert set(np.argsort(bins)[-len(strongest) :]) == strongest


def test_brightness_and_contrast_do_not_matter(image) -> None:
    hog = HOG(image_size=(32, 48))
    first, second = hog.fit_transform([image // 4 * 4, image // 4])
    np.testing.assert_allclose(first, second, atol=0.01)
    np.testing.assert_allclose(hog.transform([image + 50])[0], hog.transform([image])[0], atol=1e-6)


def test_blank_is_zero() -> None:
    assert not HOG(image_size=32).fit_transform(np.full((1, 32, 32), 99, np.uint8)).any()


def test_small_pictures_and_columns() -> None:
    """28 x 28 with cells of 4 and 7 pixels: the number of columns follows from the geometry."""
    images = np.random.default_rng(0).integers(0, 255, (3, 28, 28), np.uint8)
    assert HOG(image_size=28, cell_size=4).fit_transform(images).shape == (3, 6 * 6 * 4 * 9)
    hog = HOG(image_size=28, cell_size=7, block_size=1, orientations=6)
    assert hog.fit_transform(images).shape == (3, 16 * 6)


def test_color_sees_edges_without_luma() -> None:
    """Red beside a green of the same luma: an edge for color, none for gray."""
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, :16] = (255, 0, 0)
    image[:, 16:] = (0, 130, 0)
    assert HOG(image_size=32, color=True).fit_transform([image]).max() > 0.1
    gray = HOG(image_size=32).fit_transform([np.full((32, 32), 76, np.uint8)])
    assert gray.max() == 0


@pytest.mark.parametrize("changes", [{"image_size": 30}, {"image_size": 8}, {"cell_size": 24}])
def test_geometry_that_does_not_fit(changes) -> None:
    with pytest.raises(ParameterError, match=r"image_size must be a multiple of cell_size="):
        HOG(**{"image_size": 32, **changes}).fit([np.zeros((9, 9), np.uint8)])
