"""Nearest neighbors against plain loops."""

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.match import match_descriptors


def by_hand(distance: np.ndarray, ratio: float | None, mutual: bool) -> list[list[int]]:
    """Pairs by the definition, from a matrix of distances."""
    pairs = []
    for i, row in enumerate(distance):
        j = int(row.argmin())
        others = np.delete(row, j)
        if ratio is not None and len(others) and not row[j] < ratio * others.min():
            continue
        if mutual and distance[:, j].argmin() != i:
            continue
        pairs.append([i, j])
    return pairs


@pytest.mark.parametrize("ratio", [None, 0.95, 0.7])
@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize(("n", "m"), [(40, 30), (1, 5), (5, 1), (2500, 60)])
def test_floats(rng, ratio, mutual, n, m):
    a, b = rng.random((n, 16), dtype=np.float32), rng.random((m, 16), dtype=np.float32)
    distance = np.linalg.norm(a[:, None] - b, axis=2)
    pairs, distances = match_descriptors(a, b, ratio=ratio, mutual=mutual)
    assert pairs.tolist() == by_hand(distance, ratio, mutual)
    np.testing.assert_allclose(distances, distance[pairs[:, 0], pairs[:, 1]], rtol=1e-5)


@pytest.mark.parametrize("mutual", [True, False])
def test_bits(rng, mutual):
    a = rng.integers(0, 256, (30, 32), dtype=np.uint8)
    b = np.concatenate([a[::3] ^ 1, rng.integers(0, 256, (10, 32), dtype=np.uint8)])
    pairs, distances = match_descriptors(a, b, ratio=0.8, mutual=mutual)
    assert pairs[:, 0].tolist() == list(range(0, 30, 3))
    assert pairs[:, 1].tolist() == list(range(10))
    assert (distances == 32).all()


def test_swapping_the_pictures_swaps_mutual_pairs(rng):
    a, b = rng.random((50, 8), dtype=np.float32), rng.random((40, 8), dtype=np.float32)
    forth, _ = match_descriptors(a, b, ratio=None)
    back, _ = match_descriptors(b, a, ratio=None)
    assert sorted(forth.tolist()) == sorted(back[:, ::-1].tolist())


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_nothing_matches_nothing(dtype):
    for n, m in ((0, 0), (3, 0), (0, 3)):
        pairs, distances = match_descriptors(np.zeros((n, 8), dtype), np.zeros((m, 8), dtype))
        assert pairs.shape == (0, 2)
        assert distances.shape == (0,)


@pytest.mark.parametrize(
    ("a", "b", "options", "fragment"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4)), {}, "same d"),
        (np.zeros((2, 3)), np.zeros((2, 3), np.uint8), {}, "kind of numbers"),
        (np.zeros(3), np.zeros(3), {}, "shape (n, d)"),
        (np.zeros((2, 3)), np.zeros((2, 3)), {"ratio": 0}, "ratio must be"),
        (np.zeros((2, 3)), np.zeros((2, 3)), {"mutual": 1}, "mutual must be"),
    ],
)
def test_bad_calls_say_why(a, b, options, fragment):
    with pytest.raises(ParameterError) as caught:
        match_descriptors(a, b, **options)
    assert fragment in str(caught.value)
