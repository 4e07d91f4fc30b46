"""Sheets of text and images, set from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from .._basics.printable import printable
from .panels import INK, PAPER

_MARGIN = 16
_FAINT = (96, 100, 108)


def percent(share: float) -> str:
    """A probability for people; never 0% or 100% unless it is.

    Examples
    --------
    >>> percent(0.9999), percent(0.0004), percent(0.5), percent(1)
    ('>99.9%', '<0.1%', '50.0%', '100.0%')
    """
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{100 * share:.1f}%"


@cache
def font_of(size: int, bold: bool = False):
    """DejaVu Sans, which comes with matplotlib and knows most alphabets."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/{name}", size)


def cut_text(text: str, font, width: float) -> str:
    """Cut a text with an ellipsis where it is wider than `width` pixels."""
    if font.getlength(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if font.getlength(text[:middle] + "…") <= width else (low, middle - 1)
        )
    return text[:low] + "…"


class Sheet:
    """A page that grows downwards.

    Parameters
    ----------
    width : int
        Pixels.

    Examples
    --------
    >>> sheet = Sheet(300)
    >>> sheet.title("cat", "not dog")
    >>> sheet.pixels().shape[1:]
    (300, 3)
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._strips: list[np.ndarray] = [self._blank(10)]

    def title(self, first: str, second: str = "") -> None:
        """A bold line, and one beside or below it that is not."""
        bold, thin = font_of(26, True), font_of(19)
        room = self._width - 2 * _MARGIN
        first = cut_text(printable(first), bold, room)
        second = printable(second)
        beside = bold.getlength(first) + 18 + thin.getlength(second) <= room
        strip, pen = self._paper(40 if beside or not second else 68)
        pen.text((_MARGIN, 30), first, fill=INK, font=bold, anchor="ls")
        at = (_MARGIN + bold.getlength(first) + 18, 30) if beside else (_MARGIN, 58)
        pen.text(at, cut_text(second, thin, room), fill=_FAINT, font=thin, anchor="ls")
        self._strips.append(np.asarray(strip))

    def line(self, text: str, size: int) -> None:
        """A paragraph, wrapped to the width."""
        font = font_of(size)
        room = self._width - 2 * _MARGIN
        lines, current = [], ""
        for word in printable(text).split(" "):
            longer = f"{current} {word}" if current else word
            if current and font.getlength(longer) > room:
                lines.append(current)
                longer = word
            current = longer
        step = round(1.45 * size)
        strip, pen = self._paper(step * (len(lines) + 1) + 4)
        for i, some in enumerate([*lines, current]):
            at = (_MARGIN, i * step + size)
            pen.text(at, cut_text(some, font, room), fill=_FAINT, font=font, anchor="ls")
        self._strips.append(np.asarray(strip))

    def row(self, panels: Sequence[np.ndarray], titles: Sequence[str]) -> None:
        """Images side by side, each with a title above."""
        top = 26 if titles else 4
        strip, pen = self._paper(top + max(panel.shape[0] for panel in panels) + 10)
        left, places = _MARGIN, []
        for i, panel in enumerate(panels):
            if titles:
                font = font_of(15)
                text = cut_text(printable(titles[i]), font, panel.shape[1])
                pen.text((left, 18), text, fill=INK, font=font, anchor="ls")
            places.append(left)
            left += panel.shape[1] + _MARGIN
        pixels = np.array(strip)
        for panel, left in zip(panels, places, strict=True):
            pixels[top : top + panel.shape[0], left : left + panel.shape[1]] = panel
        self._strips.append(pixels)

    def scale(self, low: tuple, high: tuple, low_text: str, high_text: str) -> None:
        """A scale from one color over paper to another, with a text at each end."""
        font = font_of(15)
        bar = min(240, self._width // 4)
        room = (self._width - bar - 4 * _MARGIN) / 2
        low_text = cut_text(f"− {printable(low_text)}", font, room)
        high_text = cut_text(f"{printable(high_text)} +", font, room)
        strip, pen = self._paper(30)
        left = _MARGIN + round(font.getlength(low_text)) + 10
        pen.text((_MARGIN, 20), low_text, fill=low, font=font, anchor="ls")
        pen.text((left + bar + 10, 20), high_text, fill=high, font=font, anchor="ls")
        pixels = np.array(strip)
        t = np.linspace(-1, 1, bar)[:, None]
        ends = np.where(t < 0, np.array(low, float), np.array(high, float))
        middle = np.array([235.0, 235.0, 235.0])
        pixels[7:23, left : left + bar] = np.rint(middle + np.abs(t) * (ends - middle))
        self._strips.append(pixels)

    def pixels(self) -> np.ndarray:
        """The sheet as an array of shape (H, W, 3), uint8."""
        return np.concatenate([*self._strips, self._blank(8)])

    def _blank(self, height: int) -> np.ndarray:
        return np.full((height, self._width, 3), PAPER, np.uint8)

    def _paper(self, height: int):
        from PIL import Image, ImageDraw

        strip = Image.new("RGB", (self._width, height), PAPER)
        return strip, ImageDraw.Draw(strip)
