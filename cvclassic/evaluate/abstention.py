"""How often a model that may say "unknown" answers, and how often it is right then."""

from __future__ import annotations

import numpy as np

from ..classify import UnknownRule
from ..errors import ParameterError
from .per_sample import true_columns
from .predictions import Predictions
from .resampling import check_level, resamples, wilson_interval


def score_withheld(
    predictions: Predictions,
    rule: UnknownRule,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> dict:
    """Score a model's rule for what it is not sure of.

    Parameters
    ----------
    predictions : Predictions
        With probabilities; a row of zeros stands for an image without features, which is
        never answered.
    rule : UnknownRule
    level : float, default=0.95
    n_resamples : int, default=2000
    random_state : int, default=0

    Returns
    -------
    dict
        ``kind``, ``error_rate``, ``share_answered`` and ``intervals``; of a threshold
        ``accuracy_answered`` (None if nothing was), of sets ``coverage`` (how often the truth is in
        the set), ``mean_set_size`` and ``share_single`` (sets of one label), over answered
        images.

    Raises
    ------
    ParameterError
        There are no probabilities.

    Examples
    --------
    >>> shares = np.array([[0.9, 0.1], [0.4, 0.6]])
    >>> seen = Predictions(["x", "y"], ["a", "a"], ["a", None], ["a", "b"], shares)
    >>> found = score_withheld(seen, UnknownRule("threshold", 0.05, 0.8, 100))
    >>> found["share_answered"], found["accuracy_answered"]
    (0.5, 1.0)
    """
    check_level(level)
    shares = predictions.probabilities
    if shares is None:
        raise ParameterError("predictions must hold probabilities. Got labels only.")
    answered = rule.answered(shares)
    n = int(answered.sum())
    column = true_columns(predictions.truth, predictions.classes)[answered]
    found: dict = {"kind": rule.kind, "error_rate": rule.error_rate, "cutoff": rule.cutoff}
    counts = {"share_answered": (n, len(answered))}
    size = None
    if rule.kind == "threshold":
        right = shares[answered].argmax(axis=1) == column
        counts["accuracy_answered"] = (int(right.sum()), n)
    else:
        members = rule.members(shares[answered])
        inside = (column >= 0) & members[np.arange(n), column]
        size = members.sum(axis=1)
        counts["coverage"] = (int(inside.sum()), n)
        counts["share_single"] = (int((size == 1).sum()), n)
    found |= {name: k / m if m else None for name, (k, m) in counts.items()}
    ends = {name: wilson_interval(k, m, level) for name, (k, m) in counts.items() if m}
    if size is not None and n:
        rng = np.random.default_rng(random_state)
        blocks = resamples(np.zeros(n, int), n_resamples, rng, short=False)
        means = np.concatenate([size @ weights / n for weights in blocks])
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        found["mean_set_size"] = float(size.mean())
        ends["mean_set_size"] = (float(low), float(high))
    return {**found, "intervals": ends}
