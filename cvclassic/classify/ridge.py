"""Ridge regression on ±1 targets as a classifier: closed form, linear or with an RBF kernel."""

from __future__ import annotations

from operator import itemgetter

import numpy as np
from scipy.linalg import eigh

from .._basics.checks import check_bool, check_choice, check_integer, check_number
from ..errors import DataError
from .calibration import fit_temperature, probabilities
from .gram import one_against_rest, stratified_folds, symmetric_product
from .heads import Head
from .losses import named_losses
from .ridge_solving import left_out_by_axes, principal_axes, rbf_gram, solve_ridge

_PENALTIES = np.geomspace(1e-4, 10, 11)  # of the mean squared length of a vector
_RBF_PENALTIES = (0.1, 0.03, 0.01, 0.003, 0.001)  # the diagonal of an RBF kernel is 1
_GAMMAS = (0.25, 0.125, 0.5)  # over the mean squared length of a vector
_RBF_LIMIT = 15_000  # samples: a float32 Gram matrix of so many takes 0.9 GB
_BLOCK = 1000  # rows of a kernel matrix that are there at once in prediction
_LEFT_OUT_LIMIT = 2000  # smaller side of X up to which every sample is left out in turn


class RidgeClassifier(Head):
    """Regularised least squares, one class against the rest, linear or with an RBF kernel.

    The head for many samples of a few thousand columns: all classes and all penalties share
    one product of X with itself, of the smaller side of X. Up to 2,000 samples or columns the
    penalty is chosen by leaving out each sample in turn, in closed form; beyond, by a fifth of
    the samples that is held out.

    With kernel="rbf" the training vectors, projected onto their principal axes, become part
    of the model; penalty and width are chosen by the fifth that is held out.

    Parameters
    ----------
    kernel : {"linear", "rbf"}, default="linear"
        "rbf" takes at most 15,000 samples.
    penalty : float or "cv", default="cv"
        Weight of |w|²; with the linear kernel in units of the mean squared length of the
        vectors. "cv" chooses among eleven from 0.0001 to 10, with "rbf" five from 0.001 to 0.1.
    gamma : float or "cv", default="cv"
        Width of the RBF kernel exp(-gamma |a - b|² / s), s being the mean squared length of
        the centered vectors. "cv" chooses among 0.125, 0.25 and 0.5.
    n_components : int, default=512
        Principal axes that the RBF kernel sees, which bounds the size of the model.
    standardize : bool, default=False
        Divide columns by their standard deviation, as one wants for tables of unlike
        quantities.
    random_state : int, RandomState or None, default=0
        Seed of what is held out.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_classes, d), float32
        Linear kernel only.
    mean_, components_, vectors_, dual_coef_ : ndarray, float32
        RBF kernel only: vectors become ``(x - mean_) @ components_``, shape (n, r), and are
        compared with ``vectors_``, of shape (n_train, r).
    intercept_ : ndarray of shape (n_classes,), float32
    temperature_ : float
        Divides the decisions before the softmax.
    penalty_, gamma_ : float
        What was used.
    cv_accuracy_ : float
        Share of left-out samples with the right label; nan where none could be left out.

    References
    ----------
    Rifkin, Yeo & Poggio, "Regularized least-squares classification", 2003, section 4.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 3, np.float32)
    >>> RidgeClassifier().fit(X, ["a", "a", "b", "b"] * 3).predict([[0, 0.5], [3, 3.5]]).tolist()
    ['a', 'b']
    """

    coef_: np.ndarray
    intercept_: np.ndarray
    components_: np.ndarray
    penalty_: float

    def __init__(
        self,
        kernel="linear",
        penalty="cv",
        gamma="cv",
        n_components=512,
        standardize=False,
        random_state=0,
    ):
        self.kernel = kernel
        self.penalty = penalty
        self.gamma = gamma
        self.n_components = n_components
        self.standardize = standardize
        self.random_state = random_state

    @property
    def sample_limit(self) -> float:
        """How many samples `fit` takes at most."""
        return _RBF_LIMIT if self.kernel == "rbf" else float("inf")

    def _check(self) -> None:
        check_choice("kernel", self.kernel, ("linear", "rbf"))
        if self.penalty != "cv":
            check_number("penalty", self.penalty, 0, exclusive=True)
        if self.gamma != "cv":
            check_number("gamma", self.gamma, 0, exclusive=True)
        check_integer("n_components", self.n_components, 1)
        check_bool("standardize", self.standardize)

    def fit(self, X, y, n_copies=1):
        """Train on vectors of shape (n, d) and n labels.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : sequence of n labels
        n_copies : int
            Samples come as so many stretches of n / n_copies pictures; sample i of each
            stretch shows the same picture, changed. They are held out together, and only
            the first is judged.

        Returns
        -------
        self
        """
        X, labels, seed = self._begin(X, y, n_copies)
        if self.kernel == "rbf" and len(X) > _RBF_LIMIT:
            raise DataError(
                f"kernel='rbf' takes at most {_RBF_LIMIT} samples. Got {len(X)}; use "
                "kernel='linear' or fewer copies."
            )
        targets = one_against_rest(labels, len(self.classes_))
        mean = X.mean(axis=0)
        X = X - mean
        scale = np.ones_like(mean)
        if self.standardize:
            spread = np.sqrt(np.einsum("nd,nd->d", X, X) / np.float32(len(X)))
            scale[spread > 0] = spread[spread > 0]
            X /= scale
        size = float(np.einsum("nd,nd->", X, X, dtype=np.float64)) / len(X)
        size = size if size > 0 else 1.0
        self.gamma_ = 0.0
        for name in ("coef_", "mean_", "components_", "vectors_", "dual_coef_"):
            self.__dict__.pop(name, None)  # of another kernel, before
        if self.kernel == "linear":
            self._fit_linear(X, targets, labels, size, seed, n_copies)
            self.coef_ = np.ascontiguousarray((self.coef_ / scale[:, None]).T)
            self.intercept_ = (self.intercept_ - self.coef_ @ mean).astype(np.float32)
        else:
            self._fit_rbf(X, targets, labels, seed, n_copies)
            self.mean_ = mean
            self.components_ = self.components_ / scale[:, None]
        return self

    def _fit_linear(self, X, targets, labels, size: float, seed: int, n_copies: int) -> None:
        wide = X.shape[1] >= len(X)
        square = symmetric_product(X if wide else X.T)
        if len(square) <= _LEFT_OUT_LIMIT and n_copies == 1:
            decide, judged = _leave_out(X, square, targets, labels, wide)
        else:
            decide, judged = _hold_out(X, square, targets, labels, wide, seed, n_copies)
        self.held_out_rows_ = np.flatnonzero(judged)
        self._take_best(decide, labels[judged], self._penalties(_PENALTIES), size)
        self.intercept_ = targets.mean(axis=0)
        self.coef_ = _coefficients(X, square, targets - self.intercept_, self.penalty_ * size, wide)

    def _fit_rbf(self, X, targets, labels, seed: int, n_copies: int) -> None:
        n_axes = min(self.n_components, *X.shape)
        if n_axes < X.shape[1]:
            self.components_ = principal_axes(X, n_axes, seed)
        else:
            self.components_ = np.eye(X.shape[1], dtype=np.float32)
        Z = X @ self.components_
        size = float(np.einsum("nd,nd->", Z, Z, dtype=np.float64)) / len(Z)
        size = size if size > 0 else 1.0
        kept, judged = _held_fifth(labels, seed, n_copies)
        self.held_out_rows_ = np.flatnonzero(judged)
        offset = targets[kept].mean(axis=0)
        results: list[tuple] = []
        for gamma in _GAMMAS if self.gamma == "cv" else (float(self.gamma),):
            scaled = Z * np.float32(np.sqrt(gamma / size))
            part, held = rbf_gram(scaled[kept]), rbf_gram(scaled[judged], scaled[kept])

            def decide(penalty: float, part=part, held=held) -> np.ndarray:
                return held @ solve_ridge(part, targets[kept] - offset, penalty) + offset

            # the first width settles the penalty nearly; the others try its neighbors
            tried = self._penalties(_RBF_PENALTIES)
            if results:
                i = tried.index(min(results, key=itemgetter(0))[1])
                tried = tried[max(i - 1, 0) : i + 2]
            loss = self._take_best(decide, labels[judged], tried, 1.0)
            state = (self.temperature_, self.cv_accuracy_, self.held_out_)
            results.append((loss, self.penalty_, gamma, state))
        _, self.penalty_, self.gamma_, state = min(results, key=itemgetter(0))
        self.temperature_, self.cv_accuracy_, self.held_out_ = state
        Z *= np.float32(np.sqrt(self.gamma_ / size))
        self.components_ = self.components_ * np.float32(np.sqrt(self.gamma_ / size))
        self.intercept_ = targets.mean(axis=0)
        self.dual_coef_ = solve_ridge(rbf_gram(Z), targets - self.intercept_, self.penalty_)
        self.vectors_ = Z

    def _penalties(self, candidates) -> list[float]:
        """Penalties to try, from strong to weak."""
        if self.penalty != "cv":
            return [float(self.penalty)]
        return sorted((float(penalty) for penalty in candidates), reverse=True)

    def _take_best(self, decide, labels: np.ndarray, penalties: list[float], unit: float) -> float:
        """Set penalty_, temperature_ and cv_accuracy_ by held-out decisions; returns their loss.

        The log loss of calibrated probabilities tells candidates apart that the accuracy, a
        count of few mistakes, does not.
        """
        self.penalty_ = penalties[len(penalties) // 2]
        least = np.inf
        for penalty in penalties if len(labels) else []:
            decisions = decide(penalty * unit)
            temperature = fit_temperature(decisions, labels)
            loss = named_losses(probabilities(decisions, temperature), labels)["log_loss"]
            if loss >= least:
                break  # once it overfits it does not recover
            least, self.penalty_, self.temperature_ = loss, penalty, temperature
            self.cv_accuracy_ = float((decisions.argmax(axis=1) == labels).mean())
            self.held_out_ = decisions, labels
        return least

    def _decisions(self, X: np.ndarray) -> np.ndarray:
        if self.kernel == "linear":
            return X @ self.coef_.T + self.intercept_
        out = np.empty((len(X), len(self.classes_)), np.float32)
        for start in range(0, len(X), _BLOCK):
            Z = (X[start : start + _BLOCK] - self.mean_) @ self.components_
            out[start : start + _BLOCK] = rbf_gram(Z, self.vectors_) @ self.dual_coef_
        return out + self.intercept_


def _held_fifth(labels: np.ndarray, seed: int, n_copies: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples to learn from, and originals to judge by, whose class is left among the first."""
    folds = stratified_folds(labels, 5, seed, n_copies)
    first = np.arange(len(labels)) < len(labels) // n_copies
    left = np.bincount(labels[folds != 0], minlength=labels.max() + 1)
    return folds != 0, (folds == 0) & first & (left[labels] > 0)


def _leave_out(X, square, targets, labels, wide: bool):
    """Decisions when each sample is left out, as a function of the penalty; which are judged."""
    values, vectors = eigh(square, check_finite=False)
    kept = values > max(float(values[-1]), 0) * 1e-6
    values, vectors = values[kept], vectors[:, kept]
    scores = vectors if wide else (X @ vectors) / np.sqrt(values)
    # a sample is judged only where its class is left when it is not there
    judged = np.bincount(labels)[labels] >= 2
    return lambda penalty: left_out_by_axes(scores, values, targets, penalty)[judged], judged


def _hold_out(X, square, targets, labels, wide: bool, seed: int, n_copies: int):
    """Decisions on a fifth, as a function of the penalty; which samples it is."""
    kept, judged = _held_fifth(labels, seed, n_copies)
    # the mean that was subtracted is that of all samples: too little a leak to matter
    offset = targets[kept].mean(axis=0)
    right = targets[kept] - offset
    if wide:
        part, held = square[np.ix_(kept, kept)], square[np.ix_(judged, kept)]
    else:
        part, held = square - symmetric_product(X[~kept].T), X[judged]
        right = X[kept].T @ right
    return lambda penalty: held @ solve_ridge(part, right, penalty) + offset, judged


def _coefficients(X, square, targets, penalty: float, wide: bool) -> np.ndarray:
    """Coefficients of shape (d, k) by the smaller of the two systems."""
    if wide:
        return X.T @ solve_ridge(square, targets, penalty)
    return solve_ridge(square, X.T @ targets, penalty)
