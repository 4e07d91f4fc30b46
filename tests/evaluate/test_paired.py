"""Paired comparison against SciPy, and by how often it errs."""

import numpy as np
import pytest
from scipy import stats

from cvclassic.errors import ParameterError
from cvclassic.evaluate import Predictions, compare_pair, exact_mcnemar, holm


def pair(a_right, b_right, true) -> tuple[Predictions, Predictions]:
    """Two models that are right where they are said to be."""
    paths = [str(i) for i in range(len(true))]
    truth = list(true)
    classes = sorted(set(truth))
    return tuple(
        Predictions(paths, truth, np.where(right, true, -1).tolist(), classes)
        for right in (a_right, b_right)
    )


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (3, 9), (9, 3), (5, 5), (40, 71), (900, 800)])
def test_mcnemar_agrees_with_scipy(b, c) -> None:
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert exact_mcnemar(b, c) == pytest.approx(expected)
    if b + c > 100:  # the chi² of the textbooks, with Edwards' correction
        approximate = stats.chi2.sf((abs(b - c) - 1) ** 2 / (b + c), 1)
        assert exact_mcnemar(b, c) == pytest.approx(approximate, rel=0.05)


def test_holm_by_its_definition(rng) -> None:
    """The k-th smallest is called significant if it and all smaller ones pass alpha / (m - i)."""
    for _ in range(50):
        p = rng.random(6) ** 3
        adjusted = np.array(holm(p))
        for alpha in (0.01, 0.05, 0.3):
            passed = np.zeros(6, bool)
            for i, k in enumerate(np.argsort(p)):
                if p[k] > alpha / (6 - i):
                    break
                passed[k] = True
            assert ((adjusted <= alpha) == passed).all()
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_bootstrap_agrees_with_scipy(rng) -> None:
    true = np.arange(240) % 4
    a, b = rng.random(240) < 0.8, rng.random(240) < 0.7
    ours = compare_pair(*pair(a, b, true), n_resamples=20_000)

    def difference(x, y, axis):
        return x.mean(axis=axis) - y.mean(axis=axis)

    theirs = stats.bootstrap(
        (a, b), difference, paired=True, n_resamples=20_000, method="percentile", rng=rng
    ).confidence_interval
    assert ours.accuracy_interval == pytest.approx(tuple(theirs), abs=0.006)
    assert ours.accuracy_difference == pytest.approx(a.mean() - b.mean())
    # classes of one size: the same difference, from draws within the classes
    assert ours.class_difference == pytest.approx(ours.accuracy_difference, abs=1e-6)
    assert ours.class_interval == pytest.approx(ours.accuracy_interval, abs=0.012)
    t = stats.ttest_rel(a.astype(float), b.astype(float)).pvalue
    assert ours.accuracy_p == pytest.approx(t, abs=0.01)
    counts = (ours.only_first, ours.only_second, ours.both, ours.neither)
    assert counts == ((a & ~b).sum(), (b & ~a).sum(), (a & b).sum(), (~a & ~b).sum())


def test_swapping_the_models_turns_the_signs(rng) -> None:
    true = np.repeat([0, 1, 2], [50, 20, 10])
    one, two = pair(rng.random(80) < 0.9, rng.random(80) < 0.6, true)
    there, back = compare_pair(one, two), compare_pair(two, one)
    assert there.mcnemar_p == back.mcnemar_p
    assert there.class_difference == pytest.approx(-back.class_difference)
    assert there.accuracy_interval == pytest.approx(tuple(-x for x in back.accuracy_interval[::-1]))


@pytest.mark.slow
def test_equal_models_are_seldom_told_apart() -> None:
    """5% false alarms at most, and intervals that hold 0 in 95%, with hard and easy images."""
    rng = np.random.default_rng(11)
    true = np.arange(200) % 5
    alarms, holds, class_holds = 0, 0, 0
    for seed in range(300):
        ease = rng.beta(2, 1, 200)
        made = pair(rng.random(200) < ease, rng.random(200) < ease, true)
        found = compare_pair(*made, n_resamples=400, random_state=seed)
        alarms += found.mcnemar_p < 0.05
        holds += found.accuracy_interval[0] <= 0 <= found.accuracy_interval[1]
        class_holds += found.class_interval[0] <= 0 <= found.class_interval[1]
    assert alarms / 300 <= 0.06
    assert holds / 300 == pytest.approx(0.95, abs=0.035)
    assert class_holds / 300 == pytest.approx(0.95, abs=0.035)


def test_no_disagreement_is_not_equality() -> None:
    true = np.arange(30) % 3
    found = compare_pair(*pair(true > 0, true > 0, true))
    assert found.mcnemar_p == found.accuracy_p == found.class_p == 1
    assert found.accuracy_interval[0] < -0.05 < 0.05 < found.accuracy_interval[1]


def test_other_pictures_are_refused() -> None:
    one, two = pair(np.array([True, False]), np.array([True, True]), np.array([0, 1]))
    other = Predictions(["x", "y"], two.truth, two.labels, two.classes)
    with pytest.raises(ParameterError, match="same images"):
        compare_pair(one, other)
    with pytest.raises(ParameterError, match="at least one image"):
        compare_pair(*[Predictions([], [], [], [])] * 2)
