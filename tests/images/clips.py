"""Small videos made for tests, with known content and times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np


def write_clip(
    path: Path,
    frames: list[np.ndarray],
    times: list[int] | None = None,
    time_base: Fraction = Fraction(1, 1000),
    codec: str = "mpeg4",
    gop: int = 12,
    rotation: int | None = None,
) -> list[float]:
    """Write frames (H, W, 3) at times, in units of `time_base`; their times in seconds."""
    import av

    times = times or [40 * i for i in range(len(frames))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = time_base
        stream.bit_rate = 4_000_000
        stream.gop_size = gop
        for pixels, moment in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = moment, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return [float(moment * time_base) for moment in times]


def numbered(n: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Frames whose brightness tells their number."""
    return [np.full((height, width, 3), 10 + 5 * i, np.uint8) for i in range(n)]


def number_of(pixels: np.ndarray) -> int:
    """The number of a frame of `numbered`."""
    return round((float(pixels.mean()) - 10) / 5)
