"""Several models on the same images: one table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import ParameterError
from .intervals import score_intervals
from .paired import ModelPair, compare_pair, holm
from .predictions import Predictions
from .scores import score_predictions

SCORES = (
    "accuracy",
    "mean_class_accuracy",
    "macro_f1",
    "top_5_accuracy",
    "log_loss",
    "expected_calibration_error",
)


@dataclass(frozen=True)
class Comparison:
    """Scores of m models, and the difference of each pair.

    Parameters
    ----------
    names : list of m str
    level : float
        Confidence level of the intervals; differences are called significant at 1 - level.
    scores : list of m dicts
        Name of a score to its value, None where the predictions do not say.
    intervals : list of m dicts
        Name of a score to (low, high).
    pairs : list of (i, j)
        Numbers of two models, i < j; every two occur.
    differences : list of ModelPair
        One a pair: the first model against the second.
    holm_p : list of float
        McNemar's p value of each pair, after Holm's correction for all pairs.
    n_images : int
    """

    names: list[str]
    level: float
    scores: list[dict[str, float | None]]
    intervals: list[dict[str, tuple[float, float]]]
    pairs: list[tuple[int, int]]
    differences: list[ModelPair]
    holm_p: list[float]
    n_images: int

    @property
    def best(self) -> int:
        """Number of the model of highest accuracy; of several, the first."""
        return max(range(len(self.names)), key=lambda i: self.scores[i]["accuracy"] or 0.0)

    def significant(self, pair: int) -> bool:
        """Whether the models of pair number `pair` differ, after Holm's correction."""
        return self.holm_p[pair] <= 1 - self.level

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: ``models`` with scores and intervals, ``pairs`` with differences."""
        return {
            "n_images": self.n_images,
            "level": self.level,
            "models": [
                {"name": name, **scores, "intervals": {k: list(v) for k, v in ends.items()}}
                for name, scores, ends in zip(self.names, self.scores, self.intervals, strict=True)
            ],
            "pairs": [
                {
                    "first": self.names[i],
                    "second": self.names[j],
                    **asdict(difference),
                    "holm_p": self.holm_p[k],
                    "significant": self.significant(k),
                }
                for k, ((i, j), difference) in enumerate(
                    zip(self.pairs, self.differences, strict=True)
                )
            ],
        }

    def to_pandas(self) -> Any:
        """One row per model with its scores and the ends of their intervals.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from .._basics.frames import import_pandas

        rows = []
        for name, scores, ends in zip(self.names, self.scores, self.intervals, strict=True):
            row: dict[str, Any] = {"model": name, **scores}
            for score, (low, high) in ends.items():
                row |= {f"{score}_low": low, f"{score}_high": high}
            rows.append(row)
        return import_pandas().DataFrame(rows)

    def plot(self) -> Any:
        """Draw the accuracy of each model with its interval; returns a matplotlib Figure."""
        from ..draw.figures import comparison_figure

        return comparison_figure(self)

    def _repr_html_(self) -> str:
        from ..draw.figures import html_table

        rows = []
        for name, scores, ends in zip(self.names, self.scores, self.intervals, strict=True):
            low, high = ends.get("accuracy", (float("nan"), float("nan")))
            accuracy, by_class = scores["accuracy"] or 0.0, scores["mean_class_accuracy"] or 0.0
            rows.append((name, f"{accuracy:.1%}", f"[{low:.1%}, {high:.1%}]", f"{by_class:.1%}"))
        headers = ("model", "accuracy", f"{self.level:.0%} interval", "mean class accuracy")
        models = html_table(rows, headers, f"{self.n_images} images")
        pairs = [
            (
                self.names[i],
                self.names[j],
                f"{self.holm_p[k]:.3g}",
                "yes" if self.significant(k) else "no",
            )
            for k, (i, j) in enumerate(self.pairs)
        ]
        return models + html_table(pairs, ("A", "B", "p (McNemar, Holm)", "significant"))


def compare_predictions(
    names: Sequence[str],
    predictions: Sequence[Predictions],
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Comparison:
    """Score models on the same images and test each pair for a difference.

    Parameters
    ----------
    names : sequence of m str
    predictions : sequence of m Predictions
        Predictions of the models for the same images in the same order; see `align_predictions`.
    level : float, default=0.95
    n_resamples : int, default=2000
    random_state : int, RandomState or None, default=0

    Returns
    -------
    Comparison

    Raises
    ------
    ParameterError
        There are fewer than two models, or their images differ.

    Examples
    --------
    >>> truth = ["a", "b"] * 10
    >>> paths = [str(i) for i in range(20)]
    >>> one = Predictions(paths, truth, truth, ["a", "b"])
    >>> two = Predictions(paths, truth, ["a"] * 20, ["a", "b"])
    >>> found = compare_predictions(["one", "two"], [one, two])
    >>> found.names[found.best], round(found.holm_p[0], 4), found.significant(0)
    ('one', 0.002, True)
    """
    if len(names) != len(predictions) or len(names) < 2:
        raise ParameterError(
            "names and predictions must be of at least two models. Got "
            f"{len(names)} and {len(predictions)}."
        )
    options = {"level": level, "n_resamples": n_resamples, "random_state": random_state}
    scores, intervals = [], []
    for seen in predictions:
        found = score_predictions(seen.truth, seen.labels, seen.probabilities, seen.classes)
        scores.append({name: found[name] for name in SCORES})
        ends = score_intervals(seen, **options)  # type: ignore[arg-type]
        intervals.append({name: ends[name] for name in SCORES if name in ends})
    pairs = list(itertools.combinations(range(len(names)), 2))
    differences = [
        compare_pair(predictions[i], predictions[j], **options)  # type: ignore[arg-type]
        for i, j in pairs
    ]
    return Comparison(
        list(names),
        level,
        scores,
        intervals,
        pairs,
        differences,
        holm([difference.mcnemar_p for difference in differences]),
        predictions[0].n_images,
    )
