"""Ridge regression on ±1 targets as a classifier: closed form, also for thousands of columns."""

from __future__ import annotations

import numpy as np
from scipy.linalg import blas, eigh, lapack
from sklearn.utils.validation import validate_data

from ..checks import check_bool, check_number, seed_number
from .calibration import fit_temperature
from .gram import check_copies, one_against_rest, stratified_folds
from .heads import Head, encode_labels

_PENALTIES = np.geomspace(1e-4, 10, 11)  # of the mean squared length of a vector
_LEFT_OUT_LIMIT = 2000  # smaller side of X up to which every sample is left out in turn


def symmetric_product(X: np.ndarray) -> np.ndarray:
    """``X @ X.T`` with half the work of the general product.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
        C order spares a copy.

    Returns
    -------
    ndarray of shape (n, n), float32

    Examples
    --------
    >>> symmetric_product(np.array([[1, 2], [3, 4]], np.float32)).tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    if X.flags.f_contiguous and not X.flags.c_contiguous:
        product = blas.ssyrk(1.0, X, lower=1).T
    else:
        product = blas.ssyrk(1.0, X.T, trans=1, lower=1).T
    _mirror(product)
    return product


def _mirror(square: np.ndarray, block: int = 1024) -> None:
    """Copy the upper triangle into the lower one, block by block so that no second array is made."""
    n = len(square)
    for i in range(0, n, block):
        for j in range(0, i, block):
            square[i : i + block, j : j + block] = square[j : j + block, i : i + block].T
        corner = square[i : i + block, i : i + block]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T


def solve_ridge(square: np.ndarray, right: np.ndarray, penalty: float) -> np.ndarray:
    """``(square + penalty I)^-1 @ right`` by Cholesky's factorisation.

    Parameters
    ----------
    square : ndarray of shape (m, m), float32
        Symmetric, positive semi-definite. Not changed.
    right : ndarray of shape (m, k), float32
    penalty : float
        Raised tenfold for as long as the sum is not positive definite in float32.

    Returns
    -------
    ndarray of shape (m, k), float32

    Examples
    --------
    >>> solve_ridge(np.eye(2, dtype="f"), np.ones((2, 1), "f"), 1.0).round(4).tolist()
    [[0.5], [0.5]]
    """
    for _ in range(20):
        factor = square.copy()
        factor.flat[:: len(factor) + 1] += np.float32(penalty)
        factor, info = lapack.spotrf(factor.T, lower=0, overwrite_a=1, clean=0)
        if info == 0:
            return np.ascontiguousarray(lapack.spotrs(factor, right, lower=0)[0])
        penalty *= 10
    raise np.linalg.LinAlgError("the matrix is not positive semi-definite")


def left_out_decisions(
    scores: np.ndarray, values: np.ndarray, targets: np.ndarray, penalty: float
) -> np.ndarray:
    """What ridge regression with intercept says of each sample when it was left out.

    Parameters
    ----------
    scores : ndarray of shape (n, r), float32
        Left singular vectors of the centred X.
    values : ndarray of shape (r,)
        Squared singular values.
    targets : ndarray of shape (n, k)
    penalty : float

    Returns
    -------
    ndarray of shape (n, k)

    References
    ----------
    Golub, Heath & Wahba, "Generalized cross-validation as a method for choosing a good ridge
    parameter", Technometrics 21(2), 1979, section 1: the residual of a sample that is left out
    is its residual divided by one minus its leverage.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0]]) / np.sqrt(2)
    >>> left_out_decisions(x, np.array([2.0]), np.array([[0.0], [1.0], [2.0]]), 0).round(6).ravel()
    array([0., 1., 2.])
    """
    n = len(targets)
    shrink = (values / (values + penalty)).astype(scores.dtype)
    mean = targets.mean(axis=0)
    fitted = (scores * shrink) @ (scores.T @ (targets - mean)) + mean
    leverage = np.einsum("nr,nr,r->n", scores, scores, shrink) + 1 / n
    return targets - (targets - fitted) / np.maximum(1 - leverage, 1e-6)[:, None]


class Ridge(Head):
    """Regularised least squares, one class against the rest.

    The head for many samples of a few thousand columns: all classes and all penalties share
    one product of X with itself, of the smaller side of X. Up to 2,000 samples or columns the
    penalty is chosen by leaving out each sample in turn, in closed form; beyond, by a fifth of
    the samples that is held out.

    Parameters
    ----------
    penalty : float or "cv", default="cv"
        Weight of |w|², in units of the mean squared length of the vectors. "cv" chooses among
        eleven from 0.0001 to 10.
    standardise : bool, default=False
        Divide columns by their standard deviation, as one wants for tables of unlike
        quantities.
    random_state : int, RandomState or None, default=0
        Seed of what is held out.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_classes, d), float32
    intercept_ : ndarray of shape (n_classes,), float32
    temperature_ : float
        Divides the decisions before the softmax.
    penalty_ : float
        What was used.
    cv_accuracy_ : float
        Share of left-out samples with the right label; nan where none could be left out.

    References
    ----------
    Rifkin, Yeo & Poggio, "Regularized least-squares classification", 2003, section 4.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 3], [3, 4]] * 3, np.float32)
    >>> Ridge().fit(X, ["a", "a", "b", "b"] * 3).predict([[0, 0.5], [3, 3.5]]).tolist()
    ['a', 'b']
    """

    def __init__(self, penalty="cv", standardise=False, random_state=0):
        self.penalty = penalty
        self.standardise = standardise
        self.random_state = random_state

    def _check(self) -> None:
        if self.penalty != "cv":
            check_number("penalty", self.penalty, 0, exclusive=True)
        check_bool("standardise", self.standardise)

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
        self._check()
        seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        self.classes_, labels = encode_labels(y, len(X))
        check_copies(n_copies, len(X))
        targets = one_against_rest(labels, len(self.classes_))
        mean = X.mean(axis=0)
        X = X - mean
        scale = np.ones_like(mean)
        if self.standardise:
            spread = np.sqrt(np.einsum("nd,nd->d", X, X) / np.float32(len(X)))
            scale[spread > 0] = spread[spread > 0]
            X /= scale
        size = float(np.einsum("nd,nd->", X, X, dtype=np.float64)) / len(X)
        self._size = size if size > 0 else 1.0
        self.temperature_, self.cv_accuracy_ = 1.0, float("nan")
        wide = X.shape[1] >= len(X)
        square = symmetric_product(X if wide else X.T)
        if len(square) <= _LEFT_OUT_LIMIT and n_copies == 1:
            self._choose_by_leaving_out(X, square, targets, labels, wide)
        else:
            self._choose_by_holding_out(X, square, targets, labels, wide, seed, n_copies)
        offset = targets.mean(axis=0)
        coef = _coefficients(X, square, targets - offset, self.penalty_ * self._size, wide)
        del self._size
        self.coef_ = np.ascontiguousarray((coef / scale[:, None]).T)
        self.intercept_ = (offset - self.coef_ @ mean).astype(np.float32)
        return self

    def _penalties(self) -> list[float]:
        return list(_PENALTIES) if self.penalty == "cv" else [float(self.penalty)]

    def _choose_by_leaving_out(self, X, square, targets, labels, wide: bool) -> None:
        values, vectors = eigh(square, check_finite=False)
        kept = values > max(float(values[-1]), 0) * 1e-6
        values, vectors = values[kept], vectors[:, kept]
        scores = vectors if wide else (X @ vectors) / np.sqrt(values)
        # a sample is judged only where its class is left when it is not there
        judged = np.bincount(labels)[labels] >= 2
        self._take_best(
            lambda penalty: left_out_decisions(scores, values, targets, penalty)[judged],
            labels[judged],
        )

    def _choose_by_holding_out(
        self, X, square, targets, labels, wide: bool, seed: int, n_copies: int
    ) -> None:
        folds = stratified_folds(labels, 5, seed, n_copies)
        kept, judged = folds != 0, (folds == 0) & (np.arange(len(X)) < len(X) // n_copies)
        # the mean that was subtracted is that of all samples: too little a leak to matter
        offset = targets[kept].mean(axis=0)
        right = targets[kept] - offset
        if wide:
            part, held = square[np.ix_(kept, kept)], square[np.ix_(judged, kept)]
        else:
            part, held = square - symmetric_product(X[~kept].T), X[judged]
            right = X[kept].T @ right
        self._take_best(
            lambda penalty: held @ solve_ridge(part, right, penalty) + offset, labels[judged]
        )

    def _take_best(self, decide, labels: np.ndarray) -> None:
        """Set penalty_, temperature_ and cv_accuracy_: the best accuracy, then the least loss."""
        penalties = self._penalties()
        self.penalty_ = 0.1 if len(penalties) > 1 else penalties[0]
        if len(labels) == 0:
            return
        best = None
        falls = 0
        for penalty in penalties[::-1]:
            decisions = decide(penalty * self._size)
            accuracy = float((decisions.argmax(axis=1) == labels).mean())
            if best is None or accuracy > best[0]:
                best, falls = (accuracy, penalty, decisions), 0
            else:
                falls += 1
                if falls == 3:  # from strong to weak: once it overfits it does not recover
                    break
        self.cv_accuracy_, self.penalty_ = best[0], float(best[1])
        self.temperature_ = fit_temperature(best[2], labels)

    def _decisions(self, X: np.ndarray) -> np.ndarray:
        return X @ self.coef_.T + self.intercept_


def _coefficients(X, square, targets, penalty: float, wide: bool) -> np.ndarray:
    """Coefficients of shape (d, k) by the smaller of the two systems."""
    if wide:
        return X.T @ solve_ridge(square, targets, penalty)
    return solve_ridge(square, X.T @ targets, penalty)
