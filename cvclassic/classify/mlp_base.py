"""Shared by the networks for classes and for numbers: parameters, trials, the L2 path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import numpy as np
from sklearn.base import BaseEstimator

from .._basics.checks import check_bool, check_choice, check_integer, check_number
from .._basics.parameters import Seed
from .._basics.saving import divides, require, require_shape
from ..errors import ParameterError
from ..images import single_threaded
from .gram import stratified_folds
from .network import ACTIVATIONS, Epoch, forward, mean_network, train_epochs
from .samples import Samples

_LEAST_STEPS = 100  # of the optimizer, without improvement, before training stops


class Penalty(NamedTuple):
    """A point of the L2 path: what a trial with this penalty reached on what it held out.

    Parameters
    ----------
    alpha : float
    n_epochs : int
        Epochs until then.
    loss, score : float
        As an `Epoch`'s ``validation_loss`` and ``validation_score``.
    """

    alpha: float
    n_epochs: int
    loss: float
    score: float


class Network(BaseEstimator):
    """What the classifier and the regressor share: parameters, standardizing, epochs."""

    weights_: list[np.ndarray]
    biases_: list[np.ndarray]
    alpha_: float
    l2_path_: list[Penalty]
    _seed: int
    _held_weights: np.ndarray | None  # of what is held out
    _best: np.ndarray  # answers to what is held out, after the best epoch

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (128,),
        activation: str = "relu",
        alpha: float | Sequence[float] = 1.0,
        learning_rate_init: float = 0.001,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int = 200,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int = 10,
        random_state: Seed = 0,
        standardize: bool = True,
        n_networks: int = 1,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.standardize = standardize
        self.n_networks = n_networks

    def _check_layers(self) -> int:
        """Check that saved layers fit onto each other; the number of outputs."""
        sizes = [self.n_features_in_]
        require(len(self.weights_) == len(self.biases_) >= 1, "layers are missing")
        for weight, bias in zip(self.weights_, self.biases_, strict=True):
            good = weight.shape[0] == sizes[-1] and bias.shape == weight.shape[1:]
            require(good, "layers disagree")
            sizes.append(weight.shape[1])
        require_shape(self, "mean_", (sizes[0],))
        require_shape(self, "scale_", (sizes[0],))
        require(divides(self.scale_), "scale_ must be > 0")
        return sizes[-1]

    def _check(self) -> None:
        check_choice("activation", self.activation, tuple(ACTIVATIONS))
        sizes = self.hidden_layer_sizes
        sizes = sizes if isinstance(sizes, tuple | list) else (sizes,)
        good = [isinstance(size, int | np.integer) and size >= 1 for size in sizes]
        if not all(good) or any(isinstance(size, bool) for size in sizes):
            raise ParameterError(
                "hidden_layer_sizes must be a sequence of integers >= 1, such as (128,). "
                f"Got {self.hidden_layer_sizes!r} instead."
            )
        if self.activation == "step" and len(sizes):
            raise ParameterError(
                "activation='step' has no gradient, so that it takes hidden_layer_sizes=() "
                f"(the perceptron). Got {self.hidden_layer_sizes!r} instead."
            )
        for alpha in self._penalties():
            check_number("alpha", alpha, 0)
        check_number("learning_rate_init", self.learning_rate_init, 0, exclusive=True)
        if self.batch_size != "auto":
            check_integer("batch_size", self.batch_size, 1)
        check_integer("max_iter", self.max_iter, 1)
        check_bool("early_stopping", self.early_stopping)
        check_bool("standardize", self.standardize)
        check_integer("n_networks", self.n_networks, 1)
        check_number("validation_fraction", self.validation_fraction, 0, exclusive=True)
        if self.validation_fraction > 0.5:
            raise ParameterError(
                f"validation_fraction must be at most 0.5. "
                f"Got {self.validation_fraction!r} instead."
            )
        check_integer("n_iter_no_change", self.n_iter_no_change, 1)

    def _standardize(self, X: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        if weights is None:
            self.mean_, scale = X.mean(axis=0), X.std(axis=0)
        else:
            share = weights / weights.sum()
            self.mean_ = share @ X
            scale = np.sqrt(share @ (X - self.mean_) ** 2)
        if not self.standardize:
            scale[:] = np.sqrt((scale**2).mean())
        self.scale_ = np.where(scale > 0, scale, 1).astype(np.float32)
        return (X - self.mean_) / self.scale_

    def _parameters(self, n: int) -> dict:
        """Parameters of scikit-learn's networks for n samples."""
        sizes = self.hidden_layer_sizes
        return {
            "hidden_layer_sizes": sizes if isinstance(sizes, tuple | list) else (sizes,),
            "activation": self.activation,
            "alpha": self.alpha_,
            "learning_rate_init": self.learning_rate_init,
            "batch_size": "auto" if self.batch_size == "auto" else min(self.batch_size, n),
            # an integer would shuffle every epoch alike
            "random_state": np.random.RandomState(self._seed),
        }

    def _hold_out(self, labels: np.ndarray, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Which samples the trial learns from, and which judge it: none where that cannot be."""
        n_folds = max(2, round(1 / self.validation_fraction))
        first = np.arange(len(labels))
        if samples.groups is not None:
            first = np.unique(samples.groups, return_index=True)[1]
        smallest = int(np.bincount(labels[first], minlength=labels.max() + 1).min())
        if smallest < 2:
            return np.ones(len(labels), bool), np.zeros(len(labels), bool)
        folds = stratified_folds(labels, min(n_folds, smallest), self._seed, samples.groups)
        return folds != 0, (folds == 0) & samples.judged

    def _run(self, phase: str, step, n: int, most: int, validate, on_epoch) -> list[Epoch]:
        batch = min(200, n) if self.batch_size == "auto" else min(self.batch_size, n)
        # products of a batch are so small that a second thread makes them slower
        with single_threaded():
            return train_epochs(
                step,
                phase=phase,
                most=most,
                # where an epoch is a step or two, a few of them say nothing
                patience=max(self.n_iter_no_change, -(-_LEAST_STEPS * batch // n)),
                validate=validate,
                stop_early=self.early_stopping,
                on_epoch=on_epoch,
            )

    def _penalties(self) -> list[float]:
        """Values of `alpha`, the largest first."""
        if isinstance(self.alpha, int | float) or not hasattr(self.alpha, "__len__"):
            return [cast("float", self.alpha)]
        if not len(self.alpha):
            raise ParameterError("alpha must be a number or a sequence of numbers. Got none.")
        return sorted(self.alpha, reverse=True)

    def _train(
        self, phase, X, targets, weights, most, on_epoch, held_X=None, held=None
    ) -> list[Epoch]:
        """Train a network and keep its weights; with `held_X`, judge each epoch on it."""
        raise NotImplementedError

    def _try(self, X, targets, samples: Samples, kept, judged, on_epoch) -> tuple[list[Epoch], int]:
        """Follow the L2 path: epochs of the best trial, and the number of the one to trust.

        Sets `alpha_`, `l2_path_` and `_best`.
        """
        self.l2_path_ = []
        self._held_weights = samples.weights_at(judged)
        parts = (X[kept], targets[kept], samples.weights_at(kept))
        trials = []
        for alpha in self._penalties():
            self.alpha_ = alpha
            epochs = self._train(
                "trial", *parts, self.max_iter, on_epoch, X[judged], targets[judged]
            )
            at = len(epochs)
            if self.early_stopping:
                at = 1 + int(np.argmin([epoch.validation_loss for epoch in epochs]))
            loss, score = epochs[at - 1].validation_loss, epochs[at - 1].validation_score
            self.l2_path_.append(Penalty(float(alpha), at, loss, score))
            trials.append((alpha, epochs, at, self._best))
        least = int(np.argmin([point.loss for point in self.l2_path_]))
        self.alpha_, epochs, at, self._best = trials[least]
        del self._held_weights
        return epochs, at

    def _train_final(self, X, targets, weights, most: int, on_epoch) -> None:
        """Train `n_networks` on all samples and keep their mean."""
        networks, seed = [], self._seed
        for i in range(self.n_networks):
            self._seed = (seed + i) % 2**32
            final = self._train("final", X, targets, weights, most, on_epoch)
            networks.append((self.weights_, self.biases_))
            if i == 0:
                self.epochs_ += final
                self.n_iter_ = len(final)
                self.loss_curve_ = [epoch.loss for epoch in final]
        self.weights_, self.biases_ = mean_network(networks)
        del self._seed

    def _forward(self, X: np.ndarray) -> np.ndarray:
        return forward(X, self.weights_, self.biases_, self.activation)
