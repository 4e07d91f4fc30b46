"""The page of ``cvclassic versus-cnn``: methods side by side, and which to use."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..comparison import DAMAGES, METHODS, Advice, Contest
from ..comparison.advising import GROUPS, group_of
from ..draw.charts import Axis, Line, draw_chart, percent_axis
from ..evaluate import Comparison, Predictions, score_predictions, wilson_interval
from .models_page import differing_image, pair_rows
from .page import render_page, write_page

_SHOWN = 12  # images of each kind
_STYLES = {"classical": "one", "scratch": "two", "pre-trained": "three", "elsewhere": "three"}


@dataclass(frozen=True)
class VersusReport:
    """What the page is made from.

    Parameters
    ----------
    name : str
        Name of the image set.
    n_train : int
        Images that were learned from.
    contest : Contest
    answers : dict of name to Predictions
        Predictions of the measured methods, and of others read from tables.
    advice : Advice
    comparison : Comparison, optional
        Comparison of the predictions, in the same order; None if there is only one.
    test_images : sequence of n
        What the answers are about, to be shown.
    budget : float
        Seconds of each network from scratch.
    failures : list of (path, code, message)
    command : str
    """

    name: str
    n_train: int
    contest: Contest
    answers: Mapping[str, Predictions]
    advice: Advice
    comparison: Comparison | None
    test_images: Sequence
    budget: float
    failures: Sequence[tuple[str, str, str]] = ()
    command: str = ""


def write_versus_page(path: str | os.PathLike, report: VersusReport) -> int:
    """Write the page; returns its size in bytes.

    Raises
    ------
    OSError
        It cannot be written.
    """
    seen = next(iter(report.answers.values()))
    page = render_page(
        "versus.html.j2",
        title=f"Classical recipes or networks: {report.name}",
        report=report,
        n_test=seen.n_images,
        n_classes=len(set(seen.truth)),
        group=GROUPS[report.advice.group],
        contestants=_contestants(report),
        pairs=_pairs(report),
        chart=_time_chart(report),
        damage=_damage(report),
        galleries=_galleries(report),
        left_out=[(name, METHODS[name], why) for name, why in report.contest.left_out.items()],
    )
    return write_page(path, page)


def _contestants(report: VersusReport) -> list[dict]:
    """Rows of the table, best first."""
    rows = []
    for name, seen in report.answers.items():
        scores = score_predictions(seen.truth, seen.labels, seen.probabilities, seen.classes)
        n = seen.n_images
        ends = wilson_interval(float(seen.right.sum()), n)
        one = report.contest.measured.get(name)
        rows.append(
            {
                "name": name,
                "about": METHODS.get(name, "predictions of another program"),
                "note": report.advice.at_chance.get(name, ""),
                "group": GROUPS[group_of(name)],
                "accuracy": scores["accuracy"],
                "ends": ends,
                "by_class": scores["mean_class_accuracy"],
                "ece": scores["expected_calibration_error"],
                "row": one.row if one else {},
                "chosen": name == report.advice.method,
            }
        )
    return sorted(rows, key=lambda row: -row["accuracy"])


def _pairs(report: VersusReport) -> list[tuple[str, ...]]:
    return pair_rows(report.comparison) if report.comparison is not None else []


def _time_chart(report: VersusReport):
    """Accuracy over seconds of training, on a logarithmic axis."""
    lines = []
    for name, one in report.contest.measured.items():
        points = [(row["budget_s"], row["accuracy"]) for row in one.budgets]
        points = points or [(one.row["fit_s"], float(report.answers[name].right.mean()))]
        seconds = [max(point[0], 0.1) for point in points]
        style = _STYLES[group_of(name)]
        lines.append(Line(name, [math.log10(s) for s in seconds], [p[1] for p in points], style))
    if not lines:
        return None
    low = math.floor(min(min(line.x) for line in lines))
    high = max(math.ceil(max(max(line.x) for line in lines)), low + 1)
    ticks = [(float(e), f"{10.0**e:g} s") for e in range(low, high + 1)]
    bottom = min(min(line.y) for line in lines)
    return draw_chart(
        Axis("training time", low, high, ticks),
        percent_axis("accuracy on test images", min(bottom, 0.9)),
        lines,
        tags=True,
        label="Accuracy over training time",
    )


def _damage(report: VersusReport) -> dict | None:
    """Accuracy on damaged images: a row each step, a column each contestant."""
    measured = {n: one.robustness for n, one in report.contest.measured.items() if one.robustness}
    if not measured:
        return None
    rows = [("none", "", [found["none"][0][1] for found in measured.values()])]
    for kind, (_, unit, steps) in DAMAGES.items():
        for i, step in enumerate(steps):
            shares = [found[kind][i][1] for found in measured.values()]
            rows.append((kind, _amount(kind, step, unit), shares))
    return {
        "names": list(measured),
        "rows": [
            {"kind": kind, "amount": amount, "shares": shares, "best": max(shares)}
            for kind, amount, shares in rows
        ],
    }


def _amount(kind: str, step: float, unit: str) -> str:
    """A damage in words, such as ``quality 40`` or ``brightness × 0.4``."""
    if kind == "jpeg":
        return f"quality {step:g}"
    if kind == "brightness":
        return f"brightness × {step:g}"
    return f"{step:g}{unit}" if unit.startswith("%") else f"{step:g} {unit}"


def _galleries(report: VersusReport) -> list[dict]:
    """Images on which the methods differ."""
    best: dict[str, str] = {}
    for row in _contestants(report):
        best.setdefault(group_of(row["name"]), row["name"])
    names = list(best.values())
    answers = [report.answers[name] for name in names]
    images = dict(zip(answers[0].paths, report.test_images, strict=True))
    right = {name: one.right for name, one in zip(names, answers, strict=True)}
    found = []
    for name in names if len(names) > 1 else ():
        others = np.any([right[other] for other in right if other != name], axis=0)
        found.append((f"Only {name} is correct", np.flatnonzero(right[name] & ~others)))
    found.append(("No method is correct", np.flatnonzero(~np.any(list(right.values()), axis=0))))
    return [
        {
            "title": title,
            "total": len(rows),
            "pictures": [differing_image(int(i), names, answers, images) for i in rows[:_SHOWN]],
        }
        for title, rows in found
        if len(rows)
    ]
