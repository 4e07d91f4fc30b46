"""Frames of video files and cameras, decoded in a process that may be killed.

Decoders of video crash, hang and fill the memory on damaged files more often than those of
images, and OpenCV's says nothing of damage. So PyAV (FFmpeg) works in a process of its own, which
sends frames with their exact time stamps through a pipe; whatever becomes of it, the frames before
are kept and a `Fault` says why there are no more.
"""

from __future__ import annotations

import json
import math
import os
import re
import select
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from .._basics.checks import check_integer, check_number
from ..errors import ImageReadError, MissingDependencyError, ParameterError
from .arrays import NamedItem
from .files import explain_os_error, open_path
from .frame_choice import Choice
from .sequences import SEQUENCE_RATE, is_sequence, read_rgb, sequence_files
from .walking import Fault

VIDEO_SUFFIXES = frozenset(
    [
        ".3gp",
        ".avi",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mjpeg",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ogv",
        ".ts",
        ".webm",
        ".wmv",
    ]
)
_FRAGMENT = re.compile(r"(?P<path>.+)#t=(?P<start>\d+(\.\d*)?)?(,(?P<end>\d+(\.\d*)?))?", re.S)
_CAMERA = re.compile(r"camera:(\d+)")
_HEAD = struct.Struct("<I")


@dataclass(frozen=True)
class FrameSelection:
    """Which frames of a video.

    Parameters
    ----------
    start, end : float
        Seconds; frames from `start` on and before `end`.
    every : int or float
        A whole number takes every n-th frame; a float is the number of seconds between frames.
    keyframes : bool
        Only frames that are stored whole: fast.
    times : tuple of float or None
        Only the first frames at or after these times, in seconds.
    pick : callable or None
        Gives such times when it has seen all frames; they are decoded twice.

    Raises
    ------
    ParameterError
        A number is out of range.
    """

    start: float = 0.0
    end: float = math.inf
    every: int | float = 1
    keyframes: bool = False
    times: tuple[float, ...] | None = None
    pick: Callable[[Iterator[VideoFrame | Fault]], tuple[float, ...]] | None = None

    def __post_init__(self) -> None:
        check_number("start", self.start, 0)
        if not self.end > self.start:
            raise ParameterError(f"end must be after start. Got {self.start:g} to {self.end:g}.")
        if isinstance(self.every, int):
            check_integer("every", self.every, 1)
        elif not (math.isfinite(self.every) and self.every > 0):
            raise ParameterError(f"every must be > 0. Got {self.every!r} instead.")


@dataclass(frozen=True)
class VideoLimits:
    """What a video may cost.

    Parameters
    ----------
    timeout : float
        Seconds that a single frame may take.
    memory : int
        Bytes of address space of the decoder.
    max_pixels : int
        Maximum number of pixels per frame.
    max_frames : int
        Frames that are decoded at most.
    """

    timeout: float = 30.0
    memory: int = 4_000_000_000
    max_pixels: int = 50_000_000
    max_frames: int = 10_000_000


@dataclass(frozen=True)
class VideoFrame(NamedItem):
    """One frame.

    Parameters
    ----------
    path : str
        The video's name, ``#t=`` and the time in seconds.
    value : ndarray of shape (H, W, 3), uint8
        RGB, turned as the video asks to be shown.
    time : float
        Seconds from the beginning of the video's time line.
    index : int
        Its number among the decoded frames; the first one is 0.
    """

    value: np.ndarray
    time: float = 0.0
    index: int = 0


def is_video(path: str | os.PathLike) -> bool:
    """Whether a name is that of a video file, a part of one, a camera or an image sequence.

    Examples
    --------
    >>> is_video("clip.MP4"), is_video("clip.mp4#t=1,2"), is_video("camera:0"), is_video("a.jpg")
    (True, True, True, False)
    """
    name = split_fragment(os.fsdecode(path))[0]
    suffix = os.path.splitext(name)[1].lower()
    return suffix in VIDEO_SUFFIXES or bool(_CAMERA.fullmatch(name)) or is_sequence(name)


def split_fragment(name: str) -> tuple[str, float, float]:
    """Path, start and end of a name such as ``clip.mp4#t=10,20``.

    A file that is called like that is taken for itself.

    Examples
    --------
    >>> split_fragment("clip.mp4#t=10,20"), split_fragment("clip.mp4#t=,5")
    (('clip.mp4', 10.0, 20.0), ('clip.mp4', 0.0, 5.0))
    """
    found = _FRAGMENT.fullmatch(name)
    if found is None or os.path.lexists(name):
        return name, 0.0, math.inf
    start, end = found["start"], found["end"]
    return found["path"], float(start or 0), float(end) if end else math.inf


def read_frames(
    name: str | os.PathLike,
    selection: FrameSelection | None = None,
    limits: VideoLimits | None = None,
) -> Iterator[VideoFrame | Fault]:
    """Frames of a video file or a camera, in order of time.

    Parameters
    ----------
    name : str or Path
        A file, a part of it such as ``clip.mp4#t=10,20`` (seconds), ``camera:0``, a pattern such
        as ``frame_%04d.png``, or a folder of numbered images (25 frames per second).
    selection : FrameSelection, optional
        All frames unless given.
    limits : VideoLimits, optional

    Yields
    ------
    VideoFrame or Fault
        Frames; a `Fault` where data are damaged, and as the last one where decoding ended early.

    Raises
    ------
    MissingDependencyError
        PyAV is not installed.
    ParameterError
        The part is empty, or frames of a camera are to be picked.
    """
    name = os.fsdecode(name)
    path, start, end = split_fragment(name)
    selection = selection or FrameSelection()
    if (start, end) != (0.0, math.inf):
        selection = replace(selection, start=start, end=end)
    limits = limits or VideoLimits()
    if selection.pick is not None:
        if _CAMERA.fullmatch(path):
            raise ParameterError("a camera has no end: shots are found in files only.")
        every = replace(selection, pick=None, every=1, keyframes=False)
        times = selection.pick(read_frames(path, every, limits))
        selection = replace(every, times=times)
    numbered = sequence_files(path) if is_sequence(path) or os.path.isdir(path) else []
    if numbered or is_sequence(path):
        yield from _numbered(path, numbered, selection, limits)
        return
    if find_spec("av") is None:
        raise MissingDependencyError(
            "reading video needs PyAV, which is not installed. "
            "Get it: pip install 'cvclassic[video]'"
        )
    if not _CAMERA.fullmatch(path):
        fault = _unusable(path)
        if fault is not None:
            yield Fault(name, *fault)
            return
    yield from _decoded(path, selection, limits)


def _numbered(
    path: str, files: list[str], selection: FrameSelection, limits: VideoLimits
) -> Iterator[VideoFrame | Fault]:
    """Frames of an image sequence."""
    chosen = Choice(_request(selection))
    for index, file in enumerate(files):
        moment = index / SEQUENCE_RATE
        if moment >= chosen.end or chosen.done:
            return
        if moment < chosen.start:
            continue
        where = f"{path}#t={moment:.6f}"
        if chosen.takes(index, moment):
            try:
                pixels = read_rgb(file, limits.max_pixels)
            except ImageReadError as error:
                yield Fault(where, error.code, f"{os.path.basename(file)}: {error.message}")
                continue
            yield VideoFrame(where, pixels, moment, index)
    if not files:
        yield Fault(path, "not_found", "there are no numbered images of this name")


def _request(selection: FrameSelection) -> dict[str, Any]:
    """What the decoder is told of a selection."""
    return {
        "start": selection.start,
        "end": None if math.isinf(selection.end) else selection.end,
        "every": selection.every,
        "keyframes": selection.keyframes,
        "times": selection.times,
    }


def _unusable(path: str) -> tuple[str, str] | None:
    """Why a path is no file that a decoder should see."""
    try:
        descriptor = open_path(path)
    except OSError as error:
        return explain_os_error(error, path)
    except ValueError:
        return "path_invalid", "the path holds a NUL character"
    try:
        info = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(info.st_mode):
        return "not_regular", "expected a regular file"
    return None if info.st_size else ("empty", "the file has 0 bytes")


def _decoded(
    path: str, selection: FrameSelection, limits: VideoLimits
) -> Iterator[VideoFrame | Fault]:
    request = {
        "path": os.fsencode(path).hex(),
        **_request(selection),
        "memory": limits.memory,
        "max_pixels": limits.max_pixels,
        "max_frames": limits.max_frames,
    }
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        "from cvclassic.images.frame_decoder import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        pipe = process.stdout.fileno()
        patience = limits.timeout + 30  # the process has to start
        while True:
            head = _receive(pipe, _HEAD.size, patience)
            message = head and _receive(pipe, _HEAD.unpack(bytes(head))[0], patience)
            if message is None:
                yield Fault(path, "timeout", f"a frame took longer than {limits.timeout:g} s")
                return
            if not message:
                yield Fault(path, "worker_crash", f"the decoder {_fate(process)}")
                return
            patience = limits.timeout
            said = json.loads(bytes(message))
            if "end" in said:
                return
            where = path if said["time"] is None else f"{path}#t={said['time']:.6f}"
            if "code" in said:
                yield Fault(where, said["code"], said["message"])
                if said["last"]:
                    return
                continue
            shape = tuple(said["shape"])
            pixels = _receive(pipe, math.prod(shape), patience)
            if not pixels:
                yield Fault(where, "worker_crash", f"the decoder {_fate(process)}")
                return
            array = np.frombuffer(pixels, np.uint8).reshape(shape)
            yield VideoFrame(where, array, said["time"], said["index"])
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _receive(pipe: int, n: int, patience: float) -> bytearray | None:
    """Bytes from a pipe: all, none if it has ended, None if nothing came in time."""
    data = bytearray(n)
    view, done = memoryview(data), 0
    end = time.monotonic() + patience
    while done < n:
        ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        part = os.read(pipe, min(n - done, 1 << 20))
        if not part:
            return bytearray()
        view[done : done + len(part)] = part
        done += len(part)
    return data


def _fate(process: subprocess.Popen) -> str:
    try:
        code = process.wait(2)
    except subprocess.TimeoutExpired:
        return "closed its output"
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
