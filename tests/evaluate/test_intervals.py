"""Intervals hold the true score as often as they say; calibration against its definition."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax
from sklearn.metrics import top_k_accuracy_score

from cvclassic.errors import ParameterError
from cvclassic.evaluate import (
    Predictions,
    reliability,
    score_intervals,
    score_predictions,
    wilson_interval,
)
from cvclassic.evaluate.calibration import bins_of
from cvclassic.evaluate.intervals import _bca, _calibration_ends

MEANS = ("accuracy", "mean_class_accuracy", "macro_f1", "log_loss", "expected_calibration_error")


def draw(rng, n: int, k: int = 8, sharpness: float = 0.8) -> Predictions:
    """Answers of a model that knows some classes better than others."""
    true = np.arange(n) % k
    logits = 1.5 * rng.normal(size=(n, k))
    logits[np.arange(n), true] += np.linspace(1, 4, k)[true]
    shares = softmax(sharpness * logits, axis=1)
    names = np.array(list("abcdefghijklmnopqrst"[:k]))
    paths = [str(i) for i in range(n)]
    labels = names[shares.argmax(axis=1)].tolist()
    return Predictions(paths, names[true].tolist(), labels, names.tolist(), shares)


def scores_of(predictions: Predictions) -> dict:
    return score_predictions(
        predictions.truth, predictions.labels, predictions.probabilities, predictions.classes
    )


@pytest.mark.slow
@pytest.mark.parametrize(("n", "sharpness"), [(320, 0.8), (240, 1.6)])
def test_intervals_cover(n, sharpness) -> None:
    """95% ± 2, and a little for the 300 trials themselves (standard error 1.3 points)."""
    rng = np.random.default_rng(7)
    everything = draw(rng, 80_000, sharpness=sharpness)
    truth = scores_of(everything)
    n_trials = 300
    hits = dict.fromkeys([*MEANS, "top_5_accuracy"], 0)
    shares = []
    for seed in range(n_trials):
        ends = score_intervals(draw(rng, n, sharpness=sharpness), 0.95, 400, seed)
        for name in hits:
            hits[name] += ends[name][0] <= truth[name] <= ends[name][1]
        for entry in truth["classes"]:
            for name in ("recall", "precision"):
                low, high = ends[f"{name}[{entry['label']}]"]
                shares.append(low <= entry[name] <= high)
    for name, count in hits.items():
        assert 0.92 <= count / n_trials <= 0.99, name
    assert np.mean(shares) == pytest.approx(0.95, abs=0.025)


@pytest.mark.slow
def test_small_classes_do_not_narrow_the_interval() -> None:
    """Three images a class: drawing 3 of 3 would give two thirds of the variance."""
    rng = np.random.default_rng(3)
    recall = rng.random(50)
    true = np.repeat(np.arange(50), 3)
    hits = 0
    for seed in range(300):
        right = rng.random(150) < recall[true]
        seen = Predictions([""] * 150, true.tolist(), np.where(right, true, -1).tolist(), [])
        low, high = score_intervals(seen, 0.95, 300, seed)["mean_class_accuracy"]
        hits += low <= recall.mean() <= high
    assert hits / 300 == pytest.approx(0.95, abs=0.03)


def test_bootstrap_agrees_with_scipy(rng) -> None:
    seen = draw(rng, 300)
    losses = -np.log(seen.probabilities[np.arange(300), np.arange(300) % 8])
    theirs = stats.bootstrap((losses,), np.mean, n_resamples=5000, rng=rng).confidence_interval
    ours = score_intervals(seen, n_resamples=5000)["log_loss"]
    assert ours == pytest.approx(tuple(theirs), abs=0.2 * (theirs.high - theirs.low) / 2)
    low, high = score_intervals(seen)["accuracy"]
    exact = stats.binomtest(int(seen.right.sum()), 300).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((exact.low, exact.high))


def test_no_mistake_is_not_certainty() -> None:
    seen = Predictions([""] * 20, list("ab") * 10, list("ab") * 10, ["a", "b"])
    ends = score_intervals(seen)
    for name in ("accuracy", "mean_class_accuracy", "macro_f1"):
        assert ends[name] == pytest.approx(wilson_interval(20, 20))
    assert ends["recall[a]"][0] < 0.75
    nothing = Predictions([""] * 20, list("ab") * 10, [None] * 20, ["a", "b"])
    assert score_intervals(nothing)["mean_class_accuracy"][1] > 0.1


def test_same_seed_same_interval_and_levels_nest(rng) -> None:
    seen = draw(rng, 100)
    wide, narrow = score_intervals(seen, 0.99), score_intervals(seen, 0.8)
    assert score_intervals(seen, 0.8) == narrow
    scores = scores_of(seen)
    for name in MEANS:
        assert wide[name][0] <= narrow[name][0] <= narrow[name][1] <= wide[name][1], name
        assert wide[name][0] <= scores[name] <= wide[name][1]


def test_what_labels_alone_cannot_say(rng) -> None:
    seen = draw(rng, 60)
    bare = Predictions(seen.paths, seen.truth, seen.labels, seen.classes)
    assert "log_loss" not in score_intervals(bare)
    scores = scores_of(bare)
    assert scores["log_loss"] is scores["top_5_accuracy"] is None
    assert scores["accuracy"] == scores_of(seen)["accuracy"]
    first = np.where(seen.probabilities == seen.probabilities.max(axis=1)[:, None], 1, 0)
    top = Predictions(seen.paths, seen.truth, seen.labels, seen.classes, first * seen.probabilities)
    assert scores_of(top)["log_loss"] is None
    assert scores_of(top)["expected_calibration_error"] == pytest.approx(
        scores_of(seen)["expected_calibration_error"]
    )


def test_top_5_agrees_with_scikit_learn(rng) -> None:
    seen = draw(rng, 200)
    theirs = top_k_accuracy_score(seen.truth, seen.probabilities, k=5, labels=seen.classes)
    assert scores_of(seen)["top_5_accuracy"] == pytest.approx(theirs)
    ties = np.full((3, 6), 1 / 6)
    assert score_predictions(list("aef"), list("aaa"), ties, list("abcdef"))[
        "top_5_accuracy"
    ] == pytest.approx(2 / 3)


def test_reliability_by_its_definition(rng) -> None:
    seen = draw(rng, 400)
    curve = reliability(seen, n_bins=10)
    confidence = seen.probabilities.max(axis=1)
    gap = 0.0
    for i in range(10):
        inside = (confidence > i / 10) & (confidence <= (i + 1) / 10)
        assert curve.count[i] == inside.sum()
        if inside.any():
            assert curve.accuracy[i] == pytest.approx(seen.right[inside].mean())
            assert curve.confidence[i] == pytest.approx(confidence[inside].mean())
            gap += inside.sum() * abs(curve.accuracy[i] - curve.confidence[i])
        else:
            assert np.isnan(curve.accuracy[i])
    assert curve.ece == pytest.approx(gap / 400)
    assert scores_of(seen)["expected_calibration_error"] == pytest.approx(reliability(seen).ece)


def test_unanswered_pictures_have_no_confidence() -> None:
    shares = np.array([[1.0, 0.0], [0.0, 0.0]])
    seen = Predictions(["x", "y"], ["a", "b"], ["a", None], ["a", "b"], shares)
    assert reliability(seen).count.sum() == 1
    assert reliability(seen).ece == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": 1.0}, "level must be a number between 0 and 1"),
        ({"n_resamples": 2}, "n_resamples must be an integer >= 10"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_wrong_parameters(changes, message) -> None:
    seen = Predictions(["x"], ["a"], ["a"], ["a"])
    with pytest.raises(ParameterError, match=message):
        score_intervals(seen, **changes)
    with pytest.raises(ParameterError, match="at least one image"):
        score_intervals(Predictions([], [], [], []))
    with pytest.raises(ParameterError, match="must hold probabilities"):
        reliability(seen)


def test_one_answer_for_everything_has_an_interval() -> None:
    """Its mean class accuracy is the same in all resamples."""
    truth = ["a", "b"] * 8 + ["a"]
    shares = np.tile([0.9, 0.1], (17, 1))
    seen = Predictions([str(i) for i in range(17)], truth, ["a"] * 17, ["a", "b"], shares)
    found = score_intervals(seen)
    assert found["mean_class_accuracy"] == pytest.approx((0.5, 0.5))
    assert found["accuracy"][0] < 9 / 17 < found["accuracy"][1]


def test_the_interval_of_the_calibration_error_contains_its_estimate(rng) -> None:
    """Of a calibrated model the estimate is too high, and lay above its own interval."""
    for seed in range(5):
        draw = np.random.default_rng(seed)
        chances = draw.uniform(0.9, 1, 3000)
        right = draw.random(3000) < chances
        shares = np.column_stack([chances, 1 - chances])
        labels = np.where(right, "a", "b").tolist()
        names = [str(i) for i in range(3000)]
        seen = Predictions(names, labels, ["a"] * 3000, ["a", "b"], shares)
        low, high = score_intervals(seen, n_resamples=200)["expected_calibration_error"]
        assert low <= scores_of(seen)["expected_calibration_error"] <= high


def test_few_images_per_bin_are_allowed_for() -> None:
    """One mean is fitted in each bin: without that, 12 of 100 intervals would leave out 0."""
    from cvclassic.evaluate.calibration import N_BINS, bins_of
    from cvclassic.evaluate.intervals import _calibration_ends

    hits = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.05, 1, 35)
        right = rng.random(35) < confidence  # as often as it says: the true error is 0
        gaps = np.zeros((N_BINS, 35))
        gaps[bins_of(confidence, N_BINS), np.arange(35)] = right - confidence
        hits += _calibration_ends(gaps, 300, 0.95, rng)[0] == 0
    assert hits / 150 > 0.95


def test_accelerated_intervals_are_those_of_scipy() -> None:
    """Bias and acceleration each move the ends of a skewed sample by more than the tolerance."""
    from cvclassic.evaluate.intervals import _bca

    terms = np.random.default_rng(5).exponential(size=25) ** 2
    rng = np.random.default_rng(6)
    values = terms[rng.integers(0, 25, (200_000, 25))].mean(axis=1)
    theirs = stats.bootstrap(
        (terms,), np.mean, n_resamples=100_000, method="BCa", rng=rng
    ).confidence_interval
    spread = terms.std() / 5
    low, high = _bca(values, terms, 0.95)
    assert abs(low - theirs.low) < 0.03 * spread
    assert abs(high - theirs.high) < 0.06 * spread
    plain = np.quantile(values, [0.025, 0.975])
    assert abs(low - plain[0]) > 0.1 * spread  # the correction is worth something here
    # a bias alone, and an acceleration alone
    symmetric = np.array([-1.0, 1.0] * 10)
    shifted = np.random.default_rng(0).normal(0.05, 0.2, 100_000)
    ends = _bca(shifted, symmetric, 0.9)
    assert ends[0] < np.quantile(shifted, 0.05) - 0.02


def test_accelerated_interval_by_its_definition(rng) -> None:
    """Skewed losses, so that bias and acceleration matter; the jackknife by leaving out."""
    terms = rng.exponential(size=40) ** 2
    values = rng.choice(terms, (3000, 40)).mean(axis=1)
    left_out = np.array([np.delete(terms, i).mean() for i in range(40)])
    error = left_out.mean() - left_out
    acceleration = (error**3).sum() / (6 * (error**2).sum() ** 1.5)
    bias = stats.norm.ppf((values < terms.mean()).mean())
    z = bias + stats.norm.ppf([0.05, 0.95])
    expected = np.quantile(values, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    assert acceleration > 0.05
    assert bias > 0.02
    assert _bca(values, terms, 0.9) == pytest.approx(tuple(expected), rel=1e-9)


def test_calibration_interval_knows_that_a_mean_was_fitted_in_each_bin() -> None:
    """Two images per bin vary less around the mean of the two than around the truth."""
    rng = np.random.default_rng(0)
    hits, n, true_gap = 0, 25, 0.05
    for _ in range(150):
        confidence = rng.uniform(0.2, 0.95, n)
        right = rng.random(n) < confidence - true_gap
        gaps = np.zeros((15, n))
        gaps[bins_of(confidence, 15), np.arange(n)] = right - confidence
        low, high = _calibration_ends(gaps, 200, 0.95, rng)
        hits += low <= true_gap <= high
    assert hits / 150 >= 0.97
