"""Paired comparison of two models on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from .._basics.checks import check_integer, seed_number
from ..errors import ParameterError
from .predictions import Predictions
from .resampling import check_level, effective_number, resamples, wilson_interval


@dataclass(frozen=True)
class ModelPair:
    """How the answers of two models for the same images differ.

    Parameters
    ----------
    n_images : int
    only_first, only_second : int
        Images that one of them alone has right.
    both, neither : int
    mcnemar_p : float
        See `exact_mcnemar`.
    accuracy_difference : float
        The first one's accuracy minus the second one's.
    accuracy_interval : tuple of (low, high)
    accuracy_p : float
        Bootstrap p-value: how often resamples differ from the observed difference by at least its
        size.
    class_difference, class_interval, class_p
        The same of the mean class accuracy.
    """

    n_images: int
    only_first: int
    only_second: int
    both: int
    neither: int
    mcnemar_p: float
    accuracy_difference: float
    accuracy_interval: tuple[float, float]
    accuracy_p: float
    class_difference: float
    class_interval: tuple[float, float]
    class_p: float


def exact_mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's test by the binomial distribution, two-sided.

    Only images on which the models disagree say which is better; if none is, each of them
    falls to either side with chance 1/2. Exact for any number of them.

    Parameters
    ----------
    only_first, only_second : int
        Images that one model alone has right.

    Returns
    -------
    float
        p value; 1 where there is no disagreement.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12(2), 1947. For comparing classifiers: Dietterich,
    "Approximate statistical tests", Neural Computation 10(7), 1998, section 3.1.

    Examples
    --------
    >>> round(exact_mcnemar(1, 9), 4)
    0.0215
    """
    check_integer("only_first", only_first, 0)
    check_integer("only_second", only_second, 0)
    fewer, n = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * float(binom.cdf(fewer, n, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p values of several tests, adjusted so that all stay right together.

    Parameters
    ----------
    p_values : sequence of float

    Returns
    -------
    list of float
        In the same order. Where those below 0.05 are called significant, the chance that even
        one of them is not is at most 0.05.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6(2), 1979.

    Examples
    --------
    >>> [round(p, 2) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    raised = p[order] * np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.maximum.accumulate(raised), 1) if len(p) else raised
    return out.tolist()


def compare_pair(
    first: Predictions,
    second: Predictions,
    level: float = 0.95,
    n_resamples: int = 5000,
    random_state: int = 0,
) -> ModelPair:
    """Compare two models on the same images.

    Images that are hard are hard for both; pairing takes that out, so that differences show
    that two separate intervals would hide. Both bootstraps draw images with both answers.

    Parameters
    ----------
    first, second : Predictions
        Predictions of two models for the same images in the same order; see `align_predictions`.
    level : float, default=0.95
        Confidence level of the intervals.
    n_resamples : int, default=5000
        Also bounds the p values of the bootstrap from below, by 1 / (n_resamples + 1).
    random_state : int, RandomState or None, default=0

    Returns
    -------
    ModelPair

    Raises
    ------
    ParameterError
        The images or their true labels differ, there are none, or a parameter is wrong.

    References
    ----------
    Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 13 and section 16.4.

    Examples
    --------
    >>> names, truth = [str(i) for i in range(8)], ["a", "b"] * 4
    >>> one = Predictions(names, truth, truth, ["a", "b"])
    >>> two = Predictions(names, truth, ["a"] * 8, ["a", "b"])
    >>> pair = compare_pair(one, two)
    >>> pair.only_first, pair.mcnemar_p, pair.accuracy_difference
    (4, 0.125, 0.5)
    """
    check_level(level)
    check_integer("n_resamples", n_resamples, 10)
    if list(first.paths) != list(second.paths) or list(first.truth) != list(second.truth):
        raise ParameterError(
            "first and second must hold the same images and true labels in the same order. "
            "Got others."
        )
    n = first.n_images
    if n == 0:
        raise ParameterError("first and second must hold at least one image. Got none.")
    rng = np.random.default_rng(seed_number("random_state", random_state))
    a, b = first.right, second.right
    gain = a.astype(np.float32) - b
    true = np.unique([str(label) for label in first.truth], return_inverse=True)[1]
    support = np.bincount(true)
    share = gain / (support[true] * len(support))
    whole = _bootstrapped(gain / n, np.zeros(n, int), level, n_resamples, rng, short=False)
    by_class = _bootstrapped(share, true, level, n_resamples, rng, short=True)
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    return ModelPair(
        n,
        only_first,
        only_second,
        int((a & b).sum()),
        int((~a & ~b).sum()),
        exact_mcnemar(only_first, only_second),
        (only_first - only_second) / n,
        *whole,
        float(share.sum(dtype=np.float64)),
        *by_class,
    )


def _bootstrapped(
    terms: np.ndarray, strata: np.ndarray, level: float, n_resamples: int, rng, *, short: bool
) -> tuple[tuple[float, float], float]:
    """Interval and p value of the sum of `terms`."""
    if not terms.any():  # they agree on all of these images, and need not on the next
        reach = wilson_interval(0, effective_number(strata), level)[1]
        return (-reach, reach), 1.0
    blocks = resamples(strata, n_resamples, rng, short=short)
    sums = np.concatenate([terms @ weights for weights in blocks]).astype(np.float64)
    low, high = np.quantile(sums, [(1 - level) / 2, (1 + level) / 2])
    difference = float(terms.sum(dtype=np.float64))
    # rounding must not tell apart what is as far
    far = np.abs(sums - difference) >= abs(difference) * (1 - 1e-5)
    return (float(low), float(high)), float((1 + far.sum()) / (1 + n_resamples))
