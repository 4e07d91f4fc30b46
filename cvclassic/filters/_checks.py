"""Checks of parameters and pictures that the filters and the rooms after them share."""

from __future__ import annotations

import math

import numpy as np

from cvclassic.errors import ParameterError


def check_whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """A whole number in a closed range."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        wanted = f">= {low}" if high is None else f"from {low} to {high}"
        raise ParameterError(
            f"{name} must be an integer {wanted}. Got {short_repr(value)} instead."
        )
    return int(value)


def check_number(
    name: str, value: float, low: float | None = None, high: float | None = None
) -> float:
    """A finite number in a closed range."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ParameterError(f"{name} must be a number. Got {short_repr(value)} instead.")
    if not math.isfinite(value):
        raise ParameterError(f"{name} must be finite. Got {value!r} instead.")
    if (low is not None and value < low) or (high is not None and value > high):
        wanted = f">= {low:g}" if high is None else f"from {low or 0:g} to {high:g}"
        raise ParameterError(f"{name} must be a number {wanted}. Got {short_repr(value)} instead.")
    return float(value)


def check_positive(name: str, value: float) -> float:
    """A finite number above zero."""
    if check_number(name, value) <= 0:
        raise ParameterError(f"{name} must be > 0. Got {short_repr(value)} instead.")
    return float(value)


def check_choice(name: str, value: str, choices: object) -> str:
    """One of the given names."""
    if not isinstance(value, str) or value not in choices:
        raise ParameterError(f"{name} must be one of {', '.join(choices)}. Got {value!r} instead.")
    return value


def check_image(image: np.ndarray) -> np.ndarray:
    """A uint8 picture of shape (H, W) or (H, W, 3)."""
    shaped = isinstance(image, np.ndarray) and (
        image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    )
    if not shaped or image.dtype != np.uint8 or 0 in image.shape[:2]:
        got = (
            f"shape {image.shape}, {image.dtype}"
            if isinstance(image, np.ndarray)
            else type(image).__name__
        )
        raise ParameterError(
            f"image must be a uint8 array of shape (H, W) or (H, W, 3). Got {got} instead."
        )
    return image


def to_grey(image: np.ndarray) -> np.ndarray:
    """Contiguous uint8 luma plane of a checked picture (Rec. 601 weights, as OpenCV has them)."""
    import cv2

    image = np.ascontiguousarray(check_image(image))
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def short_repr(value: object) -> str:
    """A value for a message, cut to a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
