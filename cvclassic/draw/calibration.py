"""A reliability diagram as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._basics.figures import new_figure

if TYPE_CHECKING:
    from ..evaluate import Reliability

ENOUGH = 10  # images from which on a bin is a point of the line


def calibration_figure(found: Reliability) -> Any:
    """Draw accuracy over the probability of the answers.

    Parameters
    ----------
    found : Reliability
        As `reliability` gives it.

    Returns
    -------
    matplotlib.figure.Figure
        Bins with fewer than 10 images are hollow points and not joined.
    """
    from matplotlib.ticker import PercentFormatter

    some, enough = found.count > 0, found.count >= ENOUGH
    figure = new_figure((5.2, 4.8))
    axes = figure.add_subplot(xlabel="probability of the answer", ylabel="accuracy")
    heights = found.count / max(found.count.max(), 1)
    widths = found.edges[1:] - found.edges[:-1]
    axes.bar(found.edges[:-1], heights, widths, align="edge", color="C0", alpha=0.2, label="images")
    axes.plot([0, 1], [0, 1], "--", color="gray", lw=1, label="perfect calibration")
    axes.plot(found.confidence[enough], found.accuracy[enough], "o-C0", ms=5, label="accuracy")
    few = some & ~enough
    if few.any():
        label = f"fewer than {ENOUGH} images"
        axes.plot(found.confidence[few], found.accuracy[few], "oC0", mfc="white", label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3)
    axes.set_title(
        f"expected calibration error {100 * found.ece:.1f} points", fontsize=10, loc="left"
    )
    axes.legend(loc="upper left", fontsize=9)
    return figure
