"""A page that shows how models differ: one file, nothing loaded from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._basics.printable import printable, show_bytes
from ..draw.thumbnails import make_thumbnail
from ..errors import ImageReadError
from ..evaluate import Comparison, Predictions
from ..images import load_pixels
from .page import render_page, write_page

MODEL_COLUMNS = (
    "model",
    "accuracy",
    "mean class accuracy",
    "log loss",
    "calibration error",
    "ms per image",
    "size",
)
PAIR_COLUMNS = (
    "A",
    "B",
    "only A correct",
    "only B correct",
    "accuracy, A minus B",
    "mean class accuracy, A minus B",
    "p (McNemar)",
    "p (Holm)",
    "significant",
)
_NONE = "–"
_SHOWN = 12  # images of each group


def write_compare_page(
    path: str | os.PathLike,
    found: Comparison,
    extras: list[dict],
    failed: list[tuple[str, str, str]] = (),  # type: ignore[assignment]
    answers: Sequence[Predictions] = (),
    images: Mapping[str, Any] | None = None,
) -> None:
    """Write a comparison as one HTML file.

    Parameters
    ----------
    path : str or os.PathLike
    found : Comparison
    extras : list of dict
        For each model ``n_bytes`` and ``ms_per_image``, None where unknown.
    failed : list of (path, code, message)
        Images that were not compared.
    answers : sequence of Predictions, optional
        Predictions of each model for the same images in the same order: the page then shows images
        on which the models differ.
    images : mapping of str to image, optional
        Path of an image to what `load_pixels` takes.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    low, high, step = _range(found)
    scale = 535 / (high - low)

    def place(share: float) -> float:
        return round(235 + (share - low) * scale, 1)

    bars = []
    for name, scores, ends in zip(found.names, found.scores, found.intervals, strict=True):
        left, right = ends["accuracy"]
        shown = visible(name)
        bars.append(
            {
                "name": shown if len(shown) <= 30 else "…" + shown[-29:],
                "low": place(left),
                "high": place(right),
                "at": place(scores["accuracy"] or 0.0),
            }
        )
    ticks = [low + i * step for i in range(round((high - low) / step) + 1)]
    page = render_page(
        "compare.html.j2",
        title=f"Comparison of {len(found.names)} models",
        found=found,
        model_columns=MODEL_COLUMNS,
        pair_columns=PAIR_COLUMNS,
        models=model_rows(found, extras),
        pairs=pair_rows(found),
        failed=list(failed),
        leader=leader(found),
        verdict=_verdict(found),
        galleries=_galleries(found.names, answers, images or {}),
        bars=bars,
        ticks=[{"x": place(tick), "text": f"{tick:.0%}"} for tick in ticks],
    )
    write_page(path, page)


def leader(found: Comparison) -> int | None:
    """Number of the model of highest accuracy, None where several share it."""
    shares = [scores["accuracy"] or 0.0 for scores in found.scores]
    best = max(shares)
    return shares.index(best) if shares.count(best) == 1 else None


def _verdict(found: Comparison) -> str:
    """One sentence: who is ahead, and whether that is more than chance."""
    first = leader(found)
    if first is None:
        tied = [
            visible(name)
            for name, scores in zip(found.names, found.scores, strict=True)
            if scores["accuracy"] == found.scores[found.best]["accuracy"]
        ]
        return f"{', '.join(tied)} have the same accuracy."
    name = visible(found.names[first])
    share = f"{found.scores[first]['accuracy'] or 0.0:.1%}"
    beaten = [
        visible(found.names[i if j == first else j])
        for k, (i, j) in enumerate(found.pairs)
        if first in (i, j) and found.significant(k)
    ]
    others = len(found.names) - 1
    rest = "the other" if others == 1 else "the others"
    if len(beaten) == others:
        return f"{name} has the highest accuracy ({share}), significantly higher than {rest}."
    if beaten:
        return (
            f"{name} has the highest accuracy ({share}), significantly higher than "
            f"{', '.join(beaten)} only."
        )
    return f"{name} has the highest accuracy ({share}), but no difference is significant."


def _galleries(
    names: Sequence[str], answers: Sequence[Predictions], images: Mapping[str, Any]
) -> list[dict]:
    """Images on which the models differ, and those that none answers correctly."""
    if not answers:
        return []
    shown = [visible(name) for name in names]
    right = np.array([one.right for one in answers])
    n, m = right.sum(axis=0), len(answers)
    groups = [(f"Only {shown[i]} is correct", right[i] & (n == 1)) for i in range(m)]
    if m > 2:
        groups += [(f"Only {shown[i]} is wrong", ~right[i] & (n == m - 1)) for i in range(m)]
    groups.append(("No model is correct", n == 0))
    return [
        {
            "title": title,
            "total": int(some.sum()),
            "pictures": [
                differing_image(int(i), shown, answers, images)
                for i in np.flatnonzero(some)[:_SHOWN]
            ],
        }
        for title, some in groups
        if some.any()
    ]


def differing_image(
    i: int, names: Sequence[str], answers: Sequence[Predictions], images: Mapping[str, Any]
) -> dict:
    """Image number `i` for the template: thumbnail, true class, and every answer."""
    path = answers[0].paths[i]
    picture = None
    if path in images:
        try:
            picture = make_thumbnail(load_pixels(images[path], 480))
        except ImageReadError:  # gone since it was classified
            picture = None
    said = [
        f"{name}: {'no answer' if one.labels[i] is None else one.labels[i]}"
        for name, one in zip(names, answers, strict=True)
    ]
    return {"path": path, "truth": str(answers[0].truth[i]), "said": said, "shown": picture}


def visible(value: object) -> str:
    """Text in which control characters and lone surrogates are shown as escapes.

    Examples
    --------
    >>> visible("a\\u202eb\\n")
    'a\\\\u202eb\\\\n'
    """
    return printable(value)


def _range(found: Comparison) -> tuple[float, float, float]:
    """Ends of the axis around all intervals, and the step of its ticks, in whole percent."""
    ends = [end for one in found.intervals for end in one["accuracy"]]
    low, high = 100 * min(ends), 100 * max(ends)
    step = next(s for s in (1, 2, 5, 10, 20) if high - low <= 5 * s or s == 20)
    bottom, top = int(low // step) * step, min(-int(-high // step) * step, 100)
    return bottom / 100, max(top, bottom + step) / 100, step / 100


def model_rows(found: Comparison, extras: list[dict]) -> list[tuple[str, ...]]:
    """Cells of `MODEL_COLUMNS`, one row a model."""
    rows = []
    for name, scores, ends, extra in zip(
        found.names, found.scores, found.intervals, extras, strict=True
    ):
        shares = [
            f"{scores[key]:.1%} [{ends[key][0]:.1%}, {ends[key][1]:.1%}]"
            for key in ("accuracy", "mean_class_accuracy")
        ]
        numbers = [
            _NONE
            if scores[key] is None
            else f"{scores[key]:.3f} [{ends[key][0]:.3f}, {ends[key][1]:.3f}]"
            for key in ("log_loss", "expected_calibration_error")
        ]
        speed, size = extra["ms_per_image"], extra["n_bytes"]
        rows.append(
            (
                name,
                *shares,
                *numbers,
                _NONE if speed is None else f"{speed:.1f}",
                _NONE if size is None else show_bytes(size),
            )
        )
    return rows


def pair_rows(found: Comparison) -> list[tuple[str, ...]]:
    """Cells of `PAIR_COLUMNS`, one row for each two models."""
    rows: list[tuple[str, ...]] = []
    for k, ((i, j), pair) in enumerate(zip(found.pairs, found.differences, strict=True)):
        rows.append(
            (
                found.names[i],
                found.names[j],
                str(pair.only_first),
                str(pair.only_second),
                _points(pair.accuracy_difference, pair.accuracy_interval),
                _points(pair.class_difference, pair.class_interval),
                _p(pair.mcnemar_p),
                _p(found.holm_p[k]),
                "yes" if found.significant(k) else "no",
            )
        )
    return rows


def _points(difference: float, ends: tuple[float, float]) -> str:
    """A difference in percentage points with its interval."""
    return f"{100 * difference:+.1f} [{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
