"""Recipes: named scikit-learn pipelines from images to labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sklearn.base import BaseEstimator

from .._basics.checks import check_choice
from .._basics.suggest import did_you_mean
from ..describe import (
    HOG,
    SIFT,
    ColorStats,
    DenseSIFT,
    Embedding,
    KernelFeatures,
    OpponentSIFT,
    Pixels,
    Scattering,
    TableColumns,
)
from ..encode import LLC, VLAD, BagOfWords, FisherVector, PatchWords
from ..errors import ParameterError
from . import catalog
from .fusion import WeightedUnion
from .heads import SVMClassifier
from .keywords import KeywordClassifier
from .maps import HomogeneousMap
from .mlp import PRESETS, MLPClassifier
from .mlp_regressor import MLPRegressor
from .recipe import Recipe
from .ridge import RidgeClassifier

Made = TypeVar("Made", bound=BaseEstimator)

HEADS: dict[str, Callable[[], BaseEstimator]] = {
    "mlp": MLPClassifier,
    **{name: partial(MLPClassifier, **params) for name, params in PRESETS.items()},
    "ridge": RidgeClassifier,
    "ridge-rbf": partial(RidgeClassifier, kernel="rbf"),
    "svm": SVMClassifier,
}
REGRESSORS: dict[str, Callable[[], BaseEstimator]] = {"mlp-regressor": MLPRegressor}
KEYWORD_HEADS: dict[str, Callable[[], BaseEstimator]] = {"keywords": KeywordClassifier}
# heads of recipes whose own is not the SVM
_OWN_HEADS = {
    "fisher": "ridge",
    "best": "ridge",
    "fused": "ridge",
    "pixels": "mlp-wide",
    "patches": "ridge-rbf",
    "small": "ridge-rbf",
    "hog": "ridge-rbf",
    "kernels": "ridge-rbf",
}
# recipes whose columns are all of one kind
_ONE_SCALE = {"pixels", "patches", "hog", "kernels"}
# parameters that all members of a recipe get, if they have them
_SHARED = (
    "color",
    "max_side",
    "n_components",
    "n_gaussians",
    "n_jobs",
    "random_state",
    "sample_mb",
)
# recipes that try mirror images too
TRY_MIRROR = frozenset({"best", "fast", "fisher", "llc", "phow", "small", "vlad"})
_USUAL = (4, 6, 8, 10)  # sides of a bin at four scales
_THIRDS = ((1, 1), (3, 1), (2, 2))  # the whole, top to bottom, and quarters
# parameters of `Pipeline` itself, which are no part of a recipe
_OF_PIPELINE = {"memory", "steps", "transform_input", "verbose"}


def _sift_bow() -> list[tuple[str, BaseEstimator]]:
    """Sparse SIFT, 500 visual words, chi² map."""
    return [
        ("features", BagOfWords(SIFT(), n_words=500, norm="l1")),
        ("map", HomogeneousMap("chi2")),
    ]


def _pixels() -> list[tuple[str, BaseEstimator]]:
    """28 x 28 gray values."""
    return [("features", Pixels())]


def _patches() -> list[tuple[str, BaseEstimator]]:
    """500 words of whitened 7 x 7 patches, pooled over 3 x 3 cells."""
    return [("features", PatchWords(n_words=500, patch_size=7))]


def _hog() -> list[tuple[str, BaseEstimator]]:
    """Histograms of gradients on 32 x 32 pixels, in cells of 4."""
    return [("features", HOG(image_size=32, cell_size=4, max_side=128))]


def _small() -> list[tuple[str, BaseEstimator]]:
    """Patch words, HOG and scattering of whole small images; the images weigh them."""
    members = [
        ("patches", PatchWords(n_words=500, patch_size=7)),
        ("hog", HOG(image_size=32, cell_size=4, orientations=16, signed=True, max_side=128)),
        ("scattering", Scattering(image_size=32, n_scales=3, color=False, max_side=128)),
    ]
    return [("features", WeightedUnion(members))]


def _kernels() -> list[tuple[str, BaseEstimator]]:
    """A bank of fixed kernels, rectified and pooled."""
    return [("features", KernelFeatures())]


def _phow() -> list[tuple[str, BaseEstimator]]:
    """Dense SIFT at four scales, 1,000 words, three levels of a pyramid, chi² map."""
    words = BagOfWords(
        DenseSIFT(bin_sizes=_USUAL, window="flat", root=False, subsample=True),
        n_words=1000,
        norm="l1",
        pyramid=((1, 1), (2, 2), (4, 4)),
    )
    return [("features", words), ("map", HomogeneousMap("chi2"))]


def _llc() -> list[tuple[str, BaseEstimator]]:
    """Dense SIFT, locality-constrained codes, largest of each cell."""
    dense = DenseSIFT(bin_sizes=_USUAL, window="flat", subsample=True)
    return [("features", LLC(dense, n_words=1024))]


def _vlad() -> list[tuple[str, BaseEstimator]]:
    """Dense SIFT, residuals to 64 words."""
    dense = DenseSIFT(bin_sizes=_USUAL, window="flat", subsample=True)
    return [("features", VLAD(dense, n_words=64, n_components=64, pyramid=_THIRDS))]


def _fast() -> list[tuple[str, BaseEstimator]]:
    """Small copies of images: dense SIFT at two sizes, coarse color, the layout as HOG."""
    shared: dict[str, Any] = {"power": 0.25, "sample_mb": 10}
    sift = FisherVector(
        DenseSIFT(step=6, bin_sizes=(4, 6), window="flat", max_side=150),
        n_gaussians=64,
        n_components=32,
        pyramid=_THIRDS,
        **shared,
    )
    color = FisherVector(
        ColorStats(step=10, bin_sizes=(6,), max_side=150),
        n_gaussians=16,
        n_components=20,
        pyramid=((1, 1), (2, 2)),
        **shared,
    )
    layout = HOG(image_size=96, cell_size=12, orientations=12, color=True, max_side=150)
    return [("features", WeightedUnion([("sift", sift), ("color", color), ("layout", layout)]))]


_SHARED_FISHER: dict[str, Any] = {"power": 0.25, "sample_mb": 32}


def _fisher_members(
    coarse_step: int = 8, fine_step: int = 5, color_step: int = 8, cells: tuple[int, ...] = (4, 8)
) -> list[tuple[str, BaseEstimator]]:
    """What `fisher`, `best` and `fused` share."""
    # name, step, sides of a bin in pixels, Gaussians
    scales = (
        ("coarse", coarse_step, (7, 10, 14), 128),
        ("fine", fine_step, (3, 5), 128),
        ("wide", 8, (20, 28), 64),
    )
    members = [
        (
            name,
            FisherVector(
                DenseSIFT(step=step, bin_sizes=bins, window="flat", subsample=True),
                n_gaussians=n_gaussians,
                n_components=64,
                pyramid=_THIRDS,
                **_SHARED_FISHER,
            ),
        )
        for name, step, bins, n_gaussians in scales
    ]
    color = FisherVector(
        ColorStats(step=color_step, bin_sizes=cells),
        n_gaussians=64,
        n_components=48,
        pyramid=((1, 1), (2, 2)),
        **_SHARED_FISHER,
    )
    layout = HOG(image_size=96, cell_size=12, orientations=12, color=True, max_side=300)
    return [*members, ("color", color), ("layout", layout)]


def _small_scattering() -> tuple[str, BaseEstimator]:
    """The member of `fisher` and `fused` that sees the whole image in 64 pixels."""
    return "scattering", Scattering(image_size=64, n_scales=3)


def _fisher() -> list[tuple[str, BaseEstimator]]:
    """Dense SIFT at three sizes, color, HOG and scattering; the images weigh them."""
    return [("features", WeightedUnion([*_fisher_members(), _small_scattering()]))]


def _best() -> list[tuple[str, BaseEstimator]]:
    """The members of fisher on closer grids and larger images, and SIFT of color."""
    opponent = FisherVector(
        OpponentSIFT(), n_gaussians=64, n_components=64, pyramid=_THIRDS, **_SHARED_FISHER
    )
    members = [
        *_fisher_members(6, fine_step=4, color_step=6, cells=(4, 6, 8, 10)),
        ("scattering", Scattering()),
        ("opponent", opponent),
    ]
    return [("features", WeightedUnion(members))]


def _network() -> Embedding:
    return Embedding(catalog.NETWORK, power=0.5)


def _embedding() -> list[tuple[str, BaseEstimator]]:
    """A trained network's vector: transfer learning."""
    return [("features", _network())]


def _fused() -> list[tuple[str, BaseEstimator]]:
    """The network's vector beside those of fisher, weighed together."""
    members = [*_fisher_members(), _small_scattering(), ("network", _network())]
    return [("features", WeightedUnion(members))]


_STEPS: dict[str, Callable[[], list[tuple[str, BaseEstimator]]]] = {
    "fast": _fast,
    "fisher": _fisher,
    "best": _best,
    "embedding": _embedding,
    "fused": _fused,
    "llc": _llc,
    "phow": _phow,
    "pixels": _pixels,
    "hog": _hog,
    "patches": _patches,
    "small": _small,
    "kernels": _kernels,
    "vlad": _vlad,
    "sift-bow": _sift_bow,
}
# name -> (what it is in one line, steps before the head)
RECIPES = {name: (catalog.RECIPES[name], steps) for name, steps in _STEPS.items()}


def make_head(name: str, **params) -> BaseEstimator:
    """Make a classifier of vectors.

    Parameters
    ----------
    name : str
        Name of the head; `HEADS` lists the classifiers, `REGRESSORS` those that give numbers,
        `KEYWORD_HEADS` those that give several labels per image.
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
    SVMClassifier(C=1.0)
    """
    heads = {**HEADS, **REGRESSORS, **KEYWORD_HEADS}
    check_choice("head", name, tuple(sorted(heads)))
    return set_parameters(heads[name](), params)


def own_head(recipe: str) -> str:
    """Name of the head that a recipe has where none is asked for.

    Examples
    --------
    >>> own_head("pixels"), own_head("sift-bow")
    ('mlp-wide', 'svm')
    """
    return _OWN_HEADS.get(recipe, "svm")


def head_name(head: BaseEstimator) -> str:
    """Name of a head as `make_head` takes it: the one whose parameters it has.

    Examples
    --------
    >>> head_name(RidgeClassifier(kernel="rbf")), head_name(RidgeClassifier(penalty=0.1))
    ('ridge-rbf', 'ridge')
    """
    best, most = type(head).__name__, -1
    for name, maker in {**HEADS, **REGRESSORS, **KEYWORD_HEADS}.items():
        own = maker()
        if type(own) is not type(head):
            continue
        given = maker.keywords if isinstance(maker, partial) else {}
        if all(getattr(head, key) == value for key, value in given.items()) and len(given) > most:
            best, most = name, len(given)
    return best


def make_table_recipe(columns: Sequence[str], head: str | None = None, **params) -> Recipe:
    """Make an unfitted pipeline from rows of a table to labels.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns of numbers.
    head : str, optional
        As in `make_head`; None stands for "mlp-deep".
    **params
        Parameters of the head.

    Returns
    -------
    Recipe
        The step "features" standardizes the columns, the step "head" is the classifier.

    Examples
    --------
    >>> make_table_recipe(["length", "width"], "svm", C=1.0)[-1]
    SVMClassifier(C=1.0)
    """
    last = make_head(head or "mlp-deep")
    if isinstance(last, MLPClassifier | MLPRegressor):
        last.set_params(standardize=False)
    steps = [("features", TableColumns(tuple(columns))), ("head", last)]
    return set_parameters(Recipe(steps), params)


def make_recipe(name: str, head: str | None = None, **params) -> Recipe:
    """Make an unfitted pipeline from images to labels.

    Parameters
    ----------
    name : str
        Name of the recipe; `RECIPES` lists them.
    head : str, optional
        The classifier, as in `make_head`; None stands for the recipe's own.
    **params
        Parameters of any step, by their own name where only one step has it
        (``n_words=200``), else by scikit-learn's path (``features__describer__max_side``).
        ``n_jobs``, ``random_state``, ``max_side``, ``color``, ``sample_mb``, ``n_gaussians``
        and ``n_components`` go to every part that has them. ``mirror`` is the recipe's own: whether
        it learns from mirror images too.

    Returns
    -------
    Recipe
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
    last = make_head(head or own_head(name))
    if name in _ONE_SCALE and isinstance(last, MLPClassifier | MLPRegressor):
        last.set_params(standardize=False)
    recipe = Recipe([*steps, ("head", last)], mirror="cv" if name in TRY_MIRROR else False)
    return set_parameters(recipe, params)


def set_parameters(estimator: Made, params: dict) -> Made:
    """Set parameters by path or by their own name, as `make_recipe` describes."""
    for name, value in params.items():
        known = estimator.get_params(deep=True)
        if isinstance(estimator, Recipe):
            known = {path: v for path, v in known.items() if path not in _OF_PIPELINE}
        if name in known:
            paths = [name]
        else:
            paths = [path for path in known if path.rsplit("__", 1)[-1] == name and "__" in path]
        if len(paths) > 1 and not isinstance(value, BaseEstimator):  # not a member of that name
            paths = [path for path in paths if not isinstance(known[path], BaseEstimator)] or paths
        if not paths:
            names = sorted({path.rsplit("__", 1)[-1] for path in settings_of(estimator)})
            hint = did_you_mean(name, names)
            raise ParameterError(
                f"There is no parameter {name!r}. Known are: {', '.join(names)}.{hint}"
            )
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
