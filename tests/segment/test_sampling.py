"""Which pixels are learned from, and where the threshold lies when few are labeled."""

import numpy as np
import pytest

from cvclassic.segment.decisions import best_threshold, expected_threshold
from cvclassic.segment.sampling import sample_pixels, training_weights


def test_errors_are_drawn_more_often_and_sums_still_agree(rng) -> None:
    labels = (np.arange(40_000) < 500).astype(int).reshape(200, 200)
    wrong = rng.random(labels.shape) < 0.1
    maps = np.where(wrong, 230, 8).astype(np.uint8)[None]
    index, counts, shares = sample_pixels(labels, 2, 6000, rng, maps)
    assert len(np.unique(index)) == len(index)
    background = labels.ravel()[index] == 0
    assert (~background).sum() == 500  # the rare class is there as a whole
    drawn = wrong.ravel()[index][background]
    assert drawn.mean() > 0.4
    weighted = (shares * counts)[background]
    assert weighted.sum() == pytest.approx(39_500, rel=0.05)
    assert (weighted * drawn).sum() == pytest.approx(wrong.ravel()[500:].sum(), rel=0.05)


@pytest.mark.parametrize("maps", [None, np.zeros((3, 30, 30), np.uint8)])
def test_classes_come_evenly(rng, maps) -> None:
    labels = np.repeat([0, 1, 2, -1], [100, 300, 400, 100]).reshape(30, 30)
    index, counts, shares = sample_pixels(labels, 3, 300, rng, maps)
    found = labels.ravel()[index]
    assert found.min() == 0
    np.testing.assert_allclose(np.bincount(found), 100, atol=40)
    np.testing.assert_allclose((counts * shares)[found == 2].sum(), 400, rtol=0.25)
    weights = training_weights(found, counts, shares, np.ones(3))
    assert weights.mean() == pytest.approx(1)
    assert weights[found == 0].mean() < weights[found == 2].mean()


@pytest.mark.parametrize("frequency", [0.02, 0.1, 0.5])
def test_scribbles_do_not_say_how_frequent_a_class_is(rng, frequency: float) -> None:
    def draw(n: int, share: float):
        truth = np.arange(n) < share * n
        return truth, np.where(truth, 1.2, -1.2) + rng.normal(0, 1, n)

    truth, scores = draw(60_000, frequency)
    known, marked = draw(2000, 0.5)  # as much of either class, whatever there is
    threshold, expected = expected_threshold(known, marked, scores)
    found = scores > threshold
    dice = 2 * (found & truth).sum() / (found.sum() + truth.sum())
    assert dice > 0.97 * best_threshold(truth, scores)[1]
    assert dice == pytest.approx(expected, abs=0.06)


def test_scores_that_say_nothing(rng) -> None:
    truth = np.arange(100) < 50
    assert np.isfinite(expected_threshold(truth, np.zeros(100), np.zeros(500))[0])
