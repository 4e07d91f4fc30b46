"""The network with two heads: its gradient, what it learns, images without an object."""

from __future__ import annotations

import numpy as np
import pytest

from cvclassic.errors import DataError, ParameterError
from cvclassic.objects import SingleObjectLocalizer, iou


def centered(n: int, seed: int = 0):
    """Bright or dark squares near the middle of an image."""
    rng = np.random.default_rng(seed)
    images, truth = [], []
    for i in range(n):
        image = rng.integers(90, 130, (60, 80), np.uint8)
        side, (x, y) = int(rng.integers(24, 34)), rng.integers(8, 24, 2)
        image[y : y + side, x : x + side] = (230, 10)[i % 2]
        images.append(image)
        truth.append(([[x, y, side, side]], ["bright" if i % 2 == 0 else "dark"]))
    return images, truth


def test_says_what_and_where():
    model = SingleObjectLocalizer(n_hidden=32, max_iter=60).fit(*centered(60))
    images, truth = centered(12, seed=1)
    found = model.predict(images)
    overlaps = [iou(f.boxes, t[0])[0, 0] for f, t in zip(found, truth, strict=True)]
    assert np.mean(overlaps) > 0.5
    assert [f.labels[0] for f in found] == [t[1][0] for t in truth]
    assert model.losses_[-1].box < model.losses_[0].box
    assert model.losses_[-1].label < model.losses_[0].label


def test_images_without_an_object_have_none():
    images, truth = centered(20)
    rng = np.random.default_rng(5)
    empty = [rng.integers(90, 130, (60, 80), np.uint8) for _ in range(20)]
    entries = [t[0] for t in truth] + [np.zeros((0, 4))] * 20
    model = SingleObjectLocalizer(n_hidden=16, max_iter=30).fit(images + empty, entries)
    assert [len(f) for f in model.predict([images[0], empty[0]])] == [1, 0]


def test_the_gradient_is_that_of_the_loss():
    model = SingleObjectLocalizer(n_hidden=4, max_iter=1, alpha=0.0).fit(*centered(6))
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((5, len(model.center_)))
    model.weights_ = [w.astype(np.float64) for w in model.weights_]
    labels, has_box = np.array([0, 1, 0, 1, 1]), np.array([1, 1, 0, 1, 1], bool)
    boxes = rng.random((5, 4))

    def loss() -> float:
        value = model._slopes(rows, labels, boxes, has_box)[1]
        return value.label + model.box_weight * value.box

    slopes, _ = model._slopes(rows, labels, boxes, has_box)
    for weights, slope in zip(model.weights_, slopes, strict=True):
        place = np.unravel_index(np.abs(slope).argmax(), slope.shape)
        weights[place] += 1e-5
        above = loss()
        weights[place] -= 2e-5
        below = loss()
        weights[place] += 1e-5
        assert slope[place] == pytest.approx((above - below) / 2e-5, rel=1e-3, abs=1e-6)


def test_bad_input():
    images, truth = centered(2)
    with pytest.raises(DataError, match="no box"):
        SingleObjectLocalizer().fit(images, [np.zeros((0, 4))] * 2)
    with pytest.raises(ParameterError, match="n_hidden"):
        SingleObjectLocalizer(n_hidden=0).fit(images, truth)
