"""What the fitted parts of an estimator must be like, lest using them crash or give nonsense."""

from __future__ import annotations

import numpy as np

from .header import require

_LARGEST = 1e12
_SMALLEST = 1e-12  # that anything is divided by


def finite(array: np.ndarray) -> bool:
    """No NaN, no infinity and nothing near it, without a temporary array of the same size."""
    if not array.size:
        return True
    # sums of products of larger numbers could overflow float32
    # as Python numbers: in 16 bits the bound itself would be infinite
    return bool(array.min().item() >= -_LARGEST and array.max().item() <= _LARGEST)


def _divides(array: np.ndarray) -> bool:
    """Positive, and not so small that a quotient overflows."""
    return bool((array >= _SMALLEST).all())


def _check_words(encoder) -> None:
    shape = (encoder.n_words, encoder._describer.n_dims)
    require(encoder.words_.shape == shape, f"words_ must have shape {shape}")


def _check_columns(encoder) -> None:
    expected = sum(encoder.block_sizes_)
    require(encoder.n_features_out_ == expected, f"n_features_out_ must be {expected}")


def check_bag(encoder) -> None:
    _check_words(encoder)
    _check_columns(encoder)


def check_mixture(encoder) -> None:
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


def check_vlad(encoder) -> None:
    d = encoder._describer.n_dims
    require((encoder.mean_ is None) == (encoder.components_ is None), "mean_ is missing")
    if encoder.components_ is not None:
        require(encoder.mean_.shape == (d,), f"mean_ must have {d} numbers")
        require(encoder.components_.shape[1] == d, f"components_ must have {d} columns")
        d = len(encoder.components_)
    shape = (encoder.n_words, d)
    require(encoder.words_.shape == shape, f"words_ must have shape {shape}")
    _check_columns(encoder)


def check_union(union) -> None:
    union.transformers_ = list(union.transformer_list)
    sizes = [
        list(getattr(member, "block_sizes_", [member.n_features_out_]))
        for _, member in union.transformers_
    ]
    union.member_sizes_ = sizes
    n_blocks = sum(map(len, sizes))
    require(union.weights_.shape == (n_blocks,), f"weights_ must have {n_blocks} numbers")
    require(bool((union.weights_ != 0).any()), "all weights_ are 0")


def _check_scores(head) -> tuple[int, int]:
    """A head with a kernel gives each class a score; returns the numbers of classes and columns."""
    n, d = len(head.classes_), head.n_features_in_
    require(head.intercept_.shape == (n,), "intercept_ and classes do not agree")
    require(head.temperature_ > 0, "temperature_ must be > 0")
    if head.kernel == "linear":
        require(head.coef_.shape == (n, d), f"coef_ must have shape {(n, d)}")
    return n, d


def check_svm(head) -> None:
    n, d = _check_scores(head)
    if head.kernel == "linear":
        return
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


def check_mlp(head) -> None:
    n = len(head.classes_)
    expected = 1 if n == 2 else n
    require(_check_layers(head) == expected, "the last layer and the classes do not agree")
    require(head.temperature_ > 0, "temperature_ must be > 0")


def check_regressor(head) -> None:
    require(_check_layers(head) == 1, "the last layer must have one output")


def check_ridge(head) -> None:
    n, d = _check_scores(head)
    if head.kernel == "linear":
        return
    m, r = head.vectors_.shape
    require(head.mean_.shape == (d,), f"mean_ must have {d} numbers")
    require(head.components_.shape == (d, r), f"components_ must have shape {(d, r)}")
    require(head.dual_coef_.shape == (m, n), f"dual_coef_ must have shape {(m, n)}")


def check_patch_words(encoder) -> None:
    d = encoder._n_dims()
    require(encoder.mean_.shape == (d,), f"mean_ must have {d} numbers")
    require(encoder.whitening_.shape == (d, d), f"whitening_ must have shape {(d, d)}")
    shape = (encoder.n_words, d)
    require(encoder.words_.shape == shape, f"words_ must have shape {shape}")
    n = encoder.pool**2 * encoder.n_words
    require(encoder.n_features_out_ == n, f"n_features_out_ must be {n}")


def check_sized(step) -> None:
    """Steps that learn nothing: the number of columns follows from the parameters."""
    expected = step.n_features_out_
    step.fit([np.zeros((8, 8), np.uint8)])
    require(step.n_features_out_ == expected, f"n_features_out_ must be {step.n_features_out_}")


def check_table(step) -> None:
    n = len(step.columns)
    columns = n * (1 + step.n_bins)
    require(step.n_features_out_ == columns, f"n_features_out_ must be {columns}")
    shape = (n, step.n_bins + 1 if step.n_bins else 0)
    require(step.edges_.shape == shape, f"edges_ must have shape {shape}")
    require(step.center_.shape == step.scale_.shape == (n,), f"center_ must have {n} numbers")
    require(_divides(step.scale_), "scale_ must be > 0")


def check_embedding(step) -> None:
    good = len(step.sha256_) == 64 and set(step.sha256_) <= set("0123456789abcdef")
    require(good, "sha256_ must have 64 hexadecimal digits")
