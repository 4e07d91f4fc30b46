"""Heads: classifiers from vectors to labels, with calibrated probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import LinearSVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _num_samples,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from .._basics.checks import check_choice, check_integer, check_number, seed_number
from .._basics.label_sets import is_multilabel
from .._basics.parameters import ClassWeight, Seed
from .._basics.saving import SavedState, require, require_shape
from ..encode import balanced_order
from ..errors import DataError, ParameterError
from .calibration import fit_temperature, probabilities
from .gram import one_against_rest, stratified_folds, svm_dual, symmetric_product
from .nystroem import landmark_features
from .samples import Samples, check_class_weight, check_samples, weights_of_classes
from .stored_vectors import StoredVectors

if TYPE_CHECKING:
    from .unknown import UnknownRule

_TINY = float(np.finfo(np.float32).tiny)
GRAM_LIMIT = 12_000  # images; a float32 Gram matrix of so many takes 576 MB
_LANDMARKS = 2000  # samples that an RBF kernel is a sum over, where there are more than that
STORED_LANDMARKS = 4000  # vectors that all others are compared with, where they are stored
DENSE = 1 << 29  # bytes of stored vectors that may be taken into memory
_MANY = 3000  # images, from which on short vectors are cheaper than inner products
_PENALTIES = (0.1, 1.0, 10.0, 100.0)  # rising: the search stops once the score falls


def check_labels(y, n: int) -> None:
    """Raise `ParameterError` unless there is one label for each of n samples."""
    if y is None:
        raise ParameterError(
            "y must have one label for each sample: training requires y to be passed, but the "
            "target y is None."
        )
    given = _num_samples(y)
    if given != n:
        raise ParameterError(f"y must have one label for each of the {n} samples. Got {given}.")


def encode_labels(y, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted classes and the column of each label.

    Raises
    ------
    DataError
        There is only one class.
    """
    check_labels(y, n)
    if is_multilabel(y):
        raise ParameterError(
            "y must have one label per image for this head. Got several: use the head 'keywords'."
        )
    y = column_or_1d(y, warn=True)
    with warnings.catch_warnings():
        if y.dtype.kind in "OSU":  # names: one image a class is little, and no regression
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        check_classification_targets(y)
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"A classifier needs at least 2 classes. Got only 1 class: {classes[0]!s}.")
    return classes, labels


class Head(ClassifierMixin, BaseEstimator):
    """Base of heads: labels and probabilities out of the decisions of all classes.

    Sub-classes set ``classes_`` and ``temperature_`` and have `_check`, which validates
    parameters, and `decisions`, which gives an array of shape (n, n_classes).
    """

    classes_: np.ndarray
    temperature_: float
    cv_accuracy_: float
    class_weight: Mapping | str | None
    random_state: int | np.random.RandomState | None
    held_out_rows_: np.ndarray  # which samples were held out and judged
    # decisions (n, n_classes) on samples that were held out, and columns of their labels
    held_out_: tuple[np.ndarray, np.ndarray] | None
    unknown_: UnknownRule | None

    def decision_function(self, X) -> np.ndarray:
        """Confidence of each class, (n, n_classes); of the second class alone if there are two."""
        check_is_fitted(self)
        decisions = self.decisions(validate_data(self, X, dtype=np.float32, reset=False))
        return decisions[:, 1] if len(self.classes_) == 2 else decisions

    def predict(self, X) -> np.ndarray:
        """Label of each sample, shape (n,)."""
        check_is_fitted(self)
        decisions = self.decisions(validate_data(self, X, dtype=np.float32, reset=False))
        return self.classes_[decisions.argmax(axis=1)]

    def predict_proba(self, X) -> np.ndarray:
        """Calibrated probabilities, shape (n, n_classes), in the order of ``classes_``."""
        check_is_fitted(self)
        decisions = self.decisions(validate_data(self, X, dtype=np.float32, reset=False))
        return probabilities(decisions, self.temperature_)

    def _begin(
        self, X, y, sample_weight, groups, judged
    ) -> tuple[np.ndarray, np.ndarray, Samples, int]:
        """Check what `fit` was given, and forget an earlier one: vectors, columns, facts, seed.

        Samples of weight 0 are left out, as if they had not been given.
        """
        self._check()
        check_class_weight(self.class_weight)
        seed = seed_number("random_state", self.random_state)
        if isinstance(X, StoredVectors):
            self.n_features_in_ = X.shape[1]
        else:
            X = validate_data(self, X, dtype=np.float32)
        check_labels(y, len(X))
        rows, weights, groups, judged = check_samples(X, sample_weight, groups, judged)
        if len(rows) < len(X):
            y = np.asarray(y)[rows]
            if isinstance(X, StoredVectors):
                X.take(rows)
            else:
                X = X[rows]
        self.classes_, labels = encode_labels(y, len(X))
        if self.class_weight is not None:
            totals = np.bincount(labels, weights, len(self.classes_))
            own = weights_of_classes(self.class_weight, self.classes_, totals)
            weights = (own[labels] * (1 if weights is None else weights)).astype(np.float32)
            if not weights.all():
                raise ParameterError("class_weight must be above 0 for the classes of y. Got 0.")
        self.temperature_, self.cv_accuracy_ = 1.0, float("nan")
        self.held_out_ = self.unknown_ = None
        return X, labels, Samples(weights, groups, judged, rows), seed

    def _check(self) -> None:
        raise NotImplementedError

    def _check_scores(self) -> tuple[int, int]:
        """Check a saved head with a kernel; the numbers of classes and columns."""
        n, d = len(self.classes_), self.n_features_in_
        require_shape(self, "intercept_", (n,))
        require(self.temperature_ > 0, "temperature_ must be > 0")
        if self.kernel == "linear":
            require_shape(self, "coef_", (n, d))
        return n, d

    def decisions(self, X: np.ndarray) -> np.ndarray:
        """Decisions of all classes, (n, n_classes), for float32 vectors that were checked."""
        raise NotImplementedError


class SVMClassifier(Head):
    """Support vector machine, one class against the rest, squared hinge loss.

    Up to 12,000 samples it is trained in the Gram space, whose cost does not depend on the
    length of the vectors; beyond, and from 3,000 samples on if there are twice as many as columns,
    the linear kernel uses scikit-learn's `LinearSVC`, which minimizes the same objective, and
    one held-out fifth instead of the folds. The RBF kernel then sees 2,000 of the samples
    (Nyström's method), and its machine is trained on all.
    Vectors are scaled to a mean squared length of 1
    inside, so that `C` means the same for every encoding.

    Parameters
    ----------
    kernel : {"linear", "rbf"}, default="linear"
        Additive kernels of histograms are linear behind a `HomogeneousMap`.
    C : float or "cv", default="cv"
        Weight of the loss. "cv" goes up from 0.1 by tens for as long as the accuracy in
        cross-validation rises, to 100 at most.
    gamma : float or "scale", default="scale"
        Width of the RBF kernel ``exp(-gamma |a - b|²)``; "scale" is 1 / (d * variance of X).
    n_folds : int, default=3
        Folds of the cross-validation for `C` and for the calibration. Where a class has
        fewer samples, the calibration uses the classes that can be split.
    random_state : int, RandomState or None, default=0
        Seed of the folds and of the order of the samples.
    class_weight : dict, "balanced" or None, default=None
        How much the samples of each class count; "balanced" makes all classes weigh the same.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_classes, d), float32
        Linear kernel only.
    support_vectors_, dual_coef_ : ndarray of shape (n_sv, d) and (n_sv, n_classes), float32
        RBF kernel only.
    intercept_ : ndarray of shape (n_classes,), float32
    temperature_ : float
        Divides the decisions before the softmax.
    C_, gamma_ : float
        What was used.
    n_landmarks_ : int
        Number of samples that `support_vectors_` were chosen from, if they are a subset; else 0.
    cv_accuracy_ : float
        Share of held-out samples with the right label, nan where none could be held out.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 3, np.float32)
    >>> SVMClassifier(C=1.0).fit(X, ["a", "a", "b", "b"] * 3).predict([[0, 0.5], [3, 3.5]]).tolist()
    ['a', 'b']
    """

    saved_state = SavedState(
        arrays={"coef_": 2, "support_vectors_": 2, "dual_coef_": 2, "intercept_": 1},
        scalars={"n_features_in_": int, "temperature_": float, "gamma_": float, "C_": float},
        added={"class_weight": None},
        role="classifier",
    )

    def __init__(
        self,
        kernel: Literal["linear", "rbf"] = "linear",
        C: float | Literal["cv"] = "cv",
        gamma: float | Literal["scale"] = "scale",
        n_folds: int = 3,
        random_state: Seed = 0,
        class_weight: ClassWeight = None,
    ) -> None:
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.n_folds = n_folds
        self.random_state = random_state
        self.class_weight = class_weight

    def fit(self, X, y, sample_weight=None, groups=None, judged=None):
        """Train on vectors of shape (n, d) and n labels.

        Parameters
        ----------
        X : ndarray of shape (n, d), or StoredVectors for the linear kernel
        y : sequence of n labels
        sample_weight : ndarray of shape (n,), optional
            How much each sample's loss counts; 0 leaves it out.
        groups : sequence of n values, optional
            Samples with the same value are held out together, such as images of one object.
        judged : ndarray of shape (n,), bool, optional
            Which held-out samples count where `C` and the temperature are chosen: not those
            that are changed copies of others. None stands for all.

        Returns
        -------
        self
        """
        X, labels, samples, seed = self._begin(X, y, sample_weight, groups, judged)
        for name in ("coef_", "support_vectors_", "dual_coef_"):  # of another kernel, before
            self.__dict__.pop(name, None)
        self.n_landmarks_ = 0
        if self.kernel == "linear" and not _in_gram_space(*X.shape):
            self.gamma_ = 0.0
            if isinstance(X, StoredVectors) and 4 * X.shape[0] * X.shape[1] > DENSE:
                return self._fit_stored_landmarks(X, labels, samples, seed)
            return self._fit_primal(np.asarray(X), labels, samples, seed)
        if self.kernel == "linear":
            gram = X.gram() if isinstance(X, StoredVectors) else symmetric_product(X)
            self.gamma_ = 0.0
        else:
            variance = _variance(X, samples.weights)
            scale = 1 / (X.shape[1] * variance) if variance > 0 else 1.0
            self.gamma_ = scale if self.gamma == "scale" else float(self.gamma)
            if len(X) > GRAM_LIMIT:
                return self._fit_landmarks(X, labels, samples, seed)
            gram = rbf_kernel(X, gamma=self.gamma_)
        if samples.weights is None:
            size = max(float(np.trace(gram)) / len(X), _TINY)
        else:
            size = max(float(np.average(np.diagonal(gram), weights=samples.weights)), _TINY)
        gram /= size
        gram += 1  # the bias: a constant column
        targets = one_against_rest(labels, len(self.classes_))
        self._choose(gram, targets, labels, samples, seed)
        dual = svm_dual(gram, targets, self.C_, random_state=seed, weights=samples.weights)
        self.intercept_ = dual.sum(axis=0)
        if isinstance(X, StoredVectors):
            self.coef_ = X.combine(dual) / np.float32(size)
        elif self.kernel == "linear":
            self.coef_ = np.ascontiguousarray(dual.T) @ X / np.float32(size)
        else:
            support = np.any(dual != 0, axis=1)
            self.support_vectors_ = X[support]
            self.dual_coef_ = dual[support] / np.float32(size)
        return self

    def takes_stored(self) -> bool:
        """Whether `fit` takes `StoredVectors`."""
        return self.kernel == "linear"

    def _check(self) -> None:
        check_choice("kernel", self.kernel, ("linear", "rbf"))
        check_integer("n_folds", self.n_folds, 2)
        if self.C != "cv":
            check_number("C", self.C, 0, exclusive=True)
        if self.gamma != "scale":
            check_number("gamma", self.gamma, 0, exclusive=True)

    def _choose(self, gram, targets, labels: np.ndarray, samples: Samples, seed: int) -> None:
        """Settle the penalty by cross-validation in the Gram space."""
        folds = stratified_folds(labels, self.n_folds, seed, samples.groups)
        # a sample is judged only where its class is left in the training part
        members = np.zeros((len(self.classes_), self.n_folds), int)
        np.add.at(members, (labels, folds), 1)
        left = members.sum(axis=1)[labels] > members[labels, folds]
        judged = samples.judged & left

        def decide(C: float) -> np.ndarray:
            decisions = np.zeros_like(targets)
            for fold in range(self.n_folds):
                out = folds == fold
                if not out.any() or out.all():
                    continue
                inside = np.ascontiguousarray(gram[np.ix_(~out, ~out)])
                weights = samples.weights_at(~out)
                dual = svm_dual(inside, targets[~out], C, random_state=seed, weights=weights)
                decisions[out] = gram[np.ix_(out, ~out)] @ dual
            return decisions[judged]

        self._settle(decide, labels, samples, judged)

    def _settle(
        self,
        decide: Callable[[float], np.ndarray],
        labels: np.ndarray,
        samples: Samples,
        judged: np.ndarray,
    ) -> None:
        """Set C_, temperature_ and cv_accuracy_ by decisions on held-out samples.

        The penalties rise, and the search stops where the accuracy falls.
        """
        self.held_out_rows_ = samples.rows[judged]
        labels, weights = labels[judged], samples.weights_at(judged)
        # in units that do not depend on the sum of the weights
        unit = 1.0 if samples.weights is None else float(samples.weights.mean())
        cv = self.C == "cv"
        candidates = [C / unit for C in _PENALTIES] if cv else [float(self.C)]
        self.C_, self.temperature_, self.cv_accuracy_ = candidates[len(candidates) // 2], 1.0, -1.0
        if not len(labels):
            self.cv_accuracy_ = float("nan")
            return
        for C in candidates:
            decisions = decide(C)
            accuracy = share_right(decisions, labels, weights)
            if accuracy < self.cv_accuracy_:
                break
            if accuracy > self.cv_accuracy_:
                self.C_, self.cv_accuracy_ = C, accuracy
                self.temperature_ = fit_temperature(decisions, labels, weights)
                self.held_out_ = decisions, labels

    def _fit_primal(
        self, X: np.ndarray, labels: np.ndarray, samples: Samples, seed: int
    ) -> SVMClassifier:
        """Many samples: LinearSVC, with the penalty from one held-out fifth."""
        if samples.weights is None:
            size = float(np.sqrt(np.einsum("nd,nd->", X, X, dtype=np.float64) / len(X)))
        else:
            squares = np.einsum("nd,nd->n", X, X, dtype=np.float64)
            size = float(np.sqrt(np.average(squares, weights=samples.weights)))
        X = X / np.float32(max(size, _TINY))
        kept = stratified_folds(labels, 5, seed, samples.groups) != 0
        left = np.bincount(labels[kept], minlength=len(self.classes_)) > 0
        out = ~kept & samples.judged & left[labels]

        def decide(C: float) -> np.ndarray:
            model = _linear_svc(C, seed).fit(X[kept], labels[kept], samples.weights_at(kept))
            return _all_columns(model, X[out], len(self.classes_))

        self._settle(decide, labels, samples, out)
        model = _linear_svc(self.C_, seed).fit(X, labels, samples.weights)
        coef, intercept = model.coef_ / size, model.intercept_
        if len(self.classes_) == 2:
            coef, intercept = np.vstack([-coef, coef]), np.hstack([-intercept, intercept])
        self.coef_ = coef.astype(np.float32)
        self.intercept_ = intercept.astype(np.float32)
        return self

    def _fit_landmarks(
        self, X: np.ndarray, labels: np.ndarray, samples: Samples, seed: int
    ) -> SVMClassifier:
        """More samples than a Gram matrix has room for: a linear machine on kernel values."""
        order = balanced_order(labels, len(X), np.random.RandomState(seed))
        landmarks = X[np.sort(order[:_LANDMARKS])]
        values = rbf_kernel(X, landmarks, gamma=self.gamma_)
        features, to_landmarks = landmark_features(values, rbf_kernel(landmarks, gamma=self.gamma_))
        self._fit_primal(features, labels, samples, seed)
        self.dual_coef_ = to_landmarks(self.coef_.T)
        del self.coef_
        self.support_vectors_, self.n_landmarks_ = landmarks, len(landmarks)
        return self

    def _fit_stored_landmarks(
        self, X: StoredVectors, labels: np.ndarray, samples: Samples, seed: int
    ) -> SVMClassifier:
        """Too many long vectors: a machine on inner products with some of them."""
        order = balanced_order(labels, len(X), np.random.RandomState(seed))
        landmarks = np.sort(order[:STORED_LANDMARKS])
        values = X.products(landmarks)
        size = max(float(np.trace(values[landmarks])) / len(landmarks), _TINY)
        values /= np.float32(size)
        features, to_landmarks = landmark_features(values, values[landmarks])
        del values
        self._fit_primal(features, labels, samples, seed)
        self.coef_ = X.combine(to_landmarks(self.coef_.T), landmarks) / np.float32(size)
        self.n_landmarks_ = len(landmarks)
        return self

    def decisions(self, X: np.ndarray) -> np.ndarray:
        if self.kernel == "linear":
            return X @ self.coef_.T + self.intercept_
        kernel = rbf_kernel(X, self.support_vectors_, gamma=self.gamma_)
        return kernel @ self.dual_coef_ + self.intercept_

    def _check_saved(self) -> None:
        n, d = self._check_scores()
        if self.kernel == "linear":
            return
        m = len(self.support_vectors_)
        require_shape(self, "support_vectors_", (m, d))
        require_shape(self, "dual_coef_", (m, n))
        require(self.gamma_ > 0, "gamma_ must be > 0")


def _variance(X: np.ndarray, weights: np.ndarray | None) -> float:
    """Variance of all entries, samples counting by their weights."""
    if weights is None:
        return float(X.var())
    mean = np.average(X.mean(axis=1), weights=weights)
    return float(np.average(((X - mean) ** 2).mean(axis=1), weights=weights))


def share_right(decisions: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> float:
    """Share of samples, by weight, whose largest decision is in the column of the label."""
    return float(np.average(decisions.argmax(axis=1) == labels, weights=weights))


def _in_gram_space(n: int, d: int) -> bool:
    """Whether n inner products a sample cost less than its d columns, and fit into memory."""
    return n <= GRAM_LIMIT and (n < _MANY or n < 2 * d)


def _linear_svc(C: float, seed: int) -> LinearSVC:
    return LinearSVC(C=C, random_state=seed)


def _all_columns(model: LinearSVC, X: np.ndarray, n_classes: int) -> np.ndarray:
    """Decisions with one column per class, also for two, and for one that it has not seen."""
    decisions = model.decision_function(X)
    if decisions.ndim == 1:
        decisions = np.column_stack([-decisions, decisions])
    out = np.full((len(X), n_classes), decisions.min(initial=0) - 1)
    out[:, model.classes_] = decisions
    return out
