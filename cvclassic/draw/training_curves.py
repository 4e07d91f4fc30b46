"""Training curves: how loss and held-out score went, epoch by epoch."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence

from .._basics.atomic import atomic_file
from .._basics.figures import new_figure
from .._basics.marks import MARK
from ..errors import ParameterError

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """The latest values as a line of bars, from the least to the largest of them.

    Examples
    --------
    >>> sparkline([0, 1, 2, 3.5])
    '▁▃▅█'
    """
    shown = [value for value in values if math.isfinite(value)][-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return "".join(_BARS[round((value - low) / step)] for value in shown)


def draw_curve(epochs: Sequence, path: str | os.PathLike, score_name: str = "accuracy") -> None:
    """Draw loss and held-out score of a training over its epochs into an image file.

    Parameters
    ----------
    epochs : sequence of Epoch
        As a head's ``epochs_``.
    path : str or os.PathLike
        .png, .svg or .pdf.
    score_name : str
        What the score is.

    Raises
    ------
    ParameterError
        There are no epochs, or the suffix is another.
    OSError
        The file cannot be written.
    """
    check_curve_path(path)
    if not epochs:
        raise ParameterError("epochs must hold at least one epoch. Got none.")

    figure = new_figure((7, 4.2))
    left = figure.add_subplot(xlabel="epoch", ylabel="loss")
    styles = {"trial": ("--", "training loss, a part held out"), "final": ("-", "training loss")}
    for phase, (style, label) in styles.items():
        some = [epoch for epoch in epochs if epoch.phase == phase]
        if some:
            left.plot([e.number for e in some], [e.loss for e in some], style, c="C0", label=label)
    judged = [epoch for epoch in epochs if math.isfinite(epoch.validation_loss)]
    if judged:
        numbers = [epoch.number for epoch in judged]
        left.plot(numbers, [e.validation_loss for e in judged], c="C1", label="held-out loss")
        right = left.twinx()
        right.set_ylabel(f"held-out {score_name}")
        right.plot(numbers, [e.validation_score for e in judged], c="C2", label=score_name)
        best = min(judged, key=lambda epoch: epoch.validation_loss)
        left.axvline(best.number, c="0.7", lw=1, zorder=0)
        lines = [*left.get_lines(), *right.get_lines()]
        lines = [line for line in lines if not str(line.get_label()).startswith("_")]
        left.legend(lines, [str(line.get_label()) for line in lines], loc="center right")
    else:
        left.legend()
    left.set_ylim(bottom=0)
    write_figure(figure, path)


def write_figure(figure, path: str | os.PathLike) -> None:
    """Write a figure, whole or not at all, as the kind that its name asks for.

    The same figure gives the same bytes at any time.
    """
    kind = check_curve_path(path)
    buffer = io.BytesIO()
    metadata = {
        "png": {"Software": MARK},
        "svg": {"Date": None, "Creator": MARK},
        "pdf": {"CreationDate": None, "Creator": MARK},
    }[kind]
    figure.savefig(buffer, format=kind, dpi=120, metadata=metadata)
    with atomic_file(path) as file:
        file.write(buffer.getvalue())


def check_curve_path(path: str | os.PathLike) -> str:
    """Kind of image that a name asks for.

    Raises
    ------
    ParameterError
        It is not .png, .svg or .pdf.
    """
    kind = os.path.splitext(os.fsdecode(path))[1].lower().lstrip(".")
    if kind not in ("png", "svg", "pdf"):
        raise ParameterError(f"curve must end in .png, .svg or .pdf. Got {os.fsdecode(path)!r}.")
    return kind
