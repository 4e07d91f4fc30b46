"""Several labels per sample: parsed from text, and as a matrix of zeros and ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from scipy import sparse

from ..errors import DataError, ParameterError


def is_multilabel(y: Any) -> bool:
    """Whether targets are sets of labels: lists, tuples or sets, or a matrix of zeros and ones.

    Examples
    --------
    >>> is_multilabel([["cat", "grass"], []]), is_multilabel(["cat", "dog"]), is_multilabel(None)
    (True, False, False)
    """
    if y is None or isinstance(y, str | bytes):
        return False
    if sparse.issparse(y):
        return True
    if not isinstance(y, Iterable):
        y = np.asarray(y)  # what only turns into an array
    if isinstance(y, np.ndarray) and (y.dtype != object or y.ndim == 0):
        return y.ndim == 2 and y.shape[1] > 1
    return any(_is_set(one) for one in y)


def _is_set(value: Any) -> bool:
    if isinstance(value, AbstractSet):
        return True
    return isinstance(value, list | tuple | np.ndarray) and np.ndim(value) != 0


def as_rows(y: Any) -> np.ndarray:
    """Sets of labels as an array that can be indexed by rows.

    Parameters
    ----------
    y : sequence of collections of labels, or indicator matrix (dense or sparse)

    Returns
    -------
    ndarray
        Shape (n,) of tuples, each sorted and without repeats, or the matrix as it is.

    Raises
    ------
    ParameterError
        Some entry is a single label, or labels cannot be sorted.

    Examples
    --------
    >>> as_rows([["grass", "cat", "cat"], set()]).tolist()
    [('cat', 'grass'), ()]
    """
    if sparse.issparse(y):
        return np.asarray(y.toarray())
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y
    rows = np.empty(len(y), object)
    for i, one in enumerate(y):
        if isinstance(one, str) or not isinstance(one, Collection | np.ndarray):
            raise ParameterError(
                f"y must hold a list of labels for each image. Got {one!r} at place {i}."
            )
        try:
            rows[i] = tuple(sorted({_plain(label) for label in one}))
        except TypeError:
            raise ParameterError(
                f"y must hold labels of one kind, words or numbers. Got {one!r} at place {i}."
            ) from None
    return rows


def as_targets(y: Any) -> np.ndarray:
    """Labels, numbers or sets of labels as an array that can be indexed by rows.

    Examples
    --------
    >>> as_targets(["a", "b"]).shape, as_targets([["a"], ["a", "b"]]).shape
    ((2,), (2,))
    """
    return as_rows(y) if is_multilabel(y) else np.asarray(y)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def encode_sets(y: Any, n: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """The labels that occur, and which sample has which.

    Parameters
    ----------
    y : sequence of collections of labels, or indicator matrix of shape (n, k)
    n : int
        Samples that there must be.

    Returns
    -------
    classes : ndarray of shape (k,)
        Sorted; numbers of columns for a matrix.
    indicator : ndarray of shape (n, k), bool
    is_matrix : bool
        Whether y was a matrix.

    Raises
    ------
    ParameterError
        y is no such thing.
    DataError
        There are fewer than two labels.

    Examples
    --------
    >>> classes, indicator, _ = encode_sets([["b", "a"], ["b"]], 2)
    >>> classes.tolist(), indicator.astype(int).tolist()
    (['a', 'b'], [[1, 1], [0, 1]])
    """
    if not is_multilabel(y):
        raise ParameterError(
            "y must hold several labels per sample: lists or sets of words, or a matrix of zeros "
            "and ones."
        )
    rows = as_rows(y)
    if len(rows) != n:
        raise ParameterError(f"y must have one entry for each of the {n} samples. Got {len(rows)}.")
    if rows.ndim == 2:
        values = rows.astype(float) if rows.dtype.kind in "bifu" else np.full((1, 1), 2.0)
        if not ((values == 0) | (values == 1)).all():
            raise ParameterError("y must be a matrix of zeros and ones, or lists of labels.")
        classes, indicator, is_matrix = np.arange(rows.shape[1]), rows.astype(bool), True
    else:
        try:
            names = words_of(rows)
        except TypeError:
            raise ParameterError("y must hold labels of one kind, words or numbers.") from None
        indicator = indicator_of(rows, names)
        classes, is_matrix = np.array(names), False
    if len(classes) < 2:
        raise DataError(f"Keywords need at least 2 different words. Got {len(classes)}.")
    return classes, indicator, is_matrix


def sets_of(chosen: np.ndarray, classes: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
    """Tuples of the chosen labels of each row.

    Parameters
    ----------
    chosen : ndarray of shape (n, k), bool
    classes : ndarray of shape (k,)
    order : ndarray of shape (n, k), float, optional
        Labels of high values come first; in the order of `classes` unless given.

    Returns
    -------
    ndarray of shape (n,) of tuples

    Examples
    --------
    >>> sets_of(np.array([[True, False, True]]), np.array(["a", "b", "c"])).tolist()
    [('a', 'c')]
    """
    out = np.empty(len(chosen), object)
    for i, row in enumerate(chosen):
        places = np.flatnonzero(row)
        if order is not None:
            places = places[np.argsort(-order[i, places], kind="stable")]
        out[i] = tuple(classes[places].tolist())
    return out


def indicator_of(rows: Collection, names: Sequence) -> np.ndarray:
    """Which row has which of the names, shape (n, k), bool.

    Examples
    --------
    >>> indicator_of([("b", "a"), ("b",)], ["a", "b"]).astype(int).tolist()
    [[1, 1], [0, 1]]
    """
    column = {name: i for i, name in enumerate(names)}
    indicator = np.zeros((len(rows), len(names)), bool)
    for i, row in enumerate(rows):
        indicator[i, [column[name] for name in row]] = True
    return indicator


def words_of(rows: Collection) -> list:
    """All labels that occur in some sets, sorted."""
    return sorted({label for row in rows for label in row})
