"""The page of ``cvclassic evaluate``: how good a model is on labeled images, and why."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._basics.machine import peak_memory
from ..draw.calibration import ENOUGH
from ..draw.charts import Axis, Line, draw_chart, percent_axis
from ..draw.thumbnails import Thumbnail
from ..evaluate import KeywordPredictions, LearningCurve, Predictions, reliability
from .confusion_matrix import all_sizes, answer_chances, build_matrix, data_table, sure_mistakes
from .keyword_tables import (
    keyword_cards,
    pair_calibration,
    sure_word_mistakes,
    word_rows,
    word_table,
    worst_images,
)
from .page import render_page, write_page

_PERCENT = {
    "accuracy": "accuracy",
    "mean_class_accuracy": "mean class accuracy",
    "macro_f1": "macro F1",
    "top_5_accuracy": "top-5 accuracy",
}
_NUMBERS = {
    "log_loss": "log loss",
    "expected_calibration_error": "calibration error",
    "roc_auc": "ROC AUC",
}
_LISTED = 40  # mistakes in the table


@dataclass(frozen=True)
class ExplainedMistake:
    """A mistake with the drawing of what spoke for it.

    Parameters
    ----------
    index : int
        Row of the predictions.
    drawing : Thumbnail
        The heat map.
    marks : Thumbnail, optional
        The keypoints with their signs.
    against : str
        Class that the answer is compared with.
    how : str
        What the shares are, in a sentence.
    """

    index: int
    drawing: Thumbnail
    marks: Thumbnail | None = None
    against: str = ""
    how: str = ""


@dataclass(frozen=True)
class EvaluationReport:
    """What the page is made from.

    Parameters
    ----------
    model : str
        Name of the model.
    data : str
        Where the images come from.
    scores : dict
        As `score_predictions` gives it, with ``level`` and ``intervals``; or as `score_numbers`.
    predictions : Predictions or KeywordPredictions, optional
        The model's predictions, if it is a classifier.
    failures : sequence of (path, code, message)
    thumbnails : mapping of str to Thumbnail
        By path.
    sizes : mapping of str to (width, height)
        In the files.
    explained : sequence of ExplainedMistake
    seconds : mapping of str to float
        Wall-clock time of each stage.
    summary : mapping
        What the model file says of its training.
    parameters : sequence of (name, value)
        Parameters of the model.
    command : str
        What to type for the same again.
    notes : sequence of str
        What people should know, such as why there are no explanations.
    learning_curve : LearningCurve, optional
    """

    model: str
    data: str
    scores: dict
    predictions: Predictions | KeywordPredictions | None = None
    failures: Sequence[tuple[str, str, str]] = ()
    thumbnails: Mapping[str, Thumbnail] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    explained: Sequence[ExplainedMistake] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    parameters: Sequence[tuple[str, str]] = ()
    command: str = ""
    notes: Sequence[str] = ()
    learning_curve: LearningCurve | None = None


def write_evaluation_page(path: str | os.PathLike, report: EvaluationReport) -> int:
    """Write the page.

    Parameters
    ----------
    path : str or os.PathLike
    report : EvaluationReport

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    return write_page(path, evaluation_page(report))


def evaluation_page(report: EvaluationReport) -> str:
    """The page as text.

    Examples
    --------
    >>> page = evaluation_page(EvaluationReport("m.cvmodel", "test/", {
    ...     "mean_squared_error": 1.0, "mean_absolute_error": 1.0, "r2": 0.5, "n_images": 3,
    ...     "n_unanswered": 0}))
    >>> "m.cvmodel on test/" in page
    True
    """
    seen, scores = report.predictions, report.scores
    context: dict[str, Any] = {
        "title": f"{report.model} on {report.data}",
        "report": report,
        "scores": scores,
        "memory": peak_memory(),
        "sizes": all_sizes(report.sizes),
        "summary": model_summary(report.summary),
        "mistakes": [],
        "explained": [],
        "calibration": None,
    }
    if seen is None:
        return render_page("numbers.html.j2", **context)
    if isinstance(seen, KeywordPredictions):
        return render_page("keywords.html.j2", **context | keyword_context(report, seen))
    matrix = build_matrix(scores["labels"], scores["confusion"], seen, report.thumbnails)
    ids = matrix.ids
    context |= {
        "cards": summary_cards(scores),
        "matrix": matrix,
        "classes": class_rows(scores, ids),
        "data": data_table(seen.paths, seen.truth, report.sizes, report.thumbnails),
        "mistakes": [_mistake(seen, i, ids) for i in sure_mistakes(seen, _LISTED)],
        "explained": [{**_mistake(seen, one.index, ids), "one": one} for one in report.explained],
        "calibration": calibration_chart(seen),
        "curve": None if report.learning_curve is None else curve_chart(report.learning_curve),
    }
    return render_page("evaluation.html.j2", **context)


def keyword_context(report: EvaluationReport, seen: KeywordPredictions) -> dict[str, Any]:
    """What the page of a model of keywords shows."""
    scores, thumbnails = report.scores, report.thumbnails
    return {
        "cards": keyword_cards(scores),
        "words": word_rows(scores),
        "data": word_table(seen.paths, seen.truth, report.sizes, thumbnails),
        "worst": worst_images(seen, thumbnails),
        "mistakes": sure_word_mistakes(seen, thumbnails),
        "calibration": pair_calibration(seen),
        "foreign": seen.words[len(seen.classes) :],
    }


def summary_cards(scores: dict) -> list[tuple[str, str, str]]:
    """(name, value, interval) of every score that there is."""
    ends = scores.get("intervals", {})
    cards = []
    for key, name in _PERCENT.items():
        if scores.get(key) is not None:
            cards.append((name, f"{100 * scores[key]:.1f}%", _ends(ends.get(key), 100, 1)))
    for key, name in _NUMBERS.items():
        if scores.get(key) is not None and math.isfinite(scores[key]):
            cards.append((name, f"{scores[key]:.3f}", _ends(ends.get(key), 1, 3)))
    return cards


def _ends(ends: tuple[float, float] | None, factor: float, digits: int) -> str:
    if ends is None:
        return ""
    return f"{factor * ends[0]:.{digits}f} to {factor * ends[1]:.{digits}f}"


def class_rows(scores: dict, ids: Mapping[tuple[str, str], str]) -> list[dict]:
    """Scores of each class, the weakest first, and what it is most often taken for."""
    ends = scores.get("intervals", {})
    labels = scores["labels"]
    rows = []
    for entry in scores["classes"]:
        label = entry["label"]
        i = labels.index(label)
        others = [(n, j) for j, n in enumerate(scores["confusion"][i]) if n and j != i]
        count, j = max(others, key=lambda pair: (pair[0], -pair[1]), default=(0, i))
        other = "(no answer)" if labels[j] is None else labels[j]
        rows.append(
            {
                **entry,
                "recall_ends": ends.get(f"recall[{label}]"),
                "precision_ends": ends.get(f"precision[{label}]"),
                "mistaken": (other, count) if count else None,
                "id": ids.get((str(label), str(other)), ""),
            }
        )
    return sorted(rows, key=lambda row: (row["recall"], str(row["label"])))


def _mistake(seen: Predictions, i: int, ids: Mapping[tuple[str, str], str]) -> dict:
    truth, answer = seen.truth[i], seen.labels[i]
    chance = float(answer_chances(seen)[i])
    of_truth = None
    if seen.probabilities is not None and truth in seen.classes:
        of_truth = float(seen.probabilities[i, list(seen.classes).index(truth)])
    return {
        "path": seen.paths[i],
        "truth": truth,
        "answer": answer,
        "chance": None if math.isnan(chance) else chance,
        "of_truth": of_truth,
        "id": ids.get((str(truth), str(answer)), ""),
    }


def calibration_chart(seen: Predictions) -> dict | None:
    """Reliability diagram, None where there are no probabilities."""
    if seen.probabilities is None or not seen.probabilities.any():
        return None
    found = reliability(seen)
    some = found.count > 0
    most = int(found.count.max())
    bars = [
        (float(a), float(b), n / most)
        for a, b, n in zip(found.edges[:-1], found.edges[1:], found.count, strict=True)
        if n
    ]
    enough = found.count >= ENOUGH
    lines = [
        Line(
            name,
            found.confidence[chosen].tolist(),
            found.accuracy[chosen].tolist(),
            style,
            joined=style == "one",
        )
        for name, chosen, style in (
            ("accuracy", enough, "one"),
            (f"fewer than {ENOUGH} images", some & ~enough, "few"),
        )
        if chosen.any()
    ]
    chart = draw_chart(
        percent_axis("probability of the answer"),
        percent_axis("accuracy"),
        lines,
        bars=bars,
        diagonal=True,
        label="Reliability diagram: accuracy of answers by their probability",
    )
    rows = [
        (float(c), float(a), int(n))
        for c, a, n in zip(
            found.confidence[some], found.accuracy[some], found.count[some], strict=True
        )
    ]
    return {"chart": chart, "ece": found.ece, "rows": rows}


def curve_chart(curve: LearningCurve):
    """Accuracy over the training images per class; each size has the same room."""
    rows = curve.summary()
    sizes = [(float(i), str(row[0])) for i, row in enumerate(rows)]
    places = [place for place, _ in sizes]
    lines = [
        Line(
            name,
            places,
            [row[column] for row in rows],
            style,
            [
                (max(row[column] - row[column + 1], 0), min(row[column] + row[column + 1], 1))
                for row in rows
            ],
        )
        for column, name, style in ((1, "accuracy", "one"), (3, "mean class accuracy", "two"))
    ]
    return draw_chart(
        Axis("training images per class", -0.3, len(rows) - 0.7, sizes),
        percent_axis("accuracy on test images"),
        lines,
        label="Accuracy over the number of training images per class",
    )


def model_summary(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a model file says of its training, as text."""
    left_out = ("class_counts", "tried", "losses", "params")
    rows = []
    for key, value in summary.items():
        if key in left_out or value in (None, "", [], {}):
            continue
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        rows.append((key.replace("_", " "), text))
    return rows
