"""Splits images into training and test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import DataError


def split_pictures(
    labels: Sequence, share: float = 0.5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows to be judged on, class by class.

    Parameters
    ----------
    labels : sequence of n
    share : float
        Share of each class that is held out; at least one image is held out and one is left to
        train on.
    seed : int

    Returns
    -------
    train, test : ndarray of int
        Sorted.

    Raises
    ------
    DataError
        A class has only one image.

    Examples
    --------
    >>> train, test = split_pictures(list("aaaabb"))
    >>> len(train), len(test)
    (3, 3)
    """
    known = np.asarray(labels)
    rng = np.random.default_rng(seed)
    train, test = [], []
    for label in np.unique(known):
        rows = rng.permutation(np.flatnonzero(known == label))
        if len(rows) < 2:
            raise DataError(
                f"Class {label!s} has one image; two are needed, one "
                f"to train on and one to test on."
            )
        n = min(max(round(share * len(rows)), 1), len(rows) - 1)
        test.append(rows[:n])
        train.append(rows[n:])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(test))


def first_of_each(labels: Sequence, size: int, seed: int = 0) -> np.ndarray:
    """Rows of `size` images of each class; larger sets hold the smaller ones."""
    known = np.asarray(labels)
    order = np.random.default_rng(seed).permutation(len(known))
    chosen = [order[known[order] == label][:size] for label in np.unique(known)]
    return np.sort(np.concatenate(chosen))
