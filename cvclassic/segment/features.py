"""Multi-scale features of every pixel, as planes of uint8.

An image is halved again and again, and every level is filtered with the same small kernels, so that
a coarse scale costs a fraction of a fine one. Trees compare and do not calculate, so each response
is stored in 256 steps between the quantiles seen in training, and enlarged only then.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from functools import lru_cache

import cv2
import numpy as np

_BORDER = cv2.BORDER_REFLECT_101
# Contrast below this is taken for noise (values run from 0 to 1).
_FLOOR = np.float32(0.01)
# Line filters, the dearest ones, look for lines up to 8 times as wide.
_LINE_LEVELS = 4
_N_ANGLES = 8
# Long lines: where else along the line, in pixels, the short filter is looked at.
_STEPS_ALONG = (4, 8)

# What a color image is mixed into; the first that tells the classes best leads, see `learn_mixing`.
LUMINANCE = (0.299, 0.587, 0.114)
RED_GREEN = (0.5, -0.5, 0.0)
BLUE_YELLOW = (-0.25, -0.25, 0.5)
_LEADERS = (LUMINANCE, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), RED_GREEN, BLUE_YELLOW)


def learn_mixing(images: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> np.ndarray:
    """Which mixtures of red, green and blue the filters look at.

    Structure is sought in one plane, the leader: the one in which local differences tell the
    classes best (Fisher's criterion on values less their surroundings). Color images add
    luminance and two color axes, with fewer filters.

    Parameters
    ----------
    images : sequence of ndarray of shape (H, W) or (H, W, 3), uint8
    labels : sequence of ndarray of shape (H, W), int
        Class of each pixel, -1 where it is not known.

    Returns
    -------
    ndarray of shape (k, 3), float32
        k is 1 for images without color, else 3 or 4.
    """
    if not any(_is_color(image) for image in images):
        return np.array([LUMINANCE], np.float32)
    values, classes = [], []
    for image, label in zip(images, labels, strict=True):
        planes = channels_of(image, np.array(_LEADERS, np.float32))
        stack = np.stack([plane - _blur(plane, 8.0) for plane in planes])
        known = np.flatnonzero(label >= 0)
        known = known[:: max(1, len(known) // 20_000)]
        values.append(stack.reshape(len(planes), -1)[:, known])
        classes.append(label.ravel()[known])
    leader = int(_fisher(np.concatenate(values, 1), np.concatenate(classes)).argmax())
    rows = [_LEADERS[leader], RED_GREEN, BLUE_YELLOW]
    if leader:
        rows.append(LUMINANCE)
    return np.array(rows, np.float32)


def _is_color(image: np.ndarray) -> bool:
    if image.ndim == 2:
        return False
    sample = image[:: max(1, image.shape[0] // 64), :: max(1, image.shape[1] // 64)].astype(int)
    return bool(np.abs(sample - sample.mean(axis=2, keepdims=True)).max() > 2)


def _fisher(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Variance between the classes over the variance within, of each row."""
    between = within = np.zeros(len(values))
    total = values.mean(axis=1)
    for c in np.unique(classes):
        members = values[:, classes == c]
        # every class counts the same: a thin vessel as much as the background
        between = between + (members.mean(axis=1) - total) ** 2
        within = within + members.var(axis=1)
    return between / np.maximum(within, 1e-9)


def channels_of(image: np.ndarray, mixing: np.ndarray) -> list[np.ndarray]:
    """Mix an image into the planes that are filtered.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    mixing : ndarray of shape (k, 3), float32

    Returns
    -------
    list of k ndarray of shape (H, W), float32
        Black to white is 0 to the sum of the row.
    """
    mixing = np.asarray(mixing, np.float32) / 255
    if image.ndim == 2:
        plane = image.astype(np.float32)
        return [plane * row.sum() for row in mixing]
    mixed = cv2.transform(image.astype(np.float32), np.ascontiguousarray(mixing))
    return list(cv2.split(mixed)) if len(mixing) > 1 else [mixed.reshape(image.shape[:2])]


Response = tuple[int, int, np.ndarray]
_CHEAP = ("value", "gradient", "spread", "contrast")
_FULL = (
    *_CHEAP,
    "ridge",
    "valley",
    "wide ridge",
    "wide valley",
    "edge energy",
    "corner energy",
)
_LINES = ("bright line", "dark line", "long bright line", "long dark line")


def image_responses(
    channels: Sequence[np.ndarray], n_levels: int, wanted: Container[int] | None = None
) -> Iterator[Response]:
    """Filter responses of an image.

    Parameters
    ----------
    channels : sequence of ndarray of shape (H, W), float32
        The first gets all filters. H and W must be divisible by 2**(n_levels - 1).
    n_levels : int
    wanted : container of int, optional
        Numbers of the responses to compute; unless given, all.

    Yields
    ------
    number : int
    level : int
        The response is 2**level times smaller than the image.
    response : ndarray of float32
    """
    planes = list(channels)
    number = 0
    for level in range(n_levels):
        if level:
            planes = [_halve(plane) for plane in planes]
        for c, plane in enumerate(planes):
            names = response_names(c, level)
            chosen = [n for i, n in enumerate(names) if wanted is None or number + i in wanted]
            for name, response in _filters(plane, chosen) if chosen else ():
                yield number + names.index(name), level, response
            number += len(names)


def response_names(channel: int, level: int) -> tuple[str, ...]:
    """What is computed of a channel at a level, in order."""
    if channel:
        return _CHEAP
    return _FULL + _LINES if level < _LINE_LEVELS else _FULL


def context_responses(
    maps: Sequence[np.ndarray], n_levels: int, wanted: Container[int] | None = None
) -> Iterator[Response]:
    """Responses to the probabilities that an earlier stage gave, as `image_responses`.

    One map (two classes) is filtered as an image is, so that the next stage sees whether a line
    goes on; of several, only averages over larger and larger surroundings are taken.
    """
    if len(maps) == 1:
        yield from image_responses(maps, n_levels, wanted)
        return
    planes = list(maps)
    number = 0
    for level in range(n_levels):
        if level:
            planes = [_halve(plane) for plane in planes]
        for plane in planes:
            if wanted is None or number in wanted:
                yield number, level, _blur(plane, 1.5)
            number += 1


def _halve(plane: np.ndarray) -> np.ndarray:
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def _blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(plane, (0, 0), sigma, borderType=_BORDER)


def _filters(plane: np.ndarray, names: Collection[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Some of the responses at one level; squares are rooted, as their tails waste steps."""

    def some(*of: str) -> bool:
        return not set(of).isdisjoint(names)

    def pair(first: str, second: str, values) -> Iterator[tuple[str, np.ndarray]]:
        yield from ((n, v) for n, v in zip((first, second), values, strict=True) if n in names)

    smooth = _blur(plane, 0.8)
    if some("value"):
        yield "value", smooth
    if some("gradient", "edge energy", "corner energy"):
        dx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32, borderType=_BORDER)
        dy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32, borderType=_BORDER)
        if some("gradient"):
            yield "gradient", cv2.sqrt(cv2.magnitude(dx, dy))
        if some("edge energy", "corner energy"):
            low, high = _eigenvalues(*(_blur(p, 2.0) for p in (dx * dx, dx * dy, dy * dy)))
            roots = (cv2.sqrt(cv2.sqrt(cv2.max(v, 0))) for v in (high, low))
            yield from pair("edge energy", "corner energy", roots)
    if some("spread", "contrast", *_LINES):
        mean = _blur(plane, 4.0)
        spread = cv2.sqrt(cv2.max(_blur(plane * plane, 4.0) - mean * mean, 0))
        scale = 1 / (spread + _FLOOR)
        if some("spread"):
            yield "spread", spread
        if some("contrast"):
            yield "contrast", (smooth - mean) * scale
        if some(*_LINES):
            lines = _lines((plane - mean) * scale, long=some(*_LINES[2:]))
            yield from ((n, v) for n, v in zip(_LINES, lines, strict=False) if n in names)
    if some("ridge", "valley"):
        yield from pair("ridge", "valley", _eigenvalues(*_second_derivatives(smooth)))
    if some("wide ridge", "wide valley"):
        wide = _second_derivatives(_blur(plane, 1.8))
        yield from pair("wide ridge", "wide valley", _eigenvalues(*wide))


def _second_derivatives(smooth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """xx, xy, yy."""
    xx = cv2.Sobel(smooth, cv2.CV_32F, 2, 0, ksize=3, scale=1 / 4, borderType=_BORDER)
    xy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, ksize=3, scale=1 / 4, borderType=_BORDER)
    yy = cv2.Sobel(smooth, cv2.CV_32F, 0, 2, ksize=3, scale=1 / 4, borderType=_BORDER)
    return xx, xy, yy


def _eigenvalues(xx, xy, yy) -> tuple[np.ndarray, np.ndarray]:
    """Smaller and larger eigenvalue of [[xx, xy], [xy, yy]]."""
    mean = (xx + yy) * np.float32(0.5)
    spread = cv2.magnitude((xx - yy) * np.float32(0.5), xy)
    return mean - spread, mean + spread


@lru_cache
def _line_kernels() -> tuple[np.ndarray, ...]:
    """Second derivative of a Gaussian across, a longer Gaussian along, at several angles."""
    # OpenCV turns to the Fourier transform above 11 x 11, which takes twice as long
    y, x = np.mgrid[-5:6, -5:6].astype(np.float32)
    kernels = []
    for angle in np.arange(_N_ANGLES) * np.pi / _N_ANGLES:
        along = x * np.cos(angle) + y * np.sin(angle)
        across = y * np.cos(angle) - x * np.sin(angle)
        kernel = (across**2 / 1.3**2 - 1) * np.exp(-(across**2) / (2 * 1.3**2))
        kernel *= np.exp(-(along**2) / (2 * 2.4**2))
        kernel -= kernel.mean()
        kernels.append((kernel / np.abs(kernel).sum()).astype(np.float32))
    return tuple(kernels)


def _lines(plane: np.ndarray, *, long: bool) -> list[np.ndarray]:
    """Strongest response over the angles to a bright and to a dark line; also to long ones."""
    found: list[np.ndarray] = []
    for i, kernel in enumerate(_line_kernels()):
        response = cv2.filter2D(plane, cv2.CV_32F, kernel, borderType=_BORDER)
        responses = [response, response]
        if long:
            responses += [_elongate(response, i * np.pi / _N_ANGLES)] * 2
        if not found:
            found = [response.copy() for response in responses]
        for n, response in enumerate(responses):
            (cv2.max if n % 2 else cv2.min)(found[n], response, dst=found[n])
    return found


def _elongate(response: np.ndarray, angle: float) -> np.ndarray:
    """Sum along a direction, at a few points: cheaper than a long kernel."""
    reach = max(_STEPS_ALONG)
    wide = cv2.copyMakeBorder(response, reach, reach, reach, reach, _BORDER)
    height, width = response.shape
    total = response.copy()
    for step in _STEPS_ALONG:
        for sign in (-1, 1):
            x = reach + sign * round(step * np.cos(angle))
            y = reach + sign * round(step * np.sin(angle))
            cv2.add(total, wide[y : y + height, x : x + width], dst=total)
    return total
