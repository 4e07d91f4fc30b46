"""``auto``: try recipes on the training images, inside a time budget, and keep the best."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_choice, check_jobs, check_number, check_seed
from .._basics.parameters import Seed
from ..errors import CvclassicError, ParameterError
from ..images import check_images, load_pixels
from .needs import needs_of
from .recipes import HEADS, KEYWORD_HEADS, REGRESSORS, make_recipe, set_parameters
from .training import Progress, Training, fit_recipe

# recipe and the time that its training takes, in units of the first one's: the ratios that
# `python -m benchmarks accuracy` measured on photographs, and about twice that of `benchmarks
# small` on mnist, since learning words of patches takes the same time for few images
_PHOTOS = (("fast", 1.0), ("fisher", 3.6), ("best", 5.9))
_SMALL = (("hog", 1.0), ("small", 4.0))
_SMALL_SIDE = 48  # pixels; below, there is no room for local features


@dataclass(frozen=True)
class Trial:
    """What became of one candidate.

    Parameters
    ----------
    recipe : str
    accuracy : float or None
        Share of held-out training images that it labeled rightly (of keywords, F1), None if not
        tried.
    seconds : float
        That it took; of a candidate that was not tried, the guess.
    note : str
        Why it was not tried, or failed.
    measure : str
        What `accuracy` counts, for people.
    """

    recipe: str
    accuracy: float | None
    seconds: float
    note: str = ""
    measure: str = "correct"


class AutoRecipe(ClassifierMixin, BaseEstimator):
    """Choose a recipe by cross-validation on the training images.

    Candidates are fitted from the quickest to the slowest. The first is always fitted; before
    each of the others its time is guessed from the times so far, and one that would not end
    within the budget is left out, and so is everything after one that has all held-out
    images right. The best held-out accuracy wins, and among equals the quickest.

    Parameters
    ----------
    head : str or None, default=None
        Classifier at the end of every candidate; None stands for each one's own.
    budget : float, default=600
        Seconds for everything together.
    params : dict or None, default=None
        Parameters for every candidate that has them, as in `make_recipe`.
    random_state : int, default=0
    n_jobs : int or None, default=None

    Attributes
    ----------
    best_pipeline_ : sklearn.pipeline.Pipeline
        The fitted winner.
    best_recipe_ : str
    trials_ : list of Trial
        Everything that was considered, in order.
    training_ : Training
        Report on the winner's fit.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> auto = AutoRecipe(budget=0.01).fit(images, list("abababab"))
    >>> auto.trials_[0].note
    ''
    >>> len(auto.predict(images))
    8
    """

    def __init__(
        self,
        head: str | None = None,
        budget: float = 600,
        params: Mapping[str, Any] | None = None,
        random_state: Seed = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.head = head
        self.budget = budget
        self.params = params
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X,
        y,
        *,
        sample_weight=None,
        groups=None,
        progress: Progress | None = None,
        on_trial: Callable[[Trial], None] | None = None,
    ):
        """Try the candidates.

        Parameters
        ----------
        X : sequence of images
            Best as `Picture`, which are decoded once for all candidates.
        y : sequence of labels
        sample_weight : ndarray of shape (n,), optional
            How much each image counts for the heads.
        groups : sequence of n values, optional
            Images with the same value are held out together.
        progress : callable, optional
            As in `fit_recipe`.
        on_trial : callable, optional
            Called with each `Trial` when it has ended.

        Returns
        -------
        self
        """
        check_number("budget", self.budget, 0, exclusive=True)
        if self.head is not None:
            check_choice("head", self.head, tuple(sorted({**HEADS, **REGRESSORS, **KEYWORD_HEADS})))
        if self.params is not None and not isinstance(self.params, Mapping):
            raise ParameterError(
                f"params must be None or a dict of parameters. Got {self.params!r} instead."
            )
        check_seed("random_state", self.random_state)
        check_jobs("n_jobs", self.n_jobs)
        X = check_images(X)
        if y is None or len(y) != len(X):
            raise ParameterError(f"y must have one label for each of the {len(X)} images.")
        start = time.perf_counter()
        self.trials_: list[Trial] = []
        best: tuple[float, str, Pipeline, Training] | None = None
        spent = known = 0.0
        for name, cost in candidates_for(X):
            pipeline = make_recipe(
                name, head=self.head, random_state=self.random_state, n_jobs=self.n_jobs
            )
            known += self._set_params(pipeline)
            elapsed = time.perf_counter() - start
            guess = cost * elapsed / spent if spent else 0.0
            left = self.budget - elapsed
            note = ""
            if best is not None and best[0] >= 1:
                note = f"skipped: {best[1]} is already 100% correct in cross-validation"
            elif best is not None and guess > left:
                note = f"skipped: would take about {guess:.0f} s, {max(left, 0):.0f} s are left"
            elif best is not None and (needs := needs_of(pipeline, len(X))):
                short = needs.shortage()
                note = f"skipped: {short}" if short else ""
            if note:
                self._add(Trial(name, None, guess, note), on_trial)
                continue
            before = time.perf_counter()
            try:
                training = fit_recipe(
                    pipeline, X, y, progress, sample_weight=sample_weight, groups=groups
                )
            except CvclassicError as error:
                self._add(Trial(name, None, time.perf_counter() - before, str(error)), on_trial)
                continue
            finally:
                spent += cost
            accuracy = training.cv_accuracy if math.isnan(training.cv_f1) else training.cv_f1
            trial = Trial(
                name,
                None if math.isnan(accuracy) else accuracy,
                time.perf_counter() - before,
                measure="correct" if math.isnan(training.cv_f1) else "F1",
            )
            self._add(trial, on_trial)
            score = -1.0 if math.isnan(accuracy) else accuracy
            if best is None or score > best[0]:
                best = (score, name, pipeline, training)
        if not known and self.params:
            names = ", ".join(sorted(self.params))
            raise ParameterError(f"None of the recipes tried has the parameters {names}.")
        if best is None:
            raise ParameterError(f"No recipe fits these images: {self.trials_[0].note}")
        _, self.best_recipe_, self.best_pipeline_, self.training_ = best
        self.classes_ = self.best_pipeline_.classes_
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def predict(self, X) -> np.ndarray:
        """Labels by the winner."""
        check_is_fitted(self)
        return self.best_pipeline_.predict(X)

    def predict_proba(self, X) -> np.ndarray:
        """Probabilities by the winner, in the order of ``classes_``."""
        check_is_fitted(self)
        return self.best_pipeline_.predict_proba(X)

    def report(self) -> list[dict]:
        """The trials as plain values, for a model's summary; without times, which vary."""
        check_is_fitted(self)
        return [
            {"recipe": trial.recipe, "accuracy": trial.accuracy, "note": trial.note}
            for trial in self.trials_
        ]

    def _add(self, trial: Trial, on_trial: Callable[[Trial], None] | None) -> None:
        self.trials_.append(trial)
        if on_trial is not None:
            on_trial(trial)

    def _set_params(self, pipeline: Pipeline) -> bool:
        """Set the parameters that this candidate has; whether it has any."""
        found = False
        for name, value in (self.params or {}).items():
            try:
                set_parameters(pipeline, {name: value})
                found = True
            except ParameterError:
                continue
        return found


def candidates_for(X: Sequence) -> tuple[tuple[str, float], ...]:
    """Recipes that suit images of this size, and their relative training times.

    Parameters
    ----------
    X : sequence of images
        Two dozen of them are looked at.

    Returns
    -------
    tuple of (str, float)
        From the quickest to the slowest.

    Examples
    --------
    >>> candidates_for(np.zeros((5, 200, 300), np.uint8))[0][0]
    'fast'
    """
    step = max(1, len(X) // 24)
    sides = [max(load_pixels(X[i], 640).shape[:2]) for i in range(0, len(X), step)]
    return _SMALL if np.median(sides) < _SMALL_SIDE else _PHOTOS
