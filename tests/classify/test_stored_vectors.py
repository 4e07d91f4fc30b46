"""Vectors in half precision, in memory and in a file: the same sums as arrays give."""

import numpy as np
import pytest

from cvclassic._basics import half
from cvclassic.classify import (
    RidgeClassifier,
    SVMClassifier,
    WeightedUnion,
    make_recipe,
    stored_vectors,
)
from cvclassic.classify.stored_vectors import StoredVectors
from cvclassic.describe import HOG, Pixels
from cvclassic.errors import DataError

SIZES = [5, 40, 3]


@pytest.fixture(params=["memory", "file"])
def place(request, monkeypatch):
    """Where vectors lie; in pieces of at most 16 columns, so that blocks have several."""
    if request.param == "file":
        monkeypatch.setattr(stored_vectors, "_IN_MEMORY", 0)
    monkeypatch.setattr(stored_vectors, "_WIDEST", 16)
    monkeypatch.setattr(stored_vectors, "_NARROWEST", 16)
    return request.param


def made(n: int, seed: int = 0) -> np.ndarray:
    """Vectors whose blocks are of very different size."""
    x = np.random.default_rng(seed).normal(size=(n, sum(SIZES))).astype(np.float32)
    x[:, 5:45] *= 1e6
    x[:, 45:] *= 1e-6
    return x


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_sums_are_those_of_the_array(place, dtype):
    x, weights = made(30), np.array([2, 1e-6, 1e6], np.float32)
    stored = StoredVectors(40, SIZES, dtype)
    assert (stored._file is not None) == (place == "file")
    for start in range(0, 30, 7):
        stored.write(start, x[start : start + 7])
    stored.weights = weights
    whole = x * np.repeat(weights, SIZES)
    close = {"rtol": 2e-3, "atol": 2e-3} if dtype == np.float16 else {"rtol": 1e-5, "atol": 1e-5}
    assert stored.shape == whole.shape
    np.testing.assert_allclose(np.asarray(stored), whole, **close)
    kept = np.asarray(stored)  # as it was rounded: what sums are made of
    np.testing.assert_allclose(stored.gram(), kept @ kept.T, rtol=1e-5, atol=1e-4)
    rows = np.array([3, 29, 4])
    np.testing.assert_allclose(stored.gram(rows), kept[rows] @ kept[rows].T, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(stored.products(rows), kept @ kept[rows].T, rtol=1e-5, atol=1e-4)
    dual = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)
    np.testing.assert_allclose(stored.combine(dual), dual.T @ kept, rtol=1e-4, atol=1e-4)
    blocks = np.split(kept / np.repeat(weights, SIZES), np.cumsum(SIZES)[:-1], axis=1)
    for gram, block in zip(stored.block_grams(np.arange(30)), blocks, strict=True):
        np.testing.assert_allclose(gram, block @ block.T, rtol=1e-3, atol=1e-4 * np.abs(gram).max())


def test_blocks_of_weight_zero_are_left_out_and_need_no_more_columns(place):
    x = made(10)
    stored = StoredVectors(20, SIZES)
    stored.write(0, x)
    stored.weights = np.array([1, 0, 1], np.float32)
    assert stored.block_sizes == [5, 3]
    more = np.delete(made(4, 1), np.s_[5:45], axis=1)
    stored.write(10, more)
    assert stored.shape == (14, 8)
    np.testing.assert_allclose(np.asarray(stored)[10:], more, rtol=1e-3, atol=1e-8)


def test_rows_are_taken_and_those_without_features_told(place):
    x = made(6)
    x[2] = 0
    x[4, :45] = 0
    stored = StoredVectors(6, SIZES)
    stored.write(0, x)
    assert stored.described.tolist() == [True, True, False, True, True, True]
    stored.weights = np.array([1, 1, 0], np.float32)
    assert stored.described.tolist() == [True, True, False, True, False, True]
    before = np.asarray(stored)
    stored.take(np.flatnonzero(stored.described))
    stored.take(np.array([3, 0]))
    assert stored.rows.tolist() == [5, 0]
    assert np.array_equal(np.asarray(stored), before[[5, 0]])
    assert np.array_equal(stored.gram(), stored.products(np.arange(2)))


def test_too_little_room_is_said_before_the_work(monkeypatch):
    with pytest.raises(DataError, match="GB of temporary disk"):
        StoredVectors(10_000_000, [1 << 30])


def test_a_machine_on_stored_vectors_is_the_one_on_arrays(place):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.normal(size=(90, 48)).astype(np.float32) + np.eye(48, dtype=np.float32)[y]
    stored = StoredVectors(90, SIZES, np.float32)
    stored.write(0, x)
    groups = np.arange(90) // 6
    weights = np.where(np.arange(90) < 6, 0, 1.0)
    one = SVMClassifier().fit(x, y, groups=groups, sample_weight=weights)
    other = SVMClassifier().fit(stored, y, groups=groups, sample_weight=weights)
    np.testing.assert_allclose(other.coef_, one.coef_, rtol=1e-3, atol=1e-4)
    assert other.C_ == one.C_
    assert other.n_features_in_ == 48


@pytest.mark.parametrize("penalty", [0.03, "cv"])
@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_regression_on_inner_products_is_that_on_arrays(place, penalty, weighted):
    rng = np.random.default_rng(0)
    y = np.arange(40) % 4
    x = 2 + rng.normal(size=(40, 48)).astype(np.float32) + np.eye(48, dtype=np.float32)[y]
    weights = rng.uniform(0.5, 2, 40) if weighted else None
    stored = StoredVectors(40, SIZES, np.float32)
    stored.write(0, x)
    one = RidgeClassifier(penalty=penalty).fit(x, y, sample_weight=weights)
    other = RidgeClassifier(penalty=penalty).fit(stored, y, sample_weight=weights)
    assert other.penalty_ == one.penalty_
    np.testing.assert_allclose(other.coef_, one.coef_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(other.intercept_, one.intercept_, atol=1e-4)
    assert other.cv_accuracy_ == pytest.approx(one.cv_accuracy_, abs=0.03)


def test_ridge_regression_leaves_images_and_their_copies_out_together(place):
    """Labels of pairs are random: a copy of a left-out sample would give its label away."""
    rng = np.random.default_rng(0)
    y = np.repeat(rng.permutation(np.arange(30) % 2), 2)
    x = np.repeat(rng.normal(size=(30, 48)), 2, axis=0).astype(np.float32)
    stored = StoredVectors(60, [24, 100, 24], np.float32)
    stored.write(0, np.hstack([x, x, x[:, :20], np.zeros((60, 32), np.float32)]))
    known = RidgeClassifier().fit(stored, y)
    assert known.cv_accuracy_ > 0.9
    honest = RidgeClassifier().fit(stored, y, groups=np.arange(60) // 2)
    assert honest.cv_accuracy_ < 0.75
    judged = np.arange(60) % 2 == 0
    half = RidgeClassifier().fit(stored, y, groups=np.arange(60) // 2, judged=judged)
    assert len(half.held_out_[1]) == 30


def test_ridge_regression_on_few_landmarks(place, monkeypatch):
    from cvclassic.classify import ridge

    rng = np.random.default_rng(0)
    y = np.arange(400) % 4
    x = rng.normal(size=(400, 48)).astype(np.float32) + 2 * np.eye(48, dtype=np.float32)[y]
    exact = RidgeClassifier().fit(x, y)
    monkeypatch.setattr(ridge, "GRAM_LIMIT", 100)
    monkeypatch.setattr(ridge, "DENSE", 0)
    monkeypatch.setattr(ridge, "STORED_LANDMARKS", 60)
    stored = StoredVectors(400, SIZES)
    stored.write(0, x)
    some = RidgeClassifier().fit(stored, y)
    assert some.n_landmarks_ == 60
    new = rng.normal(size=(200, 48)).astype(np.float32) + 2 * np.eye(48, dtype=np.float32)[y[:200]]
    assert np.mean(some.predict(new) == exact.predict(new)) > 0.9


def test_many_long_vectors_are_compared_with_some_of_them(place, monkeypatch):
    from cvclassic.classify import heads

    rng = np.random.default_rng(0)
    y = np.arange(400) % 4
    x = rng.normal(size=(400, 48)).astype(np.float32) + 2 * np.eye(48, dtype=np.float32)[y]
    exact = SVMClassifier(C=1.0).fit(x, y)
    monkeypatch.setattr(heads, "GRAM_LIMIT", 100)
    monkeypatch.setattr(heads, "DENSE", 0)
    monkeypatch.setattr(heads, "STORED_LANDMARKS", 60)
    stored = StoredVectors(400, SIZES)
    stored.write(0, x)
    some = SVMClassifier(C=1.0).fit(stored, y)
    assert some.n_landmarks_ == 60
    new = rng.normal(size=(200, 48)).astype(np.float32) + 2 * np.eye(48, dtype=np.float32)[y[:200]]
    assert np.mean(some.predict(new) == exact.predict(new)) > 0.9


def test_mirrored_rows_follow_those_of_their_images(place, monkeypatch):
    """A union of what is symmetric and what is not: rows n to 2 n are the mirror images'."""
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 255, (24, 32, 32), np.uint8))
    y = ["ab"[i % 2] for i in range(24)]
    members = [("hog", HOG(image_size=32)), ("pixels", Pixels(image_size=16))]
    seen = []
    monkeypatch.setattr(SVMClassifier, "fit", _spy(seen))
    recipe = make_recipe("fast", mirror=True).set_params(features=WeightedUnion(members))
    recipe.fit(images, y)
    assert recipe.training_.mirrored
    rows = seen[0]
    assert rows.shape[0] == 48
    mirrored = recipe[:-1].transform([np.ascontiguousarray(i[:, ::-1]) for i in images])
    np.testing.assert_allclose(rows[:24], recipe[:-1].transform(images), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(rows[24:], mirrored, rtol=1e-3, atol=1e-3)


def _spy(seen: list):
    whole = SVMClassifier.fit

    def fit(self, X, y, sample_weight=None, groups=None, judged=None):
        assert isinstance(X, StoredVectors)
        seen.append(np.asarray(X))
        return whole(self, X, y, sample_weight, groups, judged)

    return fit


def test_half_precision_as_numpy_rounds_it(rng, monkeypatch) -> None:
    """Halfway cases, subnormal numbers, infinity, signed zeros; with and without OpenCV's way."""
    special = [0.0, -0.0, 1e-8, -3e-7, 6.1e-5, 65504, 65520, 1e9, np.inf, -np.inf, 1 + 2**-11]
    values = np.concatenate([rng.normal(size=989), special]).astype(np.float32).reshape(10, -1)
    with np.errstate(over="ignore"):
        expected = values.astype(np.float16)
        for convert in (half._convert, None):
            monkeypatch.setattr(half, "_convert", convert)
            found = half.to_half(values)
            np.testing.assert_array_equal(found.view(np.uint16), expected.view(np.uint16))
            np.testing.assert_array_equal(half.to_single(found), expected.astype(np.float32))
    assert half.to_half(values[:0]).shape == half.to_single(expected[:0]).shape == (0, 100)
