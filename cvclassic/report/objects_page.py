"""The page of ``cvclassic objects evaluate``: how good a detector is, and its mistakes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._basics.machine import peak_memory
from ..draw import draw_boxes
from ..draw.charts import Axis, Line, draw_chart, percent_axis
from ..draw.thumbnails import make_thumbnail
from ..errors import ImageReadError
from ..evaluate import miss_rate_curve
from ..images import read_image
from .page import render_page, write_page

_SHOWN = 24
_SIDE = 220
_CONTEXT = 0.35  # of a box's sides, around it
_RATES = (0.01, 0.1, 1.0, 10.0)
_STYLES = ("one", "two", "three")
_SURE = 0.5  # of a false alarm, to be called a box that is probably missing


def write_objects_page(
    path: str | os.PathLike,
    evaluation,
    *,
    model: str = "",
    labels: str = "",
    summary: Mapping[str, Any] | None = None,
) -> int:
    """Write what a `DetectorEvaluation` says as one HTML file.

    Parameters
    ----------
    path : str or os.PathLike
    evaluation : DetectorEvaluation
    model, labels : str
        Names of the files.
    summary : mapping, optional
        What the model file says of its training.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    return write_page(
        path, objects_page(evaluation, model=model, labels=labels, summary=summary or {})
    )


def objects_page(evaluation, *, model: str, labels: str, summary: Mapping[str, Any]) -> str:
    """The page as text."""
    scores = evaluation.scores
    name = os.path.basename(model) or "detector"
    alarms, misses = evaluation.false_alarms(), evaluation.misses(_SURE)
    rows = [
        {"name": label, **entry}
        for label, entry in scores.to_dict()["classes"].items()
        if entry["objects"]
    ]
    alarm_rows = [_alarm(evaluation, i, k) for i, k in alarms[:_SHOWN]]
    apart = [row for row in alarm_rows if row["apart"] and row["score"] >= _SURE]
    return render_page(
        "objects.html.j2",
        title=f"{name} on {os.path.basename(os.path.normpath(labels)) or 'images'}",
        scores=scores.to_dict(),
        rows=rows,
        curves=_curves(scores),
        alarms=alarm_rows,
        n_alarms=sum(evaluation.found[i].scores[k] >= _SURE for i, k in alarms),
        missing=apart,
        misses=[_miss(evaluation, i, k) for i, k in misses[:_SHOWN]],
        n_misses=len(misses),
        failures=evaluation.failures,
        summary=_summary(summary),
        memory=peak_memory(),
        command=f"cvclassic objects evaluate {model} --labels {labels} --report page.html",
    )


def _curves(scores) -> dict[str, Any]:
    """Precision over recall, and miss rate over false alarms, of the classes with most objects."""
    order = sorted(scores.classes.items(), key=lambda item: -item[1].n_truth)[: len(_STYLES)]
    precision_lines, miss_lines = [], []
    for style, (name, one) in zip(_STYLES, order, strict=False):
        if not one.n_truth:
            continue
        precision, recall = one.precision_recall()
        keep = _thinned(len(recall))
        precision_lines.append(
            Line(str(name), recall[keep].tolist(), precision[keep].tolist(), style, dots=False)
        )
        alarms, missed = miss_rate_curve(one.scores, one.hits, one.n_truth, scores.n_images)
        keep = _thinned(len(alarms))
        x = np.log10(np.clip(alarms[keep], _RATES[0], _RATES[-1]))
        miss_lines.append(Line(str(name), x.tolist(), missed[keep].tolist(), style, dots=False))
    ticks = [(float(np.log10(rate)), f"{rate:g}") for rate in _RATES]
    return {
        "precision": draw_chart(
            percent_axis("recall"), percent_axis("precision"), precision_lines,
            label="Precision over recall at an overlap of one half",
        ),
        "miss": draw_chart(
            Axis("false alarms per image", ticks[0][0], ticks[-1][0], ticks),
            percent_axis("miss rate"), miss_lines,
            label="Miss rate over false alarms per image",
        ),
    }  # fmt: skip


def _thinned(n: int, most: int = 400) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(int)) if n else np.zeros(0, int)


def _alarm(evaluation, i: int, k: int) -> dict[str, Any]:
    """A false alarm: its surroundings, and the object that it comes closest to."""
    from ..evaluate import box_overlaps

    found, image = evaluation.found[i], evaluation.images[i]
    label, score = str(found.labels[k]), float(found.scores[k])
    overlaps = box_overlaps(found.boxes[k : k + 1], image.boxes())[0]
    best = int(overlaps.argmax()) if len(overlaps) else -1
    apart = best < 0 or overlaps[best] < 0.1
    if apart:
        why = "no object is marked here"
    elif image.objects[best].label != label:
        why = f"overlaps {image.objects[best].label} by {100 * overlaps[best]:.0f}%"
    elif overlaps[best] >= 0.5:
        why = "a second box on the same object"
    else:
        why = f"overlaps the object by {100 * overlaps[best]:.0f}% only"
    picture = _picture(evaluation, i, found.boxes[k], [found.boxes[k]], [label])
    return {
        "picture": picture, "path": evaluation.paths[i], "label": label, "score": score,
        "why": why, "apart": apart,
    }  # fmt: skip


def _miss(evaluation, i: int, k: int) -> dict[str, Any]:
    """A missed object: its surroundings, and the best box on it."""
    from ..evaluate import box_overlaps

    labeled, found = evaluation.images[i].objects[k], evaluation.found[i]
    box = np.array(labeled.box)
    overlaps = box_overlaps(box[None], found.boxes)[0]
    near = np.flatnonzero(overlaps >= 0.3)
    why = "nothing was found here"
    if len(near):
        best = near[found.scores[near].argmax()]
        score = 100 * float(found.scores[best])
        why = f"{found.labels[best]} {score:.0f}%, overlap {100 * overlaps[best]:.0f}%"
    return {
        "picture": _picture(evaluation, i, box, found.boxes[near], found.labels[near]),
        "path": evaluation.paths[i], "label": labeled.label, "why": why,
        "at": ",".join(f"{v:.0f}" for v in labeled.box),
    }  # fmt: skip


def _picture(evaluation, i: int, box, boxes, labels):
    """The surroundings of a box, with boxes framed and true ones in white."""
    try:
        pixels = read_image(evaluation.paths[i])
    except ImageReadError:
        return None
    x, y, w, h = (float(v) for v in box)
    x0, y0 = max(int(x - _CONTEXT * w), 0), max(int(y - _CONTEXT * h), 0)
    x1 = min(int(x + (1 + _CONTEXT) * w) + 1, pixels.shape[1])
    y1 = min(int(y + (1 + _CONTEXT) * h) + 1, pixels.shape[0])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    shift = np.array([x0, y0, 0, 0])
    shown = draw_boxes(
        pixels[y0:y1, x0:x1],
        np.asarray(boxes).reshape(-1, 4) - shift,
        [""] * len(labels),
        truth=evaluation.images[i].boxes() - shift,
    )
    return make_thumbnail(shown, side=_SIDE)


def _summary(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the model file says of its training."""
    rows = []
    for key in ("labels", "images", "objects", "seconds"):
        if key in summary:
            rows.append((key, str(summary[key])))
    cross = summary.get("cross_validated") or {}
    if isinstance(cross, dict) and cross.get("ap50") is not None:
        rows.append(("AP50 in cross-validation", f"{100 * cross['ap50']:.1f}%"))
    return rows
