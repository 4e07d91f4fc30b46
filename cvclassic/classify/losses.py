"""Losses of probabilities, each by its name."""

from __future__ import annotations

import numpy as np

_TINY = 1e-15


def named_losses(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, float]:
    """Log loss, hinge loss and mean squared error of probabilities.

    Parameters
    ----------
    probabilities : ndarray of shape (n, k)
        Rows sum to 1.
    labels : ndarray of shape (n,), int
        Column of the true class.
    weights : ndarray of shape (n,), optional
        How much each sample counts.

    Returns
    -------
    dict of str to float
        ``log_loss``: mean of -ln p(true). ``hinge_loss``: mean of max(0, 1 - margin), the
        margin being ln p(true) less the largest ln p of another class: for a softmax that is
        the difference of the decisions. ``mean_squared_error``: over samples and classes,
        against 1 for the true class and 0 for the others (Brier's score divided by k).

    References
    ----------
    Crammer & Singer, "On the algorithmic implementation of multiclass kernel-based vector
    machines", JMLR 2, 2001, equation (2), for the hinge of several classes.

    Examples
    --------
    >>> losses = named_losses(np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([0, 0]))
    >>> {name: round(value, 3) for name, value in losses.items()}
    {'log_loss': 0.399, 'hinge_loss': 0.5, 'mean_squared_error': 0.13}
    """
    rows = np.arange(len(labels))
    logs = np.log(np.maximum(probabilities, _TINY))
    true = logs[rows, labels]
    others = logs.copy()
    others[rows, labels] = -np.inf
    target = np.zeros(probabilities.shape)
    target[rows, labels] = 1
    hinges = np.maximum(0, 1 - (true - others.max(axis=1)))
    squares = (probabilities - target) ** 2
    if weights is not None:
        true, hinges = _averaged(true, weights), _averaged(hinges, weights)
        squares = _averaged(squares.mean(axis=1), weights)
    return {
        "log_loss": float(-true.mean()),
        "hinge_loss": float(hinges.mean()),
        "mean_squared_error": float(squares.mean()),
    }


def _averaged(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.average(values, weights=weights)
