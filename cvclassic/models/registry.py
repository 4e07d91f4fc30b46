"""The closed list of what a model file may hold, and what each part must look like."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import ModelFileError

_LARGEST = 1e12
_SMALLEST = 1e-12  # that anything is divided by


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


def require(condition: bool, message: str) -> None:
    """Raise `ModelFileError` unless `condition` holds."""
    if not condition:
        raise ModelFileError(f"The model file is damaged: {message}.")


def _divides(array: np.ndarray) -> bool:
    """Positive, and not so small that a quotient overflows."""
    return bool((array >= _SMALLEST).all())


def _check_words(encoder) -> None:
    shape = (encoder.n_words, encoder._describer.n_dims)
    require(encoder.words_.shape == shape, f"words_ must have shape {shape}")


def _check_columns(encoder) -> None:
    expected = sum(encoder.block_sizes_)
    require(encoder.n_features_out_ == expected, f"n_features_out_ must be {expected}")


def _check_bag(encoder) -> None:
    _check_words(encoder)
    _check_columns(encoder)


def _check_mixture(encoder) -> None:
    d = encoder._describer.n_dims
    require(encoder.mean_.shape == (d,), f"mean_ must have {d} numbers")
    if encoder.components_ is not None:
        require(encoder.components_.shape[1] == d, f"components_ must have {d} columns")
        d = len(encoder.components_)
    shape = (encoder.n_gaussians, d + 2 * encoder.augment_position)
    require(encoder.weights_.shape == shape[:1], f"weights_ must have {shape[0]} numbers")
    require(encoder.means_.shape == shape, f"means_ must have shape {shape}")
    require(encoder.variances_.shape == shape, f"variances_ must have shape {shape}")
    require(bool((encoder.weights_ > 0).all()), "weights_ must be > 0")
    require(_divides(encoder.variances_), "variances_ must be > 0")
    _check_columns(encoder)


def _check_vlad(encoder) -> None:
    d = encoder._describer.n_dims
    require((encoder.mean_ is None) == (encoder.components_ is None), "mean_ is missing")
    if encoder.components_ is not None:
        require(encoder.mean_.shape == (d,), f"mean_ must have {d} numbers")
        require(encoder.components_.shape[1] == d, f"components_ must have {d} columns")
        d = len(encoder.components_)
    shape = (encoder.n_words, d)
    require(encoder.words_.shape == shape, f"words_ must have shape {shape}")
    _check_columns(encoder)


def _check_union(union) -> None:
    sizes = [
        list(getattr(member, "block_sizes_", [member.n_features_out_]))
        for _, member in union.transformer_list
    ]
    union.member_sizes_ = sizes
    n_blocks = sum(map(len, sizes))
    require(union.weights_.shape == (n_blocks,), f"weights_ must have {n_blocks} numbers")
    require(bool((union.weights_ != 0).any()), "all weights_ are 0")


def _check_svm(head) -> None:
    n, d = len(head.classes_), head.n_features_in_
    require(head.intercept_.shape == (n,), "intercept_ and classes do not agree")
    require(head.temperature_ > 0, "temperature_ must be > 0")
    if head.kernel == "linear":
        require(head.coef_.shape == (n, d), f"coef_ must have shape {(n, d)}")
    else:
        m = len(head.support_vectors_)
        require(head.support_vectors_.shape == (m, d), "support_vectors_ has the wrong length")
        require(head.dual_coef_.shape == (m, n), f"dual_coef_ must have shape {(m, n)}")
        require(head.gamma_ > 0, "gamma_ must be > 0")


def _check_layers(head) -> int:
    """Layers fit onto each other; returns the number of outputs."""
    sizes = [head.n_features_in_]
    require(len(head.weights_) == len(head.biases_) >= 1, "layers are missing")
    for weight, bias in zip(head.weights_, head.biases_, strict=True):
        require(weight.shape[0] == sizes[-1] and bias.shape == weight.shape[1:], "layers disagree")
        sizes.append(weight.shape[1])
    require(head.mean_.shape == head.scale_.shape == (sizes[0],), "mean_ has the wrong length")
    require(_divides(head.scale_), "scale_ must be > 0")
    return sizes[-1]


def _check_mlp(head) -> None:
    n = len(head.classes_)
    expected = 1 if n == 2 else n
    require(_check_layers(head) == expected, "the last layer and the classes do not agree")
    require(head.temperature_ > 0, "temperature_ must be > 0")


def _check_regressor(head) -> None:
    require(_check_layers(head) == 1, "the last layer must have one output")


def _check_ridge(head) -> None:
    n, d = len(head.classes_), head.n_features_in_
    require(head.intercept_.shape == (n,), "intercept_ and classes do not agree")
    require(head.temperature_ > 0, "temperature_ must be > 0")
    if head.kernel == "linear":
        require(head.coef_.shape == (n, d), f"coef_ must have shape {(n, d)}")
        return
    m, r = head.vectors_.shape
    require(head.mean_.shape == (d,), f"mean_ must have {d} numbers")
    require(head.components_.shape == (d, r), f"components_ must have shape {(d, r)}")
    require(head.dual_coef_.shape == (m, n), f"dual_coef_ must have shape {(m, n)}")


def _check_patch_words(encoder) -> None:
    d = encoder._n_dims()
    require(encoder.mean_.shape == (d,), f"mean_ must have {d} numbers")
    require(encoder.whitening_.shape == (d, d), f"whitening_ must have shape {(d, d)}")
    shape = (encoder.n_words, d)
    require(encoder.words_.shape == shape, f"words_ must have shape {shape}")
    n = encoder.pool**2 * encoder.n_words
    require(encoder.n_features_out_ == n, f"n_features_out_ must be {n}")


def _check_sized(step) -> None:
    """Steps that learn nothing: the number of columns follows from the parameters."""
    expected = step.n_features_out_
    step.fit([np.zeros((8, 8), np.uint8)])
    require(step.n_features_out_ == expected, f"n_features_out_ must be {step.n_features_out_}")


def _check_table(step) -> None:
    n = len(step.columns)
    columns = n * (1 + step.n_bins)
    require(step.n_features_out_ == columns, f"n_features_out_ must be {columns}")
    shape = (n, step.n_bins + 1 if step.n_bins else 0)
    require(step.edges_.shape == shape, f"edges_ must have shape {shape}")
    require(step.center_.shape == step.scale_.shape == (n,), f"center_ must have {n} numbers")
    require(_divides(step.scale_), "scale_ must be > 0")


def _check_embedding(step) -> None:
    good = len(step.sha256_) == 64 and set(step.sha256_) <= set("0123456789abcdef")
    require(good, "sha256_ must have 64 hexadecimal digits")


def _fitted_columns(encoder, _n: int) -> int:
    return encoder.n_features_out_


REGISTRY: dict[str, Entry] = {
    "BagOfWords": Entry(
        "cvclassic.encode",
        arrays={"words_": 2},
        scalars={"n_features_out_": int},
        check=_check_bag,
        output=_fitted_columns,
    ),
    "ColorStats": Entry("cvclassic.describe"),
    "DenseSift": Entry("cvclassic.describe"),
    # names a file by its digest, which `load_model` finds and compares
    "Embedding": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int, "path_": str, "sha256_": str},
        check=_check_embedding,
        output=_fitted_columns,
    ),
    "FisherVector": Entry(
        "cvclassic.encode",
        arrays={"mean_": 1, "components_": 2, "weights_": 1, "means_": 2, "variances_": 2},
        optional=("components_",),
        scalars={"n_features_out_": int},
        check=_check_mixture,
        output=_fitted_columns,
    ),
    "Hog": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=_check_sized,
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
        check=_check_sized,
        output=_fitted_columns,
    ),
    "Lbp": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=_check_sized,
        output=_fitted_columns,
    ),
    "Llc": Entry(
        "cvclassic.encode",
        arrays={"words_": 2},
        scalars={"n_features_out_": int},
        check=_check_bag,
        output=_fitted_columns,
    ),
    "MLP": Entry(
        "cvclassic.classify",
        arrays={"mean_": 1, "scale_": 1},
        lists={"weights_": 2, "biases_": 1},
        scalars={"n_features_in_": int, "temperature_": float},
        check=_check_mlp,
        has_classes=True,
    ),
    "MLPRegressor": Entry(
        "cvclassic.classify",
        arrays={"mean_": 1, "scale_": 1},
        lists={"weights_": 2, "biases_": 1},
        scalars={"n_features_in_": int},
        check=_check_regressor,
        gives_numbers=True,
    ),
    "PatchWords": Entry(
        "cvclassic.encode",
        arrays={"mean_": 1, "whitening_": 2, "words_": 2},
        scalars={"n_features_out_": int},
        check=_check_patch_words,
        output=_fitted_columns,
    ),
    "Pixels": Entry(
        "cvclassic.describe",
        scalars={"n_features_out_": int},
        check=_check_sized,
        output=_fitted_columns,
    ),
    "Ridge": Entry(
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
        check=_check_ridge,
        has_classes=True,
    ),
    "SVM": Entry(
        "cvclassic.classify",
        arrays={"coef_": 2, "support_vectors_": 2, "dual_coef_": 2, "intercept_": 1},
        scalars={"n_features_in_": int, "temperature_": float, "gamma_": float, "C_": float},
        check=_check_svm,
        has_classes=True,
    ),
    "Sift": Entry("cvclassic.describe"),
    "TableColumns": Entry(
        "cvclassic.describe",
        arrays={"center_": 1, "scale_": 1, "edges_": 2},
        scalars={"n_features_out_": int},
        check=_check_table,
        output=_fitted_columns,
    ),
    "Vlad": Entry(
        "cvclassic.encode",
        arrays={"mean_": 1, "components_": 2, "words_": 2},
        optional=("mean_", "components_"),
        scalars={"n_features_out_": int},
        check=_check_vlad,
        output=_fitted_columns,
    ),
    "WeightedUnion": Entry(
        "cvclassic.classify",
        arrays={"weights_": 1},
        check=_check_union,
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


def finite(array: np.ndarray) -> bool:
    """No NaN, no infinity and nothing near it, without a temporary array of the same size."""
    if not array.size:
        return True
    # sums of products of larger numbers could overflow float32
    # as Python numbers: in 16 bits the bound itself would be infinite
    return bool(array.min().item() >= -_LARGEST and array.max().item() <= _LARGEST)
