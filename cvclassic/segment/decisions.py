"""Thresholds of pixel scores, chosen on held-out pixels."""

from __future__ import annotations

import numpy as np

_STEPS = 512


def best_threshold(truth: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """Threshold on scores with the largest Dice, and that Dice.

    Parameters
    ----------
    truth : ndarray of shape (n,), bool
    scores : ndarray of shape (n,), float32

    Returns
    -------
    threshold : float
        Scores above it are positive.
    dice : float

    Examples
    --------
    >>> best_threshold(np.array([0, 0, 1, 1], bool), np.array([-3.0, 0.5, 1.0, 2.0]))[1]
    1.0
    """
    low, high = (float(v) for v in np.quantile(scores, [0.001, 0.999]))
    if not high > low:
        return low, 0.0
    step = (high - low) / _STEPS
    bins = np.clip((scores - low) / step, 0, _STEPS - 1).astype(np.int64)
    positive = np.bincount(bins, truth, _STEPS)
    everything = np.bincount(bins, minlength=_STEPS)
    # for thresholds at the lower end of each step
    hits = positive[::-1].cumsum()[::-1]
    called = everything[::-1].cumsum()[::-1]
    dice = 2 * hits / np.maximum(called + positive.sum(), 1)
    # the top of the curve is flat and noisy: take its middle
    smooth = np.convolve(np.pad(dice, 4, mode="edge"), np.ones(9) / 9, "valid")
    best = int(smooth.argmax())
    return low + best * step, float(dice[best])


def expected_threshold(
    truth: np.ndarray, scores: np.ndarray, everything: np.ndarray
) -> tuple[float, float]:
    """Threshold with the largest Dice to be expected on all pixels, of which few are labeled.

    A person who scribbles marks as much of a thin vessel as of all that surrounds it, so how
    frequent a class is cannot be counted. It is estimated: scores become likelihood ratios on the
    labeled pixels (Platt's logistic curve, even classes), and the share of positive pixels
    is the one that agrees with the mean of the probabilities which follow from it.

    Parameters
    ----------
    truth : ndarray of shape (n,), bool
        True class of the labeled pixels.
    scores : ndarray of shape (n,), float32
    everything : ndarray of shape (m,), float32
        Scores of labeled and unlabeled pixels.

    Returns
    -------
    threshold : float
        Scores above it are positive.
    dice : float
        To be expected.

    References
    ----------
    M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to new a
    priori probabilities", Neural Computation 14(1), 2002, section 2.2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> everything = np.concatenate([rng.normal(-3, 1, 9000), rng.normal(3, 1, 1000)])
    >>> truth = np.arange(200) < 100
    >>> scores = np.where(truth, 3, -3) + rng.normal(0, 1, 200)
    >>> bool(0 < expected_threshold(truth, scores, everything)[0] < 1)
    True
    """
    from sklearn.linear_model import LogisticRegression

    curve = LogisticRegression(C=100.0, class_weight="balanced").fit(scores[:, None], truth)
    slope = float(curve.coef_[0, 0])
    if slope <= 0 or len(np.unique(everything)) < 2:
        return best_threshold(truth, scores)
    ordered = np.sort(everything)[:: max(1, len(everything) // 200_000)]
    ratio = np.clip(slope * ordered + float(curve.intercept_[0]), -30, 30)
    share = 0.5
    for _ in range(200):
        positive = 1 / (1 + np.exp(-ratio - np.log(share / (1 - share))))
        share, before = float(np.clip(positive.mean(), 1e-3, 1 - 1e-3)), share
        if abs(share - before) < 1e-5:
            break
    called = np.arange(len(ordered), 0, -1)
    dice = 2 * positive[::-1].cumsum()[::-1] / (called + positive.sum())
    best = int(dice.argmax())
    return float(ordered[max(best - 1, 0)]), float(dice[best])


def best_offsets(truth: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, float]:
    """What to add to the logit of each class for the largest mean IoU, and that mean IoU.

    Parameters
    ----------
    truth : ndarray of shape (n,), int
    logits : ndarray of shape (k, n), float32

    Returns
    -------
    offsets : ndarray of shape (k,), float32
    mean_iou : float
    """
    k = len(logits)
    offsets = np.zeros(k, np.float32)
    best = _mean_iou(truth, logits, offsets)
    for reach in (0.8, 0.4, 0.2):
        for c in range(k):
            for change in (-reach, reach):
                tried = offsets.copy()
                tried[c] += change
                value = _mean_iou(truth, logits, tried)
                if value > best + 1e-5:
                    best, offsets = value, tried
    return offsets, best


def _mean_iou(truth: np.ndarray, logits: np.ndarray, offsets: np.ndarray) -> float:
    k = len(logits)
    given = (logits + offsets[:, None]).argmax(axis=0)
    confusion = np.bincount(truth * k + given, minlength=k * k).reshape(k, k)
    hits = np.diagonal(confusion)
    union = confusion.sum(0) + confusion.sum(1) - hits
    seen = confusion.sum(1) > 0
    return float((hits[seen] / union[seen]).mean())
