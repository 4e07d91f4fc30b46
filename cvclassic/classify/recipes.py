"""Recipes: named scikit-learn pipelines from pictures to labels."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from ..checks import check_choice
from ..describe import Sift
from ..encode import BagOfWords
from ..errors import ParameterError
from .heads import SVM
from .maps import HomogeneousMap
from .mlp import MLP

HEADS: dict[str, Callable[[], BaseEstimator]] = {"mlp": MLP, "svm": SVM}
_SHARED = ("max_side", "n_jobs", "random_state", "sample_mb")
# parameters of `Pipeline` itself, which are no part of a recipe
_OF_PIPELINE = {"memory", "steps", "transform_input", "verbose"}


def _sift_bow() -> list[tuple[str, BaseEstimator]]:
    """Sparse SIFT, 500 visual words, chi² map."""
    return [
        ("features", BagOfWords(Sift(), n_words=500, norm="l1")),
        ("map", HomogeneousMap("chi2")),
    ]


# name -> (what it is in one line, steps before the head)
RECIPES: dict[str, tuple[str, Callable[[], list[tuple[str, BaseEstimator]]]]] = {
    "sift-bow": ("sparse SIFT, K-means visual words, chi² map", _sift_bow),
}


def make_head(name: str, **params) -> BaseEstimator:
    """Make a classifier of vectors.

    Parameters
    ----------
    name : {"svm", "mlp"}
    **params
        Parameters of the head.

    Returns
    -------
    estimator

    Raises
    ------
    ParameterError
        The head or a parameter does not exist.

    Examples
    --------
    >>> make_head("svm", C=1.0)
    SVM(C=1.0)
    """
    check_choice("head", name, tuple(sorted(HEADS)))
    return set_parameters(HEADS[name](), params)


def make_recipe(name: str, head: str = "svm", **params) -> Pipeline:
    """Make an unfitted pipeline from images to labels.

    Parameters
    ----------
    name : str
        Name of the recipe; `RECIPES` lists them.
    head : {"svm", "mlp"}
        The classifier.
    **params
        Parameters of any step, by their own name where only one step has it
        (``n_words=200``), else by scikit-learn's path (``features__describer__max_side``).
        ``n_jobs``, ``random_state``, ``max_side`` and ``sample_mb`` go to every part that
        has them.

    Returns
    -------
    sklearn.pipeline.Pipeline
        The step "features" turns images into vectors, the step "head" is the classifier.

    Raises
    ------
    ParameterError
        The recipe, the head or a parameter does not exist, or a name is ambiguous.

    Examples
    --------
    >>> make_recipe("sift-bow", n_words=50, random_state=0).named_steps["features"].n_words
    50
    """
    check_choice("recipe", name, tuple(sorted(RECIPES)))
    steps = RECIPES[name][1]()
    return set_parameters(Pipeline([*steps, ("head", make_head(head))]), params)


def set_parameters(estimator: BaseEstimator, params: dict) -> BaseEstimator:
    """Set parameters by path or by their own name, as `make_recipe` describes."""
    for name, value in params.items():
        known = estimator.get_params(deep=True)
        if isinstance(estimator, Pipeline):
            known = {path: v for path, v in known.items() if path not in _OF_PIPELINE}
        if name in known:
            paths = [name]
        else:
            paths = [path for path in known if path.rsplit("__", 1)[-1] == name and "__" in path]
        if not paths:
            names = sorted({path.rsplit("__", 1)[-1] for path in settings_of(estimator)})
            raise ParameterError(f"There is no parameter {name!r}. Known are: {', '.join(names)}.")
        if len(paths) > 1 and name not in _SHARED:
            raise ParameterError(
                f"Parameter {name!r} is ambiguous. Choose one of: {', '.join(sorted(paths))}."
            )
        for path in paths:
            empty = value is None or (isinstance(value, str) and value == "passthrough")
            if isinstance(known[path], BaseEstimator) and not (
                isinstance(value, BaseEstimator) or empty
            ):
                raise ParameterError(f"{path} must be an estimator. Got {value!r} instead.")
        estimator.set_params(**dict.fromkeys(paths, value))
    return estimator


def settings_of(estimator: BaseEstimator) -> dict[str, object]:
    """Parameters that a user would set, by path: no nested estimators, no plumbing.

    Examples
    --------
    >>> settings_of(make_head("svm"))["C"]
    'cv'
    """
    plumbing = {"memory", "steps", "transform_input", "transformer_list", "verbose"}
    plumbing |= {"verbose_feature_names_out", "transformer_weights"}
    return {
        path: value
        for path, value in estimator.get_params(deep=True).items()
        if not isinstance(value, BaseEstimator) and path.rsplit("__", 1)[-1] not in plumbing
    }
