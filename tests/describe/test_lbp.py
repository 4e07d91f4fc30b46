"""Local binary patterns: invariance to brightness, symmetries, histograms of cells."""

import numpy as np
import pytest

from cvclassic.describe import LBP
from cvclassic.describe.lbp import cell_histograms
from cvclassic.errors import ParameterError


def test_order_of_brightness_is_all_that_matters(rng) -> None:
    """Neighbors on pixel centers: any increasing map of gray values gives the same vector."""
    image = rng.integers(0, 100, (32, 32), np.uint8)
    lookup = np.cumsum(rng.integers(1, 3, 256)).clip(0, 255).astype(np.uint8)
    assert (np.diff(lookup[:100].astype(int)) > 0).all()
    lbp = LBP(image_size=32, n_points=4)
    first, second = lbp.fit_transform([image, lookup[image]])
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_rows_are_hellinger_maps_of_cells(rng) -> None:
    vector = LBP(image_size=40, cells=3).fit_transform(rng.integers(0, 255, (2, 40, 40), np.uint8))
    assert vector.shape == (2, 9 * 59)
    np.testing.assert_allclose((vector.reshape(2, 9, 59) ** 2).sum(axis=2), 1, rtol=1e-5)


def test_cells_see_their_own_part(rng) -> None:
    """Changing the upper left corner changes only its cell."""
    image = rng.integers(0, 255, (64, 64), np.uint8)
    other = image.copy()
    other[:10, :10] = rng.integers(0, 255, (10, 10))
    lbp = LBP(image_size=64, cells=4)
    first, second = lbp.fit_transform([image, other]).reshape(2, 16, 59)
    assert list(np.flatnonzero((first != second).any(axis=1))) == [0]


@pytest.mark.parametrize(("height", "width", "cells"), [(7, 9, 3), (4, 4, 4), (10, 3, 2)])
def test_cell_histograms(rng, height, width, cells) -> None:
    codes = rng.integers(0, 5, (height, width))
    histograms = cell_histograms(codes, 5, cells)
    np.testing.assert_array_equal(histograms.sum(axis=0), np.bincount(codes.ravel(), minlength=5))
    corner = codes[: -(-height // cells), : -(-width // cells)]
    np.testing.assert_array_equal(histograms[0], np.bincount(corner.ravel(), minlength=5))


@pytest.mark.parametrize(
    ("changes", "name"), [({"n_points": 25}, "n_points"), ({"cells": 40}, "cells")]
)
def test_limits(changes, name) -> None:
    with pytest.raises(ParameterError, match=f"{name} must be at most"):
        LBP(**{"image_size": 32, **changes}).fit([np.zeros((9, 9), np.uint8)])
