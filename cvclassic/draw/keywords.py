"""A bar for each keyword: how well it is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOST = 40  # words on one figure


def keyword_figure(words: Sequence[dict[str, Any]]) -> Any:
    """F1 and average precision of the most frequent words.

    Parameters
    ----------
    words : sequence of dict
        ``word``, ``n_images``, ``f1`` and ``average_precision`` each.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> keyword_figure([{"word": "sky", "n_images": 9, "f1": 0.5, "average_precision": 0.6}])
    <Figure size 700x190 with 1 Axes>
    """
    from matplotlib.figure import Figure

    shown = sorted(words, key=lambda one: -one["n_images"])[:MOST][::-1]
    figure = Figure(figsize=(7, 1.4 + 0.25 * max(len(shown), 2)), layout="constrained")
    axes = figure.subplots()
    places = range(len(shown))
    axes.barh(places, [one["f1"] for one in shown], color="#4878cf", label="F1")
    axes.plot(
        [one["average_precision"] or 0.0 for one in shown], places, "o", color="#d65f5f",
        markersize=4, label="average precision",
    )  # fmt: skip
    axes.set_yticks(list(places), [f"{one['word']} ({one['n_images']})" for one in shown])
    axes.set_xlim(0, 1)
    axes.set_title("Keywords, with the number of images that have them")
    axes.legend(loc="lower right")
    return figure
