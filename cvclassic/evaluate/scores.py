"""Scores of predictions against the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from ..classify import named_losses
from ..errors import ParameterError
from .calibration import calibration_error
from .per_sample import (
    answered_rows,
    certainties,
    log_losses,
    rows_are_complete,
    top_k_hits,
    true_columns,
)


def score_predictions(
    truth: Sequence, predicted: Sequence, probabilities: np.ndarray | None, classes: Sequence
) -> dict:
    """Score predicted labels and probabilities.

    Parameters
    ----------
    truth : sequence of n labels
        May hold labels that are not among `classes`; those images count as wrong.
    predicted : sequence of n labels
        None, or anything else that is not a class, counts as wrong: the model did not answer.
    probabilities : ndarray of shape (n, n_classes) or None
        In the order of `classes`. A row of zeros stands for no answer and is taken as even
        odds in the log loss. Without them what is computed from them is None.
    classes : sequence of labels
        What the model can answer.

    Returns
    -------
    dict
        ``accuracy``, ``mean_class_accuracy`` (mean over the classes in `truth` of the share
        of their images that were recognized), ``macro_f1`` (over all labels in truth or
        predictions), ``top_5_accuracy`` (how often the truth is among the five most probable
        classes; None with five classes or fewer), ``log_loss`` (natural logarithm,
        probabilities clipped at 1e-15; None where rows do not sum to 1, as when only the first
        class's probability is known), ``expected_calibration_error`` (see
        `cvclassic.evaluate.reliability`), ``hinge_loss`` and ``mean_squared_error`` (see
        `cvclassic.classify.named_losses`; over images that were answered and whose label
        is a class, nan if there are none), ``roc_auc`` where the model has two classes and
        both occur, else None, ``n_images``, ``labels`` and ``confusion`` (rows: truth, columns:
        predictions, both in the order of ``labels``), and ``classes``: precision, recall, f1
        and count of each.

    Raises
    ------
    ParameterError
        There is nothing to score, or the lengths differ.

    Examples
    --------
    >>> scores = score_predictions(
    ...     ["a", "a", "b"], ["a", "b", "b"], np.array([[1, 0], [0.5, 0.5], [0, 1]]), ["a", "b"])
    >>> scores["mean_class_accuracy"], scores["confusion"]
    (0.75, [[1, 1], [0, 1]])
    """
    n = len(truth)
    if n == 0:
        raise ParameterError("truth must have at least one label. Got none.")
    shape = (n, len(classes)) if probabilities is None else probabilities.shape
    if len(predicted) != n or shape != (n, len(classes)):
        raise ParameterError(
            f"predicted and probabilities must have {n} rows and {len(classes)} columns. Got "
            f"{len(predicted)} labels and shape {shape}."
        )
    known = set(classes) | set(truth)
    labels = sorted(known, key=lambda label: (str(type(label)), label))
    # one more column for images that the model did not answer
    answered = [label if label in known else None for label in predicted]
    if None in answered:
        labels.append(None)
    number = {label: i for i, label in enumerate(labels)}
    true = np.array([number[label] for label in truth])
    given = np.array([number[label] for label in answered])
    confusion = np.zeros((len(labels), len(labels)), int)
    np.add.at(confusion, (true, given), 1)

    hits = np.diagonal(confusion)
    support = confusion.sum(axis=1)
    guesses = confusion.sum(axis=0)
    recall = hits / np.maximum(support, 1)
    precision = hits / np.maximum(guesses, 1)
    f1 = 2 * hits / np.maximum(support + guesses, 1)
    occurring = (support + guesses > 0) & np.array([label is not None for label in labels])
    return {
        "accuracy": float(hits.sum() / n),
        "mean_class_accuracy": float(recall[support > 0].mean()),
        "macro_f1": float(f1[occurring].mean()),
        **_of_probabilities(truth, probabilities, classes),
        "n_images": n,
        "labels": labels,
        "confusion": confusion.tolist(),
        "classes": [
            {
                "label": label,
                "n_images": int(support[i]),
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
            }
            for i, label in enumerate(labels)
            if support[i] > 0
        ],
    }


def _of_probabilities(truth: Sequence, probabilities: np.ndarray | None, classes) -> dict:
    """Scores that labels alone do not have; None where these probabilities do not either."""
    names = ("top_5_accuracy", "log_loss", "expected_calibration_error")
    scores: dict = dict.fromkeys((*names, "hinge_loss", "mean_squared_error", "roc_auc"))
    if probabilities is None:
        return scores
    if len(classes) > 5:
        scores["top_5_accuracy"] = float(top_k_hits(truth, probabilities, classes, 5).mean())
    confidence, right = certainties(truth, probabilities, classes)
    if len(right):
        scores["expected_calibration_error"] = calibration_error(confidence, right)
    if not rows_are_complete(probabilities):
        return scores
    scores["log_loss"] = float(log_losses(truth, probabilities, classes).mean())
    column = true_columns(truth, classes)
    judged = (column >= 0) & answered_rows(probabilities)
    scores["hinge_loss"] = scores["mean_squared_error"] = float("nan")
    if judged.any():
        losses = named_losses(probabilities[judged], column[judged])
        scores |= {name: losses[name] for name in ("hinge_loss", "mean_squared_error")}
    scores["roc_auc"] = _roc_auc(truth, probabilities, classes)
    return scores


def _roc_auc(truth: Sequence, probabilities: np.ndarray, classes: Sequence) -> float | None:
    """Chance that a sample of the second class is ranked above one of the first."""
    column = np.array([1 if label == classes[-1] else 0 for label in truth])
    foreign = any(label not in classes for label in truth)
    if len(classes) != 2 or foreign or column.min() == column.max():
        return None
    scores = np.where(probabilities.any(axis=1), probabilities[:, 1], 0.5)
    ranks = rankdata(scores)
    n, positive = len(column), int(column.sum())
    above = ranks[column == 1].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (n - positive)))


def score_numbers(truth: Sequence[float], predicted: Sequence[float | None]) -> dict:
    """Score the answers of a regression.

    Parameters
    ----------
    truth : sequence of n numbers
    predicted : sequence of n numbers
        None where the model did not answer; those are counted and not scored.

    Returns
    -------
    dict
        ``mean_squared_error``, ``mean_absolute_error`` (in the unit of the labels), ``r2`` (1
        is perfect, 0 no better than the mean; None where the truth is constant), ``n_images``
        and ``n_unanswered``.

    Raises
    ------
    ParameterError
        There is nothing to score, or the lengths differ.

    Examples
    --------
    >>> score_numbers([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])["r2"]
    0.5
    """
    if len(truth) != len(predicted):
        raise ParameterError(f"predicted must have {len(truth)} numbers. Got {len(predicted)}.")
    pairs = [(t, p) for t, p in zip(truth, predicted, strict=True) if p is not None]
    if not pairs:
        raise ParameterError("truth must have at least one number that was answered. Got none.")
    true, given = np.array(pairs, np.float64).T
    error = given - true
    variance = float(true.var())
    return {
        "mean_squared_error": float((error**2).mean()),
        "mean_absolute_error": float(np.abs(error).mean()),
        "r2": 1 - float((error**2).mean()) / variance if variance > 0 else None,
        "n_images": len(truth),
        "n_unanswered": len(truth) - len(pairs),
    }


def confused_pairs(scores: dict, most: int = 5) -> list[tuple[int, object, object]]:
    """The most frequent confusions of `score_predictions`' result, (count, truth, answer).

    Examples
    --------
    >>> confused_pairs({"labels": ["a", "b"], "confusion": [[3, 1], [2, 4]]})
    [(2, 'b', 'a'), (1, 'a', 'b')]
    """
    labels = scores["labels"]
    pairs = [
        (count, labels[i], labels[j])
        for i, row in enumerate(scores["confusion"])
        for j, count in enumerate(row)
        if i != j and count
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], str(pair[1]), str(pair[2])))[:most]
