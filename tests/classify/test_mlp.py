"""The MLP head against scikit-learn's network, whose weights it takes over."""

import warnings

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

from cvclassic.classify import MLPClassifier, MLPRegressor
from cvclassic.errors import ParameterError
from tests.checks import vectors


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("layers", [(7,), (6, 5), 4])
def test_forward_is_scikit_learns(activation, n_classes, layers) -> None:
    X, y = vectors(40, 6, n_classes)
    head = MLPClassifier(
        layers, activation, max_iter=15, calibrate=False, early_stopping=False
    ).fit(X, y)
    network = neural_network.MLPClassifier(
        layers, activation=activation, alpha=1.0, max_iter=15, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit((X - X.mean(axis=0)) / X.std(axis=0), y)
    expected = network.predict_proba((X - X.mean(axis=0)) / X.std(axis=0))
    np.testing.assert_allclose(head.predict_proba(X), expected, atol=1e-5)
    assert head.n_iter_ == network.n_iter_
    np.testing.assert_allclose(head.loss_curve_, network.loss_curve_, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_l2_path_ends_with_the_network_of_its_best_penalty(rng, kind) -> None:
    X = rng.normal(size=(120, 20)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
    path = kind((16,), alpha=(1e-3, 100.0, 10.0), max_iter=60).fit(X, y)
    assert [point.alpha for point in path.l2_path_] == [100.0, 10.0, 1e-3]
    best = min(path.l2_path_, key=lambda point: point.loss)
    assert path.alpha_ == best.alpha != 1e-3  # which learns the noise by heart
    alone = kind((16,), alpha=best.alpha, max_iter=60).fit(X, y)
    assert alone.l2_path_ == [best]
    assert [epoch.loss for epoch in alone.epochs_] == [epoch.loss for epoch in path.epochs_]
    for mine, its in zip(path.weights_, alone.weights_, strict=True):
        np.testing.assert_array_equal(mine, its)
    with pytest.raises(ParameterError, match="alpha must be a number or a sequence"):
        kind(alpha=[]).fit(X, y)
    with pytest.raises(ParameterError, match="alpha"):
        kind(alpha=[1.0, -1.0]).fit(X, y)


def test_constant_columns_and_scale_do_not_matter() -> None:
    X, y = vectors(40)
    plain = MLPClassifier((8,), max_iter=20, early_stopping=False).fit(X, y).predict_proba(X)
    wide = (
        MLPClassifier((8,), max_iter=20, early_stopping=False)
        .fit(X * 256 + 1024, y)
        .predict_proba(X * 256 + 1024)
    )
    np.testing.assert_allclose(wide, plain, atol=0.02)
    constant = np.hstack([X, np.full((40, 1), 3, np.float32)])
    head = MLPClassifier((8,), max_iter=20, early_stopping=False).fit(constant, y)
    assert head.scale_[-1] == 1
    assert np.isfinite(head.predict_proba(constant)).all()


@pytest.mark.slow
def test_calibration_tames_what_is_trained_to_the_end(rng) -> None:
    """Labels at random: a network that knows them by heart must not be sure of others."""
    X, y = rng.normal(size=(100, 30)).astype(np.float32), np.arange(100) % 2
    new = rng.normal(size=(200, 30)).astype(np.float32)
    params = {"alpha": 1e-4, "learning_rate_init": 0.01, "max_iter": 150, "early_stopping": False}
    sure = MLPClassifier((32,), calibrate=False, **params).fit(X, y)
    tamed = MLPClassifier((32,), calibrate=True, **params).fit(X, y)
    assert sure.score(X, y) == 1
    assert sure.predict_proba(new).max(axis=1).mean() > 0.9
    assert tamed.predict_proba(new).max(axis=1).mean() < 0.75
    assert np.array_equal(tamed.predict(new), sure.predict(new))
    assert sure.temperature_ == 1
    assert np.isnan(sure.cv_accuracy_)
    assert 0.2 < tamed.cv_accuracy_ < 0.8


@pytest.mark.slow
def test_early_stopping_stops() -> None:
    X, y = vectors(120)
    params = {"learning_rate_init": 0.02, "max_iter": 300, "calibrate": False}
    head = MLPClassifier((8,), early_stopping=True, n_iter_no_change=3, **params).fit(X, y)
    assert head.n_iter_ < 300
    assert len(head.loss_curve_) == head.n_iter_
    assert head.score(X, y) > 0.5


def test_a_class_of_one_picture() -> None:
    X, y = vectors(21)
    y = np.where(np.arange(21) == 0, "zebra", y)
    head = MLPClassifier((8,), max_iter=60, learning_rate_init=0.02).fit(X, y)
    assert head.temperature_ == 1
    assert "zebra" in head.classes_
    assert head.score(X, y) > 0.6


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("hidden_layer_sizes", (8, 0), "a sequence of integers >= 1, such as (128,)."),
        ("hidden_layer_sizes", "64", "a sequence of integers >= 1, such as (128,)."),
        ("activation", "gelu", "one of 'relu', 'tanh', 'logistic', 'identity', 'step'."),
        ("batch_size", 0, "an integer >= 1."),
        ("validation_fraction", 0.6, "at most 0.5."),
        ("early_stopping", 1, "True or False."),
        ("max_iter", 2.5, "an integer >= 1."),
    ],
)
def test_messages(name, value, expected) -> None:
    with pytest.raises(ParameterError) as caught:
        MLPClassifier(**{name: value}).fit(*vectors())
    said = str(caught.value).partition(" Did you mean")[0]
    assert said == f"{name} must be {expected} Got {value!r} instead."
