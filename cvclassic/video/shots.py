"""Shot boundaries of a video: cuts, dissolves, fades.

Frames are compared as small images and as color histograms. At a cut every frame just before
differs from every frame just after, so a flash or a shaking hand is none: somewhere on both sides
there are frames that look alike. In a dissolve the frames between are mixtures of both ends,
which motion never is [1]_. In a fade they lose all contrast.

References
----------
.. [1] R. Lienhart, "Comparison of automatic shot boundary detection algorithms", Storage and
   Retrieval for Image and Video Databases VII, SPIE 3656, 1999.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from .._basics.checks import check_number
from ..errors import ParameterError
from ..images import Fault, VideoFrame

_WIDTH, _HEIGHT = 32, 18  # of the small images
_BINS = (8, 4, 4)  # hue, saturation, value
_REACH = 4  # frames on each side of a cut that must differ
_LENGTHS = (6, 10, 14, 20, 28, 40)  # of dissolves, in frames
_PARTS = (1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6)  # of a dissolve, where its frames are looked at
_MISFIT = 0.2  # of energy that is no mixture
_UNEVEN = 0.3  # of the way that a frame may be early or late
_DIP = 0.9  # contrast of the middle frame, of the mean of both ends
_APART = 0.42  # that both ends differ at least
_BLACK = 0.03  # contrast of a frame without any, 1 is the whole range


@dataclass(frozen=True)
class Transition:
    """The change from one shot to the next.

    Attributes
    ----------
    kind : {"cut", "dissolve", "fade"}
    first, last : int
        Frames: the first one that is not of the old shot alone, and the first one of the new shot
        alone. The same for a cut.
    score : float
        From 0.5, just believed, to 1.
    """

    kind: str
    first: int
    last: int
    score: float


@dataclass(frozen=True, eq=False)
class FrameSummary:
    """What is remembered of frames: a few kilobytes each.

    Attributes
    ----------
    pictures : ndarray of shape (n, 18 * 32 * 3), float32
        Small images, from 0 to 1.
    histograms : ndarray of shape (n, 128), float32
        Square roots of shares of hue, saturation and value.
    """

    pictures: np.ndarray
    histograms: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)


def summarize_frames(frames: Iterable[np.ndarray]) -> FrameSummary:
    """Small images and histograms of frames, one frame at a time.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3), uint8

    Returns
    -------
    FrameSummary
    """
    pictures, histograms = [], []
    for frame in frames:
        small = cv2.resize(frame, (4 * _WIDTH, 4 * _HEIGHT), interpolation=cv2.INTER_AREA)
        hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
        counts = cv2.calcHist([hsv], [0, 1, 2], None, list(_BINS), [0, 180, 0, 256, 0, 256])
        histograms.append(np.sqrt(counts.ravel() / counts.sum()))
        tiny = cv2.resize(small, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
        pictures.append(tiny.reshape(-1).astype(np.float32) / 255)
    n = _WIDTH * _HEIGHT * 3
    return FrameSummary(
        np.array(pictures, np.float32).reshape(-1, n),
        np.array(histograms, np.float32).reshape(-1, int(np.prod(_BINS))),
    )


def detect_transitions(
    frames: Iterable[np.ndarray] | FrameSummary, *, sensitivity: float = 1.0
) -> list[Transition]:
    """Cuts, dissolves and fades of a video.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3), uint8, or FrameSummary
        All frames in order.
    sensitivity : float
        Values above 1 find more and are wrong more often.

    Returns
    -------
    list of Transition
        In order; they do not overlap.

    Raises
    ------
    ParameterError
        `sensitivity` is not positive.

    Examples
    --------
    >>> red, blue = np.zeros((2, 36, 64, 3), np.uint8)
    >>> red[..., 0] = blue[..., 2] = 200
    >>> [(found.kind, found.first) for found in detect_transitions([red] * 8 + [blue] * 8)]
    [('cut', 8)]
    """
    check_number("sensitivity", sensitivity, 0)
    if sensitivity == 0:
        raise ParameterError("sensitivity must be > 0. Got 0 instead.")
    summary = frames if isinstance(frames, FrameSummary) else summarize_frames(frames)
    if len(summary) < 3:
        return []
    cuts = _cuts(summary, sensitivity)
    gradual = _gradual(summary, sensitivity)
    return _without_overlap([*cuts, *gradual])


def _difference(summary: FrameSummary, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """How much frames i and j differ: 0 is nothing, 1 a lot, in structure and in color."""
    a, b = summary.pictures[i], summary.pictures[j]
    structure = 1 - _correlation(a, b)
    color = 1 - (summary.histograms[i] * summary.histograms[j]).sum(axis=-1)
    level = np.abs(a - b).mean(axis=-1)
    return np.clip(0.5 * structure + 0.9 * color, 0, None) * np.minimum(1, level / 0.04)


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of two images, whatever their brightness; of two blank ones 1."""
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    floor = 0.02**2 * a.shape[-1]  # noise of blank frames is no structure
    return ((a * b).sum(axis=-1) + floor) / np.sqrt(
        ((a * a).sum(axis=-1) + floor) * ((b * b).sum(axis=-1) + floor)
    )


def _cuts(summary: FrameSummary, sensitivity: float) -> list[Transition]:
    """Places where all frames before differ from all frames after, and suddenly."""
    n = len(summary)
    step = _difference(summary, np.arange(n - 1), np.arange(1, n))  # step[t - 1]: t - 1 to t
    found = []
    for t in (np.flatnonzero(step > 0.12 / sensitivity) + 1).tolist():
        before = np.arange(max(0, t - _REACH), t)
        after = np.arange(t, min(n, t + _REACH))
        i, j = np.meshgrid(before, after)
        across = float(_difference(summary, i.ravel(), j.ravel()).min())
        nearby = np.concatenate([step[max(0, t - 1 - _REACH) : t - 1], step[t : t + _REACH]])
        usual = float(np.sort(nearby)[-2:].mean()) if len(nearby) else 0.0
        value = across * sensitivity / (0.22 + 1.2 * usual)
        if value >= 1:
            found.append(Transition("cut", t, t, _score(value)))
    return found


def _gradual(summary: FrameSummary, sensitivity: float) -> list[Transition]:
    """Spans whose frames are mixtures of both ends, or lose all contrast on the way."""
    n = len(summary)
    found = []
    contrast = summary.pictures.std(axis=1)
    for length in _LENGTHS:
        starts = np.arange(0, n - length)
        if not len(starts):
            continue
        found += _dissolves(summary, starts, length, sensitivity)
    return [*found, *_fades(contrast)]


def _dissolves(
    summary: FrameSummary, starts: np.ndarray, length: int, sensitivity: float
) -> list[Transition]:
    X = summary.pictures
    ends = starts + length
    apart = _difference(summary, starts, ends)
    starts = starts[apart > 0.25 / sensitivity]
    if not len(starts):
        return []
    A, B = X[starts], X[starts + length]
    span = B - A
    energy = (span * span).sum(axis=1) + 1e-6
    uneven, misfit = np.zeros(len(starts)), np.zeros(len(starts))
    for part in _PARTS:
        at = round(part * length)
        between = X[starts + at] - A
        share = (between * span).sum(axis=1) / energy
        rest = between - share[:, None] * span
        uneven = np.maximum(uneven, np.abs(share - at / length))
        misfit = np.maximum(misfit, (rest * rest).sum(axis=1) / energy)
    apart = _difference(summary, starts, starts + length)
    # a mixture of two images has less contrast than either, which no camera move has
    spread = A.var(axis=1) + B.var(axis=1)
    dip = X[starts + round(length / 2)].var(axis=1) / (0.5 * spread + 1e-6)
    quality = 1 - (misfit / _MISFIT) ** 2 - (uneven / _UNEVEN) ** 2
    value = sensitivity * np.minimum(apart / _APART, 1.6) * (0.7 + 0.9 * quality)
    chosen = (quality > 0) & (value >= 1) & (dip < _DIP)
    return [
        Transition("dissolve", int(start) + 1, int(start) + length, _score(v))
        for start, v in zip(starts[chosen], value[chosen], strict=True)
    ]


def _fades(contrast: np.ndarray) -> list[Transition]:
    """Spans around frames without contrast, out to where the images have theirs again."""
    blank = np.flatnonzero(contrast < _BLACK)
    found = []
    for run in np.split(blank, np.flatnonzero(np.diff(blank) > 1) + 1) if len(blank) else []:
        first, last = int(run[0]), int(run[-1])
        left = _climb(contrast, first, -1)
        right = _climb(contrast, last, 1)
        if left > 0 and right < len(contrast) - 1 and (first - left > 1 or right - last > 1):
            found.append(Transition("fade", left + 1, right, 0.9))
    return found


def _climb(contrast: np.ndarray, at: int, step: int) -> int:
    """From a blank frame to where contrast rises no more."""
    end = len(contrast) - 1 if step > 0 else 0
    while at != end:
        ahead = at + step
        if contrast[ahead] < contrast[at] * 1.02 + 1e-4 and contrast[at] > 2 * _BLACK:
            break
        at = ahead
    return at


def _score(value: float) -> float:
    return float(1 - 0.5 / max(value, 1.0))


def _without_overlap(found: list[Transition]) -> list[Transition]:
    """The best first; what lies within or beside one that is taken is the same change."""
    order = {"fade": 0, "cut": 1, "dissolve": 2}
    kept: list[Transition] = []
    for one in sorted(found, key=lambda t: (order[t.kind], -t.score, t.last - t.first)):
        if all(one.last < other.first - 2 or one.first > other.last + 2 for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda t: t.first)


def shot_moments(frames: Iterable[VideoFrame | Fault]) -> tuple[float, ...]:
    """The time of the middle frame of each shot, in seconds.

    Parameters
    ----------
    frames : iterable
        As `read_frames` gives them.
    """
    times: list[float] = []

    def pixels() -> Iterator[np.ndarray]:
        for frame in frames:
            if isinstance(frame, VideoFrame):
                times.append(frame.time)
                yield frame.value

    transitions = detect_transitions(pixels())
    spans = shots_between(transitions, len(times))
    return tuple(times[(first + end - 1) // 2] for first, end in spans)


def shots_between(transitions: Sequence[Transition], n_frames: int) -> list[tuple[int, int]]:
    """First frame of each shot and the one behind its last; transitions are cut in the middle.

    Examples
    --------
    >>> shots_between([Transition("cut", 8, 8, 1.0)], 20)
    [(0, 8), (8, 20)]
    """
    places = [0, *((t.first + t.last) // 2 for t in transitions), n_frames]
    return [(a, b) for a, b in pairwise(places) if b > a]
