"""Responses as planes of 256 steps, aligned with the image, whole or in a window of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np

from .features import Response, channels_of, context_responses, image_responses

_TAIL = 0.005
_N_SAMPLED = 4000
# How far, in pixels and in 8 directions, the next stage looks at probabilities around a pixel.
_RADII = (3, 6, 12, 20)
# Of one map (two classes) not at each direction, but at what does not depend on how the image lies.
_AROUND = ("through", "across", "most", "least")


@dataclass(frozen=True)
class Window:
    """A part of an image.

    Attributes
    ----------
    top, left, height, width : int
        Pixels that are wanted.
    """

    top: int
    left: int
    height: int
    width: int


def whole(shape: Sequence[int]) -> Window:
    """The window that is the image."""
    return Window(0, 0, int(shape[0]), int(shape[1]))


def padded_crop(plane: np.ndarray, window: Window, halo: int, multiple: int):
    """Crop a window with its surroundings to sides that `multiple` divides.

    Returns
    -------
    crop : ndarray
        Starts at a row and column that `multiple` divides; mirrored where the image ends.
    top, left : int
        Where the window begins in it.
    """
    top = max(window.top - halo, 0) // multiple * multiple
    left = max(window.left - halo, 0) // multiple * multiple
    bottom = min(window.top + window.height + halo, plane.shape[0])
    right = min(window.left + window.width + halo, plane.shape[1])
    crop = plane[top:bottom, left:right]
    below, beside = -(bottom - top) % multiple, -(right - left) % multiple
    if below or beside:
        crop = cv2.copyMakeBorder(crop, 0, below, 0, beside, cv2.BORDER_REFLECT)
    return crop, window.top - top, window.left - left


def sample_responses(responses: Iterable[Response]) -> list[np.ndarray]:
    """A few thousand values of each response, evenly spread, in the order of their numbers."""
    found = {n: r.ravel()[:: max(1, r.size // _N_SAMPLED)].copy() for n, _, r in responses}
    return [found[n] for n in range(len(found))]


def learn_ranges(samples: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Values between which each response is stored in steps, from `sample_responses` of images.

    Returns
    -------
    ndarray of shape (n, 2), float32
    """
    ranges = []
    for values in zip(*samples, strict=True):
        low, high = np.quantile(np.concatenate(values), [_TAIL, 1 - _TAIL])
        ranges.append((low, max(high, low + 1e-6)))
    return np.array(ranges, np.float32)


def image_planes(
    image: np.ndarray,
    window: Window,
    mixing: np.ndarray,
    ranges: np.ndarray,
    n_levels: int,
    halo: int,
    wanted: Sequence[int],
    placed: tuple[int, int, int, int] | None = None,
) -> list[np.ndarray]:
    """Feature planes of a window of an image.

    Parameters
    ----------
    image, window
    mixing, ranges, n_levels
        See `PixelModel`.
    halo : int
        Pixels around the window that count.
    wanted : sequence of int
        Numbers of the features: those of the responses, then row and column.
    placed : tuple of int, optional
        Top, left, height and width of the image that `image` is cut out of.

    Returns
    -------
    list of ndarray of shape (window.height, window.width), uint8
        In the order of `wanted`.
    """
    crop, top, left = padded_crop(image, window, halo, 2 ** (n_levels - 1))
    responses = image_responses(channels_of(crop, mixing), n_levels, set(wanted))
    planes = _to_steps(responses, ranges, crop.shape, window, top, left)
    place = _position(placed or (0, 0, *image.shape[:2]), window)
    planes |= {len(ranges) + i: plane for i, plane in enumerate(place)}
    return [planes[number] for number in wanted]


def context_planes(
    maps: np.ndarray,
    window: Window,
    ranges: np.ndarray,
    n_levels: int,
    halo: int,
    wanted: Sequence[int],
) -> list[np.ndarray]:
    """Feature planes of the probabilities of an earlier stage.

    Parameters
    ----------
    maps : ndarray of shape (k, H, W), uint8
        Probabilities in steps of 1/255.
    window, ranges, n_levels, halo, wanted
        As `image_planes`; after the responses there are, for each map, the map itself and what it
        says at points around.
    """
    reach = max(_RADII)
    asked = set(wanted)
    crops = [padded_crop(plane, window, max(halo, reach), 2 ** (n_levels - 1)) for plane in maps]
    top, left = crops[0][1:]
    floats = [crop.astype(np.float32) / 255 for crop, _, _ in crops]
    responses = context_responses(floats, n_levels, asked)
    planes = _to_steps(responses, ranges, floats[0].shape, window, top, left)
    number = len(ranges)
    for crop, _, _ in crops:
        wide = cv2.copyMakeBorder(crop, reach, reach, reach, reach, cv2.BORDER_REPLICATE)

        def at(dy: int, dx: int, wide=wide) -> np.ndarray:
            return _inner(wide, window, top + reach + dy, left + reach + dx)

        planes[number] = at(0, 0)
        number += 1
        if len(maps) > 1:
            for dy, dx in (place for radius in _RADII[2:] for place in _ring(radius)):
                if number in asked:
                    planes[number] = at(dy, dx)
                number += 1
            continue
        for radius in _RADII:
            if not asked.isdisjoint(range(number, number + len(_AROUND))):
                around = _summary([at(*place) for place in _ring(radius)])
                planes |= {number + i: plane for i, plane in enumerate(around)}
            number += len(_AROUND)
    return [planes[n] for n in wanted]


def n_planes(n_channels: int, n_levels: int, *, context: bool = False):
    """How many responses an image of so many channels has.

    Returns
    -------
    int; with `context`, of so many maps: responses, and planes that are added to them.
    """
    blank = [np.zeros((2**n_levels, 2**n_levels), np.float32)] * n_channels
    if not context:
        return sum(1 for _ in image_responses(blank, n_levels))
    responses = sum(1 for _ in context_responses(blank, n_levels))
    if n_channels == 1:
        return responses, 1 + len(_RADII) * len(_AROUND)
    return responses, n_channels * (1 + sum(len(_ring(radius)) for radius in _RADII[2:]))


def _ring(radius: int) -> list[tuple[int, int]]:
    """Points around, opposite ones half of the list apart."""
    angles = np.arange(8) * np.pi / 4
    return [(round(radius * np.sin(a)), round(radius * np.cos(a))) for a in angles]


def _summary(ring: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a ring says, turned or mirrored as it may be: see `_AROUND`.

    Whether some line goes through (the largest of the smaller values of opposite points), whether
    none does across it (the smallest of the larger ones), the largest and the smallest value.
    """
    half = len(ring) // 2
    pairs = list(zip(ring[:half], ring[half:], strict=True))
    lower = [np.minimum(a, b) for a, b in pairs]
    upper = [np.maximum(a, b) for a, b in pairs]
    return [
        reduce(np.maximum, lower),
        reduce(np.minimum, upper),
        reduce(np.maximum, upper),
        reduce(np.minimum, lower),
    ]


def _inner(plane: np.ndarray, window: Window, top: int, left: int) -> np.ndarray:
    return plane[top : top + window.height, left : left + window.width]


def _to_steps(
    responses: Iterable[Response], ranges, shape, window: Window, top: int, left: int
) -> dict[int, np.ndarray]:
    """Quantize, enlarge and crop."""
    size = (shape[1], shape[0])
    planes = {}
    for number, level, response in responses:
        low, high = map(float, ranges[number])
        scale = 255 / (high - low)
        # cv2.addWeighted rounds and saturates in one pass
        steps = cv2.addWeighted(response, scale, response, 0, -low * scale, dtype=cv2.CV_8U)
        if level:
            steps = cv2.resize(steps, size, interpolation=cv2.INTER_LINEAR)
        planes[number] = _inner(steps, window, top, left)
    return planes


def _position(placed: tuple[int, int, int, int], window: Window) -> list[np.ndarray]:
    """Row and column as shares of the image's sides."""
    top, left, height, width = placed
    rows = (np.arange(window.height) + window.top + top) * 255 / max(height - 1, 1)
    columns = (np.arange(window.width) + window.left + left) * 255 / max(width - 1, 1)
    shape = (window.height, window.width)
    return [
        np.broadcast_to(rows.astype(np.uint8)[:, None], shape),
        np.broadcast_to(columns.astype(np.uint8)[None], shape),
    ]
