"""The multi-layer perceptron as a head: scikit-learn trains it, arrays remember it."""

from __future__ import annotations

import warnings
from numbers import Integral

import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import validate_data

from ..checks import check_bool, check_choice, check_integer, check_number, seed_number
from ..errors import DataError, ParameterError
from .calibration import fit_temperature
from .gram import stratified_folds
from .heads import Head, encode_labels

_ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0, out=x),
    "tanh": lambda x: np.tanh(x, out=x),
    "logistic": lambda x: expit(x, out=x),
    "identity": lambda x: x,
}


def forward(X: np.ndarray, weights: list, biases: list, activation: str) -> np.ndarray:
    """Outputs of a fully connected network before the softmax.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
    weights : list of ndarray of shape (n_in, n_out)
    biases : list of ndarray of shape (n_out,)
    activation : {"relu", "tanh", "logistic", "identity"}
        Of the hidden layers.

    Returns
    -------
    ndarray of shape (n, n_out), float32

    Examples
    --------
    >>> forward(np.ones((1, 2)), [np.ones((2, 1))], [np.ones(1)], "relu")
    array([[3.]])
    """
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        X = _ACTIVATIONS[activation](X @ weight + bias)
    return X @ weights[-1] + biases[-1]


class MLP(Head):
    """Multi-layer perceptron: scikit-learn's `MLPClassifier`, scaled and calibrated.

    Inputs are standardised inside. A network that is trained to the end is too sure of
    itself; `calibrate` fits a temperature on a fifth of the samples, held out in a first
    training, which doubles the time.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128,)
        Units of each hidden layer.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
    alpha : float, default=1.0
        L2 penalty on the weights, divided by the number of samples.
    learning_rate_init : float, default=0.001
        Step of Adam.
    batch_size : int or "auto", default="auto"
        Samples a step; "auto" is min(200, n).
    max_iter : int, default=200
        Epochs at most.
    early_stopping : bool, default=False
        Stop when the score on `validation_fraction` of the samples no longer improves.
    validation_fraction : float, default=0.1
    n_iter_no_change : int, default=10
        Epochs without improvement before stopping.
    calibrate : bool, default=True
    random_state : int, RandomState or None, default=0
    verbose : bool, default=False
        Print the loss after every epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    weights_, biases_ : list of ndarray, float32
        Of each layer.
    mean_, scale_ : ndarray of shape (d,), float32
        Inputs are ``(x - mean) / scale``.
    temperature_ : float
    cv_accuracy_ : float
        On the held-out fifth; nan without `calibrate`.
    n_iter_ : int
        Epochs that were trained.
    loss_curve_ : list of float
        Training loss of every epoch.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 5, np.float32)
    >>> MLP(max_iter=300).fit(X, ["a", "a", "b", "b"] * 5).predict([[0, 1]]).tolist()
    ['a']
    """

    def __init__(
        self,
        hidden_layer_sizes=(128,),
        activation="relu",
        alpha=1.0,
        learning_rate_init=0.001,
        batch_size="auto",
        max_iter=200,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        calibrate=True,
        random_state=0,
        verbose=False,
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
        self.calibrate = calibrate
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y):
        """Train on vectors of shape (n, d) and n labels."""
        self._check_parameters()
        seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        self.classes_, labels = encode_labels(y, len(X))
        self.mean_ = X.mean(axis=0)
        scale = X.std(axis=0)
        self.scale_ = np.where(scale > 0, scale, 1).astype(np.float32)
        X = (X - self.mean_) / self.scale_
        self.temperature_, self.cv_accuracy_ = 1.0, float("nan")
        # a class of one sample cannot be held out and still be learned
        counts = np.bincount(labels)
        if self.calibrate and counts.min() >= 2:
            n_folds = max(2, min(5, int(counts.min())))
            out = stratified_folds(labels, n_folds, seed) == 0
            self._train(X[~out], labels[~out], seed)
            decisions = self._logits(X[out])
            self.cv_accuracy_ = float((decisions.argmax(axis=1) == labels[out]).mean())
            self.temperature_ = fit_temperature(decisions, labels[out])
        network = self._train(X, labels, seed)
        self.n_iter_ = network.n_iter_
        self.loss_curve_ = [float(loss) for loss in network.loss_curve_]
        return self

    def _check_parameters(self) -> None:
        """Validate what scikit-learn would, under this class's names."""
        sizes = self.hidden_layer_sizes
        sizes = sizes if isinstance(sizes, list | tuple | np.ndarray) else [sizes]
        good = [isinstance(size, Integral) and size >= 1 for size in sizes]
        if not all(good) or any(isinstance(size, bool) for size in sizes):
            raise ParameterError(
                "hidden_layer_sizes must be a sequence of integers >= 1, such as (128,). "
                f"Got {self.hidden_layer_sizes!r} instead."
            )
        check_choice("activation", self.activation, tuple(_ACTIVATIONS))
        check_number("alpha", self.alpha, 0)
        check_number("learning_rate_init", self.learning_rate_init, 0, exclusive=True)
        if self.batch_size != "auto":
            check_integer("batch_size", self.batch_size, 1)
        check_integer("max_iter", self.max_iter, 1)
        check_number("validation_fraction", self.validation_fraction, 0, exclusive=True)
        if self.validation_fraction >= 1:
            raise ParameterError(
                f"validation_fraction must be < 1. Got {self.validation_fraction!r} instead."
            )
        check_integer("n_iter_no_change", self.n_iter_no_change, 1)
        for name in ("early_stopping", "calibrate", "verbose"):
            check_bool(name, getattr(self, name))

    def _train(self, X: np.ndarray, labels: np.ndarray, seed: int) -> MLPClassifier:
        """Fit scikit-learn's network and take over its weights."""
        parameters = {**self.get_params(), "random_state": seed}
        del parameters["calibrate"]
        network = MLPClassifier(**parameters)
        with warnings.catch_warnings():
            # reaching max_iter is this head's normal end, not a fault
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                network.fit(X, labels)
            except ValueError as error:
                if not self.early_stopping:
                    raise
                raise DataError(
                    f"early_stopping cannot hold out a share of {self.validation_fraction} of "
                    f"{len(X)} samples: {error}"
                ) from None
        self.weights_ = [weight.astype(np.float32) for weight in network.coefs_]
        self.biases_ = [bias.astype(np.float32) for bias in network.intercepts_]
        return network

    def _logits(self, X: np.ndarray) -> np.ndarray:
        logits = forward(X, self.weights_, self.biases_, self.activation)
        # two classes have one output: the log odds of the second
        return np.hstack([-logits / 2, logits / 2]) if logits.shape[1] == 1 else logits

    def _decisions(self, X: np.ndarray) -> np.ndarray:
        return self._logits((X - self.mean_) / self.scale_)
