"""The multi-layer perceptron for labels that are numbers."""

from __future__ import annotations

import numbers

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.neural_network import MLPRegressor as _SklearnRegressor
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from .._basics.checks import seed_number
from .._basics.saving import SavedState, require
from ..errors import DataError, ParameterError
from .mlp_base import Network
from .network import Epoch, OnEpoch, layers_of
from .samples import Samples, check_samples


class MLPRegressor(RegressorMixin, Network):
    """Multi-layer perceptron for labels that are numbers, such as an age or an angle.

    Inputs and labels are standardized inside; the last layer is linear and the loss is the
    squared error. As in `MLPClassifier`, a trial on four fifths finds the number of epochs.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128,)
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
    alpha : float or sequence of float, default=1.0
    learning_rate_init : float, default=0.001
    batch_size : int or "auto", default="auto"
    max_iter : int, default=200
    early_stopping : bool, default=True
    validation_fraction : float, default=0.2
    n_iter_no_change : int, default=10
    random_state : int, RandomState or None, default=0
    standardize : bool, default=True
    n_networks : int, default=1
        All as in `MLPClassifier`.

    Attributes
    ----------
    weights_, biases_ : list of ndarray, float32
    mean_, scale_ : ndarray of shape (d,), float32
    cv_r2_ : float
        R² on what was held out: 1 is perfect, 0 no better than the mean.
    losses_ : dict of str to float
        ``mean_squared_error`` and ``mean_absolute_error`` there, in the labels' unit.
    epochs_ : list of Epoch
    alpha_, l2_path_, n_iter_, loss_curve_
        As in `MLPClassifier`.

    Examples
    --------
    >>> X = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
    >>> model = MLPRegressor(alpha=0.01, max_iter=500, learning_rate_init=0.01)
    >>> bool(abs(model.fit(X, 3 * X.ravel()).predict([[0.5]])[0] - 1.5) < 0.1)
    True
    """

    saved_state = SavedState(
        arrays={"mean_": 1, "scale_": 1},
        lists={"weights_": 2, "biases_": 1},
        scalars={"n_features_in_": int},
        role="regressor",
    )

    def _check(self) -> None:
        super()._check()
        if self.activation == "step":
            raise ParameterError("activation='step' supports only classes, not numbers.")

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        groups=None,
        judged=None,
        on_epoch: OnEpoch | None = None,
    ):
        """Train on vectors of shape (n, d) and n numbers; see `MLPClassifier.fit`.

        Raises
        ------
        DataError
            A label is no finite number.
        """
        self._check()
        self._seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        targets = check_numbers(y, len(X))
        rows, weights, groups, judged = check_samples(X, sample_weight, groups, judged)
        samples = Samples(weights, groups, judged, rows)
        X, targets = X[rows], targets[rows]
        X = self._standardize(X, weights)
        offset = float(np.average(targets, weights=weights))
        spread = float(np.sqrt(np.average((targets - offset) ** 2, weights=weights))) or 1.0
        scaled = ((targets - offset) / spread).astype(np.float32)
        self.losses_: dict[str, float] = {}
        self.cv_r2_ = float("nan")
        self.epochs_: list[Epoch] = []
        self.alpha_, self.l2_path_ = self._penalties()[0], []
        most = self.max_iter
        kept, judged = self._hold_out(np.zeros(len(X), int), samples)
        if self.early_stopping and judged.any():
            trial, most = self._try(X, scaled, samples, kept, judged, on_epoch)
            self.epochs_ += trial
            self.cv_r2_ = trial[most - 1].validation_score
            errors = spread * (self._best - scaled[judged])
            self.losses_ = {
                "mean_squared_error": _mean(errors**2, samples.weights_at(judged)),
                "mean_absolute_error": _mean(np.abs(errors), samples.weights_at(judged)),
            }
            del self._best
        self._train_final(X, scaled, weights, most, on_epoch)
        self.weights_[-1] = self.weights_[-1] * np.float32(spread)
        self.biases_[-1] = self.biases_[-1] * np.float32(spread) + np.float32(offset)
        return self

    def _train(
        self, phase, X, targets, weights, most, on_epoch, held_X=None, held=None
    ) -> list[Epoch]:
        network = _SklearnRegressor(**self._parameters(len(X)))

        def step() -> float:
            network.partial_fit(X, targets, sample_weight=weights)
            self.weights_, self.biases_ = layers_of(network)
            return network.loss_

        least = np.inf

        def validate() -> tuple[float, float]:
            nonlocal least
            answers = self._forward(held_X)[:, 0]
            loss = _mean((answers - held) ** 2, self._held_weights)
            if loss < least:
                least, self._best = loss, answers
            center = np.average(held, weights=self._held_weights)
            spread = _mean((held - center) ** 2, self._held_weights)
            return loss, 1 - loss / max(spread, 1e-12)

        return self._run(
            phase, step, len(X), most, validate if held_X is not None else None, on_epoch
        )

    def predict(self, X) -> np.ndarray:
        """Number for each sample, shape (n,), float32."""
        check_is_fitted(self, "weights_")
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._forward((X - self.mean_) / self.scale_)[:, 0]

    def _check_saved(self) -> None:
        require(self._check_layers() == 1, "the last layer must have one output")


def _mean(values: np.ndarray, weights: np.ndarray | None) -> float:
    return float(np.average(values, weights=weights))


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
