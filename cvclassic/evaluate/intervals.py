"""Confidence intervals of scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.special import ndtr, ndtri

from .._basics.checks import check_integer, seed_number
from ..errors import ParameterError
from .calibration import N_BINS, bins_of
from .per_sample import certainties, log_losses, rows_are_complete, top_k_hits
from .predictions import Predictions
from .resampling import check_level, effective_number, resamples, wilson_interval

TOP_K = 5


def _bca(values: np.ndarray, terms: np.ndarray, level: float) -> tuple[float, float]:
    """Efron's accelerated interval of a mean of `terms`, from its bootstrap `values`."""
    error = terms - terms.mean()
    spread = float((error**2).sum())
    if spread == 0:
        return float(terms.mean()), float(terms.mean())
    # the jackknife of a mean in closed form
    acceleration = float((error**3).sum()) / (6 * spread**1.5)
    below = np.clip((values < terms.mean()).mean(), 1e-4, 1 - 1e-4)
    bias = float(ndtri(below))
    z = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(values, ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def score_intervals(
    predictions: Predictions,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> dict[str, tuple[float, float]]:
    """Intervals of the scores that `score_predictions` gives.

    Shares of images (accuracy, top-5, recall and precision of a class) have Wilson's
    interval. The others are bootstrapped: mean class accuracy and macro F1 by drawing within
    each class (Wilson's interval for the number of images that would vary as much as the
    resamples do), the log loss over all images (BCa), the calibration error over all images
    (the sizes of the error under which what was seen is no surprise).

    Parameters
    ----------
    predictions : Predictions
    level : float, default=0.95
        How often such intervals hold the true score.
    n_resamples : int, default=2000
    random_state : int, RandomState or None, default=0

    Returns
    -------
    dict of str to (low, high)
        ``accuracy``, ``mean_class_accuracy``, ``macro_f1``; with probabilities also
        ``expected_calibration_error``, ``log_loss`` (where they sum to 1) and
        ``top_5_accuracy`` (with more than five classes); and ``recall[LABEL]`` and
        ``precision[LABEL]`` of each class that occurs.

    Raises
    ------
    ParameterError
        There is nothing to score, or a parameter is wrong.

    References
    ----------
    Efron & Tibshirani, "An introduction to the bootstrap", 1993, section 14.3 (BCa) and
    chapter 12 (intervals by inverting a test).

    Examples
    --------
    >>> seen = Predictions(list("abcdefgh"), list("xxxxyyyy"), list("xxxyyyyx"), ["x", "y"])
    >>> low, high = score_intervals(seen)["accuracy"]
    >>> round(low, 2), round(high, 2)
    (0.41, 0.93)
    """
    check_level(level)
    check_integer("n_resamples", n_resamples, 10)
    rng = np.random.default_rng(seed_number("random_state", random_state))
    n = predictions.n_images
    if n == 0:
        raise ParameterError("predictions must hold at least one image. Got none.")
    right = predictions.right
    number: dict[object, int] = {}
    for label in predictions.truth:
        number.setdefault(label, len(number))
    true = np.array([number[label] for label in predictions.truth])
    known = {*number, *predictions.classes}
    for label in predictions.labels:
        if label in known:
            number.setdefault(label, len(number))
    given = np.array([number.get(label, -1) for label in predictions.labels])

    found = {"accuracy": wilson_interval(int(right.sum()), n, level)}
    found |= _by_class(true, given, len(number), n_resamples, level, rng)
    found |= _of_probabilities(predictions, n_resamples, level, rng)
    support = np.bincount(true)
    hits = np.bincount(true, right)
    guesses = np.bincount(given[given >= 0], minlength=len(number))
    for label, i in list(number.items())[: len(support)]:
        found[f"recall[{label}]"] = wilson_interval(hits[i], support[i], level)
        found[f"precision[{label}]"] = wilson_interval(hits[i], guesses[i], level)
    return found


def _by_class(
    true: np.ndarray, given: np.ndarray, n_labels: int, n_resamples: int, level: float, rng
) -> dict[str, tuple[float, float]]:
    """Intervals of what is a mean over classes."""
    right = true == given
    alone = np.bincount(true).max() == 1
    if right.all() or not right.any() or alone:  # no resample differs; more images might
        n = effective_number(true)
        ends = wilson_interval(n * right.mean(), n, level)
        return {"mean_class_accuracy": ends, "macro_f1": ends}
    support = np.bincount(true, minlength=n_labels)
    share = sparse.csr_array((right / support[true])[None])
    rows, columns = given[given >= 0], np.flatnonzero(given >= 0)
    guessed = sparse.csr_array((np.ones(len(rows), "f"), (rows, columns)), (n_labels, len(true)))
    hit = sparse.csr_array((right.astype("f"), (true, np.arange(len(true)))), guessed.shape)
    whole = support + np.bincount(rows, minlength=n_labels)
    estimate = (2 * np.bincount(true, right, n_labels) / np.maximum(whole, 1)).mean()
    mean_recall = float(share.sum() / np.count_nonzero(support))
    recalls, f1 = [], []
    for weights in resamples(true, n_resamples, rng, short=True):
        recalls.append((share @ weights)[0] / np.count_nonzero(support))
        union = support[:, None] + guessed @ weights
        f1.append((2 * (hit @ weights) / np.maximum(union, 1)).mean(axis=0))
    return {
        "mean_class_accuracy": _wilson_by_spread(np.concatenate(recalls), mean_recall, level),
        "macro_f1": _wilson_by_spread(np.concatenate(f1), estimate, level),
    }


def _of_probabilities(
    predictions: Predictions, n_resamples: int, level: float, rng
) -> dict[str, tuple[float, float]]:
    """Intervals of what is computed from probabilities."""
    shares = predictions.probabilities
    if shares is None:
        return {}
    found = {}
    given = (predictions.truth, shares, predictions.classes)
    if len(predictions.classes) > TOP_K:
        hits = top_k_hits(*given, TOP_K)
        found[f"top_{TOP_K}_accuracy"] = wilson_interval(int(hits.sum()), len(hits), level)
    if rows_are_complete(shares):
        losses = log_losses(*given)
        means = _bootstrap(losses[None], lambda sums, n: sums[0] / n, n_resamples, rng)
        found["log_loss"] = _bca(means, losses, level)
    confidence, right = certainties(*given)
    if len(right):
        gaps = np.zeros((N_BINS, len(right)))
        gaps[bins_of(confidence, N_BINS), np.arange(len(right))] = right - confidence
        found["expected_calibration_error"] = _calibration_ends(gaps, n_resamples, level, rng)
    return found


def _wilson_by_spread(values: np.ndarray, share: float, level: float) -> tuple[float, float]:
    """Wilson's interval of a share that varies as much as its bootstrap `values` do.

    The form takes care of scores near 1, where few mistakes leave percentiles too narrow.
    """
    spread = float(values.var())
    if spread == 0:  # one answer for all images scores the same on any of them
        return share, share
    n = share * (1 - share) / spread
    return wilson_interval(share * n, n, level)


def _calibration_ends(gaps: np.ndarray, n_resamples: int, level: float, rng) -> tuple[float, float]:
    """Interval of the calibration error from (right - confidence) in each bin, (k, n).

    A sum of absolute values is too high by what chance adds to each bin: much where the true
    gaps are small, little where they are large, so that no fixed correction holds. So the test
    is inverted: true gaps of all sizes, in about the proportions that were seen, have the
    scatter of the resamples added; the interval holds the sizes under which what was seen is
    no surprise, and what was seen.
    """
    n = gaps.shape[1]
    sums = gaps.sum(axis=1)
    seen = np.abs(sums).sum()
    if seen == 0:
        return 0.0, 0.0
    noise = _bootstrap(gaps, lambda drawn, _: drawn - sums[:, None], n_resamples, rng)
    used = np.count_nonzero(gaps.any(axis=1))
    noise *= np.sqrt(n / max(n - used, 1))  # one mean was fitted in each bin
    # a gap of nothing was seen by chance where there is scatter
    shape = np.copysign(np.sqrt(sums**2 + noise.var(axis=1)), sums)
    shape *= seen / np.abs(shape).sum()
    sizes = np.linspace(0, 3, 61)
    totals = np.array([np.abs(size * shape[:, None] + noise).sum(axis=0) for size in sizes])
    above, below = (totals >= seen).mean(axis=1), (totals <= seen).mean(axis=1)
    tail = (1 - level) / 2
    low = sizes[above > tail].min(initial=sizes[-1])
    high = sizes[below > tail].max(initial=sizes[0])
    # what was seen is higher than the truth on average, and so may lie above all of these sizes;
    # people read an interval as being around it, and a wider one holds the truth no less often
    return float(min(low, 1) * seen / n), float(min(max(high, 1) * seen / n, 1))


def _bootstrap(
    terms: np.ndarray, statistic: Callable, n_resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Statistic of the sums of `terms`, of shape (k, n), over resampled images."""
    n = terms.shape[1]
    rows = sparse.csr_array(terms)
    blocks = resamples(np.zeros(n, int), n_resamples, rng, short=False)
    return np.concatenate([statistic(rows @ weights, n) for weights in blocks], axis=-1)
