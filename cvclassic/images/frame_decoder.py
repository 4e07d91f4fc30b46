"""The process that decodes video: frames and damage to standard output.

Messages are a length, JSON of that length, and for a frame its pixels.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from cvclassic.images.frame_choice import Choice

_HEAD = struct.Struct("<I")
_MOST_DAMAGE = 1000  # damaged packets that are told of
_QUIET = 8  # FFmpeg's AV_LOG_FATAL
# a playlist that is called clip.mp4 would make FFmpeg open what it names
_NO_OTHER_FILES = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,flv,"
    "ogg,asf,mjpeg,h264,hevc,m4v,gif,ivf,mxf,rawvideo,yuv4mpegpipe,apng,wav,mp3,aac,flac",
}


def main() -> None:
    """Answer the request on standard input."""
    request = json.loads(sys.stdin.buffer.read())
    out = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)  # whatever a library prints is no frame
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    try:
        for said, pixels in decode(request):
            _send(out, said, pixels)
        _send(out, {"end": True}, None)
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        _send(out, _fault("out_of_memory", "the decoder is out of memory", last=True), None)
    out.flush()
    os._exit(0)  # decoders with threads may not end by themselves


def _send(out: BinaryIO, said: dict[str, Any], pixels: np.ndarray | None) -> None:
    text = json.dumps(said).encode()
    out.write(_HEAD.pack(len(text)) + text)
    if pixels is not None:
        out.write(pixels.data)
    out.flush()


def _fault(code: str, message: str, moment: float | None = None, last: bool = False) -> dict:
    return {"code": code, "message": message, "time": moment, "last": last}


def decode(request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], np.ndarray | None]]:
    """Messages for a request: chosen frames, damaged places, why it ended early."""
    import av
    from av.error import FFmpegError

    av.logging.set_level(_QUIET)
    path = os.fsdecode(bytes.fromhex(request["path"]))
    try:
        container = _open(av, path)
    except FileNotFoundError:
        yield _fault("not_found", "there is no such file or camera", last=True), None
        return
    except PermissionError:
        yield _fault("permission", "permission denied", last=True), None
        return
    except (FFmpegError, ValueError, OSError) as error:
        yield _fault("corrupt", f"it is damaged or not a video ({_words(error)})", last=True), None
        return
    # never closed: that can hang while threads decode, and the process ends soon
    if not container.streams.video:
        yield (
            _fault("unsupported_format", "it has no video, only sound", last=True),
            None,
        )
        return
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    if request["keyframes"]:
        stream.codec_context.skip_frame = "NONKEY"
    if request["start"] > 0:
        with contextlib.suppress(FFmpegError):
            container.seek(int(request["start"] / stream.time_base), stream=stream)
    yield from _frames(container, stream, request)


def _open(av, path: str):
    kind, _, number = path.partition(":")
    if kind == "camera" and number.isdigit():
        if sys.platform.startswith("linux"):
            return av.open(f"/dev/video{number}", format="v4l2")
        if sys.platform == "darwin":
            return av.open(number, format="avfoundation", options={"framerate": "30"})
        return av.open(f"video={number}", format="dshow")
    return av.open(os.path.abspath(path), options=_NO_OTHER_FILES)


def _frames(container, stream, request) -> Iterator[tuple[dict[str, Any], np.ndarray | None]]:
    chosen = Choice(request)
    index, n_damaged, moment = 0, 0, None
    progress = _Progress(whole=request["start"] <= 0)
    for frame, problem in _packets(container, stream, progress):
        if problem:
            n_damaged += 1
            if n_damaged <= _MOST_DAMAGE:
                yield _fault("corrupt", problem, moment), None
            continue
        if frame.pts is None or frame.time_base is None:
            moment = 0.0 if moment is None else moment + _period(stream)
        else:
            moment = float(frame.pts * frame.time_base)
        if moment >= chosen.end:
            return
        if moment < chosen.start:
            continue
        if index >= request["max_frames"]:
            most = request["max_frames"]
            yield _fault("too_large", f"more than {most} frames", moment, last=True), None
            return
        if chosen.takes(index, moment):
            if frame.width * frame.height > request["max_pixels"]:
                text = f"frames of {frame.width} x {frame.height} pixels"
                yield _fault("too_large", text, moment, last=True), None
                return
            if frame.is_corrupt:
                n_damaged += 1
                if n_damaged <= _MOST_DAMAGE:
                    yield _fault("corrupt", "the frame is damaged", moment), None
            else:
                pixels = _upright(frame)
                yield {"time": moment, "index": index, "shape": pixels.shape}, pixels
        index += 1
        if chosen.done:
            return
    if index == 0 and n_damaged == 0:
        yield _fault("empty", "it has no frames", last=True), None
    elif (
        request["end"] is None
        and not n_damaged
        and (missing := progress.missing(container, stream))
    ):
        yield _fault("truncated", missing, moment, last=True), None


class _Progress:
    """How far the packets of a stream went, against what the file announces."""

    def __init__(self, whole: bool) -> None:
        self.n_packets = 0
        self.end = 0.0  # seconds
        self._whole = whole  # from the beginning on

    def add(self, packet) -> None:
        if packet.size and packet.pts is not None:
            self.n_packets += 1
            self.end = max(
                self.end, float((packet.pts + (packet.duration or 0)) * packet.time_base)
            )

    def missing(self, container, stream) -> str:
        """What is not there; empty if nothing is known to be missing."""
        if self._whole and 0 < self.n_packets < stream.frames:
            return f"{stream.frames} frames are announced, and {self.n_packets} are there"
        if len(container.streams) == 1 and container.duration:
            # the last frame may be shown for long, so only a large gap tells
            announced = (container.duration + (container.start_time or 0)) / 1e6
            if announced - self.end > max(1.0, 0.1 * announced):
                return f"{announced:.2f} s are announced, and {self.end:.2f} s are there"
        return ""


def _packets(container, stream, progress: _Progress) -> Iterator[tuple[Any, str]]:
    """Frames; or what is wrong with a packet."""
    from av.error import EOFError as EndOfFile
    from av.error import FFmpegError

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (EndOfFile, StopIteration):
            return
        except (FFmpegError, OSError, ValueError) as error:
            yield None, f"the file ends early or is damaged ({_words(error)})"
            return
        if packet is None:
            return
        progress.add(packet)
        if packet.is_corrupt:
            yield None, "a packet is damaged"
        try:
            for frame in packet.decode():
                yield frame, ""
        except EndOfFile:
            return
        except (FFmpegError, OSError, ValueError) as error:
            yield None, f"a frame cannot be decoded ({_words(error)})"


def _upright(frame) -> np.ndarray:
    """RGB pixels, turned as the video's display matrix says."""
    pixels = frame.to_ndarray(format="rgb24")
    quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns))


def _period(stream) -> float:
    rate = stream.average_rate
    return float(1 / rate) if rate else 0.04


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error)[:100]
