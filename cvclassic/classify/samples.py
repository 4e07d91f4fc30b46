"""Weights and groups of samples, as heads take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from .._basics.label_sets import encode_sets, is_multilabel
from ..errors import DataError, ParameterError


@dataclass(frozen=True, eq=False)
class Samples:
    """Checked facts about n samples.

    Parameters
    ----------
    weights : ndarray of shape (n,), float32, or None
        All above 0; None stands for ones.
    groups : ndarray of shape (n,), int, or None
        Samples with the same number are held out together.
    judged : ndarray of shape (n,), bool
        Which of them count where held-out samples are judged.
    rows : ndarray of shape (n,), int
        Their numbers among those that were given, of which some may have had the weight 0.
    """

    weights: np.ndarray | None
    groups: np.ndarray | None
    judged: np.ndarray
    rows: np.ndarray

    def take(self, which: np.ndarray) -> Samples:
        """The facts about some of them."""
        groups = None if self.groups is None else self.groups[which]
        return Samples(self.weights_at(which), groups, self.judged[which], self.rows[which])

    def weights_at(self, which: np.ndarray) -> np.ndarray | None:
        """Weights of some of them."""
        return None if self.weights is None else self.weights[which]


def check_class_weight(class_weight) -> None:
    """Raise `ParameterError` unless it is None, "balanced" or a mapping of labels to numbers."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return
    good = isinstance(class_weight, Mapping) and all(
        isinstance(weight, int | float | np.number) and not isinstance(weight, bool) and weight >= 0
        for weight in class_weight.values()
    )
    if not good:
        raise ParameterError(
            "class_weight must be None, 'balanced' or a dict from labels to numbers >= 0. "
            f"Got {class_weight!r} instead."
        )


def weights_of_classes(class_weight, classes: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Weight of each class.

    Parameters
    ----------
    class_weight : "balanced" or dict
    classes : ndarray of shape (k,)
    totals : ndarray of shape (k,)
        Sum of the weights of the samples of each class.

    Returns
    -------
    ndarray of shape (k,)
        "balanced" makes all classes weigh the same, and all samples together what they did.

    Raises
    ------
    ParameterError
        The dict has a label that is no class.

    Examples
    --------
    >>> weights_of_classes("balanced", np.array(["a", "b"]), np.array([1.0, 3.0]))
    array([2.        , 0.66666667])
    """
    if isinstance(class_weight, str):
        return totals.sum() / (len(totals) * totals)
    known = classes.tolist()
    unknown = [label for label in class_weight if label not in known]
    if unknown:
        raise ParameterError(f"class_weight must be of the classes. Got {unknown[0]!r} instead.")
    return np.array([class_weight.get(label, 1) for label in known], float)


def label_numbers(y, n: int) -> np.ndarray:
    """Number of each sample's class, shape (n,); or which words each has, shape (n, k), bool.

    Examples
    --------
    >>> label_numbers(["b", "a"], 2).tolist(), label_numbers([["b", "a"], ["b"]], 2).tolist()
    ([1, 0], [[True, True], [False, True]])
    """
    if is_multilabel(y):
        return encode_sets(y, n)[1]
    return np.unique(np.asarray(y), return_inverse=True)[1]


def group_numbers(groups, n: int) -> np.ndarray:
    """Number of each sample's group, from 0 in the order in which they first come.

    Raises
    ------
    ParameterError
        There is not one value for each of the n samples.

    Examples
    --------
    >>> group_numbers(["x", "a", "x"], 3)
    array([0, 1, 0])
    """
    groups = np.asarray(groups)
    if groups.shape != (n,):
        raise ParameterError(
            f"groups must have one value for each of the {n} samples. Got shape {groups.shape}."
        )
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), int)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def check_samples(
    X: np.ndarray, sample_weight, groups, judged
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray]:
    """The arguments of `fit` as arrays: which samples weigh anything, and the facts about those.

    Returns
    -------
    rows : ndarray of int
        Samples with a weight above 0.
    weights, groups, judged : ndarray or None
        What was given, for these samples only.

    Raises
    ------
    ParameterError, DataError
        They do not fit X, or no sample weighs anything.
    """
    n = len(X)
    rows, weights = np.arange(n), None
    if sample_weight is not None:
        weights = _check_sample_weight(sample_weight, X, dtype=np.float32, ensure_non_negative=True)
        rows = np.flatnonzero(weights)
        if not len(rows):
            raise DataError("sample_weight must be above 0 for some sample. All are zero.")
        weights = weights[rows]
    if groups is not None:
        groups = group_numbers(groups, n)[rows]
    if judged is None:
        return rows, weights, groups, np.ones(len(rows), bool)
    judged = np.asarray(judged)
    if judged.shape != (n,) or judged.dtype != bool:
        raise ParameterError(
            f"judged must be True or False for each of the {n} samples. Got {judged.dtype}, "
            f"shape {judged.shape}."
        )
    return rows, weights, groups, judged[rows]
