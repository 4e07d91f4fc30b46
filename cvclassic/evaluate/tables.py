"""Answers as a table, one row a picture: written, read back, and read from elsewhere."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..atomic import atomic_file
from ..errors import DataError
from ..images.files import show_path
from .outcomes import true_columns
from .predictions import Predictions

Failures = list[tuple[str, str, str]]
"""(path, code, message) of each picture that could not be read."""

_FIRST = ("path", "status", "code", "message", "truth", "label", "right", "margin", "seconds")
_OF_TRUTH = "truth_probability"
# codes of records that withhold their answer
_WITHHELD = {"no_features", "low_confidence"}


def write_predictions(
    path: str | os.PathLike,
    predictions: Predictions,
    failures: Iterable[tuple[str, str, str]] = (),
    top: int = 5,
) -> None:
    """Write a CSV table of what was answered for each picture.

    Columns: ``path``, ``status`` (ok or error), ``code`` and ``message`` of an error,
    ``truth``, ``label`` (empty where there is no answer), ``right`` (1 or 0), ``margin`` (by
    how much the first class's probability exceeds the second's), ``seconds``,
    ``truth_probability``, and ``label_1``, ``probability_1`` and so on.

    Parameters
    ----------
    path : str or os.PathLike
    predictions : Predictions
    failures : list of (path, code, message)
        Pictures that could not be read; they come last.
    top : int
        Classes to list.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    shares = predictions.probabilities
    k = min(top, len(predictions.classes)) if shares is not None else 0
    header = [*_FIRST, *([_OF_TRUTH] if k else [])]
    for i in range(1, k + 1):
        header += [f"label_{i}", f"probability_{i}"]
    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        plain = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        plain.writerow(header)
        for row in _rows(predictions, k):
            # csv leaves a carriage return unquoted, and readers take it for the end of the line
            (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
        for failed in failures:
            row = [failed[0], "error", *failed[1:]] + [""] * (len(header) - 4)
            (quoted if any("\r" in cell for cell in row) else plain).writerow(row)


def _rows(predictions: Predictions, k: int) -> Iterator[list[str]]:
    """Cells of each picture, all of them text."""
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


def read_predictions(
    path: str | os.PathLike,
    truth: Mapping[str, Any] | None = None,
    folder: str | os.PathLike | None = None,
) -> tuple[Predictions, Failures]:
    """Read answers from a CSV table: of `write_predictions`, of ``classify``, or from elsewhere.

    The columns ``path`` and ``label`` must be there. ``truth`` must be where `truth` is not
    given; ``probability`` (or ``label_1``, ``probability_1``, and so on), ``truth_probability``,
    ``seconds``, ``status``, ``code`` and ``message`` may be. An empty label is no answer.
    What the listed classes leave of the probability is spread evenly over the other classes if
    ``truth_probability`` is there, so that the log loss is exact; else it is left away, and there
    is no log loss.

    Parameters
    ----------
    path : str or os.PathLike
    truth : mapping of path to label, optional
        Pictures that there are. Paths in the table are looked up as they stand, relative to
        `folder`, and relative to the table, whichever finds the most.
    folder : str or os.PathLike, optional

    Returns
    -------
    predictions : Predictions
        In the order of the table; with `truth`, paths are its keys and labels have its types.
    failures : list of (path, code, message)
        Rows whose status is ``error``.

    Raises
    ------
    DataError
        The file is missing or no such table, a picture occurs twice or is not in `truth`, a
        cell is wrong; the message names the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     with open(top + "/cnn.csv", "w") as file:
    ...         _ = file.write("path,label,probability\\na.png,cat,0.8\\nb.png,dog,0.7\\n")
    ...     seen, _ = read_predictions(top + "/cnn.csv", {"b.png": "cat", "a.png": "cat"})
    >>> seen.paths, seen.right.tolist()
    (['a.png', 'b.png'], [True, False])
    """
    name = os.fsdecode(path)
    shown = show_path(name)
    rows = _read_rows(name, shown)
    header = rows[0][1]
    wanted = ["path", "label", *([] if truth is not None else ["truth"])]
    for column in wanted:
        if column not in header:
            more = " (or give the labelled pictures)" if column == "truth" else ""
            raise DataError(
                f"{shown}, line 1: expected the columns {', '.join(wanted)}{more}. "
                f"Found no column {column!r} in: {', '.join(map(show_path, header))}"
            )
    keys = _keys([row["path"] for _, row in rows], name, truth, folder)
    places: dict[str, int] = {}
    for (line, row), key in zip(rows, keys, strict=True):
        where = f"{shown}, line {line}"
        if truth is not None and key not in truth:
            raise DataError(
                f"{where}: the picture {show_path(row['path'])} is not among the {len(truth)} "
                "labelled ones"
            )
        if key in places:
            raise DataError(
                f"{where}: the picture {show_path(row['path'])} is also in line {places[key]}"
            )
        places[key] = line
    failures: Failures = []
    kept: list[tuple[str, str, dict]] = []
    for (line, row), key in zip(rows, keys, strict=True):
        if row.get("status") == "error":
            failures.append((key, row.get("code", ""), row.get("message", "")))
        else:
            kept.append((f"{shown}, line {line}", key, row))
    if not kept:
        raise DataError(f"{shown}: the table has no picture that was answered")
    return _assemble(kept, truth), failures


def _read_rows(name: str, shown: str) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells of each row; the same columns in all."""
    reader = None
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        with open(
            name, newline="", encoding="utf-8-sig", errors="surrogateescape"
        ) as file:  # paths need not be UTF-8
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            double = [column for column in header if header.count(column) > 1]
            if double:
                raise DataError(f"{shown}, line 1: there is more than one column {double[0]!r}")
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise DataError(
                        f"{shown}, line {reader.line_num}: expected {len(header)} columns. "
                        f"Got {len(cells)}"
                    )
                rows.append((reader.line_num, dict(zip(header, cells, strict=True))))
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such table") from None
    except csv.Error as error:
        line = reader.line_num if reader else 1
        raise DataError(f"{shown}, line {line}: not a CSV table ({error})") from None
    except OSError as error:
        raise DataError(f"{shown}: the table cannot be read ({error.strerror})") from None
    if not rows:
        raise DataError(f"{shown}: the table has no rows")
    return rows


def _keys(paths: Sequence[str], table: str, truth: Mapping[str, Any] | None, folder) -> list[str]:
    """The names by which `truth` knows the pictures, where it knows them."""
    if truth is None:
        return list(paths)
    if all(path in truth for path in paths):
        return list(paths)
    known = {os.path.abspath(key): key for key in truth}
    bases = ["", *([os.fsdecode(folder)] if folder is not None else []), os.path.dirname(table)]
    tries = [
        [known.get(os.path.abspath(os.path.join(base, path)), path) for path in paths]
        for base in bases
    ]
    return max(tries, key=lambda keys: sum(key in truth for key in keys))


def _assemble(kept: list[tuple[str, str, dict]], truth: Mapping[str, Any] | None) -> Predictions:
    """Typed answers from cells."""
    columns = kept[0][2].keys()
    own = {str(label): label for label in truth.values()} if truth is not None else {}
    pairs = [("label", "probability")] if "probability" in columns else []
    if "label_1" in columns:
        pairs = [("label_1", "probability_1")]
    i = 2
    while pairs and {f"label_{i}", f"probability_{i}"} <= columns:
        pairs.append((f"label_{i}", f"probability_{i}"))
        i += 1
    truths, labels, listed = [], [], []
    for where, key, row in kept:
        label = (
            None
            if not row["label"] or _WITHHELD & set(row.get("code", "").split())
            else (own.get(row["label"], row["label"]))
        )
        true = row.get("truth") or None
        if truth is not None:
            if true is not None and true != str(truth[key]):
                raise DataError(
                    f"{where}: the truth is {show_path(true)!r} here and "
                    f"{show_path(str(truth[key]))!r} among the labelled pictures"
                )
            true = truth[key]
        elif true is None:
            raise DataError(f"{where}: the column 'truth' is empty")
        truths.append(true)
        labels.append(label)
        answered = pairs if label is not None or "label_1" in columns else []
        scores = {}
        for name, share in answered:
            if row[name] and row[share]:
                scores[own.get(row[name], row[name])] = _number(row[share], where, share, 1.0)
        listed.append(scores)
    found = {label for label in [*truths, *labels] if label is not None}
    found |= {label for scores in listed for label in scores}
    classes = sorted(found, key=lambda label: (str(type(label)), label))
    shares = None
    if any(listed):
        exact = [(where, row[_OF_TRUTH]) if row.get(_OF_TRUTH) else None for where, _, row in kept]
        shares = _spread(listed, truths, classes, exact)
    seconds = np.empty(0)
    if "seconds" in columns and all(row["seconds"] for _, _, row in kept):
        seconds = np.array([_number(row["seconds"], where, "seconds") for where, _, row in kept])
    return Predictions([key for _, key, _ in kept], truths, labels, classes, shares, seconds)


def _spread(listed: list[dict], truths: list, classes: list, exact: list) -> np.ndarray:
    """Probabilities from those that are listed, and the truth's where it is known."""
    number = {label: i for i, label in enumerate(classes)}
    shares = np.zeros((len(listed), len(classes)))
    for i, scores in enumerate(listed):
        if not scores:
            continue
        known = dict(scores)
        if exact[i] is not None:
            where, text = exact[i]
            known[truths[i]] = _number(text, where, _OF_TRUTH, 1.0)
            others = len(classes) - len(known)
            if others:
                shares[i] = max(1 - sum(known.values()), 0) / others
        shares[i, [number[label] for label in known]] = list(known.values())
    return shares


def _number(text: str, where: str, column: str, most: float = math.inf) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most * (1 + 1e-6) or not math.isfinite(value):
        bound = "a number from 0 to 1" if most == 1 else "a number >= 0"
        raise DataError(
            f"{where}: the column {column!r} must hold {bound}. Got {show_path(text)!r}"
        )
    return min(value, most)


def align_predictions(
    predictions: Predictions, paths: Sequence[str], name: str = "predictions"
) -> Predictions:
    """The same answers for just these pictures, in their order.

    Parameters
    ----------
    predictions : Predictions
    paths : sequence of str
    name : str
        What error messages call the predictions.

    Returns
    -------
    Predictions

    Raises
    ------
    DataError
        A picture has no answer.

    Examples
    --------
    >>> seen = Predictions(["x", "y"], ["a", "b"], ["a", "a"], ["a", "b"])
    >>> align_predictions(seen, ["y"]).truth
    ['b']
    """
    place = {path: i for i, path in enumerate(predictions.paths)}
    missing = [path for path in paths if path not in place]
    if missing:
        raise DataError(
            f"{name}: {len(missing)} of the {len(paths)} pictures are missing. The first is "
            f"{show_path(missing[0])}"
        )
    rows = [place[path] for path in paths]
    shares, seconds = predictions.probabilities, predictions.seconds
    return Predictions(
        list(paths),
        [predictions.truth[i] for i in rows],
        [predictions.labels[i] for i in rows],
        predictions.classes,
        None if shares is None else shares[rows],
        seconds[rows] if len(seconds) else seconds,
    )
