"""Checks that the numbers of an array are usable."""

from __future__ import annotations

import numpy as np

_LARGEST = 1e12


def finite(array: np.ndarray) -> bool:
    """No NaN, no infinity and nothing near it, without a temporary array of the same size."""
    if not array.size or array.dtype == np.uint8:
        return True
    # sums of products of larger numbers could overflow float32
    # as Python numbers: in 16 bits the bound itself would be infinite
    return bool(array.min().item() >= -_LARGEST and array.max().item() <= _LARGEST)
