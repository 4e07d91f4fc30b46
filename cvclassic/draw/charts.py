"""Line charts as SVG that takes its colors from the page, light or dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._basics.printable import printable

if TYPE_CHECKING:
    from markupsafe import Markup

_WIDTH, _HEIGHT = 560, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 28, 14, 50


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Parameters
    ----------
    name : str
    x, y : sequence of n float
    style : {"one", "two", "three", "few"}
        Which of the page's colors; "few" is for hollow points.
    band : sequence of n (low, high), optional
        Drawn as a whisker at each point.
    dots : bool
    joined : bool
        Whether a line runs through the points.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: str = "one"
    band: Sequence[tuple[float, float]] = ()
    dots: bool = True
    joined: bool = True


@dataclass(frozen=True)
class Axis:
    """Range, ticks and title of one axis."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]] = field(default_factory=tuple)

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the low end and 1 at the high one."""
        return (value - self.low) / ((self.high - self.low) or 1.0)


def percent_axis(title: str, low: float = 0.0, high: float = 1.0) -> Axis:
    """Axis of shares, with a tick at every fifth of the range.

    Examples
    --------
    >>> [text for _, text in percent_axis("share").ticks]
    ['0%', '20%', '40%', '60%', '80%', '100%']
    """
    step = 0.2 if high - low > 0.5 else 0.1 if high - low > 0.25 else 0.05
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    n = max(round((high - low) / step), 1)
    places = [low + i * (high - low) / n for i in range(n + 1)]
    return Axis(title, low, high, [(place, f"{100 * place:.0f}%") for place in places])


def number_axis(title: str, low: float, high: float) -> Axis:
    """Axis of numbers with about five round ticks.

    Examples
    --------
    >>> [text for _, text in number_axis("epoch", 0, 40).ticks]
    ['0', '10', '20', '30', '40']
    """
    span = (high - low) or 1.0
    step = 10.0 ** math.floor(math.log10(span / 4))
    step *= next(m for m in (1, 2, 5, 10) if span / (m * step) <= 5)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    n = max(round((high - low) / step), 1)
    places = [low + i * step for i in range(n + 1)]
    return Axis(title, low, low + n * step, [(place, f"{place:.6g}") for place in places])


def draw_chart(
    x: Axis,
    y: Axis,
    lines: Sequence[Line] = (),
    *,
    bars: Sequence[tuple[float, float, float]] = (),
    diagonal: bool = False,
    tags: bool = False,
    label: str = "",
) -> Markup:
    """Draw a chart.

    Parameters
    ----------
    x, y : Axis
    lines : sequence of Line
    bars : sequence of (start, end, height)
        Drawn behind the lines.
    diagonal : bool
        Whether to draw the line y = x.
    tags : bool
        Whether the names stand beside the lines' ends instead of in a legend.
    label : str
        What the chart shows, for those who do not see it.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element; the style sheet of the pages knows its classes.
    """
    from markupsafe import Markup, escape

    def at(a: float, b: float) -> tuple[str, str]:
        across = _LEFT + x.share(a) * (_WIDTH - _LEFT - _RIGHT)
        up = _HEIGHT - _BOTTOM - y.share(b) * (_HEIGHT - _TOP - _BOTTOM)
        return f"{across:.1f}", f"{up:.1f}"

    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(printable(label))}">'
    ]
    for place, text in y.ticks:
        x1, y1 = at(x.low, place)
        x2, _ = at(x.high, place)
        parts.append(f'<line class="grid" x1="{x1}" x2="{x2}" y1="{y1}" y2="{y1}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{float(y1) + 4:.1f}" class="end">{text}</text>')
    for place, text in x.ticks:
        x1, y1 = at(place, y.low)
        parts.append(f'<text x="{x1}" y="{float(y1) + 18:.1f}" class="mid">{text}</text>')
    for start, end, height in bars:
        (x1, top), (x2, bottom) = at(start, height), at(end, y.low)
        width = max(float(x2) - float(x1) - 1.5, 0.5)
        tall = max(float(bottom) - float(top), 0.0)
        parts.append(
            f'<rect class="bar" x="{x1}" y="{top}" width="{width:.1f}" height="{tall:.1f}"/>'
        )
    if diagonal:
        (x1, y1), (x2, y2) = at(x.low, x.low), at(x.high, x.high)
        parts.append(f'<line class="diagonal" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    for line in lines:
        for a, (low, high) in zip(line.x, line.band, strict=False):
            (x1, y1), (_, y2) = at(a, low), at(a, high)
            parts.append(
                f'<line class="whisker {line.style}" x1="{x1}" x2="{x1}" y1="{y1}" y2="{y2}"/>'
            )
        places = [at(a, b) for a, b in zip(line.x, line.y, strict=True) if math.isfinite(b)]
        points = " ".join(f"{a},{b}" for a, b in places)
        if line.joined:
            parts.append(f'<polyline class="line {line.style}" points="{points}"/>')
        if line.dots:
            parts += [
                f'<circle class="dot {line.style}" cx="{a}" cy="{b}" r="3.5"/>' for a, b in places
            ]
        if tags and places:
            a, b = (float(v) for v in places[-1])
            side, shift = ("end", -8) if a > _WIDTH - 120 else ("start", 8)
            parts.append(
                f'<text class="{side}" x="{a + shift:.1f}" y="{b - 7:.1f}">'
                f"{escape(printable(line.name))}</text>"
            )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" class="mid">{escape(x.title)}</text>')
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(
        f'<text transform="translate(13 {middle}) rotate(-90)" class="mid">{escape(y.title)}</text>'
    )
    parts.append("</svg>")
    if len(lines) > 1 and not tags:
        keys = "".join(
            f'<li class="{line.style}"><span></span>{escape(line.name)}</li>' for line in lines
        )
        parts.append(f'<ul class="legend">{keys}</ul>')
    return Markup("".join(parts))
