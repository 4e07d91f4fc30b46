"""The scores of one model on labeled data, with all answers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..classify import UnknownRule
from .abstention import score_withheld
from .intervals import score_intervals
from .predictions import Predictions
from .scores import score_numbers, score_predictions

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Results of a model on labeled data.

    Parameters
    ----------
    scores : dict
        As `score_predictions`, `score_keywords` or `score_numbers` give them, with ``intervals``,
        and ``unknown`` where the model may say that it does not know.
    predictions : Predictions, KeywordPredictions or None
        Every answer; None where the model gives numbers.
    failures : list of (path, code, message)
        Images that could not be read; they are not scored.
    seconds : float
        Time that classification took.
    """

    scores: dict[str, Any]
    predictions: Any = None
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_multilabel(self) -> bool:
        """Whether images have several labels each."""
        return "words" in self.scores

    @property
    def accuracy(self) -> float:
        """Share of images that were labeled correctly; nan where the model gives numbers."""
        return float(self.scores.get("accuracy", np.nan))

    @property
    def mean_class_accuracy(self) -> float:
        """Mean over classes of the share that was labeled correctly."""
        return float(self.scores.get("mean_class_accuracy", np.nan))

    @property
    def chance(self) -> float:
        """Mean class accuracy of guessing, nan where the model gives numbers."""
        n = len(self.scores.get("classes", ()))
        return 1 / n if n > 1 else float("nan")

    @property
    def is_at_chance(self) -> bool:
        """Whether the model did no better than guessing."""
        return self.mean_class_accuracy <= self.chance + 1e-9

    @property
    def n_images(self) -> int:
        """Images that were scored."""
        return int(self.scores["n_images"])

    @property
    def labels(self) -> list:
        """Labels in the order of `confusion`."""
        return list(self.scores.get("labels", []))

    @property
    def confusion(self) -> np.ndarray:
        """Counts, shape (n, n): rows are the true class, columns the predicted one."""
        return np.array(self.scores.get("confusion", []), int)

    def interval(self, name: str) -> tuple[float, float] | None:
        """95% confidence interval of a score, None where there is none."""
        ends = self.scores.get("intervals", {}).get(name)
        return None if ends is None else (float(ends[0]), float(ends[1]))

    def to_dict(self) -> dict[str, Any]:
        """All scores as plain values."""
        return dict(self.scores)

    def to_pandas(self) -> Any:
        """One row per image: path, true label, predicted label, probability, whether correct.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from .._basics.frames import import_pandas

        seen = self.predictions
        if seen is None:
            return import_pandas().DataFrame([self.scores])
        table: dict[str, Any] = {
            "path": list(seen.paths),
            "truth": list(seen.truth),
            "predicted": list(seen.labels),
        }
        if self.is_multilabel:
            return import_pandas().DataFrame(table | {"f1": seen.f1})
        table["correct"] = seen.right
        if seen.probabilities is not None:
            table["probability"] = seen.probabilities.max(axis=1)
        return import_pandas().DataFrame(table)

    def plot(self) -> Any:
        """Draw the confusion matrix, or F1 per keyword; returns a matplotlib Figure."""
        if self.is_multilabel:
            from ..draw.keywords import keyword_figure

            return keyword_figure(self.scores["words"])
        from ..draw.confusion import confusion_figure

        return confusion_figure(self.confusion, self.labels)

    def _repr_html_(self) -> str:
        rows = []
        for name in (
            "accuracy", "mean_class_accuracy", "macro_f1", "top_5_accuracy",
            "mean_precision", "mean_recall", "mean_f1", "map", "micro_f1",
        ):  # fmt: skip
            value = self.scores.get(name)
            if value is not None:
                ends = self.interval(name)
                between = "" if ends is None else f"[{ends[0]:.1%}, {ends[1]:.1%}]"
                rows.append((name.replace("_", " "), f"{value:.1%}", between))
        for name in ("r2", "mean_absolute_error", "mean_squared_error", "log_loss"):
            value = self.scores.get(name)
            if value is not None:
                rows.append((name.replace("_", " "), f"{value:.4g}", ""))
        rows.append(("images", f"{self.n_images:,}", ""))
        if self.failures:
            rows.append(("unreadable", f"{len(self.failures):,}", ""))
        from ..draw.figures import html_table

        return html_table(rows, title="Evaluation")


def score_classes(predictions: Predictions, rule: UnknownRule | None = None) -> dict[str, Any]:
    """Scores of a classifier with their intervals, and of its rule for what it is not sure of."""
    scores = score_predictions(
        predictions.truth, predictions.labels, predictions.probabilities, predictions.classes
    )
    if rule is not None:
        scores["unknown"] = score_withheld(predictions, rule)
    return {**scores, "level": LEVEL, "intervals": score_intervals(predictions)}


def evaluate_predictions(
    predictions: Predictions,
    rule: UnknownRule | None = None,
    *,
    failures: Sequence[tuple[str, str, str]] = (),
    seconds: float = 0.0,
) -> Evaluation:
    """Score the answers of a classifier.

    Parameters
    ----------
    predictions : Predictions
    rule : UnknownRule, optional
        When the classifier says that it does not know.
    failures : sequence of (path, code, message)
        Images that could not be read.
    seconds : float
        Time that classification took.

    Returns
    -------
    Evaluation

    Examples
    --------
    >>> seen = Predictions(["x", "y"], ["a", "b"], ["a", "a"], ["a", "b"])
    >>> evaluate_predictions(seen).accuracy
    0.5
    """
    scores = score_classes(predictions, rule) | {"n_failed": len(failures), "seconds": seconds}
    return Evaluation(scores, predictions, list(failures), seconds)


def evaluate_numbers(
    truth: Sequence[float],
    predicted: Sequence[float | None],
    *,
    failures: Sequence[tuple[str, str, str]] = (),
    seconds: float = 0.0,
) -> Evaluation:
    """Score the answers of a regression, as `evaluate_predictions` does those of a classifier."""
    scores = score_numbers(truth, predicted) | {"n_failed": len(failures), "seconds": seconds}
    return Evaluation(scores, None, list(failures), seconds)
