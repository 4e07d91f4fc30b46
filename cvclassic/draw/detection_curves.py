"""An image of precision over recall."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .training_curves import check_curve_path, new_figure, write_figure

if TYPE_CHECKING:
    from ..cascade.scoring import DetectionScores


def draw_precision_recall(
    scores: Mapping[str, DetectionScores], path: str | os.PathLike, title: str = ""
) -> None:
    """Draw precision over recall, one line for each detector.

    Parameters
    ----------
    scores : mapping of name to DetectionScores
    path : str or os.PathLike
        .png, .svg or .pdf.
    title : str

    Raises
    ------
    ParameterError
        The suffix is another.
    OSError
        The file cannot be written.
    """
    check_curve_path(path)

    figure = new_figure((6, 4.6))
    axes = figure.add_subplot(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    for i, (name, one) in enumerate(scores.items()):
        label = f"{name}, AP {one.average_precision:.3f}"
        axes.plot(one.recall, one.precision, color=f"C{i}", lw=2, label=label)
        if len(one.recall):
            axes.plot(one.recall[-1], one.precision[-1], "o", color=f"C{i}", ms=5)
    axes.grid(alpha=0.3)
    axes.set_title(title, fontsize=10, loc="left")
    axes.legend(loc="lower left")
    write_figure(figure, path)
