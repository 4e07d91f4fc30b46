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
from .feature_pool import Pool
from .integral import Sums

_THOROUGH = 8  # stumps of a stage that are chosen among all features: early stages must be short
_REFITTED, _PASSES = 6, 2  # stumps of a stage that are chosen anew, and how often
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
        Part of the features that a round looks at, drawn again each time.
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


@dataclass(frozen=True, eq=False)
class _Stump:
    """A stump, and what it says of the windows of the pool and of the objects held out."""

    row: int
    tree: Tree
    value: np.ndarray
    held: np.ndarray


class _Team:
    """The stumps of a stage so far.

    Parameters
    ----------
    pool : Pool
    n_positive : int
    held_out : Sums
    """

    def __init__(self, pool: Pool, n_positive: int, held_out: Sums) -> None:
        self._pool, self._n_positive, self._held_out = pool, n_positive, held_out
        self._y = np.ones(pool.n)
        self._y[n_positive:] = -1
        shares = 0.5 / np.array([n_positive, pool.n - n_positive])
        self._first = np.where(self._y > 0, *shares)
        self.stumps: list[_Stump] = []
        self.score, self.held = np.zeros(pool.n), np.zeros(len(held_out))
        # no feature twice: where one stump tells all apart, the same would win forever
        self.free = np.ones(len(pool.codes), bool)

    def add(self, rows: np.ndarray) -> None:
        """One stump more, of the features in `rows`."""
        stump = self._fit(self.score, rows)
        self.stumps.append(stump)
        self.free[stump.row] = False
        self.score = self.score + stump.value
        self.held = self.held + stump.held

    def refit(self, passes: int) -> None:
        """Choose each stump anew, given the others, where that lessens the loss."""
        n = len(self.stumps)
        # stumps in a row that stayed; the one before them was chosen given just these
        stayed = 0
        for place in list(range(n)) * passes:
            if stayed == n - 1:
                return
            old = self.stumps[place]
            rest = self.score - old.value
            self.free[old.row] = True
            new = self._fit(rest, np.flatnonzero(self.free))
            stayed += 1
            if self._loss(rest + new.value) < self._loss(self.score):
                self.stumps[place] = old = new
                self.score = np.sum([one.value for one in self.stumps], axis=0)
                self.held = np.sum([one.held for one in self.stumps], axis=0)
                stayed = 0
            self.free[old.row] = False

    def _loss(self, score: np.ndarray) -> float:
        return float(self._first @ np.exp(-self._y * score))

    def _fit(self, score: np.ndarray, rows: np.ndarray) -> _Stump:
        pool = self._pool
        weight = self._first * np.exp(-self._y * score)
        weight /= weight.sum()
        row, split, *responses = best_stump(pool, rows, weight, self._n_positive)
        tree = pool.stump(row, split, *responses)
        yes, no = (float(leaf) for leaf in tree.leaves)
        return _Stump(
            row,
            tree,
            np.where(pool.holds(row, split), yes, no),
            np.where(pool.holds_for(self._held_out, row, split), yes, no),
        )


def boost_stage(
    pool: Pool,
    n_positive: int,
    held_out: Sums,
    goal: StageGoal,
    rng: np.random.Generator,
    progress: Callable[[int, float, float], None] | None = None,
) -> BoostedStage:
    """Add stumps until the goal is reached.

    The first few are chosen anew, one after the other, whenever one has come: a stage of three
    stumps that suit each other does what else takes four, and all windows pass through the first
    stages.

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
    team = _Team(pool, n_positive, held_out)
    hits, alarms, threshold, n = 1.0, 1.0, 0.0, 0
    few = max(int(goal.share * len(pool.codes)), 500)
    while n < goal.max_trees and team.free.any():
        rows = np.flatnonzero(team.free)
        if n >= _THOROUGH and few < len(rows):
            rows = np.sort(rng.choice(rows, few, replace=False))
        team.add(rows)
        n += 1
        if n <= _REFITTED:
            team.refit(_PASSES)
        threshold = _threshold(team.held, goal.hit_rate)
        limit = Stage((), threshold).limit
        hits = float((team.held >= limit).mean())
        alarms = float((team.score[n_positive:] >= limit).mean())
        if progress is not None:
            progress(n, hits, alarms)
        if alarms <= goal.false_alarm:
            break
    trees = tuple(stump.tree for stump in team.stumps)
    return BoostedStage(Stage(trees, threshold), hits, alarms, alarms <= goal.false_alarm)


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
