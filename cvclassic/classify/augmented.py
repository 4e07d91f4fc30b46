"""Trains on the images and on changed copies of them."""

from __future__ import annotations

from inspect import signature

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_integer, seed_number
from .._basics.label_sets import as_targets
from .._basics.parameters import Seed
from ..errors import ParameterError
from ..images import AugmentedImages, check_images, parse_changes
from .network import OnEpoch
from .training import Progress, fit_recipe


def _has_probabilities(self) -> bool:
    return hasattr(self.estimator, "predict_proba")


class Augmented(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A recipe that sees every training image several times, changed.

    Copies are made when they are read, so that memory does not grow. Prediction is the
    recipe's own: inside a cross-validation only the training folds are augmented. The recipe
    holds an image and its copies out together where it chooses its own parameters.

    Parameters
    ----------
    estimator : sklearn.pipeline.Pipeline
        As `make_recipe` gives it. Not fitted; a clone is.
    augment : str, default="mirror"
        Changes, as `cvclassic.images.parse_changes` reads them.
    times : int, default=1
        Copies of each image, besides itself.
    random_state : int, RandomState or None, default=0
        Random seed.

    Attributes
    ----------
    estimator_ : sklearn.pipeline.Pipeline
        Fitted; this is what a model file holds.
    training_ : Training
    classes_ : ndarray of shape (n_classes,)

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 28, 28), np.uint8)
    >>> model = Augmented(make_recipe("pixels", "ridge"), "mirror,shift=1", times=2)
    >>> model.fit(images, list("abababab")).predict(images[:2]).shape
    (2,)
    """

    def __init__(
        self, estimator: Pipeline, augment: str = "mirror", times: int = 1, random_state: Seed = 0
    ) -> None:
        self.estimator = estimator
        self.augment = augment
        self.times = times
        self.random_state = random_state

    def fit(
        self,
        X,
        y,
        *,
        sample_weight=None,
        groups=None,
        progress: Progress | None = None,
        on_epoch: OnEpoch | None = None,
    ):
        """Train on images and their changed copies.

        Parameters
        ----------
        X : sequence of images
        y : sequence of labels
        sample_weight : ndarray of shape (n,), optional
            How much each image, and each of its copies, counts.
        groups : sequence of n values, optional
            Images with the same value are held out together, with all their copies.
        progress, on_epoch : callable, optional
            As in `fit_recipe`.

        Returns
        -------
        self
        """
        if not isinstance(self.estimator, Pipeline):
            raise ParameterError(f"estimator must be a recipe. Got {self.estimator!r} instead.")
        if not isinstance(self.augment, str):
            raise ParameterError(f"augment must be text. Got {self.augment!r} instead.")
        parse_changes(self.augment)
        check_integer("times", self.times, 0)
        seed = seed_number("random_state", self.random_state)
        X = check_images(X)
        if y is None or len(y) != len(X):
            raise ParameterError(f"y must have one label for each of the {len(X)} images.")
        copies = AugmentedImages(X, self.augment, self.times, seed)
        copied = 1 + self.times
        labels = np.concatenate([as_targets(y)] * copied)
        self.estimator_ = clone(self.estimator)
        # other heads than ours have no use for which rows are copies
        own = {
            "groups": np.tile(np.arange(len(X)) if groups is None else groups, copied),
            "judged": np.arange(copied * len(X)) < len(X),
        }
        known = signature(self.estimator_[-1].fit).parameters
        asked = {"groups"} if groups is not None else set()
        told = {name: value for name, value in own.items() if name in asked or name in known}
        self.training_ = fit_recipe(
            self.estimator_,
            copies,
            labels.tolist(),
            progress,
            sample_weight=None if sample_weight is None else np.tile(sample_weight, copied),
            **told,
            mirror=False,
            on_epoch=on_epoch,
        )
        if hasattr(self.estimator_, "classes_"):
            self.classes_ = self.estimator_.classes_
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def predict(self, X) -> np.ndarray:
        """Label of each image, shape (n,)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    @available_if(_has_probabilities)
    def predict_proba(self, X) -> np.ndarray:
        """Probabilities, shape (n, n_classes), in the order of ``classes_``."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)
