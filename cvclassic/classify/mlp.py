"""The multi-layer perceptron as a head: trained by scikit-learn, stored as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from sklearn import neural_network
from sklearn.linear_model import Perceptron

from .._basics.checks import check_bool
from .._basics.parameters import ClassWeight, Seed
from .._basics.saving import SavedState, require
from .calibration import fit_temperature, probabilities
from .heads import Head, share_right
from .losses import named_losses
from .mlp_base import Network
from .network import Epoch, OnEpoch, layers_of

# further names of heads -> parameters of MLP
PRESETS: dict[str, dict] = {
    "perceptron": {"hidden_layer_sizes": (), "activation": "step"},
    "mlp-linear": {"hidden_layer_sizes": (), "activation": "identity"},
    "mlp-wide": {"hidden_layer_sizes": (256,), "alpha": 0.3, "n_networks": 4},
    "mlp-deep": {"hidden_layer_sizes": (256, 128), "alpha": 0.03, "n_networks": 8},
}


class MLPClassifier(Network, Head):
    """Multi-layer perceptron: scikit-learn's, with early stopping and calibration.

    Inputs are centered and scaled inside; the last layer is a softmax. A trial holds out a fifth of
    the samples: it finds the number of epochs, the temperature that keeps the network from
    being too sure of itself, and the validation curve. The final training uses all samples.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128,)
        Units of each hidden layer; () for none.
    activation : {"relu", "tanh", "logistic", "identity", "step"}, default="relu"
        Activation of the hidden layers. "step" is Rosenblatt's perceptron, without hidden layers,
        trained by its own rule.
    alpha : float or sequence of float, default=1.0
        L2 penalty on the weights, divided by the number of samples. Of several, each has a
        trial, and the one with the least loss on what was held out is used; without a trial,
        the largest.
    learning_rate_init : float, default=0.001
        Learning rate of Adam.
    batch_size : int or "auto", default="auto"
        Samples per step; "auto" is min(200, n).
    max_iter : int, default=200
        Maximum number of epochs.
    early_stopping : bool, default=True
        Train for as many epochs as had the least log loss on what the trial held out; else
        until the training loss no longer falls.
    validation_fraction : float, default=0.2
        Share of the samples that the trial holds out, at most 0.5. Where a class has a single
        sample there is no trial.
    n_iter_no_change : int, default=10
        Epochs without improvement before stopping.
    random_state : int, RandomState or None, default=0
    standardize : bool, default=True
        Divide each column by its own standard deviation. False divides all by a common one, as
        suits pixels: those at the border hardly ever vary, and say little when they do.
    n_networks : int, default=1
        Networks that are trained on all samples, from different seeds; their mean decides.
        They are laid side by side into a single wide network.
    calibrate : bool, default=True
        Fit the temperature. Without it and without `early_stopping` there is no trial, which
        halves the time.
    class_weight : dict, "balanced" or None, default=None
        How much the samples of each class count; "balanced" makes all classes weigh the same.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    weights_, biases_ : list of ndarray, float32
        Weights and biases of each layer.
    mean_, scale_ : ndarray of shape (d,), float32
        Inputs are ``(x - mean) / scale``.
    temperature_ : float
    cv_accuracy_ : float
        On what was held out; nan without a trial.
    losses_ : dict of str to float
        ``log_loss``, ``hinge_loss`` and ``mean_squared_error`` there, after calibration.
    alpha_ : float
        The penalty of the final training.
    l2_path_ : list of Penalty
        What the trial of each `alpha` reached, the largest first; empty without a trial.
    epochs_ : list of Epoch
        Epochs of the best trial and of the final training.
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
    >>> MLPClassifier(max_iter=300).fit(X, ["a", "a", "b", "b"] * 5).predict([[0, 1]]).tolist()
    ['a']
    """

    saved_state = SavedState(
        arrays={"mean_": 1, "scale_": 1},
        lists={"weights_": 2, "biases_": 1},
        scalars={"n_features_in_": int, "temperature_": float},
        added={"class_weight": None},
        role="classifier",
    )

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
        calibrate: bool = True,
        class_weight: ClassWeight = None,
    ) -> None:
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
            standardize=standardize,
            n_networks=n_networks,
        )
        self.calibrate = calibrate
        self.class_weight = class_weight

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        groups=None,
        judged=None,
        on_epoch: OnEpoch | None = None,
    ):
        """Train on vectors of shape (n, d) and n labels.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : sequence of n labels
        sample_weight : ndarray of shape (n,), optional
            How much each sample's loss counts; 0 leaves it out.
        groups : sequence of n values, optional
            Samples with the same value are held out together, such as images of one object.
        judged : ndarray of shape (n,), bool, optional
            Which held-out samples count: not those that are changed copies of others. None
            stands for all.
        on_epoch : callable, optional
            Called with an `Epoch` after each of them.

        Returns
        -------
        self
        """
        X, labels, samples, self._seed = self._begin(X, y, sample_weight, groups, judged)
        X = self._standardize(X, samples.weights)
        self.losses_: dict[str, float] = {}
        self.epochs_: list[Epoch] = []
        self.alpha_, self.l2_path_ = self._penalties()[0], []
        most = self.max_iter
        kept, judged = self._hold_out(labels, samples)
        self.held_out_rows_ = samples.rows[judged]
        if (self.calibrate or self.early_stopping) and judged.any():
            trial, at = self._try(X, labels, samples, kept, judged, on_epoch)
            held, weights = labels[judged], samples.weights_at(judged)
            self.epochs_ += trial
            self.cv_accuracy_ = trial[at - 1].validation_score
            if self.early_stopping:
                most = at
            if self.calibrate:
                self.temperature_ = fit_temperature(self._best, held, weights)
            chances = probabilities(self._best, self.temperature_)
            self.losses_ = named_losses(chances, held, weights)
            self.held_out_ = self._best, held
            del self._best
        self._train_final(X, labels, samples.weights, most, on_epoch)
        return self

    def _check(self) -> None:
        super()._check()
        check_bool("calibrate", self.calibrate)

    def _train(
        self, phase, X, targets, weights, most, on_epoch, held_X=None, held=None
    ) -> list[Epoch]:
        if self.activation == "step":
            network = Perceptron(random_state=self._seed, eta0=self.learning_rate_init)
        else:
            network = neural_network.MLPClassifier(**self._parameters(len(X)))
        every = np.arange(len(self.classes_))

        def step() -> float:
            network.partial_fit(X, targets, classes=every, sample_weight=weights)
            self.weights_, self.biases_ = layers_of(network)
            if hasattr(network, "loss_"):
                return network.loss_
            return _perceptron_loss(self._logits(X), targets, weights)

        least = np.inf

        def validate() -> tuple[float, float]:
            nonlocal least
            logits = self._logits(held_X)
            shares = probabilities(logits, 1.0)
            loss = named_losses(shares, held, self._held_weights)["log_loss"]
            if loss < least or not self.early_stopping:
                least, self._best = loss, logits
            return loss, share_right(logits, held, self._held_weights)

        return self._run(
            phase, step, len(X), most, validate if held_X is not None else None, on_epoch
        )

    def _logits(self, X: np.ndarray) -> np.ndarray:
        logits = self._forward(X)
        # two classes have one output: the log odds of the second
        return np.hstack([-logits / 2, logits / 2]) if logits.shape[1] == 1 else logits

    def decisions(self, X: np.ndarray) -> np.ndarray:
        return self._logits((X - self.mean_) / self.scale_)

    def _check_saved(self) -> None:
        n = len(self.classes_)
        outputs = 1 if n == 2 else n
        require(self._check_layers() == outputs, "the last layer and the classes do not agree")
        require(self.temperature_ > 0, "temperature_ must be > 0")


def _perceptron_loss(
    decisions: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> float:
    """Mean of max(0, -y f) over samples and classes: what the perceptron's rule minimizes."""
    signs = np.where(labels[:, None] == np.arange(decisions.shape[1]), 1, -1)
    return float(np.average(np.maximum(0, -signs * decisions).mean(axis=1), weights=weights))
