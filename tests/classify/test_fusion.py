import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from cvclassic.classify import SVMClassifier, WeightedUnion
from cvclassic.classify.gram import one_against_rest
from cvclassic.classify.left_out import (
    choose_block_weights,
    left_out_decisions,
    left_out_loss,
)
from cvclassic.describe import SIFT, DenseSIFT
from cvclassic.encode import BagOfWords, FisherVector
from cvclassic.errors import DataError
from cvclassic.images import write_image
from cvclassic.models import load_model, save_model


def first(X):
    return X[:, :4]


def second(X):
    return X[:, 4:]


@pytest.fixture
def table(rng):
    """Four columns that tell three classes apart, and thirty of noise, a hundred times larger."""
    y = np.arange(300) % 3
    signal = np.eye(4)[y] * 2 + rng.normal(size=(300, 4))
    return np.hstack([signal, 100 * rng.normal(size=(300, 30))]).astype(np.float32), y


def _union(**params):
    members = [("signal", FunctionTransformer(first)), ("noise", FunctionTransformer(second))]
    return WeightedUnion(members, **params)


@pytest.fixture
def images(rng):
    y = np.arange(12) % 2
    images = rng.integers(0, 255, (12, 64, 64), np.uint8)
    images[y == 1, ::2] //= 2
    return images, y


def _image_union(**params):
    members = [
        ("bow", BagOfWords(SIFT(), 8, random_state=0)),
        ("fisher", FisherVector(SIFT(), 2, 8, pyramid=((1, 1), (2, 2)), random_state=0)),
    ]
    return WeightedUnion(members, random_state=0, **params)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("n_copies", [1, 2, 3])
def test_left_out_decisions_are_those_of_retraining(rng, n_copies, intercept):
    x = rng.normal(size=(12 * n_copies, 40)).astype(np.float32)
    gram, targets = x @ x.T, one_against_rest(np.arange(12 * n_copies) % 3, 3)
    groups = None if n_copies == 1 else np.arange(12 * n_copies) % 12
    found = left_out_decisions(gram, targets, 0.5, groups, intercept=intercept)
    for i in range(12):
        out = np.arange(12 * n_copies) % 12 == i
        n = np.count_nonzero(~out)
        # with a row and a column of ones: the intercept, and duals that sum to zero
        system = np.ones((n + 1, n + 1))
        system[:n, :n] = gram[np.ix_(~out, ~out)] + 0.5 * np.eye(n)
        system[n, n] = 0 if intercept else 1
        system[n, :n] = system[:n, n] = intercept
        right = np.vstack([targets[~out], np.zeros(3)])
        solved = np.linalg.solve(system, right)
        expected = gram[np.ix_(out, ~out)] @ solved[:n] + solved[n]
        np.testing.assert_allclose(found[out], expected, atol=1e-3)


def test_noise_gets_no_weight(table):
    X, y = table
    union = _union().fit(X, y)
    assert union.weights_[1] == 0
    assert union.transform(X).shape == (300, 4)
    assert union.block_sizes_ == [4]


def test_weighted_vectors_have_unit_mean_square(table):
    X, y = table
    vectors = _union().fit_transform(X, y)
    assert np.mean(np.sum(vectors**2, axis=1)) == pytest.approx(1, rel=1e-4)


def test_scale_of_a_member_does_not_matter(table):
    X, y = table
    X[:, 4:] = X[:, 4:] / 100 + np.eye(30)[y * 7]  # now it helps a little
    union = _union().fit(X, y)
    X[:, 4:] *= 1000
    scaled = _union().fit(X, y)
    assert union.weights_[1] > 0
    np.testing.assert_allclose(scaled.weights_ * [1, 1000], union.weights_, rtol=1e-3)


def test_two_halves_of_the_truth_are_both_kept(rng):
    y = np.arange(120) % 4
    halves = np.stack([y % 2, y // 2], axis=1) * 3 + rng.normal(size=(120, 2))
    x = halves.astype(np.float32)
    weights, _ = choose_block_weights(np.stack([np.outer(c, c) for c in x.T]), y)
    assert (weights > 0).all()
    assert 0.3 < weights[0] / weights[1] < 3


def test_single_pictures_of_a_class_choose_nothing(table, rng):
    """Left out, they leave nobody who knows their class: any weight would be chance."""
    X, y = table
    grams = [np.stack([Z[:, :4] @ Z[:, :4].T, Z[:, 4:] @ Z[:, 4:].T]) for Z in (X, X[:12])]
    weights, loss = choose_block_weights(grams[1], np.arange(12))
    assert np.isnan(loss)
    squares = np.einsum("bnn->b", grams[1]) / 12
    np.testing.assert_allclose(weights**2 * squares, 0.5, rtol=1e-5)
    # beside classes of several, which still choose what they did
    y = y.copy()
    y[:12] = y.max() + 1 + np.arange(12)
    assert choose_block_weights(grams[0], y)[0].tolist()[1] == 0
    assert np.isnan(left_out_loss(grams[1][0], np.arange(12), 1.0))


def test_classes_that_are_easily_told_apart_need_no_penalty(rng):
    """The search for blocks to leave out went on to penalties that are lost in rounding."""
    y = np.repeat(np.arange(30) % 5, 2)  # each image is there twice
    centers = rng.normal(size=(30, 5, 400))[:, y]
    blocks = centers + 0.05 * np.repeat(rng.normal(size=(30, 30, 400)), 2, axis=1)
    grams = np.stack([(block @ block.T).astype(np.float32) for block in blocks])
    weights, loss = choose_block_weights(grams, y)
    assert (weights > 0).any()
    assert loss < 0.1


def test_order_of_pictures_does_not_matter(table, rng):
    X, y = table
    order = rng.permutation(len(X))
    grams = np.stack([X[:, :4] @ X[:, :4].T, X[:, 4:] @ X[:, 4:].T])
    weights, loss = choose_block_weights(grams, y)
    moved, moved_loss = choose_block_weights(grams[:, order][:, :, order], y[order])
    np.testing.assert_allclose(moved, weights, rtol=1e-3)
    assert moved_loss == pytest.approx(loss, rel=1e-3)


def test_fixed_weights_are_those_of_feature_union(table):
    X, y = table
    fixed = {"signal": 2.0, "noise": 0.5}
    found = _union(transformer_weights=fixed).fit_transform(X, y)
    plain = FeatureUnion(_union().transformer_list, transformer_weights=fixed).fit_transform(X, y)
    np.testing.assert_allclose(found, plain, rtol=1e-6)


def test_one_fixed_weight_leaves_the_other_to_be_chosen(table):
    X, y = table
    union = _union(transformer_weights={"noise": 3.0}).fit(X, y)
    assert union.weights_[1] == 3
    assert 0 < union.weights_[0] < 1


def test_a_block_of_zeros_and_missing_labels(table):
    X, y = table
    X[:, 4:] = 0
    assert _union().fit(X, y).weights_[1] == 0
    union = _union().fit(X)
    assert union.weights_[1] == 0
    assert np.mean(np.sum(union.transform(X) ** 2, axis=1)) == pytest.approx(1, rel=1e-4)


def test_levels_of_a_pyramid_are_blocks(images):
    X, y = images
    union = _image_union().fit(X, y)
    assert union.member_sizes_ == [[8], [32, 128]]
    assert len(union.weights_) == 3
    out = union.transform(X)
    assert out.dtype == np.float32
    assert out.shape == (12, union.n_features_out_)
    assert len(union.get_feature_names_out()) == out.shape[1]


def test_equals_the_members_side_by_side(images):
    X, y = images
    union = _image_union(transformer_weights={"bow": 0.5, "fisher": 2.0}).fit(X, y)
    members = dict(union.transformers_)
    expected = np.hstack([0.5 * members["bow"].transform(X), 2 * members["fisher"].transform(X)])
    np.testing.assert_allclose(union.transform(X), expected, rtol=1e-6)


def test_fit_transform_n_jobs_and_pickle(images):
    X, y = images
    vectors = _image_union(n_jobs=1).fit_transform(X, y)
    fitted = _image_union(n_jobs=2).fit(X, y)
    np.testing.assert_allclose(fitted.transform(X), vectors, rtol=1e-6)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(fitted.fit(X, y).transform(X), again.transform(X))


def test_files_are_decoded_once(images, tmp_path, monkeypatch):
    from cvclassic.images import cached_image as pictures

    X, y = images
    paths = [Path(tmp_path / f"{i}.png") for i in range(len(X))]
    for path, image in zip(paths, X, strict=True):
        write_image(path, image)
    read = []
    original = pictures.read_image
    monkeypatch.setattr(
        pictures, "read_image", lambda source, **kw: read.append(source) or original(source, **kw)
    )
    union = _image_union()
    vectors = union.fit_transform(paths, y)
    assert sorted(read) == sorted(paths)
    read.clear()
    np.testing.assert_allclose(union.transform(paths), vectors, rtol=1e-6)
    assert sorted(read) == sorted(paths)


def test_works_in_a_pipeline(images):
    X, y = images
    model = Pipeline([("features", _image_union()), ("head", SVMClassifier(C=1.0))]).fit(X, y)
    assert model.predict(X).shape == (12,)


def test_a_member_with_nothing_to_learn_from_is_left_out(rng, tmp_path):
    """Windows that are wider than the images; a model file holds what is left."""
    images = rng.integers(0, 255, (8, 40, 40), np.uint8)
    y = list("abababab")
    small = {"n_gaussians": 2, "n_components": 4, "random_state": 0}
    narrow = FisherVector(DenseSIFT(bin_sizes=(3,)), **small)
    wide = FisherVector(DenseSIFT(bin_sizes=(40,)), **small)
    union = WeightedUnion([("narrow", narrow), ("wide", wide)])
    model = Pipeline([("features", union), ("head", SVMClassifier(C=1.0))]).fit(images, y)
    assert list(union.left_out_) == ["wide"]
    save_model(tmp_path / "model.cvmodel", model)
    np.testing.assert_array_equal(
        load_model(tmp_path / "model.cvmodel").decision_function(images),
        model.decision_function(images),
    )
    with pytest.raises(DataError, match="No local features"):
        WeightedUnion([("wide", wide)]).fit(images, y)
