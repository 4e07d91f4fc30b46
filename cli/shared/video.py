"""Frames for commands: read once, counted, their faults told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cvclassic._basics.printable import printable

if TYPE_CHECKING:
    import numpy as np

    from cvclassic.images import VideoFrame

_EVERY = 10.0  # seconds between lines of progress


class FrameReader:
    """The frames of a clip; what cannot be read is said on stderr and counted.

    Parameters
    ----------
    clip : str
    selection : FrameSelection, optional
    quiet : bool
        No progress.
    what : str
        What the progress says.

    Attributes
    ----------
    times : list of float
        Seconds, of the frames so far.
    failed : int
        Faults so far.
    """

    def __init__(self, clip: str, selection: Any = None, *, quiet: bool, what: str) -> None:
        self.clip = clip
        self.times: list[float] = []
        self.failed = 0
        self._selection = selection
        self._quiet = quiet
        self._what = what

    @property
    def end(self) -> float:
        """When the last frame ends: as long after it as it is after the one before."""
        if len(self.times) < 2:
            return (self.times[-1] if self.times else 0.0) + 0.04
        return 2 * self.times[-1] - self.times[-2]

    def __iter__(self) -> Iterator[VideoFrame]:
        from cvclassic.images import Fault, read_frames

        told = time.monotonic()
        shape: tuple[int, ...] = ()  # of the first frame: streams may change theirs
        for frame in read_frames(self.clip, self._selection):
            if isinstance(frame, Fault):
                self.failed += 1
                line = f"{frame.path}: {frame.code}: {frame.message}"
                click.echo(printable(line), err=True)
                continue
            if frame.value.shape != (shape := shape or frame.value.shape):
                frame = replace(frame, value=resized(frame.value, shape))
            self.times.append(frame.time)
            if not self._quiet and time.monotonic() - told > _EVERY:
                told = time.monotonic()
                click.echo(f"{self._what}: frame {len(self.times):,}", err=True)
            yield frame


def resized(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels in the size of another array."""
    import cv2

    return cv2.resize(pixels, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)


def timecode(seconds: float, rate: int = 25) -> str:
    """Hours, minutes, seconds and frames, as editors write them.

    Examples
    --------
    >>> timecode(3661.5)
    '01:01:01:12'
    """
    frames = round(seconds * rate - 0.01)
    minutes, left = divmod(frames, 60 * rate)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{left // rate:02d}:{left % rate:02d}"
