"""Parameter checks; each error says what was expected and what was given."""

from __future__ import annotations

import numbers

import numpy as np

from ..errors import ParameterError
from .suggest import did_you_mean


def check_integer(
    name: str, value, minimum: int, maximum: int | None = None, *, none: bool = False
) -> None:
    """Raise `ParameterError` unless `value` is an integer in a closed range.

    Examples
    --------
    >>> check_integer("n_words", 0, 2)
    Traceback (most recent call last):
        ...
    cvclassic.errors.ParameterError: n_words must be an integer >= 2. Got 0 instead.
    """
    if none and value is None:
        return
    good = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not good or value < minimum or (maximum is not None and value > maximum):
        wanted = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        also = " or None" if none else ""
        raise ParameterError(
            f"{name} must be an integer {wanted}{also}. Got {short_repr(value)} instead."
        )


def check_number(
    name: str,
    value,
    minimum: float,
    maximum: float | None = None,
    *,
    exclusive: bool = False,
    none: bool = False,
) -> None:
    """Raise `ParameterError` unless `value` is a finite number in a range.

    `exclusive` excludes `minimum` itself.
    """
    if none and value is None:
        return
    good = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if good:
        number = float(value)
        good = (number > minimum if exclusive else number >= minimum) and number < float("inf")
        good = good and (maximum is None or number <= maximum)
    if not good:
        wanted = f"{'>' if exclusive else '>='} {minimum:g}"
        if maximum is not None:
            wanted = f"{'above' if exclusive else 'from'} {minimum:g} to {maximum:g}"
        also = " or None" if none else ""
        raise ParameterError(
            f"{name} must be a number {wanted}{also}. Got {short_repr(value)} instead."
        )


def short_repr(value: object) -> str:
    """A value for a message, cut to a line.

    Examples
    --------
    >>> short_repr([0] * 100)
    '[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,...'
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def check_choice(name: str, value, choices) -> None:
    """Raise `ParameterError` unless `value` is one of `choices`."""
    if not any(
        value is choice or (value == choice and type(value) is type(choice)) for choice in choices
    ):
        listed = ", ".join(repr(choice) for choice in choices)
        hint = did_you_mean(value, choices)
        raise ParameterError(f"{name} must be one of {listed}. Got {value!r} instead.{hint}")


def check_bool(name: str, value) -> None:
    """Raise `ParameterError` unless `value` is True or False."""
    if not isinstance(value, bool):
        raise ParameterError(f"{name} must be True or False. Got {value!r} instead.")


def check_jobs(name: str, value) -> None:
    """Raise `ParameterError` unless `value` counts jobs as joblib does."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value == 0:
        raise ParameterError(
            f"{name} must be an integer other than 0, or None. Got {value!r} instead."
        )


def check_seed(name: str, value) -> None:
    """Raise `ParameterError` unless `value` can seed a generator, or is one."""
    if value is None or isinstance(value, np.random.RandomState):
        return
    number = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not number or not 0 <= value < 2**32:
        raise ParameterError(
            f"{name} must be an integer from 0 to 2^32 - 1, a RandomState or None. "
            f"Got {value!r} instead."
        )


def seed_number(name: str, value) -> int:
    """Seed as a number: an integer stands for itself, anything else draws one.

    Examples
    --------
    >>> seed_number("random_state", 7)
    7
    """
    check_seed(name, value)
    if isinstance(value, numbers.Integral):
        return int(value)
    return int((value or np.random.RandomState()).randint(2**31))
