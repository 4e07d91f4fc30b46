"""The temperature against brute force and against what it promises."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from cvclassic.classify import fit_temperature, probabilities


def smoothed_log_loss(decisions, labels, temperature):
    """The objective, term by term."""
    n, k = decisions.shape
    logs = log_softmax(decisions / temperature, axis=1)
    hit = 1 - 1 / (n + 2)
    miss = 1 / ((n + 2) * (k - 1))
    total = 0.0
    for row, label in zip(logs, labels, strict=True):
        total -= hit * row[label] + miss * (row.sum() - row[label])
    return total / n


def noisy_decisions(rng, n=80, k=4, size=1.0):
    labels = rng.integers(0, k, n)
    return size * (rng.normal(size=(n, k)) + 1.5 * np.eye(k)[labels]), labels


@pytest.mark.parametrize("size", [0.01, 1.0, 1000.0])
@pytest.mark.parametrize("k", [2, 5])
def test_no_temperature_is_better(rng, size, k) -> None:
    decisions, labels = noisy_decisions(rng, k=k, size=size)
    found = fit_temperature(decisions, labels)
    least = smoothed_log_loss(decisions, labels, found)
    for temperature in size * np.logspace(-3, 3, 121):
        assert least <= smoothed_log_loss(decisions, labels, temperature) + 1e-6


def test_follows_the_scale_of_the_decisions(rng) -> None:
    decisions, labels = noisy_decisions(rng)
    one = fit_temperature(decisions, labels)
    assert fit_temperature(50 * decisions, labels) == pytest.approx(50 * one, rel=1e-3)


def test_improves_probabilities_of_others(rng) -> None:
    """Decisions that are ten times too sure: the loss on samples not used falls."""
    decisions, labels = noisy_decisions(rng, 400, size=10)
    temperature = fit_temperature(decisions[:200], labels[:200])
    after = log_loss(labels[200:], probabilities(decisions[200:], temperature))
    assert after < 0.7 * log_loss(labels[200:], probabilities(decisions[200:], 1.0))


@pytest.mark.parametrize("n", [2, 20, 200])
def test_no_mistake_is_no_certainty(n) -> None:
    """Without a mistake among n, the probability of one is about 1/(n+2)."""
    labels = np.arange(n) % 2
    decisions = np.where(np.eye(2)[labels] > 0, 1.0, -1.0)
    shares = probabilities(decisions, fit_temperature(decisions, labels))
    np.testing.assert_allclose(shares.min(axis=1), 1 / (n + 2), rtol=0.05)


def test_decisions_without_information() -> None:
    """All alike, or all zero: a finite temperature above zero."""
    labels = np.array([0, 1, 2, 0])
    for decisions in (np.zeros((4, 3)), np.ones((4, 3)), np.full((4, 3), 1e-30)):
        temperature = fit_temperature(decisions, labels)
        assert 0 < temperature < np.inf
        np.testing.assert_allclose(probabilities(decisions, temperature), 1 / 3, atol=1e-6)


def test_probabilities_sum_to_one_and_keep_the_order(rng) -> None:
    decisions = rng.normal(size=(50, 6)) * 1e4
    for temperature in (1e-3, 1.0, 1e3):
        shares = probabilities(decisions, temperature)
        assert np.isfinite(shares).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-9)
        assert np.array_equal(shares.argmax(axis=1), decisions.argmax(axis=1))
