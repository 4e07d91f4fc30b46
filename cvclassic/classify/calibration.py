"""Decisions become probabilities: temperature scaling on decisions that were held out."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax


def fit_temperature(
    decisions: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Temperature under which ``softmax(decisions / T)`` has the least log loss.

    One number cannot change which class comes first, so that labels and probabilities
    agree. The target of n samples is 1 - 1/(n + 2) and not 1, so that a few samples without
    a mistake do not promise that there never will be one.

    Parameters
    ----------
    decisions : ndarray of shape (n, k)
        Decision values for samples that the classifier was not trained on.
    labels : ndarray of shape (n,), int
        Column of the true class.
    weights : ndarray of shape (n,), optional
        How much each sample counts.

    Returns
    -------
    float

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2, for the
    temperature; Platt, "Probabilistic outputs for support vector machines", 1999, section 2.2,
    for the targets.

    Examples
    --------
    >>> decisions = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]] * 100)
    >>> temperature = fit_temperature(decisions, np.array([0, 1, 0, 1] * 100))
    >>> softmax([1 / temperature, 0]).round(2)
    array([0.75, 0.25])
    """
    decisions = np.asarray(decisions, np.float64)
    n, k = decisions.shape
    targets = np.full((n, k), 1 / ((n + 2) * max(k - 1, 1)))
    targets[np.arange(n), labels] = 1 - 1 / (n + 2)
    if weights is not None:
        targets *= (weights / weights.mean())[:, None]
    below = decisions - decisions.max(axis=1, keepdims=True)
    reached, counts = float((targets * below).sum()), targets.sum(axis=1)
    scaled = np.empty_like(below)

    def log_loss(log_temperature: float) -> float:
        rate = np.exp(-log_temperature)
        np.multiply(below, rate, out=scaled)
        sums = np.exp(scaled, out=scaled).sum(axis=1)  # at least 1: the largest exponent is 0
        return float(counts @ np.log(sums) - rate * reached) / n

    spread = np.log(max(float(decisions.std()), 1e-6))
    found = minimize_scalar(log_loss, bounds=(spread - 8, spread + 8), method="bounded")
    return float(np.exp(found.x))


def probabilities(decisions: np.ndarray, temperature: float) -> np.ndarray:
    """``softmax(decisions / temperature)``, rows of which sum to 1."""
    return softmax(np.asarray(decisions, np.float64) / temperature, axis=1)
