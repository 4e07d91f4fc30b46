"""Heads: classifiers from vectors to labels, with calibrated probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import LinearSVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from .._basics.checks import check_choice, check_integer, check_number, seed_number
from ..errors import DataError, ParameterError
from .calibration import fit_temperature, probabilities
from .gram import check_copies, one_against_rest, stratified_folds, svm_dual, symmetric_product

if TYPE_CHECKING:
    from .unknown import UnknownRule

_TINY = float(np.finfo(np.float32).tiny)
_GRAM_LIMIT = 12_000  # pictures; a float32 Gram matrix of so many takes 576 MB
_MANY = 3000  # pictures, from which on short vectors are cheaper than inner products
_PENALTIES = (0.1, 1.0, 10.0, 100.0)  # rising: the search stops once the score falls


def encode_labels(y, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted classes and the column of each label.

    Raises
    ------
    DataError
        There is only one class.
    """
    if y is None:
        raise ParameterError(
            "y must have one label for each sample: training requires y to be passed, but the "
            "target y is None."
        )
    y = column_or_1d(y, warn=True)
    with warnings.catch_warnings():
        if y.dtype.kind in "OSU":  # names: one picture a class is little, and no regression
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        check_classification_targets(y)
    if len(y) != n:
        raise ParameterError(f"y must have one label for each of the {n} samples. Got {len(y)}.")
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"A classifier needs at least 2 classes. Got only 1 class: {classes[0]!s}.")
    return classes, labels


class Head(ClassifierMixin, BaseEstimator):
    """Base of heads: labels and probabilities out of the decisions of all classes.

    Sub-classes set ``classes_`` and ``temperature_`` and have `_check`, which validates
    parameters, and `_decisions`, which gives an array of shape (n, n_classes).
    """

    classes_: np.ndarray
    temperature_: float
    cv_accuracy_: float
    random_state: int | np.random.RandomState | None
    held_out_rows_: np.ndarray  # which samples were held out and judged
    # decisions (n, n_classes) on samples that were held out, and columns of their labels
    held_out_: tuple[np.ndarray, np.ndarray] | None
    unknown_: UnknownRule | None

    def decision_function(self, X) -> np.ndarray:
        """Confidence of each class, (n, n_classes); of the second class alone if there are two."""
        check_is_fitted(self)
        decisions = self._decisions(validate_data(self, X, dtype=np.float32, reset=False))
        return decisions[:, 1] if len(self.classes_) == 2 else decisions

    def predict(self, X) -> np.ndarray:
        """Label of each sample, shape (n,)."""
        check_is_fitted(self)
        decisions = self._decisions(validate_data(self, X, dtype=np.float32, reset=False))
        return self.classes_[decisions.argmax(axis=1)]

    def predict_proba(self, X) -> np.ndarray:
        """Calibrated probabilities, shape (n, n_classes), in the order of ``classes_``."""
        check_is_fitted(self)
        decisions = self._decisions(validate_data(self, X, dtype=np.float32, reset=False))
        return probabilities(decisions, self.temperature_)

    def _begin(self, X, y, n_copies: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Check what `fit` was given, and forget an earlier one: vectors, columns, seed."""
        self._check()
        seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        self.classes_, labels = encode_labels(y, len(X))
        check_copies(n_copies, len(X))
        self.temperature_, self.cv_accuracy_ = 1.0, float("nan")
        self.held_out_ = self.unknown_ = None
        return X, labels, seed

    def _check(self) -> None:
        raise NotImplementedError

    def _decisions(self, X: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class SVMClassifier(Head):
    """Support vector machine, one class against the rest, squared hinge loss.

    Up to 12,000 samples it is trained in the Gram space, whose cost does not depend on the
    length of the vectors; beyond, and from 3,000 samples on if there are twice as many as columns,
    the linear kernel uses scikit-learn's `LinearSVC`, which minimises the same objective, and
    one held-out fifth instead of the folds. Vectors are scaled to a mean squared length of 1
    inside, so that `C` means the same for every encoding.

    Parameters
    ----------
    kernel : {"linear", "rbf"}, default="linear"
        Additive kernels of histograms are linear behind a `HomogeneousMap`.
    C : float or "cv", default="cv"
        Weight of the loss. "cv" goes up from 0.1 by tens for as long as the accuracy in
        cross-validation rises, to 100 at most.
    gamma : float or "scale", default="scale"
        Width of the RBF kernel exp(-gamma |a - b|²); "scale" is 1 / (d * variance of X).
    n_folds : int, default=3
        Folds of the cross-validation for `C` and for the calibration. Where a class has
        fewer samples, the calibration uses the classes that can be split.
    random_state : int, RandomState or None, default=0
        Seed of the folds and of the order of the samples.

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
    cv_accuracy_ : float
        Share of held-out samples with the right label, nan where none could be held out.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 3, np.float32)
    >>> SVMClassifier(C=1.0).fit(X, ["a", "a", "b", "b"] * 3).predict([[0, 0.5], [3, 3.5]]).tolist()
    ['a', 'b']
    """

    def __init__(self, kernel="linear", C="cv", gamma="scale", n_folds=3, random_state=0):
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X, y, n_copies: int = 1):
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
        for name in ("coef_", "support_vectors_", "dual_coef_"):  # of another kernel, before
            self.__dict__.pop(name, None)
        if self.kernel == "linear" and not _in_gram_space(*X.shape):
            return self._fit_primal(X, labels, seed, n_copies)
        if len(X) > _GRAM_LIMIT:
            raise DataError(
                f"kernel='rbf' takes at most {_GRAM_LIMIT} samples. Got {len(X)}; use "
                "kernel='linear' or a kernel map."
            )
        if self.kernel == "linear":
            gram = symmetric_product(X)
            self.gamma_ = 0.0
        else:
            variance = float(X.var())
            scale = 1 / (X.shape[1] * variance) if variance > 0 else 1.0
            self.gamma_ = scale if self.gamma == "scale" else float(self.gamma)
            gram = rbf_kernel(X, gamma=self.gamma_)
        size = max(float(np.trace(gram)) / len(X), _TINY)
        gram /= size
        gram += 1  # the bias: a constant column
        targets = one_against_rest(labels, len(self.classes_))
        self._choose(gram, targets, labels, seed, n_copies)
        dual = svm_dual(gram, targets, self.C_, random_state=seed)
        self.intercept_ = dual.sum(axis=0)
        if self.kernel == "linear":
            self.coef_ = np.ascontiguousarray(dual.T) @ X / np.float32(size)
        else:
            support = np.any(dual != 0, axis=1)
            self.support_vectors_ = X[support]
            self.dual_coef_ = dual[support] / np.float32(size)
        return self

    def _check(self) -> None:
        check_choice("kernel", self.kernel, ("linear", "rbf"))
        check_integer("n_folds", self.n_folds, 2)
        if self.C != "cv":
            check_number("C", self.C, 0, exclusive=True)
        if self.gamma != "scale":
            check_number("gamma", self.gamma, 0, exclusive=True)

    def _choose(self, gram, targets, labels: np.ndarray, seed: int, n_copies: int) -> None:
        """Settle the penalty by cross-validation in the Gram space."""
        folds = stratified_folds(labels, self.n_folds, seed, n_copies)
        # a sample is judged only where its class is left in the training part
        first = np.arange(len(labels)) < len(labels) // n_copies
        judged = first & (np.bincount(labels[first])[labels] >= 2)

        def decide(C: float) -> np.ndarray:
            decisions = np.zeros_like(targets)
            for fold in range(self.n_folds):
                out = folds == fold
                if not out.any() or out.all():
                    continue
                inside = np.ascontiguousarray(gram[np.ix_(~out, ~out)])
                dual = svm_dual(inside, targets[~out], C, random_state=seed)
                decisions[out] = gram[np.ix_(out, ~out)] @ dual
            return decisions[judged]

        self.held_out_rows_ = np.flatnonzero(judged)
        self._settle(decide, labels[judged])

    def _settle(self, decide: Callable[[float], np.ndarray], labels: np.ndarray) -> None:
        """Set C_, temperature_ and cv_accuracy_ by decisions on held-out samples.

        The penalties rise, and the search stops where the accuracy falls.
        """
        candidates = _PENALTIES if self.C == "cv" else (float(self.C),)
        self.C_, self.temperature_, self.cv_accuracy_ = candidates[len(candidates) // 2], 1.0, -1.0
        if not len(labels):
            self.cv_accuracy_ = float("nan")
            return
        for C in candidates:
            decisions = decide(C)
            accuracy = float((decisions.argmax(axis=1) == labels).mean())
            if accuracy < self.cv_accuracy_:
                break
            if accuracy > self.cv_accuracy_:
                self.C_, self.cv_accuracy_ = C, accuracy
                self.temperature_ = fit_temperature(decisions, labels)
                self.held_out_ = decisions, labels

    def _fit_primal(
        self, X: np.ndarray, labels: np.ndarray, seed: int, n_copies: int
    ) -> SVMClassifier:
        """Many samples: LinearSVC, with the penalty from one held-out fifth."""
        size = float(np.sqrt(np.einsum("nd,nd->", X, X, dtype=np.float64) / len(X)))
        X = X / np.float32(max(size, _TINY))
        kept = stratified_folds(labels, 5, seed, n_copies) != 0
        out = ~kept & (np.arange(len(X)) < len(X) // n_copies)
        self.held_out_rows_ = np.flatnonzero(out)
        self._settle(
            lambda C: _all_columns(_linear_svc(C, seed).fit(X[kept], labels[kept]), X[out]),
            labels[out],
        )
        self.gamma_ = 0.0
        model = _linear_svc(self.C_, seed).fit(X, labels)
        coef, intercept = model.coef_ / size, model.intercept_
        if len(self.classes_) == 2:
            coef, intercept = np.vstack([-coef, coef]), np.hstack([-intercept, intercept])
        self.coef_ = coef.astype(np.float32)
        self.intercept_ = intercept.astype(np.float32)
        return self

    def _decisions(self, X: np.ndarray) -> np.ndarray:
        if self.kernel == "linear":
            return X @ self.coef_.T + self.intercept_
        kernel = rbf_kernel(X, self.support_vectors_, gamma=self.gamma_)
        return kernel @ self.dual_coef_ + self.intercept_


def _in_gram_space(n: int, d: int) -> bool:
    """Whether n inner products a sample cost less than its d columns, and fit into memory."""
    return n <= _GRAM_LIMIT and (n < _MANY or n < 2 * d)


def _linear_svc(C: float, seed: int) -> LinearSVC:
    return LinearSVC(C=C, random_state=seed)


def _all_columns(model: LinearSVC, X: np.ndarray) -> np.ndarray:
    """Decisions with one column a class, also where there are two."""
    decisions = model.decision_function(X)
    return np.column_stack([-decisions, decisions]) if decisions.ndim == 1 else decisions
