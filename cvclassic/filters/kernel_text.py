"""Kernels given as text: a name with parameters, rows of numbers, JSON or an array."""

from __future__ import annotations

import json

import numpy as np

from .._basics.checks import short_repr
from ..errors import ParameterError
from ..images.checks import check_real
from .kernels import MAX_KERNEL_SIDE, get_kernel


def parse_kernel(spec: str | np.ndarray | list) -> np.ndarray:
    """Turn a name, a text, JSON or an array into a kernel.

    Parameters
    ----------
    spec : str or array_like
        One of

        - a name with optional parameters: ``"sharpen"``, ``"gaussian:sigma=2"``;
        - rows split by semicolons or line ends, numbers by blanks or commas:
          ``"0 1 0; 1 -4 1; 0 1 0"``, with an optional divisor behind, ``"1 2 1; 2 4 2 / 9"``;
        - JSON rows ``[[0, 1], [1, 0]]``, or an object ``{"kernel": [[1, 1]], "scale": 0.5}`` or
          ``{"name": "gaussian", "sigma": 2}``;
        - an array of shape (height, width) or (height, width, channels).

    Returns
    -------
    ndarray, float64
        Shape (height, width), or (height, width, channels) for such an array or nested list.

    Raises
    ------
    ParameterError
        When the text is neither, rows differ in length, or an entry is not finite.

    Examples
    --------
    >>> parse_kernel("1 0; 0 -1").tolist()
    [[1.0, 0.0], [0.0, -1.0]]
    >>> parse_kernel('{"kernel": [[1, 1]], "scale": 0.5}').tolist()
    [[0.5, 0.5]]
    """
    if not isinstance(spec, str):
        return _checked(spec, "kernel")
    text = spec.strip()
    if text[:1] in ("[", "{"):
        return _from_json(text)
    head, _, tail = text.partition(":")
    if text[:1].isalpha():
        return get_kernel(head.strip(), **_parse_parameters(tail))
    return _from_rows(text)


def _from_json(text: str) -> np.ndarray:
    """JSON rows or a JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"kernel is not valid JSON: {error}.") from None
    if isinstance(value, list):
        return _checked(value, "kernel")
    if "name" in value:
        name = value.pop("name")
        return get_kernel(name, **value)
    extra = sorted(set(value) - {"kernel", "scale"})
    if extra or "kernel" not in value:
        raise ParameterError(
            'a JSON kernel must hold "kernel" and optionally "scale", or "name" and its parameters.'
            f" Got {', '.join(sorted(value)) or 'nothing'} instead."
        )
    return _checked(value["kernel"], "kernel") * check_real("scale", value.get("scale", 1.0))


def _from_rows(text: str) -> np.ndarray:
    """Rows of numbers, with an optional divisor at the end."""
    body, slash, divisor = text.partition("/")
    rows = [row.replace(",", " ").split() for row in body.replace("\n", ";").split(";")]
    try:
        values = [[float(entry) for entry in row] for row in rows if row]
        scale = float(divisor) if slash else 1.0
    except ValueError:
        raise ParameterError(
            "kernel must be a name of the bank, rows of numbers such as '0 1 0; 1 -4 1; 0 1 0', "
            f"or JSON. Got {short_repr(text)} instead."
        ) from None
    if not scale:
        raise ParameterError("kernel must not be divided by 0.")
    return _checked(values, "kernel") / scale


def _parse_parameters(text: str) -> dict[str, float]:
    """``sigma=2,size=7`` to a dict; a value is a number or true/false."""
    parameters: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = part.partition("=")
        try:
            parsed = json.loads(value) if equals else None
        except ValueError:
            parsed = None
        if not isinstance(parsed, (int, float)):
            raise ParameterError(
                f"kernel parameters must read like sigma=2,size=7. Got {short_repr(part)} instead."
            )
        parameters[key.strip()] = parsed
    return parameters


def _checked(value: object, name: str) -> np.ndarray:
    """A finite, non-empty float kernel of two or three axes."""
    try:
        kernel = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(
            f"{name} must have rows of equal length that hold numbers. "
            f"Got {short_repr(value)} instead."
        ) from None
    if kernel.ndim not in (2, 3) or 0 in kernel.shape:
        raise ParameterError(
            f"{name} must have shape (height, width) or (height, width, channels), none of them 0. "
            f"Got shape {kernel.shape} instead."
        )
    if max(kernel.shape) > MAX_KERNEL_SIDE:
        raise ParameterError(
            f"{name} must be at most {MAX_KERNEL_SIDE} wide and high. "
            f"Got shape {kernel.shape} instead."
        )
    if not np.isfinite(kernel).all():
        raise ParameterError(f"{name} must hold finite numbers. Got {short_repr(value)} instead.")
    return kernel
