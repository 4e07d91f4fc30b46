"""The multi-layer perceptron as a head: scikit-learn trains it, arrays remember it."""

from __future__ import annotations

import numbers

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Perceptron
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network import MLPRegressor as _SklearnRegressor
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ..checks import check_bool, check_choice, check_integer, check_number, seed_number
from ..errors import DataError, ParameterError
from .calibration import fit_temperature, probabilities
from .gram import check_copies, stratified_folds
from .heads import Head, encode_labels
from .losses import named_losses
from .network import (
    ACTIVATIONS,
    Epoch,
    OnEpoch,
    forward,
    layers_of,
    mean_network,
    train_epochs,
)

_LEAST_STEPS = 100  # of the optimiser, without improvement, before training stops

# further names of heads -> parameters of MLP
PRESETS: dict[str, dict] = {
    "perceptron": {"hidden_layer_sizes": (), "activation": "step"},
    "mlp-linear": {"hidden_layer_sizes": (), "activation": "identity"},
    "mlp-wide": {"hidden_layer_sizes": (256,), "alpha": 0.3, "n_networks": 4},
    "mlp-deep": {"hidden_layer_sizes": (256, 128), "alpha": 0.03, "n_networks": 8},
}


class _Network(BaseEstimator):
    """What the classifier and the regressor share: parameters, standardising, epochs."""

    weights_: list[np.ndarray]
    biases_: list[np.ndarray]
    _seed: int

    def __init__(
        self,
        hidden_layer_sizes=(128,),
        activation="relu",
        alpha=1.0,
        learning_rate_init=0.001,
        batch_size="auto",
        max_iter=200,
        early_stopping=True,
        validation_fraction=0.2,
        n_iter_no_change=10,
        random_state=0,
        standardise=True,
        n_networks=1,
    ):
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
        self.standardise = standardise
        self.n_networks = n_networks

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
        check_number("alpha", self.alpha, 0)
        check_number("learning_rate_init", self.learning_rate_init, 0, exclusive=True)
        if self.batch_size != "auto":
            check_integer("batch_size", self.batch_size, 1)
        check_integer("max_iter", self.max_iter, 1)
        check_bool("early_stopping", self.early_stopping)
        check_bool("standardise", self.standardise)
        check_integer("n_networks", self.n_networks, 1)
        check_number("validation_fraction", self.validation_fraction, 0, exclusive=True)
        if self.validation_fraction > 0.5:
            raise ParameterError(
                f"validation_fraction must be at most 0.5. "
                f"Got {self.validation_fraction!r} instead."
            )
        check_integer("n_iter_no_change", self.n_iter_no_change, 1)

    def _standardise(self, X: np.ndarray) -> np.ndarray:
        self.mean_ = X.mean(axis=0)
        scale = X.std(axis=0)
        if not self.standardise:
            scale[:] = np.sqrt((scale**2).mean())
        self.scale_ = np.where(scale > 0, scale, 1).astype(np.float32)
        return (X - self.mean_) / self.scale_

    def _parameters(self, n: int) -> dict:
        """Parameters of scikit-learn's networks for n samples."""
        sizes = self.hidden_layer_sizes
        return {
            "hidden_layer_sizes": sizes if isinstance(sizes, tuple | list) else (sizes,),
            "activation": self.activation,
            "alpha": self.alpha,
            "learning_rate_init": self.learning_rate_init,
            "batch_size": "auto" if self.batch_size == "auto" else min(self.batch_size, n),
            # an integer would shuffle every epoch alike
            "random_state": np.random.RandomState(self._seed),
        }

    def _hold_out(self, labels: np.ndarray, n_copies: int) -> tuple[np.ndarray, np.ndarray]:
        """Which samples the trial learns from, and which judge it: none where that cannot be."""
        n = len(labels) // n_copies
        first = np.arange(len(labels)) < n
        n_folds = max(2, round(1 / self.validation_fraction))
        smallest = int(np.bincount(labels[:n]).min())
        if smallest < 2:
            return np.ones(len(labels), bool), np.zeros(len(labels), bool)
        folds = stratified_folds(labels, min(n_folds, smallest), self._seed, n_copies)
        return folds != 0, (folds == 0) & first

    def _run(self, phase: str, step, n: int, most: int, validate, on_epoch) -> list[Epoch]:
        batch = min(200, n) if self.batch_size == "auto" else min(self.batch_size, n)
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

    def _train_final(self, X, targets, most: int, on_epoch) -> None:
        """Train `n_networks` on all samples and keep their mean."""
        networks, seed = [], self._seed
        for i in range(self.n_networks):
            self._seed = (seed + i) % 2**32
            final = self._train("final", X, targets, most, on_epoch)
            networks.append((self.weights_, self.biases_))
            if i == 0:
                self.epochs_ += final
                self.n_iter_ = len(final)
                self.loss_curve_ = [epoch.loss for epoch in final]
        self.weights_, self.biases_ = mean_network(networks)
        del self._seed

    def _forward(self, X: np.ndarray) -> np.ndarray:
        return forward(X, self.weights_, self.biases_, self.activation)


def _best_epoch(trial: list[Epoch]) -> int:
    """Number of the epoch with the least validation loss."""
    return 1 + int(np.argmin([epoch.validation_loss for epoch in trial]))


class MLP(_Network, Head):
    """Multi-layer perceptron: scikit-learn's `MLPClassifier`, watched, stopped and calibrated.

    Inputs are centred and scaled inside; the last layer is a softmax. A trial holds out a fifth of
    the samples: it finds the number of epochs, the temperature that keeps the network from
    being too sure of itself, and the validation curve. The final training uses all samples.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128,)
        Units of each hidden layer; () for none.
    activation : {"relu", "tanh", "logistic", "identity", "step"}, default="relu"
        Of the hidden layers. "step" is Rosenblatt's perceptron, without hidden layers, trained
        by its own rule.
    alpha : float, default=1.0
        L2 penalty on the weights, divided by the number of samples.
    learning_rate_init : float, default=0.001
        Step of Adam.
    batch_size : int or "auto", default="auto"
        Samples a step; "auto" is min(200, n).
    max_iter : int, default=200
        Epochs at most.
    early_stopping : bool, default=True
        Train for as many epochs as had the least log loss on what the trial held out; else
        until the training loss no longer falls.
    validation_fraction : float, default=0.2
        Share of the samples that the trial holds out, at most 0.5. Where a class has a single
        sample there is no trial.
    n_iter_no_change : int, default=10
        Epochs without improvement before stopping.
    random_state : int, RandomState or None, default=0
    standardise : bool, default=True
        Divide each column by its own standard deviation. False divides all by a common one, as
        suits pixels: those at the border hardly ever vary, and say little when they do.
    n_networks : int, default=1
        Networks that are trained on all samples, from different seeds; their mean decides.
        They are laid side by side into a single wide network.
    calibrate : bool, default=True
        Fit the temperature. Without it and without `early_stopping` there is no trial, which
        halves the time.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    weights_, biases_ : list of ndarray, float32
        Of each layer.
    mean_, scale_ : ndarray of shape (d,), float32
        Inputs are ``(x - mean) / scale``.
    temperature_ : float
    cv_accuracy_ : float
        On what was held out; nan without a trial.
    losses_ : dict of str to float
        ``log_loss``, ``hinge_loss`` and ``mean_squared_error`` there, after calibration.
    epochs_ : list of Epoch
        Of the trial and of the final training.
    n_iter_ : int
        Epochs of the final training.
    loss_curve_ : list of float
        Training loss of each.

    References
    ----------
    Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1;
    Rosenblatt, "The perceptron", Psychological Review 65(6), 1958.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 5, np.float32)
    >>> MLP(max_iter=300).fit(X, ["a", "a", "b", "b"] * 5).predict([[0, 1]]).tolist()
    ['a']
    """

    _best_logits: np.ndarray

    def __init__(
        self,
        hidden_layer_sizes=(128,),
        activation="relu",
        alpha=1.0,
        learning_rate_init=0.001,
        batch_size="auto",
        max_iter=200,
        early_stopping=True,
        validation_fraction=0.2,
        n_iter_no_change=10,
        random_state=0,
        standardise=True,
        n_networks=1,
        calibrate=True,
    ):
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            alpha=alpha,
            learning_rate_init=learning_rate_init,
            batch_size=batch_size,
            max_iter=max_iter,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            random_state=random_state,
            standardise=standardise,
            n_networks=n_networks,
        )
        self.calibrate = calibrate

    def fit(self, X, y, n_copies: int = 1, on_epoch: OnEpoch | None = None):
        """Train on vectors of shape (n, d) and n labels.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : sequence of n labels
        n_copies : int
            Samples come as so many stretches of n / n_copies pictures; sample i of each
            stretch shows the same picture, changed. They are held out together, and only
            the first is judged.
        on_epoch : callable, optional
            Called with an `Epoch` after each of them.

        Returns
        -------
        self
        """
        self._check()
        check_bool("calibrate", self.calibrate)
        self._seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        self.classes_, labels = encode_labels(y, len(X))
        check_copies(n_copies, len(X))
        X = self._standardise(X)
        self.temperature_, self.cv_accuracy_ = 1.0, float("nan")
        self._forget()
        self.losses_: dict[str, float] = {}
        self.epochs_: list[Epoch] = []
        most = self.max_iter
        kept, judged = self._hold_out(labels, n_copies)
        self.held_out_rows_ = np.flatnonzero(judged)
        if (self.calibrate or self.early_stopping) and judged.any():
            trial = self._train(
                "trial", X[kept], labels[kept], most, on_epoch, X[judged], labels[judged]
            )
            self.epochs_ += trial
            if self.early_stopping:
                most = _best_epoch(trial)
                self.cv_accuracy_ = trial[most - 1].validation_score
            else:
                self.cv_accuracy_ = trial[-1].validation_score
            if self.calibrate:
                self.temperature_ = fit_temperature(self._best_logits, labels[judged])
            chances = probabilities(self._best_logits, self.temperature_)
            self.losses_ = named_losses(chances, labels[judged])
            self.held_out_ = self._best_logits, labels[judged]
            del self._best_logits
        self._train_final(X, labels, most, on_epoch)
        return self

    def _train(
        self, phase, X, labels, most, on_epoch, held_X=None, held_labels=None
    ) -> list[Epoch]:
        """Train scikit-learn's network and take over its weights."""
        if self.activation == "step":
            network = Perceptron(random_state=self._seed, eta0=self.learning_rate_init)
        else:
            network = MLPClassifier(**self._parameters(len(X)))
        every = np.arange(len(self.classes_))

        def step() -> float:
            network.partial_fit(X, labels, classes=every)
            self.weights_, self.biases_ = layers_of(network)
            if hasattr(network, "loss_"):
                return network.loss_
            return _perceptron_loss(self._logits(X), labels)

        least = np.inf

        def validate() -> tuple[float, float]:
            nonlocal least
            logits = self._logits(held_X)
            loss = named_losses(probabilities(logits, 1.0), held_labels)["log_loss"]
            if loss < least or not self.early_stopping:
                least, self._best_logits = loss, logits
            return loss, float((logits.argmax(axis=1) == held_labels).mean())

        return self._run(
            phase, step, len(X), most, validate if held_X is not None else None, on_epoch
        )

    def _logits(self, X: np.ndarray) -> np.ndarray:
        logits = self._forward(X)
        # two classes have one output: the log odds of the second
        return np.hstack([-logits / 2, logits / 2]) if logits.shape[1] == 1 else logits

    def _decisions(self, X: np.ndarray) -> np.ndarray:
        return self._logits((X - self.mean_) / self.scale_)


def _perceptron_loss(decisions: np.ndarray, labels: np.ndarray) -> float:
    """Mean of max(0, -y f) over samples and classes: what the perceptron's rule minimises."""
    signs = np.where(labels[:, None] == np.arange(decisions.shape[1]), 1, -1)
    return float(np.maximum(0, -signs * decisions).mean())


class MLPRegressor(RegressorMixin, _Network):
    """Multi-layer perceptron for labels that are numbers, such as an age or an angle.

    Inputs and labels are standardised inside; the last layer is linear and the loss is the
    squared error. As in `MLP`, a trial on four fifths finds the number of epochs.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128,)
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
    alpha : float, default=1.0
    learning_rate_init : float, default=0.001
    batch_size : int or "auto", default="auto"
    max_iter : int, default=200
    early_stopping : bool, default=True
    validation_fraction : float, default=0.2
    n_iter_no_change : int, default=10
    random_state : int, RandomState or None, default=0
    standardise : bool, default=True
    n_networks : int, default=1
        All as in `MLP`.

    Attributes
    ----------
    weights_, biases_ : list of ndarray, float32
    mean_, scale_ : ndarray of shape (d,), float32
    cv_r2_ : float
        R² on what was held out: 1 is perfect, 0 no better than the mean.
    losses_ : dict of str to float
        ``mean_squared_error`` and ``mean_absolute_error`` there, in the labels' unit.
    epochs_ : list of Epoch
    n_iter_, loss_curve_
        As in `MLP`.

    Examples
    --------
    >>> X = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
    >>> model = MLPRegressor(alpha=0.01, max_iter=500, learning_rate_init=0.01)
    >>> bool(abs(model.fit(X, 3 * X.ravel()).predict([[0.5]])[0] - 1.5) < 0.1)
    True
    """

    def _check(self) -> None:
        super()._check()
        if self.activation == "step":
            raise ParameterError("activation='step' knows classes only, no numbers.")

    def fit(self, X, y, n_copies: int = 1, on_epoch: OnEpoch | None = None):
        """Train on vectors of shape (n, d) and n numbers; see `MLP.fit`.

        Raises
        ------
        DataError
            A label is no finite number.
        """
        self._check()
        self._seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        targets = check_numbers(y, len(X))
        check_copies(n_copies, len(X))
        X = self._standardise(X)
        offset, spread = float(targets.mean()), float(targets.std()) or 1.0
        scaled = ((targets - offset) / spread).astype(np.float32)
        self.losses_: dict[str, float] = {}
        self.cv_r2_ = float("nan")
        self.epochs_: list[Epoch] = []
        most = self.max_iter
        kept, judged = self._hold_out(np.zeros(len(X), int), n_copies)
        if self.early_stopping and judged.any():
            trial = self._train(
                "trial", X[kept], scaled[kept], most, on_epoch, X[judged], scaled[judged]
            )
            self.epochs_ += trial
            most = _best_epoch(trial)
            self.cv_r2_ = trial[most - 1].validation_score
            errors = spread * (self._best_answers - scaled[judged])
            self.losses_ = {
                "mean_squared_error": float((errors**2).mean()),
                "mean_absolute_error": float(np.abs(errors).mean()),
            }
            del self._best_answers
        self._train_final(X, scaled, most, on_epoch)
        self.weights_[-1] = self.weights_[-1] * np.float32(spread)
        self.biases_[-1] = self.biases_[-1] * np.float32(spread) + np.float32(offset)
        return self

    def _train(self, phase, X, targets, most, on_epoch, held_X=None, held=None) -> list[Epoch]:
        network = _SklearnRegressor(**self._parameters(len(X)))

        def step() -> float:
            network.partial_fit(X, targets)
            self.weights_, self.biases_ = layers_of(network)
            return network.loss_

        least = np.inf

        def validate() -> tuple[float, float]:
            nonlocal least
            answers = self._forward(held_X)[:, 0]
            loss = float(((answers - held) ** 2).mean())
            if loss < least:
                least, self._best_answers = loss, answers
            return loss, 1 - loss / max(float(held.var()), 1e-12)

        return self._run(
            phase, step, len(X), most, validate if held_X is not None else None, on_epoch
        )

    def predict(self, X) -> np.ndarray:
        """Number for each sample, shape (n,), float32."""
        check_is_fitted(self, "weights_")
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._forward((X - self.mean_) / self.scale_)[:, 0]


def check_numbers(y, n: int) -> np.ndarray:
    """Labels as finite numbers, float64.

    Raises
    ------
    DataError
        A label is no finite number; the message shows it.

    Examples
    --------
    >>> check_numbers(["1", "2.5"], 2).tolist()
    [1.0, 2.5]
    """
    if y is None:
        raise ParameterError(
            f"y must have one number for each of the {n} samples. It requires y to be passed, but "
            "the target y is None."
        )
    y = column_or_1d(y, warn=True)
    if len(y) != n:
        raise ParameterError(f"y must have one number for each of the {n} samples. Got {len(y)}.")
    numbers_ = np.empty(n)
    for i, label in enumerate(y):
        try:
            numbers_[i] = label if isinstance(label, numbers.Real) else float(str(label))
        except ValueError:
            numbers_[i] = np.nan
        if not np.isfinite(numbers_[i]):
            raise DataError(f"Labels of a regression must be finite numbers. Got {label!r}.")
    return numbers_
