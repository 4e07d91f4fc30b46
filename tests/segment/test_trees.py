"""Symmetric trees: they learn, and planes give what samples give."""

import numpy as np
import pytest

from cvclassic.segment.trees import score_planes, train_trees, useful_features


def _samples(rng, n=4000):
    features = rng.integers(0, 256, (6, n), dtype=np.uint8)
    labels = ((features[2] > 90) ^ (features[4] > 150)).astype(int)
    return features, labels


def test_two_classes_with_an_interaction(rng) -> None:
    features, labels = _samples(rng)
    trees = train_trees(features, labels, np.ones(4000), 2, rng, n_trees=40, depth=4)
    other, truth = _samples(np.random.default_rng(9))
    scores = score_planes(list(other.reshape(6, 40, 100)), trees)
    assert scores.shape == (1, 40, 100)
    assert ((scores[0].ravel() > 0) == truth).mean() > 0.97


@pytest.mark.parametrize("n_classes", [3, 5])
def test_several_classes(rng, n_classes: int) -> None:
    features = rng.integers(0, 256, (4, 4000), dtype=np.uint8)
    labels = (features[1].astype(int) * n_classes) // 256
    trees = train_trees(features, labels, np.ones(4000), n_classes, rng, n_trees=40, depth=4)
    scores = score_planes(list(features[:, None]), trees)
    assert scores.shape == (n_classes, 1, 4000)
    assert (scores.argmax(0).ravel() == labels).mean() > 0.95


def test_blocks_do_not_matter(rng) -> None:
    features, labels = _samples(rng)
    trees = train_trees(features, labels, np.ones(4000), 2, rng, n_trees=5, depth=3)
    planes = [np.tile(plane.reshape(40, 100), (30, 8)) for plane in features]
    whole = score_planes(planes, trees)
    assert np.array_equal(whole[:, :40, :100], score_planes([p[:40, :100] for p in planes], trees))


def test_views_give_what_copies_give(rng) -> None:
    features, labels = _samples(rng)
    trees = train_trees(features, labels, np.ones(4000), 2, rng, n_trees=5, depth=3)
    wide = [np.pad(plane.reshape(40, 100), 3, mode="edge") for plane in features]
    views = [plane[3:-3, 3:-3] for plane in wide]
    copies = [view.copy() for view in views]
    assert np.array_equal(score_planes(views, trees), score_planes(copies, trees))


def test_weights_move_the_answer(rng) -> None:
    features = rng.integers(0, 256, (2, 3000), dtype=np.uint8)
    labels = rng.integers(0, 2, 3000)
    even = train_trees(features, labels, np.ones(3000), 2, rng, n_trees=2, depth=2)
    heavy = train_trees(features, labels, 1 + 9.0 * labels, 2, rng, n_trees=2, depth=2)
    assert heavy.bias[0] > even.bias[0] + 2


def test_the_features_that_matter_are_kept(rng) -> None:
    features = rng.integers(0, 256, (90, 3000), dtype=np.uint8)
    labels = ((features[70] > 128) ^ (features[5] > 128)).astype(int)
    kept = useful_features(features, labels, np.ones(3000), 2, rng, most=20)
    assert len(kept) == 20
    assert {5, 70} <= set(kept.tolist())
