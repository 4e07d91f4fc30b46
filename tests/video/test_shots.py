"""Transitions between shots: exact ones of mixes, none where nothing changes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.images import read_frames
from cvclassic.video import detect_transitions, shots_between, summarize_frames


def pan(seed: int, n: int, hue: int) -> list[np.ndarray]:
    """A slow move over an image of blobs."""
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.integers(0, 256, (200, 320), np.uint8), (0, 0), 6)
    field = cv2.normalize(field, None, 30, 230, cv2.NORM_MINMAX)
    hsv = np.dstack([np.full_like(field, hue), np.full_like(field, 150), field])
    picture = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return [picture[40:148, i : i + 192] for i in range(n)]


def kinds(frames: list[np.ndarray]) -> list[tuple[str, int, int]]:
    return [(found.kind, found.first, found.last) for found in detect_transitions(frames)]


def test_cuts_are_exact() -> None:
    frames = pan(0, 30, 10) + pan(1, 25, 90) + pan(2, 40, 150)
    assert kinds(frames) == [("cut", 30, 30), ("cut", 55, 55)]


def test_backwards_the_same_cuts_are_found() -> None:
    frames = pan(0, 30, 10) + pan(1, 25, 90)
    assert kinds(frames[::-1]) == [("cut", 25, 25)]


def test_dissolves_and_fades() -> None:
    a, b = pan(3, 40, 20), pan(4, 40, 110)
    n = 12
    mixed = [
        cv2.addWeighted(a[28 + i], 1 - (i + 1) / (n + 1), b[i], (i + 1) / (n + 1), 0)
        for i in range(n)
    ]
    ((kind, first, last),) = kinds(a[:28] + mixed + b[n:])
    assert kind == "dissolve"
    assert abs(first - 28) <= 4
    assert abs(last - 40) <= 4
    fading = [(frame * (1 - i / 9)).astype(np.uint8) for i, frame in enumerate(a[30:40])]
    rising = [(frame * (i / 9)).astype(np.uint8) for i, frame in enumerate(b[:10])]
    ((kind, first, last),) = kinds(a[:30] + fading + rising + b[10:])
    assert kind == "fade"
    assert first <= 40 <= last


def test_no_cut_where_it_flashes_shakes_or_moves() -> None:
    frames = pan(5, 60, 60)
    flash = [frame.copy() for frame in frames]
    flash[20] = np.clip(flash[20].astype(int) + 150, 0, 255).astype(np.uint8)
    flash[41] = flash[42] = np.full_like(flash[41], 250)
    rng = np.random.default_rng(0)
    shaken = [np.roll(frame, tuple(rng.integers(-6, 7, 2)), (0, 1)) for frame in frames]
    dimmed = [(frame * (0.4 + 0.01 * i)).astype(np.uint8) for i, frame in enumerate(frames)]
    for moving in (frames, flash, shaken, dimmed):
        assert kinds(moving) == []


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_short_and_blank_videos(n) -> None:
    assert kinds(pan(0, n, 10)) == []
    assert kinds([np.zeros((20, 30, 3), np.uint8)] * n) == []


@pytest.mark.slow
def test_real_clips(data_dir: Path) -> None:
    folder = data_dir / "video"
    for name, most_missed in (("bikes", 0), ("montage_b", 1), ("jogging", 0)):
        frames = (frame.value for frame in read_frames(folder / f"{name}.mp4"))
        found = detect_transitions(frames)
        truth = json.loads((folder / f"{name}.json").read_text()).get("transitions", [])
        hit = [
            any(one.first <= t["last"] + 1 and one.last >= t["first"] - 1 for one in found)
            for t in truth
        ]
        assert hit.count(False) <= most_missed, name
        assert len(found) <= len(truth) + most_missed


def test_spans_cover_all_frames() -> None:
    frames = pan(0, 30, 10) + pan(1, 25, 90)
    spans = shots_between(detect_transitions(frames), len(frames))
    assert spans == [(0, 30), (30, 55)]
    assert shots_between([], 0) == []


def test_bad_parameters() -> None:
    with pytest.raises(ParameterError, match="sensitivity"):
        detect_transitions(summarize_frames([]), sensitivity=0)
