"""A page that shows how models differ: one file, nothing loaded from elsewhere."""

from __future__ import annotations

import os

from .._basics.printable import printable
from ..evaluate import Comparison
from .page import render_page, write_page

MODEL_COLUMNS = (
    "model",
    "accuracy",
    "mean class accuracy",
    "log loss",
    "calibration error",
    "ms an image",
    "size",
)
PAIR_COLUMNS = (
    "first",
    "second",
    "only first right",
    "only second right",
    "accuracy difference",
    "mean class difference",
    "p (McNemar)",
    "p (Holm)",
    "significant",
)
_NONE = "–"


def write_compare_page(
    path: str | os.PathLike,
    found: Comparison,
    extras: list[dict],
    failed: list[tuple[str, str, str]] = (),  # type: ignore[assignment]
) -> None:
    """Write a comparison as one HTML file.

    Parameters
    ----------
    path : str or os.PathLike
    found : Comparison
    extras : list of dict
        Of each model ``n_bytes`` and ``ms_per_image``, None where unknown.
    failed : list of (path, code, message)
        Images that were not compared.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    low, high = _range(found)
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
    ticks = [low + (high - low) * i / 4 for i in range(5)]
    page = render_page(
        "compare.html.j2",
        title=f"Comparison of {len(found.names)} models",
        found=found,
        model_columns=MODEL_COLUMNS,
        pair_columns=PAIR_COLUMNS,
        models=model_rows(found, extras),
        pairs=pair_rows(found),
        failed=list(failed),
        bars=bars,
        ticks=[{"x": place(tick), "text": f"{tick:.0%}"} for tick in ticks],
    )
    write_page(path, page)


def visible(value: object) -> str:
    """Text in which control characters and lone surrogates are shown as escapes.

    Examples
    --------
    >>> visible("a\\u202eb\\n")
    'a\\\\u202eb\\\\n'
    """
    return printable(value)


def _range(found: Comparison) -> tuple[float, float]:
    """Bounds of the axis: multiples of 4 % around all intervals, so that ticks are whole."""
    ends = [end for one in found.intervals for end in one["accuracy"]]
    low = int(100 * min(ends)) // 4 * 4
    high = min(-(-int(100 * max(ends) + 1) // 4) * 4, 100)
    return low / 100, max(high, low + 4) / 100


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
                _NONE if size is None else f"{size / 1e6:.2f} MB",
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
