"""Scores of keywords against their definitions and scikit-learn."""

import csv

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support

from cvclassic.errors import ParameterError
from cvclassic.evaluate import (
    KeywordPredictions,
    evaluate_keywords,
    score_keywords,
    write_keywords,
)


@pytest.fixture(scope="module")
def seen() -> KeywordPredictions:
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(7)]
    truth = rng.random((80, 7)) < np.linspace(0.5, 0.05, 7)
    chances = 0.35 * truth + 0.65 * rng.random((80, 7))
    names = [tuple(words[j] for j in np.flatnonzero(row)) for row in truth]
    paths = [f"{i}.jpg" for i in range(80)]
    return KeywordPredictions(paths, names, words, chances, chances > 0.55)


def test_agrees_with_scikit_learn(seen) -> None:
    truth, chosen, chances = seen.matrices()
    found = score_keywords(seen)
    p, r, f, n = precision_recall_fscore_support(truth, chosen, zero_division=0)
    assert found["mean_precision"] == pytest.approx(p.mean())
    assert found["mean_recall"] == pytest.approx(r.mean())
    assert found["mean_f1"] == pytest.approx(2 * p.mean() * r.mean() / (p.mean() + r.mean()))
    assert found["micro_f1"] == pytest.approx(f1_score(truth, chosen, average="micro"))
    assert found["map"] == pytest.approx(average_precision_score(truth, chances, average="macro"))
    assert [one["f1"] for one in found["words"]] == pytest.approx(f.tolist())
    assert [one["n_images"] for one in found["words"]] == n.tolist()


def test_intervals_hold_the_scores(seen) -> None:
    found = score_keywords(seen)
    for name in ("mean_precision", "mean_recall", "mean_f1", "map", "micro_f1", "n_plus"):
        low, high = found["intervals"][name]
        assert low <= found[name] <= high
        assert high > low
    wide = score_keywords(seen, level=0.99)["intervals"]["map"]
    low, high = found["intervals"]["map"]
    assert wide[0] < low < high < wide[1]


def test_coverage_of_intervals() -> None:
    """95% intervals of the micro score hold the true one in about 95% of samples."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        truth = rng.random((60, 4)) < 0.4
        chosen = truth ^ (rng.random(truth.shape) < 0.2)  # each pair is flipped in a fifth
        names = [tuple(np.flatnonzero(row).tolist()) for row in truth]
        found = score_keywords(
            KeywordPredictions([""] * 60, names, [0, 1, 2, 3], chosen.astype(float), chosen)
        )
        true = 2 * 0.32 / (0.4 + 0.44)
        low, high = found["intervals"]["micro_f1"]
        held += low <= true <= high
    assert held >= 51


def test_words_that_the_model_does_not_know_count_as_missed(seen) -> None:
    more = KeywordPredictions(
        seen.paths, [(*one, "moose") for one in seen.truth], seen.classes, seen.probabilities,
        seen.chosen,
    )  # fmt: skip
    found, plain = score_keywords(more), score_keywords(seen)
    assert found["n_words"] == plain["n_words"] + 1
    assert found["n_plus"] == plain["n_plus"]
    assert found["mean_recall"] == pytest.approx(plain["mean_recall"] * 7 / 8)
    assert found["n_known"] == 7


def test_perfect_and_empty_answers() -> None:
    truth = np.eye(3, dtype=bool)
    names = [("a",), ("b",), ("c",)]
    perfect = KeywordPredictions(["1", "2", "3"], names, ["a", "b", "c"], truth * 1.0, truth)
    found = score_keywords(perfect)
    assert found["mean_f1"] == found["map"] == found["micro_f1"] == 1
    assert perfect.f1.tolist() == [1, 1, 1]
    none = KeywordPredictions(["1", "2", "3"], names, ["a", "b", "c"], truth * 1.0, truth & False)
    assert score_keywords(none)["mean_f1"] == 0
    with pytest.raises(ParameterError, match="at least one image with a word"):
        score_keywords(
            KeywordPredictions(["1"], [()], ["a", "b"], np.zeros((1, 2)), np.zeros((1, 2), bool))
        )


def test_evaluation_and_table(seen, tmp_path) -> None:
    found = evaluate_keywords(seen, failures=[("x.jpg", "truncated", "the JPEG is truncated")])
    assert found.is_multilabel
    assert np.isnan(found.accuracy)
    assert not found.is_at_chance
    assert "mean f1" in found._repr_html_()
    assert found.plot().axes[0].get_xlim() == (0, 1)
    assert found.to_pandas().shape == (80, 4)
    write_keywords(tmp_path / "t.csv", seen, found.failures, top=2)
    with open(tmp_path / "t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 81
    assert rows[0]["truth"] == ";".join(seen.truth[0])
    assert rows[0]["labels"] == ";".join(seen.labels[0])
    assert float(rows[0]["probability_1"]) >= float(rows[0]["probability_2"])
    assert rows[-1]["code"] == "truncated"
