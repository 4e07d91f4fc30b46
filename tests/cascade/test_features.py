"""Features by whole-array work are those of their definitions."""

import numpy as np
import pytest

from cvclassic.cascade import (
    CropSums,
    ScanSums,
    all_haar_features,
    all_lbp_features,
    haar_value,
    lbp_code,
)
from cvclassic.cascade.feature_pool import Pool


@pytest.fixture
def crops(rng) -> np.ndarray:
    return rng.integers(0, 256, (7, 12, 15), dtype=np.uint8)


def test_lbp_codes(crops, rng) -> None:
    every = all_lbp_features(15, 12)
    assert len(np.unique(every, axis=0)) == len(every)
    sums = CropSums(crops)
    for x, y, w, h in rng.permutation(every)[:40]:
        code = lbp_code(sums, (x, y, w, h))
        for crop, ours in zip(crops.astype(int), code, strict=True):
            block = [
                [crop[y + j * h : y + j * h + h, x + i * w : x + i * w + w].sum() for i in range(3)]
                for j in range(3)
            ]
            ring = [block[0][0], block[0][1], block[0][2], block[1][2]]
            ring += [block[2][2], block[2][1], block[2][0], block[1][0]]
            bits = "".join("1" if value >= block[1][1] else "0" for value in ring)
            assert int(bits, 2) == ours


def test_lbp_does_not_see_brightness_and_contrast(crops) -> None:
    feature = (1, 1, 3, 2)
    dark = (crops // 4).astype(np.uint8)
    exact = dark * 4
    one, other = (lbp_code(CropSums(c), feature) for c in (exact, dark))
    np.testing.assert_array_equal(one, other)


def test_haar_values(crops, rng) -> None:
    sums = CropSums(crops, squares=True)
    factor, enough = sums.contrast()
    assert enough.all()
    for feature in rng.permutation(all_haar_features(15, 12))[:40]:
        for crop, value, one in zip(
            crops.astype(float), haar_value(sums, feature), factor, strict=True
        ):
            inner = crop[1:-1, 1:-1]
            assert one == pytest.approx(1 / (inner.size * inner.std()), rel=1e-5)
            raw = sum(
                weight * crop[int(y) : int(y + h), int(x) : int(x + w)].sum()
                for x, y, w, h, weight in feature
            )
            assert value == pytest.approx(raw * one, rel=1e-5, abs=1e-6)


def test_haar_features_are_zero_on_a_flat_window() -> None:
    """White and black cover as much."""
    features = all_haar_features(12, 12)
    areas = (features[..., 2] * features[..., 3] * features[..., 4]).sum(axis=1)
    assert not areas.any()
    assert len(np.unique(features.reshape(len(features), -1), axis=0)) == len(features)


def test_a_flat_window_has_too_little_contrast() -> None:
    flat = np.full((1, 12, 12), 90, np.uint8)
    assert not CropSums(flat, squares=True).contrast()[1][0]


def test_windows_of_a_picture_are_crops(rng) -> None:
    image = rng.integers(0, 256, (40, 50), dtype=np.uint8)
    xy = np.array([[0, 0], [3, 7], [35, 28]])
    crops = np.stack([image[y : y + 12, x : x + 15] for x, y in xy])
    one, other = ScanSums(image, xy, (15, 12)), CropSums(crops, squares=True)
    for a, b in zip(one.contrast(), other.contrast(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(lbp_code(one, (2, 1, 3, 3)), lbp_code(other, (2, 1, 3, 3)))
    part = one.part(np.array([2]))
    np.testing.assert_array_equal(lbp_code(part, (2, 1, 3, 3)), lbp_code(other, (2, 1, 3, 3))[2:])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lbp", "haar"])
def test_pools_do_not_depend_on_threads(kind, rng) -> None:
    crops = rng.integers(0, 256, (9000, 9, 9), dtype=np.uint8)
    one, two = (Pool(kind, crops, np.random.default_rng(0), n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one.codes, two.codes)
    row = 11
    split = 100 if kind == "haar" else rng.random(256) < 0.5
    exact = one.holds_for(CropSums(crops, kind == "haar"), row, split)
    assert (exact == one.holds(row, split)).mean() > 0.999
