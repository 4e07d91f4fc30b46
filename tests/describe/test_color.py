"""Local color statistics against a loop over cells, and their symmetries."""

import numpy as np
import pytest

from cvclassic.describe import ColorStats, DenseSIFT, color_features
from cvclassic.describe.color import color_planes


@pytest.mark.parametrize(("step", "bin_size"), [(4, 5), (3, 4), (5, 2)])
def test_definition(rng, step, bin_size) -> None:
    """Mean and standard deviation of square cells around the bin centers."""
    planes = rng.random((50, 60, 3), dtype=np.float32)
    origin = (4, 3)
    features = color_features(planes, step=step, bin_size=bin_size, origin=origin)
    half = (bin_size | 1) // 2
    for i in [0, 17, len(features) // 2]:
        cells = features.descriptors[i].reshape(4, 4, 2, 3)
        first = (features.xy[i] - 1.5 * bin_size).astype(int)
        for row, column in [(0, 0), (1, 3), (2, 2)]:
            x, y = first + bin_size * np.array([column, row])
            cell = planes[y - half : y + half + 1, x - half : x + half + 1]
            assert cell.shape[:2] == (2 * half + 1,) * 2
            np.testing.assert_allclose(cells[row, column, 0], cell.mean(axis=(0, 1)), atol=1e-5)
            np.testing.assert_allclose(cells[row, column, 1], cell.std(axis=(0, 1)), atol=1e-4)


def test_same_grid_as_dense_sift(rng) -> None:
    image = rng.integers(0, 255, (70, 90, 3), np.uint8)
    first = DenseSIFT(step=3, bin_sizes=(4, 6), contrast_threshold=0).describe(image)
    second = ColorStats(step=3, bin_sizes=(4, 6)).describe(image)
    np.testing.assert_array_equal(first.xy, second.xy)
    np.testing.assert_array_equal(first.scale, second.scale)


@pytest.mark.parametrize("space", ["rgb", "opponent", "lab"])
def test_uniform_color(space) -> None:
    """The mean is the color everywhere and the spread is none."""
    image = np.empty((40, 50, 3), np.uint8)
    image[:] = (200, 30, 90)
    cells = ColorStats(color_space=space).describe(image).descriptors.reshape(-1, 2, 3)
    color = color_planes(image[:1, :1], space).ravel()
    np.testing.assert_allclose(cells[:, 0], np.tile(color, (len(cells), 1)), atol=1e-5)
    assert cells[:, 1].max() < 2e-3


def test_mirror_permutes_cells() -> None:
    image = np.random.default_rng(2).integers(0, 255, (49, 53, 3), np.uint8)
    describer = ColorStats(step=4, bin_sizes=(4,))
    first = describer.describe(image)
    second = describer.describe(np.ascontiguousarray(image[:, ::-1]))
    where = {tuple(xy): i for i, xy in enumerate(first.xy)}
    cells = first.descriptors[[where[52 - x, y] for x, y in second.xy]].reshape(-1, 4, 4, 6)
    np.testing.assert_allclose(second.descriptors, cells[:, :, ::-1].reshape(-1, 96), atol=1e-4)


def test_opponent_of_gray_has_no_color(rng) -> None:
    """Gray images have equal channels: the two color axes are zero."""
    gray = rng.integers(0, 255, (40, 40), np.uint8)
    cells = ColorStats(color_space="opponent").describe(gray).descriptors.reshape(-1, 2, 3)
    assert np.abs(cells[:, :, 1:]).max() < 1e-5
    assert cells[:, 0, 0].min() > 0


def test_lab_is_perceptual_lightness() -> None:
    white = color_planes(np.full((1, 1, 3), 255, np.uint8), "lab").ravel()
    np.testing.assert_allclose(white, [1, 0, 0], atol=1e-3)
