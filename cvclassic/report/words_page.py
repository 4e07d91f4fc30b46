"""The page of ``cvclassic words``: what visual words look like and are evidence for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._basics.printable import printable
from ..draw.contact_sheets import contact_sheet
from ..draw.thumbnails import Thumbnail, make_thumbnail
from ..draw.words import telling_classes, word_name
from ..images import encode_image
from .page import render_page

if TYPE_CHECKING:
    from ..explain import VisualWord

_LISTED = 5  # classes for and against


def words_page(
    words: Sequence[VisualWord],
    classes: Sequence,
    title: str = "Visual words",
    command: str = "",
) -> str:
    """Visual words as one HTML page that needs nothing else.

    Parameters
    ----------
    words : sequence of VisualWord
    classes : sequence of labels
        In the order of the words' weights.
    title : str
    command : str
        What to type for the same again.

    Returns
    -------
    str
        Images are inlined; labels are escaped. A menu shows only the words that are evidence for
        one class.

    Examples
    --------
    >>> import numpy as np
    >>> from cvclassic.explain import VisualWord
    >>> word = VisualWord(7, 0, 3, [], np.array([0.5, -0.5]))
    >>> "&lt;b&gt;" in words_page([word], ["<b>", "dog"])
    True
    """
    several = len({word.member for word in words}) > 1
    number = {label: i for i, label in enumerate(classes)}
    rows: list[dict[str, Any]] = []
    for word in words:
        up, down = telling_classes(word, classes, _LISTED)
        rows.append(
            {
                "id": f"w{word.member}-{word.number}",
                "name": word_name(word, several),
                "n_images": word.n_images,
                "patches": _strip(word),
                "contexts": [make_thumbnail(one, 200) for one in word.contexts],
                "up": [(label, f"{weight:+.3f}") for label, weight in up],
                "down": [(label, f"{weight:+.3f}") for label, weight in down],
                "evidence": " ".join(f"k{number[label]}" for label, _ in up),
            }
        )
    used = {key for row in rows for key in row["evidence"].split()}
    return render_page(
        "words.html.j2",
        title=printable(title),
        rows=rows,
        filters=[(f"k{i}", label) for i, label in enumerate(classes) if f"k{i}" in used],
        weighed=any(row["up"] or row["down"] for row in rows),
        command=command,
    )


def _strip(word: VisualWord) -> Thumbnail | None:
    """The patches of a word side by side."""
    if not word.patches:
        return None
    sheet = contact_sheet(word.patches, len(word.patches), side=word.patches[0].shape[0], gap=3)
    data = encode_image(sheet, ".jpg", quality=88)
    return Thumbnail(data, sheet.shape[1], sheet.shape[0])
