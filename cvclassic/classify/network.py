"""Training of small fully connected networks, epoch by epoch, so that it can be watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag
from scipy.special import expit

ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0, out=x),
    "tanh": lambda x: np.tanh(x, out=x),
    "logistic": lambda x: expit(x, out=x),
    "identity": lambda x: x,
    "step": lambda x: x,
}


@dataclass(frozen=True)
class Epoch:
    """One pass over the training samples.

    Parameters
    ----------
    phase : {"trial", "final"}
        The trial holds samples out; the final training uses all.
    number, most : int
        Counted from 1, and how many there will be at most.
    loss : float
        Training loss, with the penalty.
    validation_loss, validation_score : float
        On what was held out; nan in the final training. The score is an accuracy, for a
        regression R².
    """

    phase: str
    number: int
    most: int
    loss: float
    validation_loss: float = float("nan")
    validation_score: float = float("nan")


OnEpoch = Callable[[Epoch], None]


def forward(X: np.ndarray, weights: list, biases: list, activation: str) -> np.ndarray:
    """Outputs of a fully connected network before the softmax.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
    weights : list of ndarray of shape (n_in, n_out)
    biases : list of ndarray of shape (n_out,)
    activation : {"relu", "tanh", "logistic", "identity", "step"}
        Activation of the hidden layers; with "step" there are none.

    Returns
    -------
    ndarray of shape (n, n_out), float32

    Examples
    --------
    >>> forward(np.ones((1, 2)), [np.ones((2, 1))], [np.ones(1)], "relu")
    array([[3.]])
    """
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        X = ACTIVATIONS[activation](X @ weight + bias)
    return X @ weights[-1] + biases[-1]


def layers_of(network) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights and biases of scikit-learn's networks and of its `Perceptron`, as float32."""
    if hasattr(network, "coefs_"):
        weights, biases = network.coefs_, network.intercepts_
    else:
        weights, biases = [network.coef_.T], [network.intercept_]
    return [w.astype(np.float32) for w in weights], [b.astype(np.float32) for b in biases]


def mean_network(networks: list[tuple[list, list]]) -> tuple[list, list]:
    """One network that gives the mean output of several of the same form.

    Parameters
    ----------
    networks : list of (weights, biases)
        As `forward` takes them.

    Returns
    -------
    weights, biases : list of ndarray
        Hidden layers lie side by side; between hidden layers most weights are zero.

    Examples
    --------
    >>> networks = [([np.full((2, 1), v), np.ones((1, 1))], [np.zeros(1)] * 2) for v in (1.0, 3.0)]
    >>> forward(np.ones((1, 2)), *mean_network(networks), "relu")
    array([[4.]])
    """
    if len(networks) == 1:
        return networks[0]
    weights, biases = [], []
    n_layers = len(networks[0][0])
    for layer in range(n_layers):
        ws = [network[0][layer] for network in networks]
        bs = [network[1][layer] for network in networks]
        if n_layers == 1:
            weights.append(sum(ws) / len(ws))
            biases.append(sum(bs) / len(bs))
        elif layer == n_layers - 1:
            weights.append(np.concatenate(ws) / np.float32(len(ws)))
            biases.append(sum(bs) / np.float32(len(bs)))
        else:
            weights.append(np.hstack(ws) if layer == 0 else block_diag(*ws))
            biases.append(np.concatenate(bs))
    return weights, biases


def train_epochs(
    one_epoch: Callable[[], float],
    *,
    phase: str,
    most: int,
    tol: float = 1e-4,
    patience: int = 10,
    validate: Callable[[], tuple[float, float]] | None = None,
    stop_early: bool = False,
    on_epoch: OnEpoch | None = None,
) -> list[Epoch]:
    """Train until nothing improves, and tell of each epoch.

    Parameters
    ----------
    one_epoch : callable
        Trains for an epoch and returns its loss.
    phase : {"trial", "final"}
    most : int
        Maximum number of epochs.
    tol, patience : float, int
        Stop after `patience` epochs in which the loss did not fall by `tol`.
    validate : callable, optional
        Returns loss and score on what is held out.
    stop_early : bool
        Watch the validation loss instead of the training loss.
    on_epoch : callable, optional
        Called with every `Epoch`.

    Returns
    -------
    list of Epoch

    Examples
    --------
    >>> losses = iter([3.0, 2.0, 2.0, 2.0, 1.0])
    >>> len(train_epochs(lambda: next(losses), phase="final", most=9, patience=2))
    4
    """
    epochs: list[Epoch] = []
    best, idle = np.inf, 0
    for number in range(1, most + 1):
        loss = float(one_epoch())
        held = validate() if validate is not None else (float("nan"), float("nan"))
        epochs.append(Epoch(phase, number, most, loss, *held))
        if on_epoch is not None:
            on_epoch(epochs[-1])
        watched = held[0] if stop_early and validate is not None else loss
        idle = 0 if watched < best - tol else idle + 1
        best = min(best, watched)
        if idle >= patience:
            break
    return epochs
