"""Visual words on a sheet or a page: their patches, and the classes they speak for."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .._basics.printable import printable
from ..errors import ParameterError
from ..images import encode_image
from .contact_sheets import contact_sheet
from .explanations import AGAINST, FOR
from .panels import INK, PAPER
from .typesetting import Sheet, cut_text, font_of

if TYPE_CHECKING:
    from ..explain import VisualWord

_TOP = 3  # classes for and against
_TEXT_WIDTH = 470


def telling_classes(
    word: VisualWord, classes: Sequence, n: int = _TOP
) -> tuple[list[tuple[object, float]], list[tuple[object, float]]]:
    """Classes that a word speaks for, and those it speaks against, the strongest first."""
    if word.weights is None:
        return [], []
    order = np.argsort(word.weights, kind="stable")
    up = [(classes[i], float(word.weights[i])) for i in order[::-1][:n] if word.weights[i] > 0]
    down = [(classes[i], float(word.weights[i])) for i in order[:n] if word.weights[i] < 0]
    return up, down


def draw_words(words: Sequence[VisualWord], classes: Sequence, title: str = "") -> np.ndarray:
    """Draw visual words, one a row.

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
        "Patches: the nearest of all descriptors, one a training image. Numbers: what the word "
        "adds to a class's decision where it occurs, less the mean of all classes.",
        13,
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


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
img-src data:; base-uri 'none'; form-action 'none'">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --ink: #20222a; --paper: #f8f8f6; --faint: #666a72;
  --line: #d8d8d4; --for: #00598c; --against: #a84a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e6; --paper: #1b1c1f; --faint: #a0a4ac;
  --line: #3a3c42; --for: #56b4e9; --against: #ff9f50; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 0 auto; max-width: 72rem; padding: 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
p { color: var(--faint); max-width: 60rem; }
article { display: grid; grid-template-columns: 6rem minmax(0, 1fr) minmax(0, 1fr); gap: .5rem 1rem;
  align-items: center; border-top: 1px solid var(--line); padding: .5rem 0;
  break-inside: avoid; }
article img { max-width: 100%; height: auto; }
h2 { font-size: 1rem; margin: 0; } small { color: var(--faint); font-weight: normal;
  display: block; }
.for { color: var(--for); } .against { color: var(--against); }
span { display: inline-block; overflow-wrap: anywhere; margin-right: .9em; }
@media (max-width: 700px) { article { grid-template-columns: 1fr; } }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ rows|length }} visual words, most informative first. Patches: the nearest of all descriptors,
one a training image. Numbers: what the word adds to a class's decision where it occurs, less the
mean of all classes.</p>
{% for row in rows %}<article id="w{{ row.id }}">
<h2>{{ row.name }} <small>in {{ row.n_images }} images</small></h2>
<div>{% if row.src %}<img src="{{ row.src }}" width="{{ row.width }}" height="{{ row.height }}"
 alt="Patches of word {{ row.name }}">{% endif %}</div>
<div>{% if row.up or row.down %}<div class="for">for:
{% for label, weight in row.up %}<span>{{ label }} {{ weight }}</span>{% endfor %}</div>
<div class="against">against:
{% for label, weight in row.down %}<span>{{ label }} {{ weight }}</span>{% endfor %}</div>
{% endif %}</div>
</article>
{% endfor %}</body>
</html>
"""


def words_page(words: Sequence[VisualWord], classes: Sequence, title: str = "Visual words") -> str:
    """Visual words as one HTML page that needs nothing else.

    Parameters
    ----------
    words : sequence of VisualWord
    classes : sequence of labels
    title : str

    Returns
    -------
    str
        Images are inlined; labels are escaped.

    Examples
    --------
    >>> word = VisualWord(7, 0, 3, [], np.array([0.5, -0.5]))
    >>> "&lt;b&gt;" in words_page([word], ["<b>", "dog"])
    True
    """
    from jinja2 import Environment

    several = len({word.member for word in words}) > 1
    rows = []
    for word in words:
        sheet = None
        if word.patches:
            sheet = contact_sheet(
                word.patches, len(word.patches), side=word.patches[0].shape[0], gap=3
            )
        data = b"" if sheet is None else encode_image(sheet, ".jpg", quality=88)
        up, down = telling_classes(word, classes, 5)
        rows.append(
            {
                "id": f"{word.member}-{word.number}",
                "name": word_name(word, several),
                "n_images": word.n_images,
                "src": f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" if data else "",
                "width": 0 if sheet is None else sheet.shape[1],
                "height": 0 if sheet is None else sheet.shape[0],
                "up": [(printable(label), f"{weight:+.3f}") for label, weight in up],
                "down": [(printable(label), f"{weight:+.3f}") for label, weight in down],
            }
        )
    page = Environment(autoescape=True).from_string(_PAGE)
    return page.render(title=printable(title), rows=rows)
