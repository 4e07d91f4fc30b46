import numpy as np
import pytest

from cvclassic.classify import AutoRecipe, auto
from cvclassic.errors import ParameterError

QUICK = (("fast", 1.0), ("sift-bow", 1.0))


@pytest.fixture
def stripes(rng):
    """Images of two classes, bars that lie and bars that stand, and a third of noise."""
    images, labels = [], []
    for i in range(30):
        plane = rng.integers(0, 60, (72, 72)).astype(np.uint8)
        if i % 3 < 2:
            period = int(rng.integers(6, 14))
            bars = (np.arange(72) % period < period // 2)[:, None] * np.uint8(150)
            plane += bars if i % 3 else bars.T
        images.append(plane)
        labels.append(["lying", "standing", "noise"][(i % 3 + 1) % 3])
    return images, labels


def test_tries_in_order_and_keeps_the_best(stripes, monkeypatch):
    monkeypatch.setattr(auto, "_PHOTOS", QUICK)
    images, labels = stripes
    told = []
    labels = list(np.random.default_rng(0).permutation(labels))  # nothing can be perfect
    found = AutoRecipe(budget=1000, params={"n_words": 20}).fit(
        images, labels, on_trial=told.append
    )
    assert [trial.recipe for trial in told] == ["fast", "sift-bow"]
    assert told == found.trials_
    accuracies = {trial.recipe: trial.accuracy for trial in told}
    assert accuracies[found.best_recipe_] == max(accuracies.values())
    assert found.best_pipeline_ is not None
    assert found.report()[0] == {"recipe": "fast", "accuracy": told[0].accuracy, "note": ""}


def test_learns_what_can_be_learned_and_stops_when_perfect(stripes):
    images, labels = stripes
    found = AutoRecipe(budget=1000).fit(images, labels)
    assert found.predict(images).tolist() == labels
    assert found.predict_proba(images).shape == (30, 3)
    if found.trials_[0].accuracy == 1:
        assert found.best_recipe_ == "fast"
        assert all("already 100% correct in cross-validation" in t.note for t in found.trials_[1:])


def test_a_spent_budget_leaves_the_first(stripes, monkeypatch):
    monkeypatch.setattr(auto, "_PHOTOS", QUICK)
    images, labels = stripes
    labels = list(np.random.default_rng(0).permutation(labels))
    found = AutoRecipe(budget=1e-3).fit(images, labels)
    assert found.best_recipe_ == "fast"
    assert found.trials_[1].accuracy is None
    assert "skipped: would take about" in found.trials_[1].note


def test_small_pictures_have_candidates_of_their_own(rng):
    small = [name for name, _ in auto.candidates_for(rng.integers(0, 9, (5, 28, 28), np.uint8))]
    large = [name for name, _ in auto.candidates_for(rng.integers(0, 9, (5, 90, 90), np.uint8))]
    assert not set(small) & set(large)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"budget": 0}, "budget must be a number > 0. Got 0 instead."),
        ({"params": {"n_wrods": 5}}, "None of the recipes tried has the parameters n_wrods."),
    ],
)
def test_bad_parameters(stripes, monkeypatch, params, message):
    monkeypatch.setattr(auto, "_PHOTOS", QUICK[:1])
    with pytest.raises(ParameterError) as caught:
        AutoRecipe(**params).fit(*stripes)
    assert str(caught.value) == message
