"""Rows of numbers, whatever scikit-learn is set to wrap them in."""

from __future__ import annotations

import numpy as np


def as_vectors(found) -> np.ndarray:
    """Rows of numbers as an array, also where `set_output` makes tables of them.

    It lies in memory row by row, as transformers give it: products give the same bits then.
    """
    if isinstance(found, np.ndarray):
        return found
    return np.ascontiguousarray(found.to_numpy() if hasattr(found, "to_numpy") else found)
