"""Ridge regression on ±1 targets as a classifier: closed form, linear or with an RBF kernel."""

from __future__ import annotations

from operator import itemgetter
from typing import Literal

import numpy as np
from scipy.linalg import eigh

from .._basics.checks import check_bool, check_choice, check_integer, check_number
from .._basics.parameters import ClassWeight, Seed
from .._basics.saving import SavedState, require_shape
from ..encode import balanced_order
from .calibration import fit_temperature, probabilities
from .gram import one_against_rest, stratified_folds, symmetric_product
from .heads import DENSE, GRAM_LIMIT, STORED_LANDMARKS, Head, share_right
from .left_out import left_out_decisions
from .losses import named_losses
from .nystroem import landmark_features, solve_on_landmarks
from .ridge_solving import left_out_by_axes, principal_axes, rbf_gram, solve_ridge
from .samples import Samples
from .stored_vectors import StoredVectors

_PENALTIES = np.geomspace(1e-4, 10, 11)  # of the mean squared length of a vector
_RBF_PENALTIES = (0.1, 0.03, 0.01, 0.003, 0.001)  # the diagonal of an RBF kernel is 1
_GAMMAS = (0.25, 0.125, 0.5)  # over the mean squared length of a vector
_RBF_LIMIT = 15_000  # samples: a float32 Gram matrix of so many takes 0.9 GB
_CHOICE = 10_000  # samples that choose width and penalty, where there are more than the limit
_LANDMARKS = 8000  # samples that the decisions are a sum over, where there are more than that
_BLOCK = 1000  # rows of a kernel matrix that are there at once in prediction
_LEFT_OUT_LIMIT = 2000  # smaller side of X up to which every sample is left out in turn
_STORED_LEFT_OUT_LIMIT = 4000  # the same where X is only known by its Gram matrix


class RidgeClassifier(Head):
    """Regularized least squares, one class against the rest, linear or with an RBF kernel.

    The head for many samples of a few thousand columns: all classes and all penalties share
    one product of X with itself, of the smaller side of X. Up to 2,000 samples or columns (4,000
    samples of a recipe with long vectors, each with its mirror image) the
    penalty is chosen by leaving out each sample in turn, in closed form; beyond, by a fifth of
    the samples that is held out.

    With kernel="rbf" the training vectors, projected onto their principal axes, become part
    of the model; penalty and width are chosen by the fifth that is held out. Of more than 15,000
    samples, 10,000 choose those, and all train a sum over 8,000 of them (Nyström's method), so that
    memory stays bounded.

    Parameters
    ----------
    kernel : {"linear", "rbf"}, default="linear"
        Kernel, the inner product that samples are compared by.
    penalty : float or "cv", default="cv"
        Weight of ``|w|²``; with the linear kernel in units of the mean squared length of the
        vectors. "cv" chooses among eleven from 0.0001 to 10, with "rbf" five from 0.001 to 0.1.
    gamma : float or "cv", default="cv"
        Width of the RBF kernel ``exp(-gamma |a - b|² / s)``, s being the mean squared length of
        the centered vectors. "cv" chooses among 0.125, 0.25 and 0.5.
    n_components : int, default=512
        Principal axes that the RBF kernel sees, which bounds the size of the model.
    standardize : bool, default=False
        Divide columns by their standard deviation, which suits tables whose columns have
        different units.
    random_state : int, RandomState or None, default=0
        Seed of what is held out.
    class_weight : dict, "balanced" or None, default=None
        How much the samples of each class count; "balanced" makes all classes weigh the same.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_classes, d), float32
        Linear kernel only.
    mean_, components_, vectors_, dual_coef_ : ndarray, float32
        RBF kernel only: vectors become ``(x - mean_) @ components_``, shape (n, r), and are
        compared with ``vectors_``, of shape (n_train, r).
    n_landmarks_ : int
        Number of training samples in `vectors_`, if they are a subset; else 0.
    intercept_ : ndarray of shape (n_classes,), float32
    temperature_ : float
        Divides the decisions before the softmax.
    penalty_, gamma_ : float
        What was used.
    cv_accuracy_ : float
        Share of left-out samples with the right label; nan where none could be left out.

    References
    ----------
    Rifkin, Yeo & Poggio, "Regularized least-squares classification", 2003, section 4; Williams &
    Seeger, "Using the Nyström method to speed up kernel machines", NIPS 2000.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 3, np.float32)
    >>> RidgeClassifier().fit(X, ["a", "a", "b", "b"] * 3).predict([[0, 0.5], [3, 3.5]]).tolist()
    ['a', 'b']
    """

    saved_state = SavedState(
        arrays={
            "coef_": 2,
            "components_": 2,
            "dual_coef_": 2,
            "intercept_": 1,
            "mean_": 1,
            "vectors_": 2,
        },
        scalars={"n_features_in_": int, "temperature_": float},
        added={"class_weight": None},
        role="classifier",
    )

    coef_: np.ndarray
    intercept_: np.ndarray
    components_: np.ndarray
    penalty_: float
    n_landmarks_: int

    def __init__(
        self,
        kernel: Literal["linear", "rbf"] = "linear",
        penalty: float | Literal["cv"] = "cv",
        gamma: float | Literal["cv"] = "cv",
        n_components: int = 512,
        standardize: bool = False,
        random_state: Seed = 0,
        class_weight: ClassWeight = None,
    ) -> None:
        self.kernel = kernel
        self.penalty = penalty
        self.gamma = gamma
        self.n_components = n_components
        self.standardize = standardize
        self.random_state = random_state
        self.class_weight = class_weight

    def _check(self) -> None:
        check_choice("kernel", self.kernel, ("linear", "rbf"))
        if self.penalty != "cv":
            check_number("penalty", self.penalty, 0, exclusive=True)
        if self.gamma != "cv":
            check_number("gamma", self.gamma, 0, exclusive=True)
        check_integer("n_components", self.n_components, 1)
        check_bool("standardize", self.standardize)

    def fit(self, X, y, sample_weight=None, groups=None, judged=None):
        """Train on vectors of shape (n, d) and n labels.

        Parameters
        ----------
        X : ndarray of shape (n, d), or StoredVectors for the linear kernel
        y : sequence of n labels
        sample_weight : ndarray of shape (n,), optional
            How much each sample's error counts; 0 leaves it out.
        groups : sequence of n values, optional
            Samples with the same value are held out together, such as images of one object.
        judged : ndarray of shape (n,), bool, optional
            Which held-out samples count where the penalty and the temperature are chosen: not
            those that are changed copies of others. None stands for all.

        Returns
        -------
        self
        """
        X, labels, samples, seed = self._begin(X, y, sample_weight, groups, judged)
        targets = one_against_rest(labels, len(self.classes_))
        self.gamma_, self.n_landmarks_ = 0.0, 0
        for name in ("coef_", "mean_", "components_", "vectors_", "dual_coef_"):
            self.__dict__.pop(name, None)  # of another kernel, before
        if isinstance(X, StoredVectors):
            n, d = X.shape
            if d < n and 4 * n * d <= DENSE:
                X = np.asarray(X)
            elif n <= GRAM_LIMIT:
                return self._fit_gram(X, targets, labels, samples, seed)
            else:
                return self._fit_stored_landmarks(X, targets, labels, samples, seed)
        if self.kernel == "rbf" and len(X) > _RBF_LIMIT:
            self._fit_landmarks(X, targets, labels, samples, seed)
            return self
        mean, scale = self._center(X, samples.weights)
        X = X - mean
        if self.standardize:
            X /= scale
        if self.kernel == "linear":
            self._fit_linear(X, targets, labels, samples, seed)
            self.coef_ = np.ascontiguousarray((self.coef_ / scale[:, None]).T)
            self.intercept_ = (self.intercept_ - self.coef_ @ mean).astype(np.float32)
        else:
            self._choose_rbf(X, targets, labels, samples, seed)
            Z = X @ self.components_
            self.intercept_ = mean_row(targets, samples.weights)
            self.dual_coef_ = solve_ridge(
                rbf_gram(Z), targets - self.intercept_, self.penalty_, samples.weights
            )
            self.vectors_ = Z
            self.mean_ = mean
            self.components_ = self.components_ / scale[:, None]
        return self

    def takes_stored(self) -> bool:
        """Whether `fit` takes `StoredVectors`."""
        return self.kernel == "linear" and not self.standardize

    def _fit_gram(
        self, X: StoredVectors, targets, labels, samples: Samples, seed: int
    ) -> RidgeClassifier:
        """Long vectors: all that is needed of them is their inner products and a sum."""
        weights = samples.weights
        shares = (
            np.full(len(X), 1 / len(X), np.float32) if weights is None else weights / weights.sum()
        )
        square = X.gram()
        to_mean = square @ shares
        square -= to_mean[:, None]
        square -= to_mean - shares @ to_mean
        size = float(shares @ square.diagonal())
        size = size if size > 0 else 1.0
        if weights is None and len(X) <= _STORED_LEFT_OUT_LIMIT:
            decide, judged = _leave_groups_out(square, targets, labels, samples)
        elif weights is not None and samples.groups is None and len(X) <= _LEFT_OUT_LIMIT:
            root = np.sqrt(weights)
            rooted = square * root[:, None] * root
            decide, judged = _leave_out(X, rooted, targets, labels, samples, True)
        else:
            decide, judged = _hold_out(X, square, targets, labels, samples, True, seed)
        self._take_best(decide, labels, samples, judged, self._penalties(_PENALTIES), size)
        offset = mean_row(targets, weights)
        dual = solve_ridge(square, targets - offset, self.penalty_ * size, weights)
        # a sum of vectors from which their mean is taken
        dual -= shares[:, None] * dual.sum(axis=0)
        self.coef_ = X.combine(dual)
        self.intercept_ = (offset - to_mean @ dual).astype(np.float32)
        return self

    def _fit_stored_landmarks(
        self, X: StoredVectors, targets, labels, samples: Samples, seed: int
    ) -> RidgeClassifier:
        """Too many long vectors: regression on inner products with some of them."""
        order = balanced_order(labels, len(X), np.random.RandomState(seed))
        landmarks = np.sort(order[:STORED_LANDMARKS])
        values = X.products(landmarks)
        features, to_landmarks = landmark_features(values, values[landmarks])
        del values
        mean = mean_row(features, samples.weights)
        self._fit_linear(features - mean, targets, labels, samples, seed)
        self.intercept_ = (self.intercept_ - mean @ self.coef_).astype(np.float32)
        self.coef_ = X.combine(to_landmarks(self.coef_), landmarks)
        self.n_landmarks_ = len(landmarks)
        return self

    def _center(self, X: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Mean of each column, and what it is divided by."""
        mean = mean_row(X, weights)
        scale = np.ones_like(mean)
        if self.standardize:
            spread = np.zeros(len(mean))
            for start in range(0, len(X), _BLOCK):  # no second array as large as X
                rows = slice(start, start + _BLOCK)
                part = X[rows] - mean
                share = np.ones(len(part), np.float32) if weights is None else weights[rows]
                spread += np.einsum("n,nd,nd->d", share, part, part)
            spread = np.sqrt(spread / (len(X) if weights is None else weights.sum()))
            scale[spread > 0] = spread[spread > 0]
        return mean, scale

    def _fit_linear(self, X, targets, labels, samples: Samples, seed: int) -> None:
        weights = samples.weights
        size = mean_square(X, weights)
        wide = X.shape[1] >= len(X)
        # with weights a sample stands for so many: its row counts by the root
        rooted = X if weights is None else X * np.sqrt(weights)[:, None]
        square = symmetric_product(X if wide else rooted.T)
        if len(square) <= _LEFT_OUT_LIMIT and samples.groups is None:
            product = symmetric_product(rooted) if wide and weights is not None else square
            decide, judged = _leave_out(rooted, product, targets, labels, samples, wide)
        else:
            decide, judged = _hold_out(X, square, targets, labels, samples, wide, seed)
        self._take_best(decide, labels, samples, judged, self._penalties(_PENALTIES), size)
        self.intercept_ = mean_row(targets, weights)
        right, penalty = targets - self.intercept_, self.penalty_ * size
        if wide:
            self.coef_ = X.T @ solve_ridge(square, right, penalty, weights)
        else:
            self.coef_ = solve_ridge(square, _against(X, right, weights), penalty)

    def _choose_rbf(self, X, targets, labels, samples: Samples, seed: int) -> None:
        """Set the principal axes, in units of the kernel's width, the penalty and what goes with
        it."""
        n_axes = min(self.n_components, *X.shape)
        if n_axes < X.shape[1]:
            self.components_ = principal_axes(X, n_axes, seed)
        else:
            self.components_ = np.eye(X.shape[1], dtype=np.float32)
        Z = X @ self.components_
        size = mean_square(Z, samples.weights)
        kept, judged = _held_fifth(labels, samples, seed)
        offset = mean_row(targets[kept], samples.weights_at(kept))
        results: list[tuple] = []
        for gamma in _GAMMAS if self.gamma == "cv" else (float(self.gamma),):
            scaled = Z * np.float32(np.sqrt(gamma / size))
            part, held = rbf_gram(scaled[kept]), rbf_gram(scaled[judged], scaled[kept])

            def decide(penalty: float, part=part, held=held) -> np.ndarray:
                right = targets[kept] - offset
                return held @ solve_ridge(part, right, penalty, samples.weights_at(kept)) + offset

            # the first width settles the penalty nearly; the others try its neighbors
            tried = self._penalties(_RBF_PENALTIES)
            if results:
                i = tried.index(min(results, key=itemgetter(0))[1])
                tried = tried[max(i - 1, 0) : i + 2]
            loss = self._take_best(decide, labels, samples, judged, tried, 1.0)
            state = (self.temperature_, self.cv_accuracy_, self.held_out_)
            results.append((loss, self.penalty_, gamma, state))
        _, self.penalty_, self.gamma_, state = min(results, key=itemgetter(0))
        self.temperature_, self.cv_accuracy_, self.held_out_ = state
        self.components_ = self.components_ * np.float32(np.sqrt(self.gamma_ / size))

    def _fit_landmarks(self, X, targets, labels, samples: Samples, seed: int) -> None:
        """More samples than a Gram matrix has room for: some choose, all train."""
        some = np.sort(balanced_order(labels, len(labels), np.random.RandomState(seed))[:_CHOICE])
        mean, scale = self._center(X, samples.weights)
        part = (X[some] - mean) / scale
        chosen = samples.take(some)
        self._choose_rbf(part, targets[some], labels[some], chosen, seed)
        del part
        self.mean_, self.components_ = mean, self.components_ / scale[:, None]
        Z = np.empty((len(X), self.components_.shape[1]), np.float32)
        for start in range(0, len(X), _BLOCK):
            Z[start : start + _BLOCK] = (X[start : start + _BLOCK] - mean) @ self.components_
        self.n_landmarks_ = min(_LANDMARKS, len(some))
        self.vectors_ = Z[some[np.random.default_rng(seed).permutation(len(some))]]
        self.vectors_ = np.ascontiguousarray(self.vectors_[: self.n_landmarks_])
        self.intercept_ = mean_row(targets, samples.weights)
        self.dual_coef_ = solve_on_landmarks(
            Z, self.vectors_, targets - self.intercept_, self.penalty_, samples.weights
        )

    def _penalties(self, candidates) -> list[float]:
        """Penalties to try, from strong to weak."""
        if self.penalty != "cv":
            return [float(self.penalty)]
        return sorted((float(penalty) for penalty in candidates), reverse=True)

    def _take_best(
        self,
        decide,
        labels: np.ndarray,
        samples: Samples,
        judged: np.ndarray,
        penalties: list[float],
        unit: float,
    ) -> float:
        """Set penalty_, temperature_ and cv_accuracy_ by held-out decisions; returns their loss.

        The log loss of calibrated probabilities tells candidates apart that the accuracy, a
        count of few mistakes, does not.
        """
        self.held_out_rows_ = samples.rows[judged]
        labels, weights = labels[judged], samples.weights_at(judged)
        self.penalty_ = penalties[len(penalties) // 2]
        least = np.inf
        for penalty in penalties if len(labels) else []:
            decisions = decide(penalty * unit)
            temperature = fit_temperature(decisions, labels, weights)
            chances = probabilities(decisions, temperature)
            loss = named_losses(chances, labels, weights)["log_loss"]
            if loss >= least:
                break  # once it overfits it does not recover
            least, self.penalty_, self.temperature_ = loss, penalty, temperature
            self.cv_accuracy_ = share_right(decisions, labels, weights)
            self.held_out_ = decisions, labels
        return least

    def decisions(self, X: np.ndarray) -> np.ndarray:
        if self.kernel == "linear":
            return X @ self.coef_.T + self.intercept_
        out = np.empty((len(X), len(self.classes_)), np.float32)
        for start in range(0, len(X), _BLOCK):
            Z = (X[start : start + _BLOCK] - self.mean_) @ self.components_
            out[start : start + _BLOCK] = rbf_gram(Z, self.vectors_) @ self.dual_coef_
        return out + self.intercept_

    def _check_saved(self) -> None:
        n, d = self._check_scores()
        if self.kernel == "linear":
            return
        m, r = self.vectors_.shape
        require_shape(self, "mean_", (d,))
        require_shape(self, "components_", (d, r))
        require_shape(self, "dual_coef_", (m, n))


def mean_row(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Weighted mean of the rows, float32."""
    if weights is None:
        return rows.mean(axis=0)
    return (weights @ rows / weights.sum()).astype(np.float32)


def mean_square(X: np.ndarray, weights: np.ndarray | None) -> float:
    """Weighted mean of the squared lengths of the rows; 1 where they are all zero."""
    if weights is None:
        size = float(np.einsum("nd,nd->", X, X, dtype=np.float64)) / len(X)
    else:
        size = float(np.average(np.einsum("nd,nd->n", X, X, dtype=np.float64), weights=weights))
    return size if size > 0 else 1.0


def _against(X: np.ndarray, right: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """``X.T @ diag(weights) @ right``."""
    return X.T @ (right if weights is None else right * weights[:, None])


def _held_fifth(labels: np.ndarray, samples: Samples, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples to learn from, and those to judge by, whose class is left among the first."""
    folds = stratified_folds(labels, 5, seed, samples.groups)
    left = np.bincount(labels[folds != 0], minlength=labels.max() + 1)
    return folds != 0, (folds == 0) & samples.judged & (left[labels] > 0)


def _leave_out(X, square, targets, labels, samples: Samples, wide: bool):
    """Decisions when each sample is left out, as a function of the penalty; which are judged."""
    values, vectors = eigh(square, check_finite=False)
    kept = values > max(float(values[-1]), 0) * 1e-6
    values, vectors = values[kept], vectors[:, kept]
    scores = vectors if wide else (X @ vectors) / np.sqrt(values)
    # a sample is judged only where its class is left when it is not there
    judged = samples.judged & (np.bincount(labels)[labels] >= 2)

    def decide(penalty: float) -> np.ndarray:
        return left_out_by_axes(scores, values, targets, penalty, samples.weights)[judged]

    return decide, judged


def _leave_groups_out(square, targets, labels, samples: Samples):
    """As `_leave_out`, from inner products alone, and groups of samples together."""
    groups = np.arange(len(labels)) if samples.groups is None else samples.groups
    pairs = np.unique(np.column_stack([labels, groups]), axis=0)
    judged = samples.judged & (np.bincount(pairs[:, 0])[labels] >= 2)

    def decide(penalty: float) -> np.ndarray:
        decisions = left_out_decisions(square, targets, penalty, samples.groups, intercept=True)
        return decisions[judged]

    return decide, judged


def _hold_out(X, square, targets, labels, samples: Samples, wide: bool, seed: int):
    """Decisions on a fifth, as a function of the penalty; which samples it is."""
    kept, judged = _held_fifth(labels, samples, seed)
    weights = samples.weights_at(kept)
    # the mean that was subtracted is that of all samples: too little a leak to matter
    offset = mean_row(targets[kept], weights)
    right = targets[kept] - offset
    if wide:
        part, held = square[np.ix_(kept, kept)], square[np.ix_(judged, kept)]
        return lambda penalty: held @ solve_ridge(part, right, penalty, weights) + offset, judged
    out = X[~kept]
    if samples.weights is not None:
        out = out * np.sqrt(samples.weights[~kept])[:, None]
    part, held = square - symmetric_product(out.T), X[judged]
    right = _against(X[kept], right, weights)
    return lambda penalty: held @ solve_ridge(part, right, penalty) + offset, judged
