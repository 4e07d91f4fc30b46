"""The closed list of what a model file may hold, and what each part must look like."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ..errors import ModelFileError
from . import validation


@dataclass(frozen=True)
class Entry:
    """How the state of one kind of estimator is written down.

    Parameters
    ----------
    module : str
        Where the class lives; never read from a file.
    arrays : dict of str to int
        Fitted float32 arrays and their numbers of dimensions.
    lists : dict of str to int
        Fitted lists of float32 arrays, likewise.
    scalars : dict of str to type
        Fitted numbers and texts.
    check : callable
        Raises `ModelFileError` unless the parts of a rebuilt estimator agree.
    output : callable
        Number of columns that the estimator gives for a number of columns that it gets.
    has_classes : bool
        The classifier at the end.
    gives_numbers : bool
        The regressor at the end.
    has_members : bool
        A union: its parameter `transformer_list` holds other estimators.
    optional : tuple of str
        Arrays that may be None.
    added : dict of str to value
        Parameters that files of earlier versions lack, and what stands for them.
    """

    module: str
    arrays: dict[str, int] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    scalars: dict[str, type] = field(default_factory=dict)
    check: Callable[[Any], None] = lambda estimator: None
    output: Callable[[Any, int], int] = lambda estimator, n: n
    has_classes: bool = False
    gives_numbers: bool = False
    has_members: bool = False
    optional: tuple[str, ...] = ()
    added: dict[str, Any] = field(default_factory=dict)


def _fitted_columns(encoder, _n: int) -> int:
    return encoder.n_features_out_


REGISTRY: dict[str, Entry] = {
    "BagOfWords": Entry(
        "cvclassic.encode",
        arrays={"words_": 2},
        scalars={"n_features_out_": int},
        check=validation.check_bag,
        output=_fitted_columns,
    ),
    "ColorStats": Entry("cvclassic.describe"),
    "DenseSIFT": Entry("cvclassic.describe"),
    # names a file by its digest, which `load_model` finds and compares
    "Embedding": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int, "path_": str, "sha256_": str},
        check=validation.check_embedding,
        output=_fitted_columns,
    ),
    "FisherVector": Entry(
        "cvclassic.encode",
        arrays={"mean_": 1, "components_": 2, "weights_": 1, "means_": 2, "variances_": 2},
        optional=("components_",),
        scalars={"n_features_out_": int},
        check=validation.check_mixture,
        output=_fitted_columns,
    ),
    "HOG": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=validation.check_sized,
        output=_fitted_columns,
    ),
    "HomogeneousMap": Entry(
        "cvclassic.classify",
        scalars={"n_features_in_": int},
        output=lambda step, n: n * (2 * step.order + 1),
    ),
    "KernelFeatures": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=validation.check_sized,
        output=_fitted_columns,
    ),
    "LBP": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=validation.check_sized,
        output=_fitted_columns,
    ),
    "LLC": Entry(
        "cvclassic.encode",
        arrays={"words_": 2},
        scalars={"n_features_out_": int},
        check=validation.check_bag,
        output=_fitted_columns,
    ),
    "MLPClassifier": Entry(
        "cvclassic.classify",
        arrays={"mean_": 1, "scale_": 1},
        lists={"weights_": 2, "biases_": 1},
        scalars={"n_features_in_": int, "temperature_": float},
        check=validation.check_mlp,
        has_classes=True,
        added={"class_weight": None},
    ),
    "MLPRegressor": Entry(
        "cvclassic.classify",
        arrays={"mean_": 1, "scale_": 1},
        lists={"weights_": 2, "biases_": 1},
        scalars={"n_features_in_": int},
        check=validation.check_regressor,
        gives_numbers=True,
    ),
    "PatchWords": Entry(
        "cvclassic.encode",
        arrays={"mean_": 1, "whitening_": 2, "words_": 2},
        scalars={"n_features_out_": int},
        check=validation.check_patch_words,
        output=_fitted_columns,
    ),
    "Pixels": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=validation.check_sized,
        output=_fitted_columns,
    ),
    "RidgeClassifier": Entry(
        "cvclassic.classify",
        arrays={
            "coef_": 2,
            "components_": 2,
            "dual_coef_": 2,
            "intercept_": 1,
            "mean_": 1,
            "vectors_": 2,
        },
        scalars={"n_features_in_": int, "temperature_": float},
        check=validation.check_ridge,
        has_classes=True,
        added={"class_weight": None},
    ),
    "SVMClassifier": Entry(
        "cvclassic.classify",
        arrays={"coef_": 2, "support_vectors_": 2, "dual_coef_": 2, "intercept_": 1},
        scalars={"n_features_in_": int, "temperature_": float, "gamma_": float, "C_": float},
        check=validation.check_svm,
        has_classes=True,
        added={"class_weight": None},
    ),
    "SIFT": Entry("cvclassic.describe"),
    "TableColumns": Entry(
        "cvclassic.describe",
        arrays={"center_": 1, "scale_": 1, "edges_": 2},
        scalars={"n_features_out_": int},
        check=validation.check_table,
        output=_fitted_columns,
    ),
    "VLAD": Entry(
        "cvclassic.encode",
        arrays={"mean_": 1, "components_": 2, "words_": 2},
        optional=("mean_", "components_"),
        scalars={"n_features_out_": int},
        check=validation.check_vlad,
        output=_fitted_columns,
    ),
    "WeightedUnion": Entry(
        "cvclassic.classify",
        arrays={"weights_": 1},
        check=validation.check_union,
        output=_fitted_columns,
        has_members=True,
    ),
}


def entry_of(name: str) -> tuple[type, Entry]:
    """Class and entry of a registered name.

    Raises
    ------
    ModelFileError
        The name is not in the registry.
    """
    if not isinstance(name, str) or name not in REGISTRY:
        raise ModelFileError(
            f"The model file needs {str(name)[:80]!r}, which this version of cvclassic does not "
            "know. A newer version may have written it."
        )
    entry = REGISTRY[name]
    return getattr(import_module(entry.module), name), entry


def parameter_names(cls: type) -> set[str]:
    """Names of the constructor's parameters."""
    return set(inspect.signature(cls).parameters)
