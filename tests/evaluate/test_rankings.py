"""Scores of rankings."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from cvclassic.errors import ParameterError
from cvclassic.evaluate import ranking_precision, score_rankings


def test_average_precision_agrees_with_scikit_learn(rng):
    for _ in range(50):
        n = int(rng.integers(3, 40))
        names = [f"{i}" for i in range(n)]
        relevant = {name for name in names if rng.random() < 0.3} or {"0"}
        truth = np.array([name in relevant for name in names])
        expected = average_precision_score(truth, -np.arange(n))
        assert ranking_precision(names, relevant) == pytest.approx(expected)


def test_junk_is_taken_out():
    assert ranking_precision(["q", "x", "a"], {"a"}, {"q", "x"}) == 1
    assert ranking_precision(["x"], {"a"}) == 0


def test_scores_of_views_of_objects():
    """Four views each, as in UKBench: the query is counted for N-S and left out for mAP."""
    names = [f"{g}{v}" for g in "ab" for v in "0123"]
    truth = {
        q: {"relevant": [x for x in names if x[0] == q[0] and x != q], "junk": [q]} for q in names
    }
    perfect = {q: sorted(names, key=lambda x, q=q: (x != q, x[0] != q[0])) for q in names}
    scores = score_rankings(perfect, truth)
    assert (scores.map, scores.precision_at_1, scores.n_s) == (1, 1, 4)
    reverse = {q: ranking[::-1] for q, ranking in perfect.items()}
    scores = score_rankings(reverse, truth)
    assert (scores.precision_at_1, scores.n_s) == (0, 0)
    # ranks 5, 6, 7 without the query itself
    assert scores.map == pytest.approx((1 / 5 + 2 / 6 + 3 / 7) / 3)


def test_intervals_hold_the_mean_and_shrink(rng):
    def random_scores(n):
        truth, rankings = {}, {}
        for i in range(n):
            names = [f"{i}-{k}" for k in range(10)]
            truth[str(i)] = {"relevant": [names[0]]}
            rankings[str(i)] = [names[k] for k in rng.permutation(10)]
        return score_rankings(rankings, truth)

    few, many = random_scores(20), random_scores(500)
    for scores in (few, many):
        for key, (low, high) in scores.intervals.items():
            assert low <= getattr(scores, key) <= high
    width = [np.diff(one.intervals["map"])[0] for one in (few, many)]
    assert width[1] < width[0] / 2


def test_nothing_to_score():
    with pytest.raises(ParameterError, match="at least one query"):
        score_rankings({}, {})
    with pytest.raises(ParameterError, match="relevant"):
        ranking_precision(["a"], set())
