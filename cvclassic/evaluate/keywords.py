"""Keywords against the truth: scores per word, over words, over pairs, and of word search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtri

from .._basics.label_sets import indicator_of, sets_of, words_of
from ..errors import ParameterError
from .evaluation import Evaluation
from .resampling import check_level, resamples, wilson_interval

_WORK = 100_000_000  # cells of resampled rankings at most
_RESAMPLES = (50, 1000)


@dataclass(frozen=True)
class KeywordPredictions:
    """Words that a model answered for n images.

    Parameters
    ----------
    paths : sequence of n str
    truth : sequence of n collections of words
        May hold words that the model does not know.
    classes : sequence of k words
        What can be answered, in the order of the columns.
    probabilities : ndarray of shape (n, k)
        A row of zeros stands for an image without features.
    chosen : ndarray of shape (n, k), bool
        Which words were answered.
    seconds : ndarray of shape (n,), optional

    Raises
    ------
    ParameterError
        The shapes do not agree.

    Examples
    --------
    >>> seen = KeywordPredictions(
    ...     ["a.jpg"], [("sky",)], ["sky", "sun"], np.array([[0.9, 0.2]]), np.array([[True, False]])
    ... )
    >>> seen.labels
    [('sky',)]
    """

    paths: Sequence[str]
    truth: Sequence
    classes: Sequence
    probabilities: np.ndarray
    chosen: np.ndarray
    seconds: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        n, shape = len(self.paths), (len(self.paths), len(self.classes))
        if len(self.truth) != n:
            raise ParameterError(f"truth must have {n} entries, one per path.")
        for name in ("probabilities", "chosen"):
            if getattr(self, name).shape != shape:
                raise ParameterError(
                    f"{name} must have shape {shape}. Got {getattr(self, name).shape} instead."
                )

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self.paths)

    @property
    def labels(self) -> list[tuple]:
        """The answered words of each image, most probable first."""
        return sets_of(self.chosen, np.asarray(self.classes), self.probabilities).tolist()

    @property
    def words(self) -> list:
        """All words: those that the model knows, then those that only the truth has."""
        known = set(self.classes)
        return [*self.classes, *(word for word in words_of(self.truth) if word not in known)]

    def matrices(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Truth, answers and probabilities over `words`, each of shape (n, n_words)."""
        words = self.words
        truth = indicator_of(self.truth, words)
        wider = [(0, 0), (0, len(words) - len(self.classes))]
        return truth, np.pad(self.chosen, wider), np.pad(self.probabilities, wider)

    @property
    def f1(self) -> np.ndarray:
        """F1 of each image, shape (n,); 1 where neither truth nor answer has a word."""
        truth, chosen, _ = self.matrices()
        whole = truth.sum(axis=1) + chosen.sum(axis=1)
        hits = (truth & chosen).sum(axis=1)
        return np.where(whole > 0, 2 * hits / np.maximum(whole, 1), 1.0)


def average_precisions(truth: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Average precision of the images ranked for each word; nan for a word that none has.

    Parameters
    ----------
    truth : ndarray of shape (n, k), bool
    chances : ndarray of shape (n, k)
        Images of equal probability are ranked in their order.

    Returns
    -------
    ndarray of shape (k,)

    Examples
    --------
    >>> truth, chances = np.array([[1], [0], [1]], bool), np.array([[0.9], [0.5], [0.1]])
    >>> average_precisions(truth, chances).round(3)
    array([0.833])
    """
    order = np.argsort(-chances, axis=0, kind="stable")
    ranked = np.take_along_axis(truth, order, axis=0)
    found = np.cumsum(ranked, axis=0) / np.arange(1, len(truth) + 1)[:, None]
    counts = truth.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, (found * ranked).sum(axis=0) / np.maximum(counts, 1), np.nan)


def score_keywords(
    predictions: KeywordPredictions, *, level: float = 0.95, random_state: int = 0
) -> dict[str, Any]:
    """Score the words that a model answered.

    Means are over the words that some image has, as in the literature on image annotation;
    the precision of a word that is never answered is 0 there.

    Parameters
    ----------
    predictions : KeywordPredictions
    level : float
    random_state : int

    Returns
    -------
    dict
        ``mean_precision`` and ``mean_recall`` (over words), ``mean_f1`` (of these two),
        ``n_plus`` (words with a recall above 0), ``map`` (mean average precision of ranking all
        images for a word), ``micro_precision``, ``micro_recall`` and ``micro_f1`` (over pairs of
        image and word), ``calibration_error`` (mean difference between probability and frequency
        in ten bins of pairs), ``words_per_image``, ``words`` (a dict each), ``n_images``,
        ``n_words``, ``level``, and ``intervals`` by resampling images.

    Raises
    ------
    ParameterError
        There is nothing to score.

    References
    ----------
    Duygulu, Barnard, de Freitas & Forsyth, "Object recognition as machine translation", ECCV 2002.
    Feng, Manmatha & Lavrenko, "Multiple Bernoulli relevance models", CVPR 2004 (words with recall
    above 0). Efron & Tibshirani, "An introduction to the bootstrap", 1993, section 13.3 (standard
    intervals).

    Examples
    --------
    >>> seen = KeywordPredictions(
    ...     ["a", "b"], [("sky",), ("sun",)], ["sky", "sun"],
    ...     np.array([[0.9, 0.2], [0.6, 0.7]]), np.array([[True, False], [True, True]]),
    ... )
    >>> found = score_keywords(seen)
    >>> found["mean_precision"], found["mean_recall"], found["n_plus"], found["map"]
    (0.75, 1.0, 2, 1.0)
    """
    check_level(level)
    truth, chosen, chances = predictions.matrices()
    there = np.any(truth, axis=0)
    if not there.any():
        raise ParameterError("predictions must hold at least one image with a word. Got none.")
    words = predictions.words
    ranked = average_precisions(truth, chances)
    hits, support, given = (truth & chosen).sum(axis=0), truth.sum(axis=0), chosen.sum(axis=0)
    means = _means(truth[:, there], chosen[:, there], np.ones((len(truth), 1)))
    micro = _micro(truth, chosen, np.ones((len(truth), 1)))
    scores: dict[str, Any] = {name: float(value[0]) for name, value in {**means, **micro}.items()}
    scores |= {
        "map": float(np.nanmean(ranked)),
        "n_plus": int((hits > 0).sum()),
        "n_words": int(there.sum()),
        "n_known": int(there[: len(predictions.classes)].sum()),
        "n_images": predictions.n_images,
        "words_per_image": float(chosen.sum() / len(chosen)),
        "calibration_error": _calibration_error(chances, truth),
    }
    scores["words"] = [
        {
            "word": word,
            "n_images": int(support[i]),
            "n_answered": int(given[i]),
            "precision": float(hits[i] / given[i]) if given[i] else 0.0,
            "recall": float(hits[i] / support[i]) if support[i] else None,
            "f1": float(2 * hits[i] / max(given[i] + support[i], 1)),
            "average_precision": None if np.isnan(ranked[i]) else float(ranked[i]),
        }
        for i, word in enumerate(words)
        if support[i] or given[i]
    ]
    spread = _spread(truth, chosen, chances, there, np.random.default_rng(random_state))
    reach = float(ndtri((1 + level) / 2))
    intervals = {
        name: (max(scores[name] - reach * width, 0.0), min(scores[name] + reach * width, 1.0))
        for name, width in spread.items()
    }
    low, high = wilson_interval(scores["n_plus"], scores["n_words"], level)
    intervals["n_plus"] = (low * scores["n_words"], high * scores["n_words"])
    for i, word in enumerate(words):
        if support[i]:
            intervals[f"recall[{word}]"] = wilson_interval(int(hits[i]), int(support[i]), level)
        if given[i]:
            intervals[f"precision[{word}]"] = wilson_interval(int(hits[i]), int(given[i]), level)
    return {**scores, "level": level, "intervals": intervals}


def _means(truth: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Means over words with the images weighed by each column of `weights`, (n, m)."""
    hits = (truth & chosen).astype(float).T @ weights
    support, given = truth.astype(float).T @ weights, chosen.astype(float).T @ weights
    n = np.maximum((support > 0).sum(axis=0), 1)
    precision = (np.where(support > 0, hits / np.maximum(given, 1), 0)).sum(axis=0) / n
    recall = (hits / np.maximum(support, 1)).sum(axis=0) / n
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {"mean_precision": precision, "mean_recall": recall, "mean_f1": f1}


def _micro(truth: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Scores over all pairs of image and word."""
    hits, support, given = (
        one.sum(axis=1).astype(float) @ weights for one in (truth & chosen, truth, chosen)
    )
    return {
        "micro_precision": hits / np.maximum(given, 1),
        "micro_recall": hits / np.maximum(support, 1),
        "micro_f1": 2 * hits / np.maximum(given + support, 1),
    }


def _spread(truth, chosen, chances, there, rng) -> dict[str, float]:
    """Standard errors of the means, by drawing images again."""
    n, k = len(truth), int(there.sum())
    low, high = _RESAMPLES
    m = int(np.clip(_WORK // (n * k), low, high))
    weights = np.concatenate(list(resamples(np.zeros(n, int), m, rng, short=False)), axis=1).astype(
        float
    )
    values = _means(truth[:, there], chosen[:, there], weights) | _micro(truth, chosen, weights)
    total, count = np.zeros(m), np.zeros(m)
    for word in np.flatnonzero(there):  # one word's ranking at a time, for all resamples
        order = np.argsort(-chances[:, word], kind="stable")
        drawn = weights[order]
        right = drawn * truth[order, word][:, None]
        support = right.sum(axis=0)
        precision = np.cumsum(right, axis=0) / np.maximum(np.cumsum(drawn, axis=0), 1)
        total += (right * precision).sum(axis=0) / np.maximum(support, 1)
        count += support > 0
    values["map"] = total / np.maximum(count, 1)
    return {name: float(value.std()) for name, value in values.items()}


def _calibration_error(chances: np.ndarray, truth: np.ndarray) -> float:
    """Mean difference between probability and frequency, pairs in ten bins of probability."""
    bins = np.minimum((chances * 10).astype(int), 9).ravel()
    gaps = np.bincount(bins, (chances - truth).ravel(), 10)
    return float(np.abs(gaps).sum() / chances.size)


def evaluate_keywords(
    predictions: KeywordPredictions,
    *,
    failures: Sequence[tuple[str, str, str]] = (),
    seconds: float = 0.0,
) -> Evaluation:
    """Score the words that a model answered, as `evaluate_predictions` does labels.

    Returns
    -------
    Evaluation
    """
    scores = score_keywords(predictions) | {"n_failed": len(failures), "seconds": seconds}
    return Evaluation(scores, predictions, list(failures), seconds)
