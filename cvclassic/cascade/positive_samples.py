"""Positive samples: cut out, resized, and varied a little at each use."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .._basics.checks import check_bool, check_number
from ..errors import ParameterError

_SHIFT = 0.035  # of 24 pixels: nearly one, which is half a step of a scan
_FINER = 1.5  # pixels of the stored objects over those of the window


@dataclass(frozen=True)
class Jitter:
    """How far copies of an object may differ from it.

    Attributes
    ----------
    mirror : bool
        Half of the copies are mirrored.
    shift : float, optional
        Up to this share of the window, in each direction. None: 0.84 pixels, since scans go in
        steps of two.
    turn : float
        Degrees, either way.
    scale : float
        Up to this share larger or smaller.
    blur, noise : float
        A quarter of the copies is blurred, by up to `blur` pixels of the window; another quarter
        gets noise of up to `noise` gray levels (standard deviation), and so do the images
        without the object.
    """

    mirror: bool = True
    shift: float | None = None
    turn: float = 6.5
    scale: float = 0.065
    blur: float = 1.1
    noise: float = 12.0

    def check(self) -> None:
        """Raise `ParameterError` unless all are in range."""
        check_bool("mirror", self.mirror)
        for name, most in (
            ("shift", 0.5),
            ("turn", 180),
            ("scale", 1),
            ("blur", 10),
            ("noise", 128),
        ):
            value = getattr(self, name)
            if name == "shift" and value is None:
                continue
            check_number(name, value, 0)
            if value > most:
                raise ParameterError(f"{name} must be at most {most}. Got {value!r} instead.")

    def shifts(self, window: tuple[int, int]) -> np.ndarray:
        """Most that copies are shifted by, in shares of the window's width and height."""
        if self.shift is None:
            return _SHIFT * (24 / np.array(window, float))
        return np.full(2, float(self.shift))


def spoil(picture: np.ndarray, jitter: Jitter, rng: np.random.Generator) -> np.ndarray:
    """A gray image as a worse camera would have it: one in four blurred, one in four noisy."""
    kind, much = rng.random(2)
    if kind < 0.25 and jitter.blur > 0:
        return cv2.GaussianBlur(picture, (0, 0), max(much * jitter.blur, 0.01))
    if 0.25 <= kind < 0.5 and jitter.noise > 0:
        noise = rng.standard_normal(picture.shape, np.float32)
        return np.clip(np.rint(picture + much * jitter.noise * noise), 0, 255).astype(np.uint8)
    return picture


class Objects:
    """Images of objects of one kind, at one size.

    Parameters
    ----------
    pictures : sequence of ndarray of shape (h, w), uint8
    window : (width, height)
        Window size of the cascade.
    inner : float
        The window covers this share of each side, in the middle: less than 1 where images show
        what is around the object.

    Attributes
    ----------
    pixels : ndarray of shape (n, H, W), uint8
    """

    def __init__(self, pictures, window: tuple[int, int], inner: float = 1.0) -> None:
        check_number("inner", inner, 0, exclusive=True)
        if inner > 1:
            raise ParameterError(f"inner must be at most 1. Got {inner!r} instead.")
        self.window = window
        self.inner = inner
        least = [int(np.ceil(side / inner)) for side in window]
        heights, widths = ([picture.shape[axis] for picture in pictures] or [1] for axis in (0, 1))
        # as fine as the images are, between the window's own pixels and somewhat finer ones
        finer = min(
            max(float(np.median(widths)) / least[0], float(np.median(heights)) / least[1], 1),
            _FINER,
        )
        size = (int(np.ceil(least[0] * finer)), int(np.ceil(least[1] * finer)))
        self.pixels = np.empty((len(pictures), size[1], size[0]), np.uint8)
        for row, picture in zip(self.pixels, pictures, strict=True):
            if picture.shape == row.shape:
                row[:] = picture
                continue
            shrinks = picture.shape[1] > size[0] and picture.shape[0] > size[1]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            row[:] = cv2.resize(picture, size, interpolation=how)

    def __len__(self) -> int:
        return len(self.pixels)

    def copies(self, index: np.ndarray, jitter: Jitter, rng: np.random.Generator) -> np.ndarray:
        """One changed copy for each number in `index`.

        Returns
        -------
        ndarray of shape (len(index), height, width), uint8
        """
        n = len(index)
        width, height = self.window
        out = np.empty((n, height, width), np.uint8)
        mirrored = rng.random(n) < (0.5 if jitter.mirror else 0.0)
        most = jitter.shifts(self.window)
        shift = rng.uniform(-most, most, (n, 2))
        angle = np.deg2rad(rng.uniform(-jitter.turn, jitter.turn, n))
        scale = np.exp(rng.uniform(-1, 1, n) * np.log1p(jitter.scale))
        high, wide = self.pixels.shape[1:]
        # window pixels to object pixels, about both centers
        ax, ay = wide * self.inner / width * scale, high * self.inner / height * scale
        cos, sin = np.cos(angle), np.sin(angle)
        sign = np.where(mirrored, -1.0, 1.0)
        matrix = np.empty((n, 2, 3))
        matrix[:, 0, 0], matrix[:, 0, 1] = ax * cos * sign, -ax * sin
        matrix[:, 1, 0], matrix[:, 1, 1] = ay * sin * sign, ay * cos
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        target = np.array([(wide - 1) / 2, (high - 1) / 2]) + shift * [wide, high] * self.inner
        matrix[:, :, 2] = target - matrix[:, :, :2] @ middle
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for row, number, one in zip(out, index, matrix, strict=True):
            cv2.warpAffine(
                self.pixels[number],
                one,
                (width, height),
                dst=row,
                flags=flags,
                borderMode=cv2.BORDER_REPLICATE,
            )
            row[:] = spoil(row, jitter, rng)
        return out
