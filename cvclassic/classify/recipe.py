"""A recipe: a scikit-learn pipeline from images to labels, trained as on the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn import config_context
from sklearn.pipeline import Pipeline, _final_estimator_has
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_bool, check_choice
from .._basics.label_sets import as_targets
from ..errors import DataError, ImageReadError, ParameterError
from ..images import check_images
from .network import OnEpoch
from .readable import largest_side, read_what_can
from .training import Progress, Training, fit_recipe
from .vectors import as_vectors

ON_ERROR = ("raise", "skip", "record")

_AT_ONCE = 256  # images whose vectors are in memory at once, in prediction


class Recipe(Pipeline):
    """A pipeline from images to labels: encoders, maps, and a head.

    It is scikit-learn's `Pipeline`, and in addition images without features are left out of the
    head's training, mirror images are tried, images that cannot be read need not end a run, and
    `fit` passes `sample_weight` and `groups` on to the head.

    Parameters
    ----------
    steps : list of (str, estimator)
        As in `Pipeline`; `make_recipe` fills it.
    mirror : bool or "cv", default=False
        Whether the head learns from mirror images too; "cv" finds out on left-out images whether
        they help.
    transform_input : None
    memory : None
        Must be None for images; present because `Pipeline` has them.
    verbose : bool, default=False
        As in `Pipeline`.

    Attributes
    ----------
    training_ : Training
        What happened in `fit`.
    failures_ : list of (int, ImageReadError)
        Images that the last call with ``on_error="skip"`` or ``"record"`` could not read.
    classes_ : ndarray of shape (n_classes,)

    Examples
    --------
    >>> from cvclassic.classify import SVMClassifier
    >>> from cvclassic.describe import HOG
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> recipe = Recipe([("features", HOG()), ("head", SVMClassifier(C=1.0))], mirror=True)
    >>> recipe.fit(images, list("abababab")).training_.mirrored
    True
    """

    # the steps say what they want of metadata, as in any pipeline
    __metadata_request__fit: ClassVar = {
        "sample_weight": UNUSED,
        "groups": UNUSED,
        "on_error": UNUSED,
        "progress": UNUSED,
        "on_epoch": UNUSED,
    }
    __metadata_request__predict: ClassVar = {"on_error": UNUSED}
    __metadata_request__predict_proba: ClassVar = {"on_error": UNUSED}
    __metadata_request__decision_function: ClassVar = {"on_error": UNUSED}

    training_: Training
    failures_: list[tuple[int, ImageReadError]]

    def __init__(
        self,
        steps: list[tuple[str, Any]],
        *,
        mirror: bool | Literal["cv"] = False,
        transform_input: None = None,
        memory: None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.mirror = mirror

    def fit(
        self,
        X,
        y=None,
        *,
        sample_weight=None,
        groups=None,
        on_error: str = "raise",
        progress: Progress | None = None,
        on_epoch: OnEpoch | None = None,
        **params,
    ):
        """Train on images and their labels.

        Parameters
        ----------
        X : sequence of images
        y : sequence of labels, or of lists of labels for the head "keywords"
        sample_weight : ndarray of shape (n,), optional
            How much each image counts for the head.
        groups : sequence of n values, optional
            Images with the same value are held out together where the head chooses its parameters.
        on_error : {"raise", "skip", "record"}, default="raise"
            What to do about images that cannot be read: "skip" and "record" leave them out, and
            ``failures_`` says which and why.
        progress, on_epoch : callable, optional
            As in `fit_recipe`.
        **params
            ``head__sample_weight`` and ``head__groups``, as `Pipeline` has them.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter has an invalid value, or X is not a sequence of images.
        ImageReadError
            An image cannot be read.
        DataError
            There is nothing to learn from.
        """
        self._check()
        check_choice("on_error", on_error, ON_ERROR)
        head = self.steps[-1][0]
        given = {"sample_weight": sample_weight, "groups": groups}
        for name, value in params.items():
            key = name.removeprefix(f"{head}__")
            if name == key or key not in given:
                raise ParameterError(
                    f"{name} cannot be passed to fit. Known are sample_weight, groups, "
                    f"{head}__sample_weight and {head}__groups."
                )
            given[key] = value
        if _are_images(self, X):
            X = check_images(X)
        _check_lengths(X, y=y, **given)
        self.failures_ = []
        if on_error != "raise":
            X, kept = self._readable(X)
            if not len(kept):
                raise DataError(f"None of the {len(y)} images can be read: {self.failures_[0][1]}")
            y = [y[i] for i in kept] if isinstance(y, list | tuple) else as_targets(y)[kept]
            given = {k: None if v is None else np.asarray(v)[kept] for k, v in given.items()}
        self.training_ = fit_recipe(self, X, y, progress, on_epoch=on_epoch, **given)
        return self

    @available_if(_final_estimator_has("predict"))
    def predict(self, X, *, on_error: str = "raise", **params) -> np.ndarray:
        """Label of each image.

        Parameters
        ----------
        X : sequence of images
        on_error : {"raise", "skip", "record"}, default="raise"
            What to do about images that cannot be read: "skip" gives no label for them, so that the
            result is shorter; "record" gives None. ``failures_`` says which and why.

        Returns
        -------
        ndarray of shape (n,)
        """
        return self._ask("predict", X, on_error, **params)

    @available_if(_final_estimator_has("predict_proba"))
    def predict_proba(self, X, *, on_error: str = "raise", **params) -> np.ndarray:
        """Probabilities, (n, n_classes), in the order of ``classes_``.

        `on_error` is as in `predict`; with "record" the row of an unreadable image is nan.
        """
        return self._ask("predict_proba", X, on_error, **params)

    @available_if(_final_estimator_has("decision_function"))
    def decision_function(self, X, *, on_error: str = "raise", **params) -> np.ndarray:
        """Confidence of each class, (n, n_classes); of the second class alone if there are two.

        `on_error` is as in `predict_proba`.
        """
        return self._ask("decision_function", X, on_error, **params)

    @available_if(_final_estimator_has("transform"))
    def transform(self, X) -> Any:
        """What a recipe without its head, such as ``recipe[:-1]``, makes of images.

        Parameters
        ----------
        X : sequence of images

        Returns
        -------
        ndarray of shape (n, n_features_out)
            Or what `set_output` asks for.
        """
        check_is_fitted(self)
        return self.steps[-1][1].transform(self._vectors_of(X))

    @available_if(_final_estimator_has("score"))
    def score(self, X, y=None, sample_weight=None, **params) -> float:
        """Share of images whose label is right; of a regression, R²."""
        check_is_fitted(self)
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self.steps[-1][1].score(self._vectors_of(X), y, **given, **params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        with contextlib.suppress(TypeError, ValueError):  # no list of pairs: `fit` will say so
            first = get_tags(self.steps[0][1]).input_tags
            tags.input_tags.two_d_array = first.two_d_array
            tags.input_tags.three_d_array = first.three_d_array
        return tags

    def _check(self) -> None:
        check_choice("mirror", self.mirror, (True, False, "cv"))
        check_bool("verbose", self.verbose)
        if not isinstance(self.steps, list | tuple) or not len(self.steps):
            raise ParameterError(
                f"steps must be a list of (name, estimator). Got {self.steps!r} instead."
            )
        if self.memory is not None:
            raise ParameterError(f"memory must be None: a recipe has none. Got {self.memory!r}.")
        if self.transform_input is not None:
            raise ParameterError(
                f"transform_input must be None: no step takes more. Got {self.transform_input!r}."
            )
        self._validate_steps()

    def _ask(self, method: str, X, on_error: str, **params) -> np.ndarray:
        check_is_fitted(self)
        check_choice("on_error", on_error, ON_ERROR)
        if on_error == "raise":
            return self._answers(method, X, **params)
        n = len(X)
        readable, kept = self._readable(check_images(X))
        if not len(kept):
            raise self.failures_[0][1]
        found = self._answers(method, readable, **params)
        if on_error == "skip" or len(kept) == n:
            return found
        floats = found.dtype.kind == "f"
        whole = np.full(
            (n, *found.shape[1:]), np.nan if floats else None, found.dtype if floats else object
        )
        whole[kept] = found
        return whole

    def _answers(self, method: str, X, **params):
        """What the head says of all samples; the vectors of only some images are there at once."""
        answer = getattr(self.steps[-1][1], method)
        images = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.ndim != 2)
        if not images or len(X) <= _AT_ONCE or not _are_images(self, X):
            return answer(self._vectors_of(X), **params)
        starts = range(0, len(X), _AT_ONCE)
        parts = [answer(self._vectors_of(X[i : i + _AT_ONCE]), **params) for i in starts]
        if isinstance(parts[0], list):
            return [one for part in parts for one in part]
        return np.concatenate(parts)

    def _vectors_of(self, X) -> np.ndarray:
        """What the head sees: arrays, whatever scikit-learn is set to give to users."""
        with config_context(transform_output="default"):
            for _, _, step in self._iter(with_final=False):
                X = as_vectors(step.transform(X))
        return X

    def _readable(self, X: Sequence) -> tuple[list[Any], np.ndarray]:
        """Images that can be read, and their numbers; the others go into ``failures_``."""
        pictures, kept, self.failures_ = read_what_can(
            X, largest_side(self.steps[0][1]), getattr(self.steps[0][1], "n_jobs", None)
        )
        return pictures, kept


def _are_images(recipe: Recipe, X) -> bool:
    """Whether the first step takes images, and not rows of a table."""
    return not getattr(recipe.steps[0][1], "zeros_are_data", False)


def _check_lengths(X, **given) -> None:
    """Raise `ParameterError` unless all have one value per image."""
    for name, value in given.items():
        if name == "y" and value is None:
            raise ParameterError(
                f"y must have one label for each of the {len(X)} images. Got None."
            )
        if value is not None and not np.isscalar(value) and len(value) != len(X):
            what = "label" if name == "y" else "value"
            raise ParameterError(
                f"{name} must have one {what} for each of the {len(X)} images. Got {len(value)}."
            )
