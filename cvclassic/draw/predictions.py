"""An image with its label, beside a bar chart of the most probable classes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .._basics.printable import printable
from ..images.checks import check_image
from .panels import INK, PAPER
from .typesetting import Sheet, cut_text, font_of, percent

_SIDE = 380
_BAR, _OTHER_BAR = (0, 114, 178), (150, 170, 188)
_TRACK = (228, 228, 226)


def draw_prediction(
    picture: np.ndarray, label: object, scores: Sequence[tuple[object, float]], note: str = ""
) -> np.ndarray:
    """Draw the image of a prediction.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, 3), uint8
        What was classified.
    label : object
        The answer, for the title.
    scores : sequence of (label, probability)
        Best first; as many as are to be shown. Empty where there is no answer.
    note : str
        A line below.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> draw_prediction(np.zeros((90, 120), np.uint8), "cat", [("cat", 0.9), ("dog", 0.1)]).shape[1]
    828
    """
    picture = check_image(picture)
    rgb = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    factor = _SIDE / max(rgb.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST if factor > 6 else cv2.INTER_CUBIC
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    fitted = cv2.resize(rgb, size, interpolation=how)
    height = max(fitted.shape[0], 42 * max(len(scores), 1))
    left = np.full((height, _SIDE, 3), PAPER, np.uint8)
    top, side = (height - fitted.shape[0]) // 2, (_SIDE - fitted.shape[1]) // 2
    left[top : top + fitted.shape[0], side : side + fitted.shape[1]] = fitted
    sheet = Sheet(2 * _SIDE + 68)
    sheet.title(str(label), percent(scores[0][1]) if scores else "")
    sheet.row([left, _bars(scores, height)], [])
    if note:
        sheet.line(note, 13)
    return sheet.pixels()


def _bars(scores: Sequence[tuple[object, float]], height: int) -> np.ndarray:
    """A bar for each class, with its name above and its probability at the end."""
    from PIL import Image, ImageDraw

    width = _SIDE + 20
    chart = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(chart)
    font = font_of(15)
    if not scores:
        pen.text((8, height // 2), "no usable features", fill=INK, font=font, anchor="lm")
    step = min(62, height // max(len(scores), 1))
    first = (height - step * len(scores)) // 2
    room = width - 16 - 74  # for the number at the end
    for i, (name, probability) in enumerate(scores):
        top = first + i * step
        text = cut_text(printable(name), font_of(15, i == 0), width - 16)
        pen.text((8, top + 14), text, fill=INK, font=font_of(15, i == 0), anchor="ls")
        box = (8, top + 19, 8 + room, top + 33)
        pen.rounded_rectangle(box, 3, fill=_TRACK)
        length = room * min(max(float(probability), 0.0), 1.0)
        if length >= 1:
            color = _BAR if i == 0 else _OTHER_BAR
            pen.rounded_rectangle((8, top + 19, 8 + max(length, 3), top + 33), 3, fill=color)
        pen.text((14 + room, top + 32), percent(probability), fill=INK, font=font, anchor="ls")
    return np.asarray(chart)
