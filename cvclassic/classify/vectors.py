"""Rows of numbers, whatever scikit-learn is set to wrap them in."""

from __future__ import annotations

import numpy as np


def as_vectors(found) -> np.ndarray:
    """Rows of numbers as an array, also where `set_output` makes tables of them."""
    if isinstance(found, np.ndarray):
        return found
    if hasattr(found, "to_numpy"):
        found = found.to_numpy()
    return np.asarray(found)
