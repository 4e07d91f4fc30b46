"""Frames of videos: times, choice, damage, and decoders that misbehave."""

from __future__ import annotations

import os
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.images import (
    Fault,
    FrameSelection,
    VideoFrame,
    VideoLimits,
    is_video,
    read_frames,
    split_fragment,
    write_image,
)
from tests.images.clips import number_of, numbered, write_clip

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Forty frames at uneven times."""
    path = tmp_path_factory.mktemp("clips") / "uneven.mkv"
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.integers(10, 90, 40)).tolist()
    write_clip(path, numbered(40), times)
    return path


def theirs(path: Path) -> list[float]:
    """Times of frames as PyAV gives them."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_times_are_those_of_the_file(clip) -> None:
    frames = list(read_frames(clip))
    assert [frame.time for frame in frames] == theirs(clip)
    assert len(set(np.diff(theirs(clip)).round(6))) > 10  # the times are uneven indeed
    assert [number_of(frame.value) for frame in frames] == list(range(40))
    assert [frame.index for frame in frames] == list(range(40))
    assert all(frame.path == f"{clip}#t={frame.time:.6f}" for frame in frames)


@pytest.mark.slow
def test_frames_can_be_chosen(clip) -> None:
    times = theirs(clip)
    every = [frame.index for frame in read_frames(clip, FrameSelection(every=7))]
    assert every == list(range(0, 40, 7))
    second = [frame.time for frame in read_frames(clip, FrameSelection(every=0.3))]
    assert second[0] == times[0]
    assert all(b - a > 0.2 for a, b in pairwise(second))
    assert len(second) == pytest.approx((times[-1] - times[0]) / 0.3, abs=1.5)
    part = [frame.time for frame in read_frames(f"{clip}#t=0.5,1.2")]
    assert part == [moment for moment in times if 0.5 <= moment < 1.2]
    with av.open(str(clip)) as container:
        whole = [frame.time for frame in container.decode(video=0) if frame.key_frame]
    assert [frame.time for frame in read_frames(clip, FrameSelection(keyframes=True))] == whole
    wanted = (times[3], times[20] - 1e-4, times[30])
    found = [frame.time for frame in read_frames(clip, FrameSelection(times=wanted))]
    assert found == [times[3], times[20], times[30]]


def test_rotation_is_honored(tmp_path) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32] = 255  # upper left
    write_clip(tmp_path / "plain.mp4", [image] * 3)
    data = (tmp_path / "plain.mp4").read_bytes()
    # the display matrix of the track header: a quarter turn clockwise
    at = data.index(b"tkhd") + 4 + 4 + 4 * 5 + 8 + 8
    upright = b"".join(v.to_bytes(4, "big") for v in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30))
    assert data[at : at + 36] == upright
    quarter = [0, 1 << 16, 0, (1 << 32) - (1 << 16), 0, 0, 48 << 16, 0, 1 << 30]
    turned = b"".join(v.to_bytes(4, "big") for v in quarter)
    (tmp_path / "turned.mp4").write_bytes(data[:at] + turned + data[at + 36 :])
    (first, *_) = read_frames(tmp_path / "turned.mp4")
    assert first.value.shape == (64, 48, 3)
    assert first.value[:28, 28:].mean() > 200  # upper right now
    assert first.value[36:].mean() < 50


def test_what_is_no_video_is_a_fault(tmp_path) -> None:
    (tmp_path / "text.mp4").write_text("no video at all\n" * 50)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "list.mp4").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n"
    )
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    expected = {
        "text.mp4": "corrupt",
        "empty.mp4": "empty",
        "folder.mp4": "not_regular",
        "pipe.mp4": "not_regular",
        "missing.mp4": "not_found",
        "list.mp4": "corrupt",
        "sound.mp4": "unsupported_format",
    }
    for name, code in expected.items():
        start = time.monotonic()
        (fault,) = read_frames(tmp_path / name)
        assert isinstance(fault, Fault)
        assert fault.code == code, name
        assert time.monotonic() - start < 60
    (fault,) = read_frames("camera:77")
    assert fault.code == "not_found"


@pytest.mark.slow
def test_damage_is_told_and_frames_are_kept(clip) -> None:
    """A hundred damaged copies: each ends, and says so where something is missing."""
    data = clip.read_bytes()
    rng = np.random.default_rng(1)
    silent = 0
    for i in range(12):
        damaged = bytearray(data)
        if i % 3 == 2:
            del damaged[int(rng.integers(len(data) // 3, len(data))) :]
        else:
            for at in rng.integers(200, len(data), 6):
                damaged[at] ^= int(rng.integers(1, 256))
        path = clip.with_name("damaged.mkv")
        path.write_bytes(damaged)
        found = list(read_frames(path, limits=VideoLimits(timeout=60)))
        frames = [item for item in found if isinstance(item, VideoFrame)]
        assert found, "nothing was said"
        assert len(frames) <= 41
        silent += len(frames) < 39 and len(frames) == len(found)
    assert silent <= 4  # cuts between two packets of a stream look like its end


@pytest.mark.slow
def test_missing_ends_are_told(tmp_path) -> None:
    """Files that stop between two packets are whole to the decoder; what they announce tells."""
    path = tmp_path / "long.mkv"
    write_clip(path, numbered(45), [200 * i for i in range(45)])
    assert len(list(read_frames(path))) == 45
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    *frames, fault = read_frames(path)
    assert 0 < len(frames) < 45
    assert fault.code in ("truncated", "corrupt")
    path.write_bytes(data)
    assert not [one for one in read_frames(f"{path}#t=2,4") if isinstance(one, Fault)]


@pytest.mark.slow
def test_limits(clip) -> None:
    *frames, fault = read_frames(clip, limits=VideoLimits(max_frames=10))
    assert (len(frames), fault.code) == (10, "too_large")
    (fault,) = read_frames(clip, limits=VideoLimits(max_pixels=100))
    assert fault.code == "too_large"
    (fault,) = read_frames(clip, limits=VideoLimits(memory=1 << 20))
    assert fault.code in ("worker_crash", "out_of_memory")


def test_who_stops_early_leaves_no_process(clip) -> None:
    psutil = pytest.importorskip("psutil")
    frames = read_frames(clip)
    next(frames)
    assert len(psutil.Process().children()) >= 1
    frames.close()
    assert not [
        one for one in psutil.Process().children() if "frame_decoder" in " ".join(one.cmdline())
    ]


def test_names() -> None:
    assert is_video("a.MKV#t=1")
    assert not is_video("a.mp4.jpg")
    assert split_fragment("a.mp4#t=1") == ("a.mp4", 1.0, float("inf"))
    assert split_fragment("a#b.mp4") == ("a#b.mp4", 0.0, float("inf"))
    for options in ({"start": -1}, {"start": 2, "end": 1}, {"every": 0}, {"every": -0.5}):
        with pytest.raises(ParameterError):
            FrameSelection(**options)


def test_time_bases_of_other_formats(tmp_path) -> None:
    times = [0, 1001, 3003, 4004]
    base = Fraction(1, 30000)
    write_clip(tmp_path / "a.mp4", numbered(4), times, base)
    assert [f.time for f in read_frames(tmp_path / "a.mp4")] == theirs(tmp_path / "a.mp4")


def test_numbered_images_are_a_video(tmp_path) -> None:
    for i in (1, 2, 3, 10):
        write_image(tmp_path / f"f{i}.png", numbered(11)[i])
    (tmp_path / "note.txt").write_text("no frame")
    for name in (tmp_path / "f%d.png", tmp_path):
        frames = list(read_frames(name))
        assert [number_of(frame.value) for frame in frames] == [1, 2, 3, 10]
        assert [frame.time for frame in frames] == [0.0, 0.04, 0.08, 0.12]
    assert [frame.index for frame in read_frames(f"{tmp_path}/f%d.png#t=0.04,0.1")] == [1, 2]
    assert [frame.index for frame in read_frames(tmp_path, FrameSelection(every=3))] == [0, 3]
    (tmp_path / "f2.png").write_bytes(b"damaged")
    found = list(read_frames(tmp_path / "f%d.png"))
    assert [isinstance(one, Fault) for one in found] == [False, True, False, False]
    assert [one.code for one in read_frames(tmp_path / "g%d.png")] == ["not_found"]
    (tmp_path / "h%d.png").write_bytes(b"")  # a file of that name is itself
    assert not is_video(tmp_path / "h%d.png")


@pytest.mark.slow
def test_frames_may_be_picked_by_who_has_seen_them_all(clip) -> None:
    seen = []

    def pick(frames):
        seen.extend(frames)
        return tuple(frame.time for frame in seen[::4])

    picked = list(read_frames(clip, FrameSelection(pick=pick)))
    assert [frame.time for frame in picked] == [frame.time for frame in seen[::4]]
    with pytest.raises(ParameterError, match="camera"):
        next(read_frames("camera:9", FrameSelection(pick=pick)))
