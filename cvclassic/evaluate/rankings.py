"""Rankings against what is relevant: mean average precision, precision at 1, N-S score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from .resampling import check_level, resamples, wilson_interval

N_S_DEPTH = 4


@dataclass(frozen=True)
class RankingScores:
    """Scores of rankings, each a mean over queries.

    Parameters
    ----------
    map : float
        Mean average precision.
    precision_at_1 : float
        Share of queries whose first result is relevant.
    n_s : float
        Mean number of relevant results among the first four, the query itself counted.
    intervals : dict of str to (low, high)
    n_queries : int
    """

    map: float
    precision_at_1: float
    n_s: float
    intervals: dict[str, tuple[float, float]]
    n_queries: int

    def to_dict(self) -> dict:
        """Plain values, ready for JSON."""
        return {
            "map": self.map,
            "precision_at_1": self.precision_at_1,
            "n_s": self.n_s,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
            "n_queries": self.n_queries,
        }


def ranking_precision(
    ranking: Sequence[str], relevant: Set[str], junk: Set[str] = frozenset()
) -> float:
    """Average precision of one ranking.

    Mean of the precision at the rank of each relevant item; those that do not occur count 0.

    Parameters
    ----------
    ranking : sequence of str
        Best first.
    relevant : set of str
        Not empty.
    junk : set of str
        Taken out of the ranking before it is judged.

    References
    ----------
    Manning, Raghavan & Schütze, "Introduction to information retrieval", 2008, equation 8.3.

    Examples
    --------
    >>> ranking_precision(["a", "x", "b"], {"a", "b"})
    0.8333333333333333
    """
    if not relevant:
        raise ParameterError("relevant must name at least one item. Got none.")
    hits, total, rank = 0, 0.0, 0
    for item in ranking:
        if item in junk:
            continue
        rank += 1
        if item in relevant:
            hits += 1
            total += hits / rank
    return total / len(relevant)


def score_rankings(
    rankings: Mapping[str, Sequence[str]],
    relevance: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> RankingScores:
    """Score the rankings of queries.

    Parameters
    ----------
    rankings : mapping of str to sequence of str
        For each query the items, best first.
    relevance : mapping of str to mapping
        For each query ``relevant`` and ``junk``, as in a ``relevance.json``. A query that is
        among its own junk is counted for the N-S score, and left out for the others.
    level : float
    n_resamples : int
        Number of resamples of the queries for the intervals of mAP and N-S; that of the
        precision at 1 is Wilson's.
    random_state : int

    References
    ----------
    Nistér & Stewénius, "Scalable recognition with a vocabulary tree", CVPR 2006, section 6 (the
    N-S score).

    Examples
    --------
    >>> truth = {"q": {"relevant": ["a"], "junk": ["q"]}}
    >>> score_rankings({"q": ["q", "a", "b"]}, truth).n_s
    2.0
    """
    check_level(level)
    if not rankings:
        raise ParameterError("rankings must hold at least one query. Got none.")
    precisions, firsts, counts = [], [], []
    for query, ranking in rankings.items():
        relevant = frozenset(relevance[query]["relevant"])
        junk = frozenset(relevance[query].get("junk", ()))
        precisions.append(ranking_precision(ranking, relevant, junk))
        judged = [item for item in ranking if item not in junk]
        firsts.append(bool(judged) and judged[0] in relevant)
        own = {query} & junk
        shown = [item for item in ranking if item in own or item not in junk]
        counts.append(sum(item in relevant or item in own for item in shown[:N_S_DEPTH]))
    values = np.array([precisions, counts], float)
    n = values.shape[1]
    rng = np.random.default_rng(random_state)
    blocks = resamples(np.zeros(n, int), n_resamples, rng, short=False)
    means = np.concatenate([values @ weights / n for weights in blocks], axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=1)
    intervals = {
        "map": (float(low[0]), float(high[0])),
        "precision_at_1": wilson_interval(int(sum(firsts)), n, level),
        "n_s": (float(low[1]), float(high[1])),
    }
    return RankingScores(
        float(values[0].mean()), float(np.mean(firsts)), float(values[1].mean()), intervals, n
    )
