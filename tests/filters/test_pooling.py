"""Pooling against worked grids and a plain loop."""

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.filters import pool


def test_a_worked_grid():
    grid = np.array([[1, 3, 2, 1], [4, 2, 0, 5], [0, 1, 7, 2], [6, 2, 3, 4]])
    np.testing.assert_array_equal(pool(grid), [[4, 5], [6, 7]])
    np.testing.assert_array_equal(pool(grid, method="average"), [[2.5, 2], [2.25, 4]])
    np.testing.assert_array_equal(pool(grid, 3, stride=1), [[7, 7], [7, 7]])


@pytest.mark.parametrize("method", ["max", "average"])
@pytest.mark.parametrize(("size", "stride"), [(1, 1), (2, 2), (3, 2), (2, 3), (4, 1), (7, 7)])
def test_agrees_with_a_loop(rng, method, size, stride):
    maps = rng.random((3, 11, 9))
    result = pool(maps, size, stride=stride, method=method)
    summary = np.max if method == "max" else np.mean
    for i in range(result.shape[1]):
        for j in range(result.shape[2]):
            window = maps[:, i * stride : i * stride + size, j * stride : j * stride + size]
            np.testing.assert_allclose(result[:, i, j], summary(window, axis=(1, 2)))
    assert result.shape == (3, (11 - size) // stride + 1, (9 - size) // stride + 1)


def test_input_is_not_changed_and_bytes_keep_their_type(rng):
    maps = rng.integers(0, 256, (8, 8), dtype=np.uint8)
    before = maps.copy()
    assert pool(maps).dtype == np.uint8
    assert pool(maps, method="average").dtype == np.float32
    np.testing.assert_array_equal(maps, before)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ({"size": 9}, "must fit"),
        ({"size": 0}, "size must be an integer >= 1"),
        ({"stride": 0}, "stride must be"),
        ({"method": "median"}, "method must be one of"),
    ],
)
def test_bad_calls_say_why(arguments, fragment):
    with pytest.raises(ParameterError) as caught:
        pool(np.zeros((4, 4)), **arguments)
    assert fragment in str(caught.value)
