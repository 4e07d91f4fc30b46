"""The page of ``cvclassic train``: what a model was made from, and what to expect of it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._basics.machine import peak_memory
from ..classify import Epoch, Trial
from ..draw.charts import Line, draw_chart, number_axis, percent_axis
from ..draw.thumbnails import Thumbnail
from ..evaluate import KeywordPredictions, Predictions
from .confusion_matrix import all_sizes, build_matrix, data_table
from .evaluation_page import (
    calibration_chart,
    class_rows,
    model_summary,
    summary_cards,
)
from .keyword_tables import keyword_cards, pair_calibration, word_rows, word_table
from .page import render_page, write_page


@dataclass(frozen=True)
class TrainingReport:
    """What the page is made from.

    Parameters
    ----------
    model : str
        Name of the model.
    n_bytes : int
        Size of the model file.
    paths, labels : sequence of n
        The images that were read.
    scores : dict, optional
        Scores on held-out images, with ``level`` and ``intervals``.
    held_out : Predictions or KeywordPredictions, optional
        Predictions for the held-out images.
    trials : sequence of Trial
        What auto tried.
    epochs : sequence of Epoch
        Epochs, if the head was trained in epochs.
    odd : sequence of (path, code, message)
        Warnings about images that were read anyway.
    notes : sequence of str
        What the reader should know first, such as that the model is no better than guessing.

    The others are as in `EvaluationReport`.
    """

    model: str
    n_bytes: int
    paths: Sequence[str]
    labels: Sequence
    summary: Mapping[str, Any]
    scores: dict | None = None
    held_out: Predictions | KeywordPredictions | None = None
    trials: Sequence[Trial] = ()
    epochs: Sequence[Epoch] = ()
    failures: Sequence[tuple[str, str, str]] = ()
    odd: Sequence[tuple[str, str, str]] = ()
    thumbnails: Mapping[str, Thumbnail] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    parameters: Sequence[tuple[str, str]] = ()
    command: str = ""
    notes: Sequence[str] = ()


def write_training_page(path: str | os.PathLike, report: TrainingReport) -> int:
    """Write the page.

    Parameters
    ----------
    path : str or os.PathLike
    report : TrainingReport

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    return write_page(path, training_page(report))


def training_page(report: TrainingReport) -> str:
    """The page as text.

    Examples
    --------
    >>> page = training_page(TrainingReport("m.cvmodel", 900, ["1.png"], ["cat"], {"head": "svm"}))
    >>> "m.cvmodel" in page
    True
    """
    classes = report.summary.get("class_counts")
    matrix = rows = words = None
    held_out, table = report.held_out, data_table
    calibration = None
    if any(isinstance(label, tuple) for label in report.labels):
        table = word_table
    if report.scores is not None and isinstance(held_out, KeywordPredictions):
        cards, words = keyword_cards(report.scores), word_rows(report.scores)
        calibration = pair_calibration(held_out)
    elif report.scores is not None and isinstance(held_out, Predictions):
        matrix = build_matrix(
            report.scores["labels"], report.scores["confusion"], held_out, report.thumbnails
        )
        rows = class_rows(report.scores, matrix.ids)
        cards, calibration = summary_cards(report.scores), calibration_chart(held_out)
    else:
        cards = []
    return render_page(
        "training.html.j2",
        title=f"Training of {report.model}",
        report=report,
        about={"recipe": "", "head": "", "cv_accuracy": None, "losses": {}, **report.summary},
        scores=report.scores,
        cards=cards,
        words=words,
        matrix=matrix,
        classes=rows,
        data=table(report.paths, report.labels, report.sizes, report.thumbnails) if classes else [],
        sizes=all_sizes(report.sizes),
        calibration=calibration,
        curve=_curve(report.epochs),
        summary=model_summary(report.summary),
        memory=peak_memory(),
    )


def _curve(epochs: Sequence[Epoch]):
    """Loss and held-out score over the epochs, or None."""
    if not epochs:
        return None
    losses = []
    for phase, name, style in (
        ("trial", "training loss, a part held out", "three"),
        ("final", "training loss", "one"),
    ):
        some = [epoch for epoch in epochs if epoch.phase == phase and math.isfinite(epoch.loss)]
        if some:
            numbers = [epoch.number for epoch in some]
            losses.append(Line(name, numbers, [e.loss for e in some], style, dots=False))
    judged = [epoch for epoch in epochs if math.isfinite(epoch.validation_loss)]
    numbers = [epoch.number for epoch in judged]
    if judged:
        held = [epoch.validation_loss for epoch in judged]
        losses.append(Line("held-out loss", numbers, held, "two", dots=False))
    most = max((value for line in losses for value in line.y), default=1.0)
    across = number_axis("epoch", 0, max(epoch.number for epoch in epochs))
    charts = [draw_chart(across, number_axis("loss", 0, most), losses, label="Loss of every epoch")]
    scores = [epoch.validation_score for epoch in judged]
    if scores and min(scores) >= 0:
        line = Line("held-out score", numbers, scores, dots=False)
        charts.append(
            draw_chart(
                across,
                percent_axis("held-out score", min(scores)),
                [line],
                label="Held-out score of every epoch",
            )
        )
    return charts
