"""Keywords on pages: scores of each word, the worst images, the most confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..draw.charts import Line, draw_chart, percent_axis
from ..draw.thumbnails import Thumbnail
from ..evaluate import KeywordPredictions
from .confusion_matrix import data_table

_CARDS = {
    "mean_f1": "F1 over words",
    "mean_precision": "mean precision of words",
    "mean_recall": "mean recall of words",
    "map": "word search mAP",
    "micro_f1": "F1 over all pairs",
}
_WORST = 40  # images
_LISTED = 60  # mistakes in the table


def keyword_cards(scores: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, value, interval) of every score over words."""
    ends = scores["intervals"]
    cards = [
        (
            name,
            f"{100 * scores[key]:.1f}%",
            f"{100 * ends[key][0]:.1f} to {100 * ends[key][1]:.1f}" if key in ends else "",
        )
        for key, name in _CARDS.items()
    ]
    cards.insert(3, ("words found", f"{scores['n_plus']} of {scores['n_words']}", "recall above 0"))
    cards.append(("words per image", f"{scores['words_per_image']:.1f}", ""))
    return cards


def word_rows(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Scores of each word with their intervals, the most frequent first."""
    ends = scores["intervals"]
    rows = [
        {
            **entry,
            "recall_ends": ends.get(f"recall[{entry['word']}]"),
            "precision_ends": ends.get(f"precision[{entry['word']}]"),
        }
        for entry in scores["words"]
    ]
    return sorted(rows, key=lambda row: (-row["n_images"], str(row["word"])))


def worst_images(
    seen: KeywordPredictions, thumbnails: Mapping[str, Thumbnail], most: int = _WORST
) -> list[dict[str, Any]]:
    """Images whose words were answered worst, by F1; among equals those with more words."""
    truth, chosen, _ = seen.matrices()
    f1 = seen.f1
    wrong = (truth != chosen).sum(axis=1)
    order = np.lexsort((-wrong, f1))[:most]
    answers = seen.labels
    return [
        {
            "path": seen.paths[i],
            "picture": thumbnails.get(seen.paths[i]),
            "f1": float(f1[i]),
            "right": [word for word in answers[i] if word in seen.truth[i]],
            "wrong": [word for word in answers[i] if word not in seen.truth[i]],
            "missed": [word for word in seen.truth[i] if word not in answers[i]],
        }
        for i in order.tolist()
        if f1[i] < 1
    ]


def sure_word_mistakes(
    seen: KeywordPredictions, thumbnails: Mapping[str, Thumbnail], most: int = _LISTED
) -> list[dict[str, Any]]:
    """Words that were answered with the highest probability and are not in the truth.

    Examples
    --------
    >>> seen = KeywordPredictions(
    ...     ["a"], [("sky",)], ["sky", "sun"], np.array([[0.9, 0.8]]), np.array([[True, True]])
    ... )
    >>> [one["word"] for one in sure_word_mistakes(seen, {})]
    ['sun']
    """
    truth, chosen, chances = seen.matrices()
    rows, columns = np.nonzero(chosen & ~truth)
    order = np.argsort(-chances[rows, columns], kind="stable")[:most]
    words = seen.words
    return [
        {
            "path": seen.paths[rows[i]],
            "picture": thumbnails.get(seen.paths[rows[i]]),
            "word": words[columns[i]],
            "chance": float(chances[rows[i], columns[i]]),
            "truth": list(seen.truth[rows[i]]),
        }
        for i in order.tolist()
    ]


def word_table(
    paths, truth, sizes: Mapping[str, tuple[int, int]], thumbnails: Mapping[str, Thumbnail]
) -> list[dict]:
    """`data_table` of words: an image counts for each of its own."""
    pairs = [(path, word) for path, words in zip(paths, truth, strict=True) for word in words]
    return data_table([path for path, _ in pairs], [word for _, word in pairs], sizes, thumbnails)


def pair_calibration(seen: KeywordPredictions) -> dict[str, Any] | None:
    """Reliability diagram over all pairs of image and word."""
    truth, _, chances = seen.matrices()
    bins = np.minimum((chances * 10).astype(int), 9).ravel()
    counts = np.bincount(bins, minlength=10)
    if not counts[1:].any():
        return None
    used = counts > 0
    sure = np.bincount(bins, chances.ravel(), 10)[used] / counts[used]
    right = np.bincount(bins, truth.ravel(), 10)[used] / counts[used]
    most = int(counts[1:].max())  # the first bin holds nearly all pairs
    chart = draw_chart(
        percent_axis("probability of a word"),
        percent_axis("share of images that have it"),
        [Line("words", sure.tolist(), right.tolist())],
        bars=[(i / 10, (i + 1) / 10, min(n / most, 1.0)) for i, n in enumerate(counts) if n],
        diagonal=True,
        label="Reliability diagram: how often images have a word of about the same probability",
    )
    return {"chart": chart}
