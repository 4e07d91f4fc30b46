"""What each image contributes to a score; shared by scores and their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SURE = 1e-15  # probabilities are clipped to this in the log loss
_ROUNDING = 1e-3  # how far from 1 a row of probabilities may sum


def true_columns(truth: Sequence, classes: Sequence) -> np.ndarray:
    """Column of each true label, -1 where it is not one of `classes`; shape (n,), int.

    Examples
    --------
    >>> true_columns(["b", "x"], ["a", "b"]).tolist()
    [1, -1]
    """
    number = {label: i for i, label in enumerate(classes)}
    return np.array([number.get(label, -1) for label in truth], int)


def answered_rows(probabilities: np.ndarray) -> np.ndarray:
    """Which rows hold an answer: those that are not all zeros; shape (n,), bool."""
    return np.any(probabilities, axis=1)


def rows_are_complete(probabilities: np.ndarray) -> bool:
    """Whether every answer gives all of its probability away, so that it has a log loss.

    Predictions from elsewhere may come with the probability of their first class alone.

    Examples
    --------
    >>> rows_are_complete(np.array([[0.4, 0.6], [0.0, 0.0]]))
    True
    >>> rows_are_complete(np.array([[0.0, 0.6]]))
    False
    """
    sums = probabilities[answered_rows(probabilities)].sum(axis=1)
    return bool((np.abs(sums - 1) <= _ROUNDING).all())


def log_losses(truth: Sequence, probabilities: np.ndarray, classes: Sequence) -> np.ndarray:
    """-log p(true class) of each image; shape (n,).

    A label that is no class has probability 0, and no answer stands for even odds.
    Probabilities are clipped at 1e-15.
    """
    column = true_columns(truth, classes)
    of_truth = np.where(column >= 0, probabilities[np.arange(len(column)), column], 0.0)
    silent = ~answered_rows(probabilities) & (column >= 0)
    of_truth = np.where(silent, 1 / len(classes), of_truth)
    return -np.log(np.maximum(of_truth, _SURE))


def top_k_hits(truth: Sequence, probabilities: np.ndarray, classes: Sequence, k: int) -> np.ndarray:
    """Whether the true class is among the k most probable ones; shape (n,), bool.

    A class that ties with the k-th counts by its place in `classes`. No answer is no hit.

    Examples
    --------
    >>> top_k_hits(["c"], np.array([[0.5, 0.2, 0.3]]), ["a", "b", "c"], 2).tolist()
    [True]
    """
    column = true_columns(truth, classes)
    own = probabilities[np.arange(len(column)), column][:, None]
    before = np.arange(len(classes)) < column[:, None]
    rank = ((probabilities > own) | ((probabilities == own) & before)).sum(axis=1)
    return (column >= 0) & answered_rows(probabilities) & (rank < k)


def certainties(
    truth: Sequence, probabilities: np.ndarray, classes: Sequence
) -> tuple[np.ndarray, np.ndarray]:
    """Highest probability of each answer, and whether its class is the truth.

    Returns
    -------
    confidence : ndarray of shape (m,), float64
        In 0 to 1, of the m images that have an answer.
    right : ndarray of shape (m,), bool
    """
    rows = answered_rows(probabilities)
    column = true_columns(truth, classes)[rows]
    best = probabilities[rows].argmax(axis=1)
    confidence = probabilities[rows].max(axis=1, initial=0).astype(np.float64)
    return np.minimum(confidence, 1), best == column
