"""Automatic image annotation: votes of neighbors, calibrated sums, thresholds."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_softmax, logit

_STEPS = 30  # of Newton's method
_SHRINK = 1e-3  # penalty of the calibration's coefficients, for each pair of image and word
_FAR = 1e3  # beyond any cosine
_ROUNDING = 1e-3
_BLOCK = 1024  # rows of a similarity matrix that are there at once


def neighbor_votes(
    queries: np.ndarray,
    vectors: np.ndarray,
    indicator: np.ndarray,
    sharpness: float,
    n_neighbors: int,
    *,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Share of each word among the nearest training images, closer ones counting more.

    Parameters
    ----------
    queries : ndarray of shape (m, r), float32
    vectors : ndarray of shape (n, r), float32
        Vectors of the training images.
    indicator : ndarray of shape (n, k), float32
        Words of the training images.
    sharpness : float
        Neighbors weigh ``exp(sharpness * cosine)``.
    n_neighbors : int
        Others weigh nothing.
    groups : ndarray of shape (n,), int, optional
        Queries are the training images, none of which votes for itself or others of its group.

    Returns
    -------
    ndarray of shape (m, k), float32

    References
    ----------
    Guillaumin, Mensink, Verbeek & Schmid, "TagProp: discriminative metric learning in nearest
    neighbor models for image auto-annotation", ICCV 2009, equations 2 and 4.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], np.float32)
    >>> y = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    >>> neighbor_votes(x[:1], x, y, 10.0, 2).round(2).tolist()
    [[1.0, 0.0]]
    """
    left, right = unit_rows(queries), unit_rows(vectors)
    k = min(n_neighbors, len(right))
    out = np.zeros((len(left), indicator.shape[1]), np.float32)
    for start in range(0, len(left), _BLOCK):
        cosine = left[start : start + _BLOCK] @ right.T
        if groups is not None:
            cosine[groups[start : start + _BLOCK, None] == groups] = -_FAR
        nearest = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(cosine, nearest, axis=1)
        shares = np.exp(log_softmax(sharpness * near, axis=1)).astype(np.float32)
        shares[near < -1 - _ROUNDING] = 0
        weights = np.zeros_like(cosine)
        np.put_along_axis(weights, nearest, shares, axis=1)
        out[start : start + _BLOCK] = weights @ indicator
    return out


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; rows of zeros stay what they are."""
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return rows / np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]


def word_priors(indicator: np.ndarray) -> np.ndarray:
    """Log odds of each word among the training images, (k,); half an image is added to both."""
    n, counts = len(indicator), indicator.sum(axis=0)
    return np.log((counts + 0.5) / (n - counts + 0.5))


def fit_logistic(voices: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Coefficients of ``sigmoid(voices @ c)`` with the least log loss, by Newton's method.

    Parameters
    ----------
    voices : ndarray of shape (m, f)
        Columns are expected to be of about the same size; one of ones is the constant.
    truth : ndarray of shape (m,), bool

    Returns
    -------
    ndarray of shape (f,), float64

    References
    ----------
    Hastie, Tibshirani & Friedman, "The elements of statistical learning", 2009, section 4.4.1.

    Examples
    --------
    >>> ones = np.ones((4, 1))
    >>> c = fit_logistic(ones, np.array([True, False, False, False]))
    >>> round(float(1 / (1 + np.exp(-c[0]))), 2)
    0.25
    """
    voices = np.asarray(voices, np.float64)
    found = np.zeros(voices.shape[1])
    ridge = _SHRINK * np.eye(len(found))

    def loss(c: np.ndarray) -> float:
        decision = voices @ c
        return float((np.logaddexp(0, decision) - truth * decision).sum() + c @ ridge @ c / 2)

    now = loss(found)
    for _ in range(_STEPS):
        chances = expit(voices @ found)
        gradient = voices.T @ (chances - truth) + ridge @ found
        curvature = (voices * (chances * (1 - chances))[:, None]).T @ voices + ridge
        step = np.linalg.solve(curvature, gradient)
        scale = 1.0
        while scale > 1e-4 and loss(found - scale * step) > now:
            scale /= 2
        found = found - scale * step
        before, now = now, loss(found)
        if before - now < 1e-9 * max(abs(before), 1):
            break
    return found


def mean_word_f1(chosen: np.ndarray, indicator: np.ndarray) -> float:
    """F1 of mean precision and mean recall over words that some image has.

    Parameters
    ----------
    chosen, indicator : ndarray of shape (n, k), bool

    References
    ----------
    Duygulu, Barnard, de Freitas & Forsyth, "Object recognition as machine translation", ECCV 2002;
    the mean over words is that of all the literature on Corel-5k since.

    Examples
    --------
    >>> truth = np.array([[True, False], [True, True]])
    >>> mean_word_f1(truth, truth)
    1.0
    """
    there = indicator.any(axis=0)
    if not there.any():
        return float("nan")
    hits = (chosen & indicator).sum(axis=0)[there]
    precision = (hits / np.maximum(chosen.sum(axis=0)[there], 1)).mean()
    recall = (hits / indicator.sum(axis=0)[there]).mean()
    return float(2 * precision * recall / max(precision + recall, 1e-12))


def best_thresholds(
    chances: np.ndarray, indicator: np.ndarray, least: int = 2, strength: float = 1.0
) -> np.ndarray:
    """A threshold for each word: the one that gives it the best F1 on left-out images.

    The best threshold of a word with few images is mostly chance. So a rule that all words share,
    ``level * prior ** power``, is found first, and each word's own threshold is drawn towards it:
    by half where the word has `strength` images.

    Parameters
    ----------
    chances : ndarray of shape (n, k)
        Probabilities of left-out images.
    indicator : ndarray of shape (n, k), bool
    least : int
        Words with fewer images follow the shared rule.
    strength : float

    Returns
    -------
    ndarray of shape (k,), float64

    Examples
    --------
    >>> chances = np.array([[0.9, 0.2], [0.8, 0.6], [0.1, 0.7], [0.2, 0.1]])
    >>> cut = best_thresholds(chances, chances > 0.5)
    >>> ((chances >= cut) == (chances > 0.5)).all().item()
    True
    """
    n = len(chances)
    counts = indicator.sum(axis=0)
    priors = np.maximum(counts, 0.5) / n
    _, level, power = max(
        (mean_word_f1(chances >= level * priors**power, indicator), level, power)
        for power in (0.0, 0.25, 0.5, 0.75, 1.0)
        for level in np.geomspace(0.02, 20, 25)
    )
    shared = np.clip(level * priors**power, 1e-6, 1 - 1e-6)
    found = logit(shared)
    for word in np.flatnonzero(counts >= least):
        order = np.argsort(-chances[:, word], kind="stable")
        hits = np.cumsum(indicator[order, word])
        f1 = 2 * hits / (np.arange(1, n + 1) + counts[word])
        last = int(f1.argmax())
        after = chances[order[last + 1], word] if last + 1 < n else 0.0
        own = np.clip((chances[order[last], word] + after) / 2, 1e-6, 1 - 1e-6)
        share = counts[word] / (counts[word] + strength)
        found[word] += share * (logit(own) - found[word])
    return expit(found)
