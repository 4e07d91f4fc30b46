"""An image of how accuracy grows with the number of training images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .._basics.figures import new_figure
from .training_curves import check_curve_path, write_figure

if TYPE_CHECKING:
    from ..evaluate import LearningCurve


def draw_learning_curve(curve: LearningCurve, path: str | os.PathLike) -> None:
    """Draw mean and spread of both accuracies over the images per class.

    Parameters
    ----------
    curve : LearningCurve
    path : str or os.PathLike
        .png, .svg or .pdf.

    Raises
    ------
    ParameterError
        The suffix is another.
    OSError
        The file cannot be written.
    """
    check_curve_path(path)
    write_figure(learning_curve_figure(curve), path)


def learning_curve_figure(curve: LearningCurve) -> Any:
    """The same as a matplotlib Figure."""
    from matplotlib.ticker import NullFormatter, PercentFormatter

    figure = new_figure((7, 4.2))
    axes = figure.add_subplot(xlabel="training images per class", ylabel="accuracy on test images")
    rows = curve.summary()
    sizes = [row[0] for row in rows]
    for column, name, style in ((1, "accuracy", "o-C0"), (3, "mean class accuracy", "s--C1")):
        means = [row[column] for row in rows]
        low = [max(row[column] - row[column + 1], 0) for row in rows]
        high = [min(row[column] + row[column + 1], 1) for row in rows]
        axes.plot(sizes, means, style, label=name, ms=4)
        axes.fill_between(sizes, low, high, color=style[-2:], alpha=0.15, lw=0)
    axes.set_xscale("log")
    # the last size may lie too near to the one before for both of their numbers
    roomy = [n for n in sizes if n == sizes[-1] or n * 1.25 < sizes[-1]]
    axes.set_xticks(roomy, [str(size) for size in roomy])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3)
    n = curve.accuracy.shape[1]
    how = "all retrained" if curve.refit else "only the classifier retrained"
    axes.set_title(f"{n} random subsets, mean ± standard deviation; {how}", fontsize=10, loc="left")
    axes.legend(loc="lower right")
    return figure
