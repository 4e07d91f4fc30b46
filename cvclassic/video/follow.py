"""Follows one box through a video: a correlation filter with scale, and a search when it is lost.

The filter is the one of MOSSE [1]_ over many channels: gradients by direction and colors in cells
of 4 pixels. It is learned on, slowly, while the answer is sharp; where it is not, the target is
hidden, nothing is learned, and the filter looks around in a growing neighborhood [2]_.

References
----------
.. [1] D. Bolme et al., "Visual object tracking using adaptive correlation filters", CVPR 2010,
   equations 10 to 12.
.. [2] M. Danelljan et al., "Discriminative scale space tracking", IEEE TPAMI 39(8), 2017.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from .._basics.checks import check_number
from ..errors import ParameterError
from ..images.checks import to_gray

_CELL = 4
_GRID = 32  # cells on a side of the search window
_PADDING = 2.2  # search window over target, in root of area
_RATE = 0.03  # of learning
_PENALTY = 1e-2
_DIRECTIONS = 8
_STEP = 1.03  # of scale; larger and smaller are tried in turn
# Of the sharpness that is usual for a target: below the first it is hidden, above the second it
# is found again, above the third the filter learns.
_HIDDEN, _FOUND, _SHARP = 0.4, 0.6, 0.7


@dataclass(frozen=True)
class Followed:
    """Where the target is in one frame.

    Attributes
    ----------
    box : tuple of float
        (x, y, width, height) in pixels.
    sharpness : float
        Peak of the filter's answer above its side lobes, in their standard deviations.
    seen : bool
        False while the target is hidden.
    """

    box: tuple[float, float, float, float]
    sharpness: float
    seen: bool


class BoxFollower:
    """Follows one target.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3) or (H, W), uint8
        The first frame.
    box : (x, y, width, height)
        The target in it, in pixels.

    Raises
    ------
    ParameterError
        The box is empty or lies outside.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> field, target = rng.integers(0, 255, (120, 160), np.uint8), np.zeros((20, 20), np.uint8)
    >>> def frame(x):
    ...     image = field.copy()
    ...     image[50:70, x : x + 20] = target
    ...     return image
    >>> follower = BoxFollower(frame(40), (40, 50, 20, 20))
    >>> for x in (42, 44, 46):
    ...     found = follower.update(frame(x))
    >>> abs(found.box[0] - 46) < 3
    True
    """

    def __init__(self, image: np.ndarray, box) -> None:
        x, y, w, h = (float(value) for value in box)
        height, width = image.shape[:2]
        if not (w > 0 and h > 0 and x < width and y < height and x + w > 0 and y + h > 0):
            raise ParameterError(f"box must lie in the image and have a size. Got {tuple(box)}.")
        check_number("width", w, 0)
        self._center = np.array([x + w / 2, y + h / 2])
        self._size = np.array([w, h])
        self._scale = 1.0
        side = _PADDING * np.sqrt(w * h)
        self._window = np.maximum(side, 1.4 * self._size)  # long targets need their length
        self._speed = np.zeros(2)
        self._hidden = 0
        self._grows = False
        grid = np.arange(_GRID) - _GRID // 2
        spread = 0.09 * _GRID * np.sqrt(self._size / self._window)
        self._goal = np.fft.rfft2(
            np.exp(-0.5 * ((grid[:, None] / spread[1]) ** 2 + (grid / spread[0]) ** 2))
        )
        hann = np.hanning(_GRID + 2)[1:-1]
        self._taper = np.outer(hann, hann).astype(np.float32)
        spectrum = self._spectrum(image, self._center, 1.0)
        self._top = np.conj(spectrum) * self._goal
        self._bottom = (np.conj(spectrum) * spectrum).real.sum(axis=0)
        self._usual = 8.0  # sharpness that is usual for this target

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x, y, width, height) now."""
        size = self._size * self._scale
        corner = self._center - size / 2
        return (*map(float, corner), *map(float, size))  # type: ignore[return-value]

    def update(self, image: np.ndarray) -> Followed:
        """Find the target in the next frame."""
        height, width = image.shape[:2]
        start = np.clip(self._center + self._speed, [0, 0], [width - 1, height - 1])
        best = (-np.inf, start, 1.0, 0.0)
        self._grows = not self._grows
        factors = (1.0,) if self._hidden else (1.0, _STEP if self._grows else 1 / _STEP)
        for place in self._places(start, image.shape):
            for factor in factors:
                peak, shift, sharp = self._answer(image, place, factor)
                cost = 0.985 if factor != 1.0 else 1.0
                if peak * cost > best[0]:
                    best = (peak * cost, place + shift, factor, sharp)
        _, center, factor, sharp = best
        if sharp < self._usual * (_FOUND if self._hidden else _HIDDEN):
            self._hidden += 1
            self._speed *= 0.9
            self._center = start
            return Followed(self.box, float(sharp), seen=False)
        moved = center - self._center
        self._speed = 0.6 * self._speed + 0.4 * moved if not self._hidden else self._speed
        self._hidden = 0
        self._center = np.clip(center, [0, 0], [width - 1, height - 1])
        self._scale = float(np.clip(self._scale * factor, 0.2, 5.0))
        if sharp > _SHARP * self._usual:
            self._usual = 0.95 * self._usual + 0.05 * sharp
            self._learn(image)
        return Followed(self.box, float(sharp), seen=True)

    def _places(self, start: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
        """Where to look: here, and around it once the target is hidden."""
        if not self._hidden:
            return [start]
        reach = 0.35 * self._window * self._scale
        steps = 1 if self._hidden < 6 else 2
        around = [
            start + reach * np.array([i, j]) for i in range(-steps, steps + 1) for j in range(-1, 2)
        ]
        height, width = shape[:2]
        return [place for place in around if 0 <= place[0] < width and 0 <= place[1] < height]

    def _learn(self, image: np.ndarray) -> None:
        spectrum = self._spectrum(image, self._center, 1.0)
        self._top += _RATE * (np.conj(spectrum) * self._goal - self._top)
        self._bottom += _RATE * ((np.conj(spectrum) * spectrum).real.sum(axis=0) - self._bottom)

    def _answer(
        self, image: np.ndarray, center: np.ndarray, factor: float
    ) -> tuple[float, np.ndarray, float]:
        """Height of the filter's peak, how far it lies from the center in pixels, its sharpness."""
        spectrum = self._spectrum(image, center, factor)
        penalty = _PENALTY * self._bottom.mean()
        answer = np.fft.irfft2(
            (self._top * spectrum).sum(axis=0) / (self._bottom + penalty), (_GRID, _GRID)
        )
        row, column = np.unravel_index(int(answer.argmax()), answer.shape)
        peak = float(answer[row, column])
        lobes = answer.copy()
        lobes[
            np.ix_(np.arange(row - 3, row + 4) % _GRID, np.arange(column - 3, column + 4) % _GRID)
        ] = np.nan
        sharp = (peak - float(np.nanmean(lobes))) / (float(np.nanstd(lobes)) + 1e-6)
        dy = row + _vertex(
            answer[(row - 1) % _GRID, column], peak, answer[(row + 1) % _GRID, column]
        )
        dx = column + _vertex(
            answer[row, (column - 1) % _GRID], peak, answer[row, (column + 1) % _GRID]
        )
        shift = (np.array([dx, dy]) - _GRID // 2) * self._window * self._scale * factor / _GRID
        return peak, shift, sharp

    def _spectrum(self, image: np.ndarray, center: np.ndarray, factor: float) -> np.ndarray:
        """Fourier transform of the channels of the search window."""
        side = self._window * self._scale * factor
        n = _GRID * _CELL
        matrix = np.array(
            [
                [side[0] / n, 0, center[0] - side[0] / 2],
                [0, side[1] / n, center[1] - side[1] / 2],
            ],
            np.float32,
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(image, matrix, (n, n), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.fft.rfft2(self._channels(patch) * self._taper)

    def _channels(self, patch: np.ndarray) -> np.ndarray:
        """Gradients by direction and colors, as means of cells; shape (channels, 32, 32)."""
        pixels = patch.astype(np.float32) / 255
        gray = to_gray(patch).astype(np.float32) / 255
        dx = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=1)
        dy = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=1)
        strength, angle = cv2.cartToPolar(dx, dy)
        local = cv2.boxFilter(strength, -1, (4 * _CELL, 4 * _CELL))
        strength = strength / (local + 0.02)
        place = angle * np.float32(_DIRECTIONS / np.pi)
        place -= np.float32(_DIRECTIONS) * (place >= _DIRECTIONS)  # direction without sign
        channels = []
        size = (_GRID, _GRID)
        for k in range(_DIRECTIONS):
            away = np.abs(place - np.float32(k))
            if k == 0:  # neighbor of the last one too
                np.minimum(away, _DIRECTIONS - place, out=away)
            vote = strength * np.maximum(0, 1 - away)
            channels.append(cv2.resize(vote, size, interpolation=cv2.INTER_AREA))
        channels.append(2 * cv2.resize(gray, size, interpolation=cv2.INTER_AREA))
        if pixels.ndim == 3:
            lab = cv2.cvtColor(
                cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2Lab
            )
            channels += [lab[..., 1] / 25, lab[..., 2] / 25]
        stack = np.stack(channels)
        return stack - stack.mean(axis=(1, 2), keepdims=True)


def _vertex(left: float, middle: float, right: float) -> float:
    """Offset of a parabola's top through three points at -1, 0, 1."""
    bend = left - 2 * middle + right
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def follow_box(frames: Iterable[np.ndarray], box) -> Iterator[Followed]:
    """Follow one box through frames, the first of which it is given in.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3) or (H, W), uint8
    box : (x, y, width, height)

    Yields
    ------
    Followed
        One for each frame.
    """
    follower: BoxFollower | None = None
    for image in frames:
        if follower is None:
            follower = BoxFollower(image, box)
            yield Followed(follower.box, float("inf"), seen=True)
        else:
            yield follower.update(image)
