"""How a class declares what a model file stores of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ModelFileError

SMALLEST = 1e-12
"""Below this, nothing is divided by."""


@dataclass(frozen=True)
class SavedState:
    """How the state of an estimator class is stored and checked.

    A class that model files can hold has an attribute ``saved_state`` of this kind, and perhaps
    a method ``_check_saved()`` that raises unless its fitted parts agree, and a method
    ``_saved_columns(n)``: the number of columns that it gives for n columns (``n_features_out_``
    unless there is one, else n).

    Parameters
    ----------
    arrays : mapping of str to int
        Fitted float32 arrays and their numbers of dimensions.
    lists : mapping of str to int
        Fitted lists of float32 arrays, likewise.
    scalars : mapping of str to type
        Fitted numbers and texts.
    optional : tuple of str
        Arrays that may be missing; the attribute is None then.
    added : mapping of str to value
        Parameters that files of earlier versions lack, and what stands for them.
    bounds : mapping of str to (low, high)
        Parameters that are numbers (or sequences of numbers) and the values between which they
        are sound; with others the computation would fail, or never end.
    role : {"transformer", "classifier", "regressor", "union"}
        A union has the parameter ``transformer_list``.
    kinds : str
        Kinds of numbers that the arrays may hold, as NumPy calls them with their size.

    Examples
    --------
    >>> class Brightness:
    ...     saved_state = SavedState(arrays={"mean_": 1}, bounds={"side": (1, 512)})
    """

    arrays: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, int] = field(default_factory=dict)
    scalars: Mapping[str, type] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    added: Mapping[str, Any] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    role: str = "transformer"
    kinds: tuple[str, ...] = ("f4",)


def require(condition: bool, message: str) -> None:
    """Raise `ModelFileError` unless `condition` holds."""
    if not condition:
        raise ModelFileError(f"The model file is damaged: {message}.")


def require_shape(estimator: Any, name: str, shape: tuple[int, ...]) -> None:
    """Raise `ModelFileError` unless a fitted array has that shape."""
    found = getattr(estimator, name).shape
    require(found == shape, f"{name} must have shape {shape}. It has {found}")


def divides(array: np.ndarray) -> bool:
    """Positive, and not so small that a quotient overflows."""
    return bool((array >= SMALLEST).all())


def out_of_bounds(estimator: Any, bounds: Mapping[str, tuple[float, float]]) -> str | None:
    """What is wrong with a parameter that lies where it is not sound; None if all are."""
    for name, (low, high) in bounds.items():
        for value in _numbers(getattr(estimator, name)):
            if not low <= value <= high:
                return f"{name} must be between {low:g} and {high:g}"
    return None


def check_bounds(estimator: Any, bounds: Mapping[str, tuple[float, float]]) -> None:
    """Raise `ModelFileError` unless parameters lie where they are sound."""
    fault = out_of_bounds(estimator, bounds)
    require(fault is None, fault or "")


def _numbers(value: Any) -> list[float]:
    """The numbers in a parameter; texts and None are no numbers."""
    if isinstance(value, list | tuple):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []
