"""A head's decision between two classes as a direction in the space of vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..classify import Head, HomogeneousMap, MLPClassifier, RidgeClassifier, SVMClassifier
from ..errors import ParameterError


@dataclass(frozen=True)
class Direction:
    """Difference of two classes' decisions near a vector.

    Parameters
    ----------
    weights : ndarray of shape (d,), float64
    bias : float
    exact : bool
        Whether it holds for all vectors; else it is the tangent at one.
    """

    weights: np.ndarray
    bias: float
    exact: bool


def direction_between(head, vector: np.ndarray, label: int, against: int) -> Direction:
    """How a head's decision for one class minus that for another depends on a vector.

    Parameters
    ----------
    head : SVM, Ridge or MLP
        Fitted.
    vector : ndarray of shape (d,)
        Where the tangent is taken, for heads that are not linear.
    label, against : int
        Columns of the classes.

    Returns
    -------
    Direction

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 3, np.float32)
    >>> head = SVMClassifier(C=1.0).fit(X, ["a", "a", "b", "b"] * 3)
    >>> direction_between(head, X[0], 1, 0).exact
    True
    """
    if isinstance(head, MLPClassifier):
        return _of_network(head, vector, label, against)
    if isinstance(head, SVMClassifier | RidgeClassifier) and head.kernel == "linear":
        rows = head.coef_[[label, against]].astype(np.float64)
        offsets = head.intercept_[[label, against]].astype(np.float64)
        return Direction(rows[0] - rows[1], float(offsets[0] - offsets[1]), True)
    x = np.asarray(vector, np.float64)
    if isinstance(head, SVMClassifier):
        return _tangent(
            x, head.support_vectors_, head.gamma_, head.dual_coef_, head.intercept_, label, against
        )
    if isinstance(head, RidgeClassifier):
        axes = head.components_.astype(np.float64)
        z = (x - head.mean_) @ axes
        inner = _tangent(z, head.vectors_, 1.0, head.dual_coef_, head.intercept_, label, against)
        weights = axes @ inner.weights
        return Direction(weights, inner.bias + float(z @ inner.weights - x @ weights), False)
    raise ParameterError(
        f"explain knows the heads SVM, Ridge and MLP. Got {type(head).__name__} instead."
    )


def _tangent(x, vectors, gamma, dual, intercept, label, against) -> Direction:
    """Of a sum of Gaussians exp(-gamma |x - v|²)."""
    coefficients = dual[:, label].astype(np.float64) - dual[:, against]
    apart = vectors.astype(np.float64) - x
    weighted = coefficients * np.exp(-gamma * np.einsum("nd,nd->n", apart, apart))
    weights = 2 * gamma * (weighted @ apart)
    value = weighted.sum() + float(intercept[label]) - float(intercept[against])
    return Direction(weights, float(value - weights @ x), False)


# derivative of each activation, from its value
_SLOPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda value: (value > 0).astype(np.float64),
    "tanh": lambda value: 1 - value**2,
    "logistic": lambda value: value * (1 - value),
    "identity": np.ones_like,
    "step": np.ones_like,
}


def _of_network(head: MLPClassifier, vector, label: int, against: int) -> Direction:
    """Backward through the layers; without bends on the way it holds everywhere."""
    from scipy.special import expit

    bends: dict[str, Callable[[np.ndarray], np.ndarray]]
    bends = {"relu": lambda a: np.maximum(a, 0), "tanh": np.tanh, "logistic": expit}
    x = (np.asarray(vector, np.float64) - head.mean_) / head.scale_
    values = [x]
    for weight, bias in zip(head.weights_[:-1], head.biases_[:-1], strict=True):
        inner = values[-1] @ weight.astype(np.float64) + bias
        values.append(bends.get(head.activation, np.asarray)(inner))
    last, offset = head.weights_[-1].astype(np.float64), head.biases_[-1].astype(np.float64)
    if last.shape[1] == 1:  # two classes share one output, the log odds of the second
        last = np.hstack([-last / 2, last / 2])
        offset = np.hstack([-offset / 2, offset / 2])
    slope = last[:, label] - last[:, against]
    value = float(values[-1] @ slope + offset[label] - offset[against])
    for weight, inner in zip(head.weights_[-2::-1], values[:0:-1], strict=True):
        slope = weight.astype(np.float64) @ (slope * _SLOPES[head.activation](inner))
    weights = slope / head.scale_
    straight = len(head.weights_) == 1 or head.activation in ("identity", "step")
    return Direction(weights, value - float(weights @ np.asarray(vector, np.float64)), straight)


def decide(head, vectors: np.ndarray) -> np.ndarray:
    """Decisions of all classes for vectors, (n, n_classes), as the head itself gives them."""
    if not isinstance(head, Head):
        raise ParameterError(
            f"explain knows the heads SVM, Ridge and MLP. Got {type(head).__name__} instead."
        )
    return head.decisions(vectors).astype(np.float64)


def mapped(steps, vectors: np.ndarray) -> np.ndarray:
    """Vectors, (n, d), after the kernel maps between encoder and head."""
    out = vectors
    for step in steps:
        if not isinstance(step, HomogeneousMap):
            raise ParameterError(
                "explain knows HomogeneousMap between the features and the head. "
                f"Got {type(step).__name__} instead."
            )
        out = step.transform(out)
    return out


def parts_of_entries(steps, products: np.ndarray) -> np.ndarray:
    """Sum the parts of a decision over the columns that a map made of one entry.

    Parameters
    ----------
    steps : sequence of HomogeneousMap
    products : ndarray of shape (d,)
        Weight times value of each column behind the maps.

    Returns
    -------
    ndarray
        One for each column before the maps.
    """
    for step in reversed(list(steps)):
        products = products.reshape(2 * step.order + 1, -1).sum(axis=0)
    return products
