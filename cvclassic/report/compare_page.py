"""A page that shows how models differ: one file, nothing loaded from elsewhere."""

from __future__ import annotations

import os

from ..atomic import atomic_file
from ..evaluate import Comparison

MODEL_COLUMNS = (
    "model",
    "accuracy",
    "mean class accuracy",
    "log loss",
    "calibration error",
    "ms a picture",
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

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Comparison of {{ found.names|length }} models</title>
<style>
:root { color-scheme: light dark; --line: #ccc; --mark: #1f6fb2; --soft: #f2f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --line: #555; --mark: #7ab8ee; --soft: #23272b; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: left;
  font-variant-numeric: tabular-nums; }
td { white-space: nowrap; }
td.name { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; max-width: 24rem; }
tr.strong { background: var(--soft); }
svg { width: 100%; height: auto; max-width: 50rem; }
svg text { fill: currentColor; font: 13px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .end { stroke: var(--mark); stroke-width: 3; }
svg circle { fill: var(--mark); }
</style>
</head>
<body>
<h1>Comparison of {{ found.names|length }} models</h1>
<p>{{ found.n_images }} pictures that all of them read{% if failed %};
{{ failed|length }} more could not be read and are listed below{% endif %}.
Brackets hold the true value in {{ "%g"|format(100 * found.level) }} of 100 such tests.</p>
<h2>Models</h2>
<div class="wide"><table>
<tr>{% for name in model_columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in models %}<tr{% if loop.index0 == found.best %} class="strong"{% endif %}>
{% for cell in row %}<td{% if loop.first %} class="name"{% endif %}>{{ cell }}</td>
{% endfor %}</tr>
{% endfor %}</table></div>
<h2>Accuracy</h2>
<svg viewBox="0 0 800 {{ 40 + 28 * bars|length }}" role="img"
 aria-label="Accuracy of each model with its interval">
{% for tick in ticks %}<line class="axis" x1="{{ tick.x }}" x2="{{ tick.x }}" y1="0"
 y2="{{ 10 + 28 * bars|length }}"/><text x="{{ tick.x }}" y="{{ 30 + 28 * bars|length }}"
 text-anchor="middle">{{ tick.text }}</text>
{% endfor %}{% for bar in bars %}<text x="225" y="{{ 24 + 28 * loop.index0 }}"
 text-anchor="end">{{ bar.name }}</text>
<line class="end" x1="{{ bar.low }}" x2="{{ bar.high }}" y1="{{ 20 + 28 * loop.index0 }}"
 y2="{{ 20 + 28 * loop.index0 }}"/>
<circle cx="{{ bar.at }}" cy="{{ 20 + 28 * loop.index0 }}" r="5"/>
{% endfor %}</svg>
<h2>Differences</h2>
<p>The same pictures are hard for all, so look here and not at whether two brackets overlap. A
difference is called significant if McNemar's test says so after Holm's correction for
{{ pairs|length }} pair{{ "" if pairs|length == 1 else "s" }}.</p>
<div class="wide"><table>
<tr>{% for name in pair_columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in pairs %}<tr{% if row[-1] == "yes" %} class="strong"{% endif %}>
{% for cell in row %}<td{% if loop.index < 3 %} class="name"{% endif %}>{{ cell }}</td>
{% endfor %}</tr>
{% endfor %}</table></div>
{% if failed %}<h2>Pictures that could not be read</h2>
<div class="wide"><table>
<tr><th>path</th><th>code</th><th>message</th></tr>
{% for row in failed %}<tr>{% for cell in row %}<td class="name">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>{% endif %}
</body>
</html>
"""


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
        Pictures that were not compared.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    from jinja2 import Environment

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
    page = (
        Environment(autoescape=True)
        .from_string(_TEMPLATE)
        .render(
            found=found,
            model_columns=MODEL_COLUMNS,
            pair_columns=PAIR_COLUMNS,
            models=[[visible(cell) for cell in row] for row in model_rows(found, extras)],
            pairs=[[visible(cell) for cell in row] for row in pair_rows(found)],
            failed=[[visible(cell) for cell in row] for row in failed],
            bars=bars,
            ticks=[{"x": place(tick), "text": f"{tick:.0%}"} for tick in ticks],
        )
    )
    with atomic_file(path, "w", encoding="utf-8") as file:
        file.write(page)


def visible(value: object) -> str:
    """Text in which control characters and lone surrogates are shown as escapes.

    Examples
    --------
    >>> visible("a\\u202eb\\n")
    'a\\\\u202eb\\\\n'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(value))


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
