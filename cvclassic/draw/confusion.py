"""A confusion matrix as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._basics.figures import new_figure
from .._basics.printable import printable

_NUMBERED = 25  # classes up to which every cell says its count
_NAMED = 60  # and up to which every row says its name


def confusion_figure(confusion: np.ndarray, labels: Sequence) -> Any:
    """Draw a confusion matrix.

    Parameters
    ----------
    confusion : ndarray of shape (n, n), int
        Rows are the true class, columns the predicted one.
    labels : sequence of n labels
        None stands for no answer.

    Returns
    -------
    matplotlib.figure.Figure
        Colors are shares of the row, numbers are counts.
    """
    n = len(labels)
    names = ["no answer" if label is None else printable(label)[:24] for label in labels]
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = min(max(3.2, 0.32 * n + 2), 12)
    figure = new_figure((side + 0.8, side))
    axes = figure.add_subplot(xlabel="predicted class", ylabel="true class")
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(picture, ax=axes, label="share of the true class", shrink=0.8)
    if n <= _NAMED:
        size = 9 if n <= _NUMBERED else 6
        axes.set_xticks(range(n), names, rotation=90, fontsize=size)
        axes.set_yticks(range(n), names, fontsize=size)
    if n <= _NUMBERED:
        for i, j in np.argwhere(confusion):
            color = "white" if shares[i, j] > 0.6 else "black"
            axes.text(j, i, f"{confusion[i, j]}", ha="center", va="center", c=color, fontsize=8)
    return figure
