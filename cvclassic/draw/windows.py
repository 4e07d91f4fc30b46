"""An image of why a detector found a window, or where it lost it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..images.checks import to_gray
from .boxes import draw_boxes
from .training_curves import new_figure, write_figure

_FOR, _AGAINST = "#009e73", "#d55e00"


def draw_window_explanation(explanation, image: np.ndarray, path) -> None:
    """Draw the window, the cells that spoke for and against it, and both stages.

    Parameters
    ----------
    explanation : WindowExplanation
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    path : str or Path
        .png, .svg or .pdf.
    """
    figure = new_figure((11, 7.2))
    grid = figure.add_gridspec(2, 3, width_ratios=(1.25, 1, 1))
    framed = draw_boxes(
        image,
        np.array([explanation.final]),
        [explanation.label],
        [explanation.probability],
        truth=np.array([explanation.asked]),
    )
    axes = figure.add_subplot(grid[0, 0])
    axes.imshow(framed)
    axes.set_title("window (white: asked for)", fontsize=9, loc="left")
    axes.set_axis_off()
    _cells(figure.add_subplot(grid[1, 0]), explanation, image)
    _trace(figure.add_subplot(grid[0, 1:]), explanation)
    _bars(figure.add_subplot(grid[1, 1]), explanation.channels, "first stage, by channel")
    _bars(figure.add_subplot(grid[1, 2]), explanation.groups, "second stage, by part")
    figure.suptitle(f"{explanation.label}: {explanation.verdict}", fontsize=11, x=0.02, ha="left")
    write_figure(figure, path)


def _cells(axes, explanation, image: np.ndarray) -> None:
    """The window in gray, with what each cell of gradients adds."""
    x, y, w, h = explanation.window
    height, width = image.shape[:2]
    x0, y0 = max(int(x), 0), max(int(y), 0)
    x1, y1 = min(max(int(x + w), x0 + 1), width), min(max(int(y + h), y0 + 1), height)
    crop = image[y0:y1, x0:x1]
    gray = to_gray(crop)
    axes.imshow(gray, cmap="gray", extent=(x0, x1, y1, y0), vmin=0, vmax=255)
    limit = max(float(np.abs(explanation.cells).max()), 1e-9)
    around = 0.15
    axes.imshow(
        explanation.cells, cmap="PiYG", vmin=-limit, vmax=limit, alpha=0.55,
        interpolation="nearest",
        extent=(x - around * w, x + (1 + around) * w, y + (1 + around) * h, y - around * h),
    )  # fmt: skip
    axes.set_title("gradients: green for, pink against", fontsize=9, loc="left")
    axes.set_axis_off()


def _trace(axes, explanation) -> None:
    """Score after every 16 trees."""
    trees = 16 * np.arange(1, len(explanation.trace) + 1)
    axes.plot(trees, explanation.trace, color=_FOR, lw=2, label="this window")
    axes.plot(trees, explanation.floors, color=_AGAINST, lw=1.5, ls="--", label="needed")
    axes.set_xlabel("trees")
    axes.set_title("first stage: score on the way", fontsize=9, loc="left")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", fontsize=8)


def _bars(axes, values: Mapping[str, float], title: str) -> None:
    names = list(values)[::-1]
    numbers = [values[name] for name in names]
    axes.barh(names, numbers, color=[_FOR if v >= 0 else _AGAINST for v in numbers])
    axes.axvline(0, color="0.3", lw=0.8)
    axes.tick_params(labelsize=7)
    axes.set_title(title, fontsize=9, loc="left")
