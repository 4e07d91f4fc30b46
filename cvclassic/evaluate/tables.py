"""Reads predictions from tables, one row per image, also of other programs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._basics.csv_tables import open_csv
from .._basics.printable import show_path
from ..errors import DataError
from .predictions import Predictions
from .table_writing import OF_TRUTH

Failures = list[tuple[str, str, str]]
"""(path, code, message) of each image that could not be read."""

# codes of records that withhold their answer
_WITHHELD = {"no_features", "low_confidence"}


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
    ``truth_probability`` is there, so that the log loss is exact; otherwise it is dropped,
    and there is no log loss.

    Parameters
    ----------
    path : str or os.PathLike
    truth : mapping of path to label, optional
        Images that there are. Paths in the table are looked up as they stand, relative to
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
        The file is missing or no such table, an image occurs twice or is not in `truth`, a
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
            more = " (or give the labeled images)" if column == "truth" else ""
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
                f"{where}: the image {show_path(row['path'])} is not among the {len(truth)} "
                "labeled ones"
            )
        if key in places:
            raise DataError(
                f"{where}: the image {show_path(row['path'])} is also in line {places[key]}"
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
        raise DataError(f"{shown}: the table has no answered image")
    return _assemble(kept, truth), failures


def _read_rows(name: str, shown: str) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells of each row; the same columns in all."""
    # paths need not be UTF-8
    with open_csv(name, errors="surrogateescape") as table:
        header = table.header
        double = [column for column in header if header.count(column) > 1]
        if double:
            raise DataError(f"{shown}, line 1: there is more than one column {double[0]!r}")
        rows = [(table.line, dict(zip(header, cells, strict=True))) for cells in table.rows()]
    if not rows:
        raise DataError(f"{shown}: the table has no rows")
    return rows


def _keys(paths: Sequence[str], table: str, truth: Mapping[str, Any] | None, folder) -> list[str]:
    """The names by which `truth` knows the images, where it knows them."""
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
    if pairs and "guess" in columns:  # of a model that may say "unknown"
        pairs = [("guess", "probability")]
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
                    f"{where}: the true class is {show_path(true)!r} here and "
                    f"{show_path(str(truth[key]))!r} among the labeled images"
                )
            true = truth[key]
        elif true is None:
            raise DataError(f"{where}: the column 'truth' is empty")
        truths.append(true)
        labels.append(label)
        told = label is not None or {"guess", "label_1"} & columns
        answered = pairs if told else []
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
        exact = [(where, row[OF_TRUTH]) if row.get(OF_TRUTH) else None for where, _, row in kept]
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
            known[truths[i]] = _number(text, where, OF_TRUTH, 1.0)
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
    """The same answers for just these images, in their order.

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
        An image has no answer.

    Examples
    --------
    >>> seen = Predictions(["x", "y"], ["a", "b"], ["a", "a"], ["a", "b"])
    >>> align_predictions(seen, ["y"]).truth
    ['b']
    """
    place = {path: i for i, path in enumerate(predictions.paths)}
    missing = [path for path in paths if path not in place]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise DataError(
            f"{name}: {len(missing)} of the {len(paths)} images {verb} missing. The first is "
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
