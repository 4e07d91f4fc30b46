"""Who or what is there when: a row per name, a bar per stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._basics.figures import new_figure
from .._basics.printable import printable
from .charts import number_axis

if TYPE_CHECKING:
    from markupsafe import Markup

Span = tuple[str, float, float]  # name, start and end in seconds
_WIDTH, _LEFT, _RIGHT, _ROW = 900, 150, 20, 26


def rows_of(spans: Sequence[Span]) -> list[str]:
    """Names in the order in which they come first.

    Examples
    --------
    >>> rows_of([("b", 0, 1), ("a", 1, 2), ("b", 3, 4)])
    ['b', 'a']
    """
    return list(dict.fromkeys(name for name, _, _ in sorted(spans, key=lambda span: span[1])))


def draw_timeline(spans: Sequence[Span], start: float, end: float, label: str = "") -> Markup:
    """A timeline in the colors of the page that it stands in.

    Parameters
    ----------
    spans : sequence of (name, start, end)
        In seconds.
    start, end : float
        Start and end of the whole timeline.
    label : str
        What it shows, for those who do not see it.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element.
    """
    from markupsafe import Markup, escape

    names = rows_of(spans)
    bottom = _ROW * len(names) + 8
    axis = number_axis("seconds", start, max(end, start + 1e-3))

    def at(moment: float) -> float:
        return _LEFT + axis.share(moment) * (_WIDTH - _LEFT - _RIGHT)

    parts = [
        f'<svg class="chart timeline" viewBox="0 0 {_WIDTH} {bottom + 24}" role="img" '
        f'aria-label="{escape(printable(label))}">'
    ]
    for place, text in axis.ticks:
        x = at(place)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" class="mid">{text} s</text>')
    for row, name in enumerate(names):
        text = printable(name)
        short = text if len(text) <= 20 else text[:19] + "\u2026"
        y = row * _ROW + 4
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 14}" class="end">{escape(short)}</text>')
        for other, first, last in spans:
            if other == name:
                width = max(at(last) - at(first), 1.5)
                tip = escape(f"{text}: {first:.2f} to {last:.2f} s")
                parts.append(
                    f'<rect class="bar there" x="{at(first):.1f}" y="{y}" width="{width:.1f}" '
                    f'height="{_ROW - 8}"><title>{tip}</title></rect>'
                )
    return Markup("".join([*parts, "</svg>"]))


def timeline_figure(spans: Sequence[Span], start: float, end: float, title: str = "") -> Any:
    """The same as a figure.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = rows_of(spans)
    figure = new_figure((9.0, 1.0 + 0.32 * max(len(names), 1)))
    axes = figure.subplots()
    for row, name in enumerate(names):
        bars = [(a, max(b - a, (end - start) / 500)) for other, a, b in spans if other == name]
        axes.broken_barh(bars, (row - 0.36, 0.72), color="#0072b2")
    axes.set_yticks(range(len(names)), [printable(name)[:30] for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(start, max(end, start + 1e-3))
    axes.set_xlabel("seconds")
    axes.grid(axis="x", alpha=0.4)
    axes.set_axisbelow(True)
    if title:
        axes.set_title(printable(title))
    return figure
