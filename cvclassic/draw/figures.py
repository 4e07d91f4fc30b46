"""Results as matplotlib figures, and as tables and images for notebooks."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from .._basics.figures import new_figure
from .._basics.printable import printable
from ..images import encode_image

if TYPE_CHECKING:
    from ..evaluate import Comparison

_WIDTH = 9.0  # inches, of an image's figure


def html_table(
    rows: Iterable[Sequence[object]], headers: Sequence[str] = (), title: str = ""
) -> str:
    """A table for a notebook; every cell is escaped.

    Examples
    --------
    >>> html_table([("<b>", 1)])
    '<table><tbody><tr><td>&lt;b&gt;</td><td>1</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(printable(name))}</th>" for name in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(printable(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    caption = f"<caption>{escape(printable(title))}</caption>" if title else ""
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<table>{caption}{head}<tbody>{body}</tbody></table>"


def html_image(pixels: np.ndarray, alt: str, quality: int = 85) -> str:
    """An image for a notebook, inside the page."""
    data = base64.b64encode(encode_image(pixels, ".webp", quality=quality)).decode()
    text = escape(printable(alt), quote=True)
    return (
        f'<img src="data:image/webp;base64,{data}" alt="{text}" '
        f'width="{pixels.shape[1]}" style="max-width:100%;height:auto">'
    )


def image_figure(pixels: np.ndarray, title: str = "") -> Any:
    """An image as a figure without axes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height, width = pixels.shape[:2]
    size = min(_WIDTH, width / 80)
    figure = new_figure((max(size, 2.0), max(size * height / width, 1.0) + (0.3 if title else 0)))
    axes = figure.add_subplot()
    axes.imshow(pixels, cmap="gray" if pixels.ndim == 2 else None)
    axes.set_axis_off()
    if title:
        axes.set_title(printable(title), fontsize=10, loc="left")
    return figure


def comparison_figure(comparison: Comparison) -> Any:
    """Accuracy of each model with its interval, the best on top.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.ticker import PercentFormatter

    order = sorted(
        range(len(comparison.names)), key=lambda i: comparison.scores[i]["accuracy"] or 0.0
    )
    values = [comparison.scores[i]["accuracy"] or 0.0 for i in order]
    ends = [comparison.intervals[i].get("accuracy") for i in order]
    figure = new_figure((7, 0.5 * len(order) + 1.2))
    axes = figure.add_subplot(xlabel="accuracy")
    low = [0.0 if end is None else v - end[0] for v, end in zip(values, ends, strict=True)]
    high = [0.0 if end is None else end[1] - v for v, end in zip(values, ends, strict=True)]
    axes.errorbar(values, range(len(order)), xerr=[low, high], fmt="o", capsize=3)
    axes.set_yticks(range(len(order)), [printable(comparison.names[i])[:40] for i in order])
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3, axis="x")
    title = f"{comparison.n_images} images, {comparison.level:.0%} intervals"
    axes.set_title(title, fontsize=10, loc="left")
    return figure
