"""Gentle AdaBoost over stumps, until a stage lets few enough false alarms through.

References
----------
J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression: a statistical view of
boosting", Annals of Statistics 28(2), 2000, algorithm 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .cascades import CODES, Stage, Tree
from .pools import Pool

_THOROUGH = 8  # stumps of a stage that are chosen among all features: early stages must be short
_SHORTLIST = 24  # features whose best split is looked for by sorting


@dataclass(frozen=True)
class StageGoal:
    """When a stage is done.

    Attributes
    ----------
    hit_rate : float
        Share of the objects held out that must pass.
    false_alarm : float
        Share of the negatives that may pass.
    max_trees : int
    share : float
        Part of the features that a round looks at, drawn anew each time.
    """

    hit_rate: float
    false_alarm: float
    max_trees: int
    share: float = 0.25


@dataclass(frozen=True, eq=False)
class BoostedStage:
    """A trained stage.

    Attributes
    ----------
    stage : Stage
    hits, false_alarms : float
        Shares that pass it: of the objects held out, and of the negatives that it learnt from.
    reached : bool
        Whether the goal was reached.
    """

    stage: Stage
    hits: float
    false_alarms: float
    reached: bool


def boost_stage(
    pool: Pool,
    n_positive: int,
    held_out,
    goal: StageGoal,
    rng: np.random.Generator,
    progress: Callable[[int, float, float], None] | None = None,
) -> BoostedStage:
    """Add stumps until the goal is reached.

    Parameters
    ----------
    pool : Pool
        Codes of all features; the first `n_positive` windows are objects, the rest is not.
    held_out : Sums
        Objects that the stumps do not learn from. The threshold is set by them, since those that
        were learnt from pass more easily than any that will come.
    goal : StageGoal
    rng : numpy.random.Generator
    progress : callable, optional
        Called with the number of trees, hit rate and false alarms so far.
    """
    n_negative = pool.n - n_positive
    y = np.ones(pool.n)
    y[n_positive:] = -1
    weight = np.where(y > 0, 0.5 / n_positive, 0.5 / n_negative)
    score, score_held = np.zeros(pool.n), np.zeros(len(held_out))
    trees: list[Tree] = []
    hits, alarms, threshold = 1.0, 1.0, 0.0
    # no feature twice: where one stump tells all apart, the same would win for ever
    free = np.ones(len(pool.codes), bool)
    few = max(int(goal.share * len(free)), 500)
    while len(trees) < goal.max_trees and free.any():
        rows = np.flatnonzero(free)
        if len(trees) >= _THOROUGH and few < len(rows):
            rows = np.sort(rng.choice(rows, few, replace=False))
        row, split, yes, no = best_stump(pool, rows, weight, n_positive)
        tree = pool.stump(row, split, yes, no)
        yes, no = (float(leaf) for leaf in tree.leaves)
        value = np.where(pool.holds(row, split), yes, no)
        score += value
        score_held += np.where(pool.holds_for(held_out, row, split), yes, no)
        weight *= np.exp(-y * value)
        weight /= weight.sum()
        trees.append(tree)
        free[row] = False
        threshold = _threshold(score_held, goal.hit_rate)
        limit = Stage((), threshold).limit
        hits = float((score_held >= limit).mean())
        alarms = float((score[n_positive:] >= limit).mean())
        if progress is not None:
            progress(len(trees), hits, alarms)
        if alarms <= goal.false_alarm:
            return BoostedStage(Stage(tuple(trees), threshold), hits, alarms, True)
    return BoostedStage(Stage(tuple(trees), threshold), hits, alarms, False)


def _threshold(score: np.ndarray, hit_rate: float) -> float:
    """The highest threshold that as many as wanted of the scores reach."""
    lost = int((1 - hit_rate) * len(score) + 1e-9)
    return float(np.float32(np.partition(score, lost)[lost]))


def best_stump(
    pool: Pool, rows: np.ndarray, weight: np.ndarray, n_positive: int
) -> tuple[int, np.ndarray | int, float, float]:
    """The stump with the least weighted squared error.

    Returns
    -------
    row : int
        Its feature's row in the pool.
    split : ndarray of shape (256,), bool, or int
        The codes (categories), or the last code (order), of the first leaf.
    yes, no : float
        Mean responses of both leaves.
    """
    positive, negative = weight[:n_positive], weight[n_positive:]
    hist = np.empty((2, len(rows), CODES))
    for i, row in enumerate(rows):
        codes = pool.codes[row]
        hist[0, i] = np.bincount(codes[:n_positive], positive, CODES)
        hist[1, i] = np.bincount(codes[n_positive:], negative, CODES)
    # as if a little of both had been seen of every code: rare codes must not look certain
    smooth = 1.0 / pool.n
    response, mass = hist[0] - hist[1], hist[0] + hist[1]
    if pool.ordered:
        gain = _gains(response, mass)
        best = int(gain.max(axis=1).argmax())
        order = np.arange(CODES)
    else:
        # screened by the sign of the mean response, which is nearly the best cut
        high = np.maximum(response, 0).sum(axis=1)
        heavy = np.einsum("ij,ij->i", mass, response > 0)
        gain = _gain(high, heavy) + _gain(response.sum(axis=1) - high, mass.sum(axis=1) - heavy)
        short = np.argsort(-gain, kind="stable")[:_SHORTLIST]
        mean = response[short] / (mass[short] + smooth)
        orders = np.argsort(-mean, axis=1, kind="stable")
        gain = _gains(
            np.take_along_axis(response[short], orders, 1),
            np.take_along_axis(mass[short], orders, 1),
        )
        which = int(gain.max(axis=1).argmax())
        best, order, gain = int(short[which]), orders[which], gain[which : which + 1]
    cut = int((gain[best] if pool.ordered else gain[0]).argmax())
    first, second = order[: cut + 1], order[cut + 1 :]
    yes, no = (
        float(response[best, part].sum() / (mass[best, part].sum() + smooth))
        for part in (first, second)
    )
    if pool.ordered:
        return int(rows[best]), cut, yes, no
    codes = np.zeros(CODES, bool)
    codes[first] = True
    return int(rows[best]), codes, yes, no


def _gains(response: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Squared error that each cut takes away, of shape (features, 255)."""
    left, weight = np.cumsum(response, axis=1), np.cumsum(mass, axis=1)
    return (
        _gain(left, weight) + _gain(left[:, -1:] - left, np.maximum(weight[:, -1:] - weight, 0))
    )[:, :-1]


def _gain(response: np.ndarray, mass: np.ndarray) -> np.ndarray:
    return response**2 / np.maximum(mass, 1e-12)
