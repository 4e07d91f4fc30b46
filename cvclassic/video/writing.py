"""Drawn frames to a video file that keeps the time stamps of its source."""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from types import TracebackType
from typing import Any

import numpy as np

from .._basics.atomic import check_writable
from .._basics.marks import MARK
from ..errors import MissingDependencyError, ParameterError

_BASE = Fraction(1, 90_000)  # seconds; every usual frame rate is a whole number of these
_SUFFIXES = (".mp4", ".mkv", ".mov", ".webm")


def check_video_output(path: str | os.PathLike) -> str:
    """Find out before a long run whether a video can be written there; returns its ending.

    Raises
    ------
    ParameterError
        The ending is another.
    OSError
        The folder is missing or cannot be written to.
    """
    name = os.fsdecode(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in _SUFFIXES:
        raise ParameterError(f"a video must end in {', '.join(_SUFFIXES)}. Got {name!r} instead.")
    check_writable(name)
    return suffix


class VideoWriter:
    """Writes frames with times; the file has its name when it is complete.

    Parameters
    ----------
    path : str or Path
        .mp4, .mkv, .mov or .webm.

    Raises
    ------
    ParameterError
        The ending is another.
    MissingDependencyError
        PyAV is not installed.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        try:
            import av
        except ImportError:
            raise MissingDependencyError(
                "writing video needs PyAV, which is not installed. "
                "Get it: pip install 'cvclassic[video]'"
            ) from None
        self.path = os.fsdecode(path)
        suffix = check_video_output(self.path)
        folder, name = os.path.split(self.path)
        self._partial = os.path.join(folder, f".{name}.partial{suffix}")
        self._av = av
        self._container = av.open(self._partial, "w")
        self._container.metadata["comment"] = MARK
        codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
        if codec == "libx264" and codec not in av.codecs_available:
            codec = "mpeg4"
        self._codec = codec
        self._stream: Any = None  # made for the first frame
        self._last = -1

    def write(self, pixels: np.ndarray, moment: float) -> None:
        """Add a frame.

        Parameters
        ----------
        pixels : ndarray of shape (H, W, 3) or (H, W), uint8
            All of one size.
        moment : float
            Seconds; later than the frame before.
        """
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        height, width = (side - side % 2 for side in pixels.shape[:2])  # codecs halve the colors
        if self._stream is None:
            self._stream = self._container.add_stream(self._codec, rate=30)
            self._stream.width, self._stream.height = width, height
            self._stream.pix_fmt = "yuv420p"
            self._stream.time_base = self._stream.codec_context.time_base = _BASE
            if self._codec == "libx264":
                self._stream.options = {"crf": "20", "preset": "veryfast"}
            else:
                self._stream.bit_rate = 8 * width * height
        frame = self._av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels[:height, :width]), format="rgb24"
        )
        place = max(round(moment / _BASE), self._last + 1)
        frame.pts, frame.time_base, self._last = place, _BASE, place
        self._container.mux(self._stream.encode(frame))

    def close(self, keep: bool = True) -> None:
        """Finish the file; without `keep` it is thrown away."""
        if self._stream is not None and keep:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        if keep and self._stream is not None:
            os.replace(self._partial, self.path)
        else:
            with contextlib.suppress(FileNotFoundError):  # it is made for the first frame
                os.unlink(self._partial)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(keep=error is None)
