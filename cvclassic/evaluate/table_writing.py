"""Writes predictions as a table, one row per image."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator

import numpy as np

from .._basics.atomic import atomic_file
from .keywords import KeywordPredictions
from .per_sample import true_columns
from .predictions import Predictions

_FIRST = ("path", "status", "code", "message", "truth", "label", "right", "margin", "seconds")
OF_TRUTH = "truth_probability"


def write_predictions(
    path: str | os.PathLike,
    predictions: Predictions,
    failures: Iterable[tuple[str, str, str]] = (),
    top: int = 5,
) -> None:
    """Write a CSV table of what was answered for each image.

    Columns: ``path``, ``status`` (ok or error), ``code`` and ``message`` of an error,
    ``truth``, ``label`` (empty where there is no answer), ``right`` (1 or 0), ``margin`` (by
    how much the first class's probability exceeds the second's), ``seconds``,
    ``truth_probability``, and ``label_1``, ``probability_1`` and so on.

    Parameters
    ----------
    path : str or os.PathLike
    predictions : Predictions
    failures : list of (path, code, message)
        Images that could not be read; they come last.
    top : int
        Classes to list.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    shares = predictions.probabilities
    k = min(top, len(predictions.classes)) if shares is not None else 0
    header = [*_FIRST, *([OF_TRUTH] if k else []), *_scored(k)]
    _write(path, header, _rows(predictions, k), failures)


def _scored(k: int) -> list[str]:
    """Headers of the k most probable classes."""
    return [name for i in range(1, k + 1) for name in (f"label_{i}", f"probability_{i}")]


def _write(
    path: str | os.PathLike,
    header: list[str],
    rows: Iterable[list[str]],
    failures: Iterable[tuple[str, str, str]],
) -> None:
    """Write a table; images that could not be read come last."""
    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        plain = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        plain.writerow(header)
        for row in rows:
            # csv leaves a carriage return unquoted, and readers take it for the end of the line
            (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
        for failed in failures:
            row = [failed[0], "error", *failed[1:]] + [""] * (len(header) - 4)
            (quoted if any("\r" in cell for cell in row) else plain).writerow(row)


def _rows(predictions: Predictions, k: int) -> Iterator[list[str]]:
    """Cells of each image, all of them text."""
    shares, classes = predictions.probabilities, predictions.classes
    column = true_columns(predictions.truth, classes)
    right = predictions.right
    for i, path in enumerate(predictions.paths):
        label = predictions.labels[i]
        cells = [path, "ok", "", "", str(predictions.truth[i]), "" if label is None else str(label)]
        scores: list[str] = []
        margin = ""
        if k and shares is not None:
            own = shares[i, column[i]] if column[i] >= 0 else 0.0
            scores.append(f"{own:.8g}")
            best = np.argsort(-shares[i], kind="stable")[: max(k, 2)]
            if shares[i].any():
                margin = f"{shares[i, best[0]] - shares[i, best[1]]:.8g}" if len(best) > 1 else ""
                for j in best[:k]:
                    scores += [str(classes[j]), f"{shares[i, j]:.8g}"]
            scores += [""] * (1 + 2 * k - len(scores))
        seconds = f"{predictions.seconds[i]:.6f}" if len(predictions.seconds) else ""
        yield [*cells, str(int(right[i])), margin, seconds, *scores]


def write_keywords(
    path: str | os.PathLike,
    predictions: KeywordPredictions,
    failures: Iterable[tuple[str, str, str]] = (),
    top: int = 5,
) -> None:
    """Write a CSV table of the words that were answered for each image.

    Columns: ``path``, ``status``, ``code``, ``message``, ``truth`` and ``labels`` (words,
    separated by ``;``), ``f1`` of the image, ``seconds``, and ``label_1``, ``probability_1`` and
    so on.

    Parameters
    ----------
    path : str or os.PathLike
    predictions : KeywordPredictions
    failures : list of (path, code, message)
    top : int
        Words to list with their probabilities.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    k = min(top, len(predictions.classes))
    header = ["path", "status", "code", "message", "truth", "labels", "f1", "seconds", *_scored(k)]
    _write(path, header, _word_rows(predictions, k), failures)


def _word_rows(predictions: KeywordPredictions, k: int) -> Iterator[list[str]]:
    f1, answers = predictions.f1, predictions.labels
    for i, path in enumerate(predictions.paths):
        row = predictions.probabilities[i]
        words = (";".join(map(str, some)) for some in (predictions.truth[i], answers[i]))
        seconds = f"{predictions.seconds[i]:.6f}" if len(predictions.seconds) else ""
        scores: list[str] = []
        for j in np.argsort(-row, kind="stable")[:k]:
            scores += [str(predictions.classes[j]), f"{row[j]:.8g}"]
        yield [path, "ok", "", "", *words, f"{f1[i]:.6g}", seconds, *scores]
