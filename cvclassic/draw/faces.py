"""Faces framed in an image, and how often a threshold errs."""

from __future__ import annotations

import os

import cv2
import numpy as np

from .overlays import GREEN, ORANGE, RIM, Canvas
from .training_curves import check_curve_path, new_figure, write_figure


def draw_faces(
    image: np.ndarray, boxes: np.ndarray, scores: np.ndarray, angles: np.ndarray | None = None
) -> np.ndarray:
    """Frame faces, and write the confidence beside each.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    boxes : ndarray of shape (n, 4)
        (x, y, width, height) in pixels.
    scores : ndarray of shape (n,)
        Probabilities are written in per cent, numbers above 1 as they are. Orange below 90%.
    angles : ndarray of shape (n,), optional
        How far each head is turned, in degrees, clockwise.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Enlarged by a whole factor where the image is small.

    Examples
    --------
    >>> draw_faces(np.zeros((450, 450), np.uint8), np.zeros((0, 4)), np.zeros(0)).shape
    (900, 900, 3)
    """
    canvas = Canvas(image)
    turned = np.zeros(len(boxes)) if angles is None else angles
    for (x, y, w, h), score, angle in zip(boxes, scores, turned, strict=True):
        color = GREEN if score >= 0.9 else ORANGE
        center, half = np.array([x + (w - 1) / 2, y + (h - 1) / 2]), np.array([w, h]) / 2
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        corners = center + signs @ np.array([[c, s], [-s, c]])
        for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            canvas.line(a, b, color, 2.0)
        text = f"{score:.0%}" if score <= 1 else f"{score:g}"
        _write(canvas, text, corners[np.argmin(corners[:, 1] + corners[:, 0] * 1e-3)], color)
    return canvas.pixels


def _write(canvas: Canvas, text: str, xy: np.ndarray, color: tuple) -> None:
    """A line of text above a point, inside the image."""
    size, thick = 0.42 * canvas.unit, max(round(canvas.unit), 1)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    x, y = (canvas.at(xy) / 16).astype(int)
    x = int(np.clip(x, 0, max(canvas.pixels.shape[1] - width, 0)))
    y = int(np.clip(y - 5, height + 1, canvas.pixels.shape[0] - 1))
    for ink, wide in ((RIM, thick + 3), (color, thick)):
        cv2.putText(
            canvas.pixels, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, ink, wide, cv2.LINE_AA
        )


def draw_error_rates(
    far: np.ndarray,
    frr: np.ndarray,
    path: str | os.PathLike,
    *,
    chosen: tuple[float, float] | None = None,
    title: str = "",
) -> None:
    """Draw the receiver operating characteristic: who is let in against who is let in wrongly.

    Parameters
    ----------
    far, frr : ndarray of shape (k,)
        Rates of false acceptance and false rejection at each threshold.
    path : str or os.PathLike
        .png, .svg or .pdf.
    chosen : (float, float), optional
        False acceptance and rejection at the threshold that is used.
    title : str

    Raises
    ------
    ParameterError
        The suffix is another.
    OSError
        The file cannot be written.
    """
    check_curve_path(path)
    from matplotlib.ticker import PercentFormatter

    figure = new_figure((6.4, 4.6))
    axes = figure.add_subplot(
        xlabel="strangers accepted (FAR)", ylabel="people recognized (1 - FRR)"
    )
    lowest = min(1e-2, far[far > 0].min(initial=1) / 2)
    axes.plot(np.maximum(far, lowest), 1 - frr, "-C0", lw=2, drawstyle="steps-post")
    equal = np.geomspace(lowest, 1, 200)
    axes.plot(equal, 1 - equal, ":", color="0.5", lw=1, label="equal error rates")
    if chosen is not None:
        label = f"chosen: FAR {chosen[0]:.2%}, FRR {chosen[1]:.2%}"
        axes.plot(max(chosen[0], lowest), 1 - chosen[1], "oC1", ms=7, label=label)
    axes.set_xscale("log")
    axes.set_xlim(lowest, 1)
    axes.set_ylim(max(0.0, float(1 - frr.max(initial=0, where=far > lowest)) - 0.1), 1.01)
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3)
    axes.set_title(title, fontsize=10, loc="left")
    axes.legend(loc="lower right")
    write_figure(figure, path)
