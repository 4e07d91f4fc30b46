"""The head for keywords: several labels per image, each with a probability of its own."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.linalg import eigh
from scipy.special import expit, logit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from .._basics.checks import check_choice, check_integer, check_number, seed_number
from .._basics.label_sets import encode_sets, sets_of
from .._basics.parameters import Seed
from .._basics.saving import SavedState, require, require_shape
from ..errors import ParameterError
from .annotation import (
    best_thresholds,
    fit_logistic,
    mean_word_f1,
    neighbor_votes,
    word_priors,
)
from .gram import symmetric_product
from .left_out import left_out_decisions
from .ridge_solving import principal_axes, solve_ridge
from .samples import group_numbers

_PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_SHARPNESS = (5.0, 10.0, 20.0, 40.0)
_CHOICE = 4000  # samples that choose and calibrate: their Gram matrix is inverted
_MEMORY = 20_000  # samples that may vote: their vectors are part of the model
_FLOOR = 0.01  # share of votes that is added, so that a word without any has a logarithm


class KeywordClassifier(BaseEstimator):
    """Several labels per sample: ridge regression and the votes of neighbors, calibrated together.

    Each word gets two scores: ridge regression of the word against the rest, in the space
    of principal axes, and the share of the word among the nearest training samples. A logistic
    function of both and of the word's frequency, the same for all words, turns them into
    probabilities; it is fitted on samples that were left out in closed form. A word is answered
    where its probability reaches its threshold, which those samples choose too.

    Parameters
    ----------
    penalty : float or "cv", default="cv"
        Weight of ``|w|²`` in the ridge regression, for vectors with a mean squared length of 1.
    sharpness : float or "cv", default="cv"
        Neighbors weigh ``exp(sharpness * cosine)``.
    n_neighbors : int, default=50
        Number of neighbors that vote.
    rule : {"threshold", "top"}, default="threshold"
        Answer all words that reach their thresholds, or always the `n_top` words that exceed
        theirs most (in log odds).
    n_top : int, default=5
        Words per sample with ``rule="top"``, as is usual for Corel-5k.
    n_components : int, default=512
        Principal axes that are kept, which bounds the size of the model.
    random_state : int, RandomState or None, default=0
        Seed of the axes, and of which samples choose where there are more than 4,000.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The words, sorted; numbers of columns after a fit on an indicator matrix.
    priors_ : ndarray of shape (k,), float32
        Log odds of each word in training.
    thresholds_ : ndarray of shape (k,), float32
        Probability from which on a word is answered.
    mean_, components_ : ndarray of shape (d,) and (d, r), float32
        Vectors become ``(x - mean_) @ components_``.
    coef_, intercept_ : ndarray of shape (k, r) and (k,), float32
        Ridge regression.
    vectors_, marks_ : ndarray of shape (m, r) and (m, k), float32
        Training samples that vote, and their words.
    voices_ : ndarray of shape (4,), float32
        Weights of ridge regression, votes, prior, and the constant.
    penalty_, sharpness_ : float
        What was used.
    cv_f1_ : float
        F1 of mean precision and recall over words, on left-out training samples.

    References
    ----------
    Guillaumin, Mensink, Verbeek & Schmid, "TagProp", ICCV 2009 (votes of neighbors, calibrated).
    Rifkin & Lippert, MIT-CSAIL-TR-2007-025 (ridge regression, left-out decisions).

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [3, 0], [3, 1]] * 5, np.float32)
    >>> y = [["night"], ["night", "rain"], ["day"], ["day", "rain"]] * 5
    >>> [sorted(words) for words in KeywordClassifier().fit(X, y).predict([[0, 1.1], [3, 0]])]
    [['night', 'rain'], ['day']]
    """

    saved_state = SavedState(
        arrays={
            "mean_": 1,
            "components_": 2,
            "coef_": 2,
            "intercept_": 1,
            "vectors_": 2,
            "marks_": 2,
            "priors_": 1,
            "thresholds_": 1,
            "voices_": 1,
        },
        scalars={"n_features_in_": int, "sharpness_": float, "answers_": str},
        bounds={"n_top": (1, 1000), "n_neighbors": (1, 100_000)},
        role="classifier",
    )

    def __init__(
        self,
        penalty: float | Literal["cv"] = "cv",
        sharpness: float | Literal["cv"] = "cv",
        n_neighbors: int = 50,
        rule: Literal["threshold", "top"] = "threshold",
        n_top: int = 5,
        n_components: int = 512,
        random_state: Seed = 0,
    ) -> None:
        self.penalty = penalty
        self.sharpness = sharpness
        self.n_neighbors = n_neighbors
        self.rule = rule
        self.n_top = n_top
        self.n_components = n_components
        self.random_state = random_state

    def __sklearn_tags__(self):
        # no "classifier": scikit-learn would stratify folds by y, which sets of words have no use
        # for, and refuse lists of lists before `fit` sees them
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags

    def _check(self) -> None:
        if self.penalty != "cv":
            check_number("penalty", self.penalty, 0, exclusive=True)
        if self.sharpness != "cv":
            check_number("sharpness", self.sharpness, 0)
        check_integer("n_neighbors", self.n_neighbors, 1)
        check_choice("rule", self.rule, ("threshold", "top"))
        check_integer("n_top", self.n_top, 1)
        check_integer("n_components", self.n_components, 1)

    def fit(self, X, y, groups=None, judged=None):
        """Train on vectors of shape (n, d) and the words of each.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : sequence of n lists or sets of words, or indicator matrix of shape (n, k)
        groups : sequence of n values, optional
            Samples with the same value are left out together.
        judged : ndarray of shape (n,), bool, optional
            Which left-out samples count: not changed copies of others. None stands for all.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            y does not hold several labels per sample.
        DataError
            There are fewer than two words.
        """
        self._check()
        seed = seed_number("random_state", self.random_state)
        X = validate_data(self, X, dtype=np.float32)
        self.classes_, indicator, is_matrix = encode_sets(y, len(X))
        self.answers_ = "matrix" if is_matrix else "sets"
        self.unknown_ = None
        Z = self._project(X, seed)
        rows = np.arange(len(X))
        if len(X) > _CHOICE:
            rows = np.sort(np.random.default_rng(seed).permutation(len(X))[:_CHOICE])
        groups = group_numbers(np.arange(len(X)) if groups is None else groups, len(X))[rows]
        counts = np.ones(len(X), bool) if judged is None else np.asarray(judged, bool)
        self.priors_ = word_priors(indicator[counts]).astype(np.float32)
        self._choose(Z[rows], indicator[rows], groups, counts[rows])
        self.held_out_rows_ = rows[counts[rows]]
        targets = 2 * indicator.astype(np.float32) - 1
        wide = np.column_stack([Z, np.ones(len(Z), np.float32)])
        solved = solve_ridge(symmetric_product(wide.T), wide.T @ targets, self.penalty_)
        self.coef_ = np.ascontiguousarray(solved[:-1].T)
        self.intercept_ = solved[-1]
        keep = np.arange(len(Z))
        if len(Z) > _MEMORY:
            keep = np.sort(np.random.default_rng(seed).permutation(len(Z))[:_MEMORY])
        self.vectors_, self.marks_ = Z[keep], indicator[keep].astype(np.float32)
        return self

    def _project(self, X: np.ndarray, seed: int) -> np.ndarray:
        """Set the mean and the axes; the vectors in their space, of a mean squared length of 1."""
        self.mean_ = X.mean(axis=0)
        X = X - self.mean_
        r = min(self.n_components, *X.shape)
        if len(X) <= self.n_components and len(X) <= X.shape[1]:
            values, axes = eigh(symmetric_product(X), check_finite=False)
            kept = values > max(float(values[-1]), 0) * 1e-6
            if kept.any():
                self.components_ = (X.T @ (axes[:, kept] / np.sqrt(values[kept]))).astype("f4")
            else:
                self.components_ = np.zeros((X.shape[1], 1), np.float32)
        elif r < X.shape[1]:
            self.components_ = principal_axes(X, r, seed)
        else:
            self.components_ = np.eye(X.shape[1], dtype=np.float32)
        Z = X @ self.components_
        size = np.sqrt(max(float(np.einsum("nd,nd->", Z, Z)) / len(Z), 1e-20))
        self.components_ = np.ascontiguousarray(self.components_ / np.float32(size))
        return Z / np.float32(size)

    def _choose(self, Z, indicator: np.ndarray, groups: np.ndarray, judged: np.ndarray) -> None:
        """Set penalty, sharpness, weights of the voices and thresholds by left-out samples."""
        truth = indicator[judged]
        # a word of a single group can never be found when that is left out
        known = np.array([len(np.unique(groups[column])) > 1 for column in indicator.T])
        gram = symmetric_product(Z) + 1
        targets = 2 * indicator.astype(np.float32) - 1
        marks = indicator.astype(np.float32)
        self.voices_ = np.array([0, 0, 1, 0], np.float32)  # nothing but the prior
        self.penalty_ = 1.0 if self.penalty == "cv" else float(self.penalty)
        self.sharpness_ = 10.0 if self.sharpness == "cv" else float(self.sharpness)
        best = np.inf
        if known.any() and len(truth) > 1:
            votes = {
                s: neighbor_votes(Z, Z, marks, s, self.n_neighbors, groups=groups)[judged]
                for s in (_SHARPNESS if self.sharpness == "cv" else (self.sharpness_,))
            }
            for penalty in _PENALTIES if self.penalty == "cv" else (self.penalty_,):
                ridge = left_out_decisions(gram, targets, penalty, groups)[judged]
                for sharpness, shares in votes.items():
                    voices = self._voices(ridge, shares)
                    coefficients, loss = _calibrated(voices[:, known], truth[:, known])
                    if loss < best:
                        best, self.penalty_, self.sharpness_ = loss, penalty, sharpness
                        self.voices_ = coefficients.astype(np.float32)
                        chosen = voices
            chances = expit(chosen @ self.voices_)
        else:
            chances = np.tile(expit(self.priors_), (len(truth), 1))
        self.held_out_ = chances, truth
        self.thresholds_ = best_thresholds(chances, truth).astype(np.float32)
        self.cv_f1_ = mean_word_f1(self._answers(chances), truth)

    def _voices(self, ridge: np.ndarray, votes: np.ndarray) -> np.ndarray:
        """What speaks for each word, (n, k, 4): ridge, votes, prior and one."""
        priors = np.broadcast_to(self.priors_, ridge.shape)
        log_votes = np.log(votes + _FLOOR)
        return np.stack([ridge, log_votes, priors, np.ones_like(ridge)], axis=2)

    def decision_function(self, X) -> np.ndarray:
        """Log odds of each word, shape (n, k)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        Z = (X - self.mean_) @ self.components_
        votes = neighbor_votes(Z, self.vectors_, self.marks_, self.sharpness_, self.n_neighbors)
        return self._voices(Z @ self.coef_.T + self.intercept_, votes) @ self.voices_

    def predict_proba(self, X) -> np.ndarray:
        """Probability of each word, shape (n, k), as ``classes_``; rows need not sum to 1."""
        return expit(np.asarray(self.decision_function(X), np.float64))

    def predict(self, X) -> np.ndarray:
        """The words of each sample, most probable first.

        Returns
        -------
        ndarray of shape (n,) of tuples
            After a fit on an indicator matrix such a matrix, of shape (n, k).
        """
        chances = self.predict_proba(X)
        chosen = self._answers(chances)
        if self.answers_ == "matrix":
            return chosen.astype(int)
        return sets_of(chosen, self.classes_, chances)

    def chosen(self, chances: np.ndarray, threshold: float | None = None) -> np.ndarray:
        """Which words are answered, shape (n, k), bool.

        Parameters
        ----------
        chances : ndarray of shape (n, k)
            As `predict_proba` gives them.
        threshold : float, optional
            One for all words, instead of the rule that was learned.
        """
        return self._answers(chances) if threshold is None else chances >= threshold

    def score(self, X, y) -> float:
        """F1 over all pairs of sample and word (micro F1); words that are not known count."""
        check_is_fitted(self)
        chosen = self._answers(self.predict_proba(X))
        _, truth, is_matrix = encode_sets(y, len(chosen))
        n_true = int(truth.sum())
        if is_matrix:
            if truth.shape != chosen.shape:
                raise ParameterError(
                    f"y must have {chosen.shape[1]} columns. Got {truth.shape[1]} instead."
                )
            hits = int((chosen & truth).sum())
        else:
            answers = sets_of(chosen, self.classes_)
            hits = sum(len(set(a) & set(t)) for a, t in zip(answers, y, strict=True))
        return 2 * hits / max(n_true + int(chosen.sum()), 1)

    def _answers(self, chances: np.ndarray) -> np.ndarray:
        if self.rule == "threshold":
            return chances >= self.thresholds_
        n = min(self.n_top, chances.shape[1])
        chosen = np.zeros(chances.shape, bool)
        above = logit(np.clip(chances, 1e-9, 1 - 1e-9)) - logit(self.thresholds_.astype(float))
        best = np.argsort(-above, axis=1, kind="stable")[:, :n]
        np.put_along_axis(chosen, best, True, axis=1)
        return chosen

    def _check_saved(self) -> None:
        k, d = len(self.classes_), self.n_features_in_
        r, m = self.components_.shape[1], len(self.vectors_)
        shapes = {
            "mean_": (d,),
            "components_": (d, r),
            "coef_": (k, r),
            "intercept_": (k,),
            "vectors_": (m, r),
            "marks_": (m, k),
            "priors_": (k,),
            "thresholds_": (k,),
            "voices_": (4,),
        }
        for name, shape in shapes.items():
            require_shape(self, name, shape)
        require(m > 0 and r > 0, "vectors_ are empty")
        require(self.sharpness_ >= 0, "sharpness_ must be >= 0")
        require(self.answers_ in ("sets", "matrix"), "answers_ is odd")
        within = (self.thresholds_ > 0) & (self.thresholds_ < 1)
        require(bool(within.all()), "thresholds_ must be between 0 and 1")
        require(bool(((self.marks_ == 0) | (self.marks_ == 1)).all()), "marks_ must be 0 or 1")


def _calibrated(voices: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights of the voices, and the log loss per pair that they leave."""
    flat, marks = voices.reshape(-1, voices.shape[2]), truth.ravel()
    coefficients = fit_logistic(flat, marks)
    decisions = flat @ coefficients
    return coefficients, float((np.logaddexp(0, decisions) - marks * decisions).mean())
