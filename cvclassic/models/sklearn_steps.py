"""Steps of scikit-learn that the own format holds: small, of plain arrays, and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from .._basics.saving import SavedState, require, require_shape

_KINDS = ("f4", "f8", "i4", "i8")
_IN = {"n_features_in_": int}


@dataclass(frozen=True)
class SklearnStep:
    """A class of scikit-learn.

    Parameters
    ----------
    module : str
        Where it lives; never read from a file.
    state : SavedState
    check : callable
        Raises `ModelFileError` unless the fitted parts agree.
    columns : callable
        Number of columns that it gives.
    restore : callable, optional
        Finishes an estimator whose arrays are set.
    """

    module: str
    state: SavedState
    check: Callable[[Any], None] = lambda step: None
    columns: Callable[[Any], int] = lambda step: step.n_features_in_
    name: str = ""

    def load(self) -> type:
        """Import the class."""
        return getattr(import_module(self.module), self.name)


def _of_columns(*names: str) -> Callable[[Any], None]:
    """A check that arrays have one number per column."""

    def check(step: Any) -> None:
        for name in names:
            if getattr(step, name, None) is not None:
                require_shape(step, name, (step.n_features_in_,))

    return check


def _check_components(step: Any) -> None:
    n = len(step.components_)
    require_shape(step, "components_", (n, step.n_features_in_))
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_"):
        require_shape(step, name, (n,))
    if hasattr(step, "mean_"):
        require_shape(step, "mean_", (step.n_features_in_,))
        require(step.n_components_ == n, "n_components_ must be the rows of components_")
        positive = bool((step.explained_variance_ >= 0).all())
        require(positive, "explained_variance_ must be >= 0")


def _check_linear(step: Any) -> None:
    n = len(step.classes_)
    rows = 1 if n == 2 else n
    require_shape(step, "coef_", (rows, step.n_features_in_))
    require_shape(step, "intercept_", (rows,))


def _check_bayes(step: Any) -> None:
    shape = (len(step.classes_), step.n_features_in_)
    require_shape(step, "theta_", shape)
    require_shape(step, "var_", shape)
    require(bool((step.var_ > 0).all()), "var_ must be > 0")
    for name in ("class_prior_", "class_count_"):
        require_shape(step, name, shape[:1])
    require(bool((step.class_prior_ > 0).all()), "class_prior_ must be > 0")


def _n_components(step: Any) -> int:
    return len(step.components_)


def _state(arrays: dict[str, int], **options: Any) -> SavedState:
    scalars = {**_IN, **options.pop("scalars", {})}
    return SavedState(arrays=arrays, scalars=scalars, kinds=_KINDS, **options)


_PRE = "sklearn.preprocessing"
_VARIANCES = {
    "components_": 2,
    "explained_variance_": 1,
    "explained_variance_ratio_": 1,
    "singular_values_": 1,
}
_LINEAR = _state({"coef_": 2, "intercept_": 1, "n_iter_": 1}, role="classifier")

_STEPS = {
    "StandardScaler": SklearnStep(
        _PRE,
        _state(
            {"mean_": 1, "var_": 1, "scale_": 1},
            optional=("mean_", "var_", "scale_"),
            scalars={"n_samples_seen_": int},
        ),
        _of_columns("mean_", "var_", "scale_"),
    ),
    "MinMaxScaler": SklearnStep(
        _PRE,
        _state(
            {"min_": 1, "scale_": 1, "data_min_": 1, "data_max_": 1, "data_range_": 1},
            scalars={"n_samples_seen_": int},
        ),
        _of_columns("min_", "scale_", "data_min_", "data_max_", "data_range_"),
    ),
    "MaxAbsScaler": SklearnStep(
        _PRE,
        _state({"scale_": 1, "max_abs_": 1}, scalars={"n_samples_seen_": int}),
        _of_columns("scale_", "max_abs_"),
    ),
    "RobustScaler": SklearnStep(
        _PRE,
        _state({"center_": 1, "scale_": 1}, optional=("center_", "scale_")),
        _of_columns("center_", "scale_"),
    ),
    "Normalizer": SklearnStep(_PRE, _state({})),
    "PCA": SklearnStep(
        "sklearn.decomposition",
        _state(
            {**_VARIANCES, "mean_": 1},
            scalars={"n_components_": int, "n_samples_": int, "noise_variance_": float},
        ),
        _check_components,
        _n_components,
    ),
    "TruncatedSVD": SklearnStep(
        "sklearn.decomposition", _state(_VARIANCES), _check_components, _n_components
    ),
    "LogisticRegression": SklearnStep("sklearn.linear_model", _LINEAR, _check_linear),
    "LinearSVC": SklearnStep(
        "sklearn.svm",
        _state({"coef_": 2, "intercept_": 1}, scalars={"n_iter_": int}, role="classifier"),
        _check_linear,
    ),
    "GaussianNB": SklearnStep(
        "sklearn.naive_bayes",
        _state(
            {"theta_": 2, "var_": 2, "class_prior_": 1, "class_count_": 1},
            scalars={"epsilon_": float},
            role="classifier",
        ),
        _check_bayes,
    ),
    "FeatureUnion": SklearnStep("sklearn.pipeline", SavedState(role="union")),
}

SKLEARN = {
    name: SklearnStep(step.module, step.state, step.check, step.columns, name)
    for name, step in _STEPS.items()
}
"""Name of a class of scikit-learn to how it is saved."""


def sklearn_step(cls: type) -> SklearnStep | None:
    """The entry of a class, None if it has none."""
    step = SKLEARN.get(cls.__name__)
    return step if step is not None and cls is step.load() else None


def finish(estimator: Any) -> None:
    """Check a restored step of scikit-learn, and fill in what follows from its arrays."""
    step = sklearn_step(type(estimator))
    if step is None:
        return
    step.check(estimator)
    for name in step.state.arrays:
        value = getattr(estimator, name, None)
        if isinstance(value, np.ndarray) and name in ("scale_", "var_") and value.size:
            require(bool((value >= 0).all()), f"{name} must be >= 0")
