"""Epochs that can be watched, presets, the perceptron, the regression, losses by name."""

import numpy as np
import pytest
from sklearn.metrics import hinge_loss, log_loss

from cvclassic.classify import (
    HEADS,
    PRESETS,
    MLPClassifier,
    MLPRegressor,
    make_head,
    named_losses,
)
from cvclassic.errors import DataError, ParameterError
from tests.checks import vectors


def test_every_epoch_is_told_of() -> None:
    X, y = vectors(60)
    told = []
    head = MLPClassifier((8,), max_iter=30, learning_rate_init=0.02).fit(X, y, on_epoch=told.append)
    assert told == head.epochs_
    trial = [epoch for epoch in told if epoch.phase == "trial"]
    final = [epoch for epoch in told if epoch.phase == "final"]
    assert [epoch.number for epoch in trial] == list(range(1, len(trial) + 1))
    assert all(np.isfinite(epoch.validation_loss) for epoch in trial)
    assert all(np.isnan(epoch.validation_loss) for epoch in final)
    best = min(trial, key=lambda epoch: epoch.validation_loss)
    assert len(final) == best.number == head.n_iter_
    assert head.cv_accuracy_ == best.validation_score
    assert trial[-1].loss < trial[0].loss


def test_labels_of_chance_stop_early(rng) -> None:
    X, y = rng.normal(size=(200, 20)).astype(np.float32), np.arange(200) % 2
    head = MLPClassifier((32,), learning_rate_init=0.01, alpha=1e-4, n_iter_no_change=5).fit(X, y)
    assert head.n_iter_ < 20
    assert head.predict_proba(rng.normal(size=(50, 20))).max(axis=1).mean() < 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PRESETS, "mlp", "ridge", "ridge-rbf", "svm"])
def test_presets(name) -> None:
    X, y = vectors(90)
    head = make_head(name)
    if isinstance(head, MLPClassifier):
        head.set_params(learning_rate_init=0.02, max_iter=60, alpha=0.01)
    assert head.fit(X[:60], y[:60]).score(X[60:], y[60:]) > 0.6
    assert name in HEADS


def test_the_perceptron_has_no_hidden_layer() -> None:
    X, y = vectors(60)
    head = make_head("perceptron").fit(X, y)
    assert [w.shape for w in head.weights_] == [(6, 3)]
    with pytest.raises(ParameterError, match="no gradient"):
        MLPClassifier((4,), "step").fit(X, y)


@pytest.mark.slow
def test_copies_are_held_out_with_their_picture(rng) -> None:
    X, y = rng.normal(size=(100, 50)).astype(np.float32), rng.integers(0, 2, 100)
    twice, labels = np.concatenate([X, X]), np.concatenate([y, y])
    params = {"alpha": 1e-4, "learning_rate_init": 0.01, "max_iter": 60, "early_stopping": False}
    assert MLPClassifier((32,), **params).fit(twice, labels).cv_accuracy_ > 0.8
    assert (
        MLPClassifier((32,), **params)
        .fit(twice, labels, groups=np.tile(np.arange(len(y)), 2))
        .cv_accuracy_
        < 0.7
    )


def test_named_losses_are_scikit_learns(rng) -> None:
    logits = rng.normal(size=(50, 4))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.arange(50) % 4
    losses = named_losses(shares, labels)
    assert losses["log_loss"] == pytest.approx(log_loss(labels, shares))
    assert losses["hinge_loss"] == pytest.approx(hinge_loss(labels, logits))
    assert losses["mean_squared_error"] == pytest.approx(((shares - np.eye(4)[labels]) ** 2).mean())


def test_regression_learns_a_plane_and_knows_its_unit(rng) -> None:
    X = rng.normal(size=(300, 4)).astype(np.float32)
    y = 1000 + 50 * (X @ [1.0, -2.0, 0.5, 0.0])
    model = MLPRegressor((16,), alpha=0.01, learning_rate_init=0.01).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.95
    assert model.cv_r2_ > 0.9
    error = np.abs(model.predict(X[200:]) - y[200:]).mean()
    assert 0.2 < model.losses_["mean_absolute_error"] / error < 5


def test_labels_that_are_no_numbers() -> None:
    X, _ = vectors(6)
    with pytest.raises(DataError, match=r"must be finite numbers. Got '?np\.str_\('tall'\)|'tall'"):
        MLPRegressor().fit(X, ["1", "2", "tall", "4", "5", "6"])
    fitted = MLPRegressor((2,), max_iter=2).fit(X, ["1", "2", "3.5", "4", "5", "6"])
    assert fitted.predict(X).dtype == np.float32


@pytest.mark.parametrize("layers", [(), (5,), (5, 4)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_several_networks_decide_by_their_mean(layers, n_classes) -> None:
    X, y = vectors(60, n_classes=n_classes)
    params = {"max_iter": 8, "early_stopping": False, "calibrate": False}
    activation = "relu" if layers else "identity"
    single = [
        MLPClassifier(layers, activation, random_state=i, **params).fit(X, y) for i in range(3)
    ]
    together = MLPClassifier(layers, activation, n_networks=3, **params).fit(X, y)
    expected = np.mean([head.decision_function(X) for head in single], axis=0)
    np.testing.assert_allclose(together.decision_function(X), expected, atol=1e-4)
    assert together.loss_curve_ == single[0].loss_curve_
