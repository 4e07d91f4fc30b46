"""Visual words on a sheet: their patches, and the classes that they are evidence for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .._basics.printable import printable
from ..errors import ParameterError
from .contact_sheets import contact_sheet
from .explanations import AGAINST, FOR
from .panels import INK, PAPER
from .typesetting import Sheet, cut_text, font_of

if TYPE_CHECKING:
    from ..explain import VisualWord

_TOP = 3  # classes for and against
_TEXT_WIDTH = 470
_LEAST = 0.0005  # smaller weights are shown as 0.000


def telling_classes(
    word: VisualWord, classes: Sequence, n: int = _TOP
) -> tuple[list[tuple[object, float]], list[tuple[object, float]]]:
    """Classes that a word is evidence for and against, the strongest first, without zeros."""
    if word.weights is None:
        return [], []
    order = np.argsort(word.weights, kind="stable")
    up = [
        (classes[i], float(word.weights[i])) for i in order[::-1][:n] if word.weights[i] >= _LEAST
    ]
    down = [(classes[i], float(word.weights[i])) for i in order[:n] if word.weights[i] <= -_LEAST]
    return up, down


def draw_words(words: Sequence[VisualWord], classes: Sequence, title: str = "") -> np.ndarray:
    """Draw visual words, one per row.

    Parameters
    ----------
    words : sequence of VisualWord
    classes : sequence of labels
        In the order of the words' weights.
    title : str

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Raises
    ------
    ParameterError
        There are no words.
    """
    if not words:
        raise ParameterError("words must hold at least one word. Got none.")
    most = max(max((len(word.patches) for word in words), default=1), 1)
    side = next((w.patches[0].shape[0] for w in words if w.patches), 48)
    sheet = Sheet(32 + 84 + most * (side + 4) + 12 + _TEXT_WIDTH)
    sheet.title(title or "Visual words", f"{len(words)} of the model's, most informative first")
    sheet.line(
        "Patches: the nearest training descriptors, one per image. Numbers: what the word adds to "
        "the decision for a class when it occurs, minus the mean over all classes.",
        15,
    )
    several = len({word.member for word in words}) > 1
    for word in words:
        sheet.row([_word_row(word, classes, most, side, several)], [])
    return sheet.pixels()


def _word_row(word: VisualWord, classes, most: int, side: int, several: bool) -> np.ndarray:
    """Number, patches, classes."""
    from PIL import Image, ImageDraw

    height = max(side + 8, 56)
    row = Image.new("RGB", (84 + most * (side + 4) + 12 + _TEXT_WIDTH, height), PAPER)
    pen = ImageDraw.Draw(row)
    font = font_of(13)
    pen.text((0, 20), word_name(word, several), fill=INK, font=font_of(15, True), anchor="ls")
    pen.text((0, 40), f"{word.n_images} images", fill=INK, font=font_of(11), anchor="ls")
    left = 84 + most * (side + 4) + 12
    for line, (some, color, sign) in enumerate(
        zip(telling_classes(word, classes), (FOR, AGAINST), ("for", "against"), strict=True)
    ):
        text = "   ".join(f"{_short(label)} {weight:+.3f}" for label, weight in some)
        text = cut_text(f"{sign}: {text or '–'}", font, _TEXT_WIDTH)
        if word.weights is not None:
            pen.text((left, 20 + 22 * line), text, fill=color, font=font, anchor="ls")
    pixels = np.array(row)
    if word.patches:
        strip = contact_sheet(word.patches, columns=len(word.patches), side=side, gap=4)
        pixels[: strip.shape[0], 84 : 84 + strip.shape[1]] = strip
    return pixels


def word_name(word: VisualWord, several: bool = False) -> str:
    """Number of a word, with its encoder's where there are several."""
    return f"{word.member + 1}.{word.number}" if several else f"#{word.number}"


def _short(label: object, most: int = 24) -> str:
    text = printable(label)
    return text if len(text) <= most else text[: most - 1] + "…"
