"""The error rates hold: in simulations, of heads, and of models on disk."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from cvclassic.classify import (
    UnknownRule,
    abstention_threshold,
    calibrate_unknown,
    conformal_sets,
    make_head,
    pictures_needed,
    probabilities,
)
from cvclassic.classify.unknown import error_bound
from cvclassic.errors import DataError, ParameterError


def draw(rng, n: int, k: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that say too much of themselves, and the true columns."""
    labels = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k)) + 6 * rng.random((n, 1)) * np.eye(k)[labels]
    return softmax(3 * logits, axis=1), labels


@pytest.mark.parametrize(("n", "rate"), [(150, 0.2), (400, 0.1)])
def test_threshold_keeps_the_error_rate(n, rate) -> None:
    """The true error rate of answers exceeds the stated one in 5% of trainings at most."""
    rng = np.random.default_rng(2)
    chances, labels = draw(rng, 20_000)
    wrong = chances.argmax(axis=1) != labels
    broken, shares = 0, []
    for _ in range(300):
        try:
            rule = abstention_threshold(*draw(rng, n), rate)
        except DataError:
            continue
        answered = rule.answered(chances)
        broken += wrong[answered].mean() > rate
        shares.append(answered.mean())
    assert len(shares) > 150
    assert broken / 300 <= 0.05
    assert np.mean(shares) > 0.15  # and it does answer


@pytest.mark.slow
@pytest.mark.parametrize(("n", "rate"), [(25, 0.1), (200, 0.1), (99, 0.01), (400, 0.05)])
def test_sets_cover(n, rate) -> None:
    """On average over trainings, 1 - rate of the sets hold the truth; and hardly more.

    More only where the first label alone is right more often than that.
    """
    rng = np.random.default_rng(3)
    chances, labels = draw(rng, 20_000)
    covered, sizes = [], []
    for _ in range(300):
        members = conformal_sets(*draw(rng, n), rate).members(chances)
        covered.append(members[np.arange(len(labels)), labels].mean())
        sizes.append(members.sum(axis=1).min())
    error = 3 * np.std(covered) / np.sqrt(300)
    assert 1 - rate - error <= np.mean(covered) <= 1 - rate + 1 / (n + 1) + error + 0.01
    assert min(sizes) >= 1


def test_bound_agrees_with_scipy() -> None:
    for k, n in [(0, 10), (3, 50), (50, 50), (7, 400)]:
        interval = stats.binomtest(k, n, alternative="less").proportion_ci(0.95, "exact")
        assert float(error_bound(k, n, 0.05)) == pytest.approx(interval.high)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 0.5])
def test_needed_pictures_are_just_enough(rate) -> None:
    n = pictures_needed(rate)
    sure = np.tile([[0.9, 0.1]], (n, 1))
    assert abstention_threshold(sure, np.zeros(n, int), rate).cutoff == 0.9
    with pytest.raises(DataError, match="cannot be guaranteed"):
        abstention_threshold(sure[1:], np.zeros(n - 1, int), rate)
    n = pictures_needed(rate, "sets")
    conformal_sets(np.tile([[0.9, 0.1]], (n, 1)), np.zeros(n, int), rate)
    with pytest.raises(DataError, match="needs"):
        conformal_sets(np.tile([[0.9, 0.1]], (n - 1, 1)), np.zeros(n - 1, int), rate)


def test_ties_are_answered_together() -> None:
    """Of images alike in probability, not only the right ones count."""
    chances = np.tile([[0.7, 0.3]], (400, 1))
    labels = (np.arange(400) >= 200).astype(int)  # the first half is right
    with pytest.raises(
        DataError, match=r"of which 200 were classified wrongly: " r"the lowest possible is 0.5"
    ):
        abstention_threshold(chances, labels, 0.1)


def test_no_features_are_never_answered() -> None:
    nothing = np.zeros((1, 3))
    for kind in ("threshold", "sets"):
        rule = UnknownRule(kind, 0.1, 0.2, 100)
        assert not rule.answered(nothing)[0]
        assert not rule.members(nothing).any()


# what makes them quick
HEADS = {
    "svm": {"C": 1.0},
    "ridge": {},
    "ridge-rbf": {},
    "mlp": {"hidden_layer_sizes": (16,), "max_iter": 30, "learning_rate_init": 0.02},
    "perceptron": {},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["svm", "ridge", "ridge-rbf", "mlp"])
@pytest.mark.parametrize("kind", ["threshold", "sets"])
def test_heads_keep_their_word(name, kind) -> None:
    """Held-out decisions of each kind of head; judged on samples that it never saw."""
    rng = np.random.default_rng(4)
    y = rng.integers(0, 3, 3600)
    X = (rng.normal(size=(3600, 5)) + 2.2 * np.eye(3, 5)[y]).astype(np.float32)
    head = make_head(name, random_state=0, **HEADS[name]).fit(X[:600], y[:600])
    decisions, labels = head.held_out_
    assert decisions.shape == (len(labels), 3)
    assert (decisions.argmax(axis=1) == labels).mean() == pytest.approx(head.cv_accuracy_)
    rule = calibrate_unknown(head, 0.15 if kind == "threshold" else 0.05, kind)
    chances, truth = head.predict_proba(X[600:]), y[600:]
    if kind == "threshold":
        answered = rule.answered(chances)
        assert (chances.argmax(axis=1) != truth)[answered].mean() < 0.15
        assert answered.mean() > 0.1
    else:
        covered = rule.members(chances)[np.arange(3000), truth].mean()
        spread = 0.03 if len(labels) > 300 else 0.06  # by the number of held-out samples
        assert covered == pytest.approx(0.95, abs=spread)


@pytest.mark.slow
@pytest.mark.parametrize("name", HEADS)
def test_every_head_with_two_classes(name) -> None:
    rng = np.random.default_rng(5)
    y = np.arange(500) % 2
    X = (rng.normal(size=(500, 4)) + 4 * np.eye(2, 4)[y]).astype(np.float32)
    head = make_head(name, random_state=0, **HEADS[name]).fit(X, y)
    assert head.unknown_ is None
    rule = calibrate_unknown(head, 0.1)
    assert head.unknown_ is rule
    decisions, _ = head.held_out_
    assert probabilities(decisions, head.temperature_).shape == (rule.n_held_out, 2)
    head.fit(X, y)
    assert head.unknown_ is None  # a rule is of one training only


def test_nothing_to_hold_out() -> None:
    head = make_head("svm").fit(np.eye(3), ["a", "b", "c"])
    with pytest.raises(DataError, match="each class has only one"):
        calibrate_unknown(head, 0.1)


@pytest.mark.parametrize("rate", [0, 1, -1, 2.0, float("nan"), "x"])
def test_wrong_rates(rate, rng) -> None:
    for calibrate in (abstention_threshold, conformal_sets):
        with pytest.raises(ParameterError, match="error_rate must be"):
            calibrate(*draw(rng, 50), rate)


@pytest.mark.parametrize("kind", ["threshold", "sets"])
def test_the_rule_is_in_the_model_file(kind, tmp_path) -> None:
    """And nothing else than such a rule can be."""
    from safetensors.numpy import load

    from cvclassic.classify import make_recipe
    from cvclassic.errors import ModelFileError
    from cvclassic.models import load_model, save_model

    rng = np.random.default_rng(6)
    pictures = rng.integers(0, 60, (120, 12, 12)).astype(np.uint8)
    pictures[::2, :6] += 150
    model = make_recipe("pixels", "ridge").fit(pictures, ["a", "b"] * 60)
    save_model(tmp_path / "plain", model)
    assert load_model(tmp_path / "plain")[-1].unknown_ is None
    rule = calibrate_unknown(model[-1], 0.1, kind)
    save_model(tmp_path / "ruled", model)
    assert load_model(tmp_path / "ruled")[-1].unknown_ == rule
    data = (tmp_path / "ruled").read_bytes()
    text = f'\\"cutoff\\": {rule.cutoff}'.encode()
    size = int.from_bytes(data[:8], "little")
    assert load(data)
    assert text in data[: 8 + size]
    for wrong in ("7", '\\"x\\"', "null", "-0.5"):
        broken = data[8 : 8 + size].replace(text, f'\\"cutoff\\": {wrong}'.encode())
        broken = len(broken).to_bytes(8, "little") + broken + data[8 + size :]
        (tmp_path / "broken").write_bytes(broken)
        with pytest.raises(ModelFileError, match="damaged"):
            load_model(tmp_path / "broken")
