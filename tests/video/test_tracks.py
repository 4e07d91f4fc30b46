"""Tracks keep their numbers; one box is followed through an obstacle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.evaluate import box_overlaps
from cvclassic.images import Detections, read_frames
from cvclassic.video import (
    BoxFollower,
    BoxTracker,
    follow_box,
    label_spans,
    plan_blurring,
    smooth_labels,
    track_detections,
)


def found(*boxes) -> Detections:
    return Detections(np.array(boxes, float).reshape(-1, 4), [0.9] * len(boxes), ["x"] * len(boxes))


def test_two_that_cross_keep_their_numbers() -> None:
    frames = []
    for i in range(60):
        left, right = (10 + 3 * i, 50, 20, 40), (190 - 3 * i, 52, 20, 40)
        frames.append((found(left, right) if i % 2 else found(right, left), None))
    boxes = list(track_detections(frames))
    assert {box.track for box in boxes} == {1, 2}
    for number in (1, 2):
        xs = [box.box[0] for box in boxes if box.track == number]
        assert len(xs) == 60
        assert np.abs(np.diff(xs)).max() < 8  # nobody jumps to the other's place


def test_numbers_survive_fifteen_hidden_frames() -> None:
    frames = []
    for i in range(70):
        hidden = 30 <= i < 45
        frames.append((found() if hidden else found((10 + 2 * i, 40, 20, 40)), None))
    boxes = list(track_detections(frames))
    assert {box.track for box in boxes} == {1}
    assert [box.frame for box in boxes] == list(range(70))
    bridged = [box for box in boxes if not box.seen]
    assert [box.frame for box in bridged] == list(range(30, 45))
    for box in bridged:
        assert box.box[0] == pytest.approx(10 + 2 * box.frame, abs=1)
    frames[30:45] = [(found(), None)] * 40
    assert {box.track for box in track_detections(frames)} == {1, 2}


def test_colors_tell_who_is_who() -> None:
    """Two meet, both vanish, and come back where the other one was expected."""
    image = np.zeros((100, 300, 3), np.uint8)
    frames = []
    for i in range(50):
        if 20 <= i < 26:
            frames.append((found(), image))
            continue
        turned = i >= 26  # both have turned round
        a = 40 + 4 * i if not turned else 40 + 4 * 20 - 4 * (i - 26)
        b = 200 - 4 * i if not turned else 200 - 4 * 20 + 4 * (i - 26)
        drawn = image.copy()
        drawn[30:70, a : a + 20] = (250, 30, 30)
        drawn[30:70, b : b + 20] = (30, 30, 250)
        frames.append((found((a, 30, 20, 40), (b, 30, 20, 40)), drawn))
    boxes = list(track_detections(frames, appearance=0.7))
    first = {box.track: box.box[0] for box in boxes if box.frame == 0}
    last = {box.track: box.box[0] for box in boxes if box.frame == 49}
    assert {number for number, x in first.items() if x < 100} == {
        number for number, x in last.items() if x < 100
    }


def test_single_detections_are_no_tracks() -> None:
    tracker = BoxTracker(min_hits=3)
    for i in range(10):
        tracker.update(found((10, 10, 20, 20)) if i in (2, 3) else found())
    assert tracker.finish() == []
    with pytest.raises(ParameterError, match="max_hidden"):
        BoxTracker(max_hidden=-1)


def test_a_box_is_followed_behind_a_post() -> None:
    rng = np.random.default_rng(0)
    field = rng.integers(60, 190, (120, 260, 3), np.uint8)
    target = rng.integers(0, 256, (30, 20, 3), np.uint8)
    frames = []
    for i in range(80):
        image = field.copy()
        x = 20 + 2 * i
        image[45:75, x : x + 20] = target
        image[:, 100:124] = 20  # the post
        frames.append(image)
    followed = list(follow_box(frames, (20, 45, 20, 30)))
    overlaps = [
        float(box_overlaps([one.box], [(20 + 2 * i, 45, 20, 30)])[0, 0])
        for i, one in enumerate(followed)
    ]
    assert np.mean(overlaps[:35]) > 0.7
    assert not all(one.seen for one in followed[40:52])
    assert np.mean(overlaps[-15:]) > 0.5


@pytest.mark.slow
def test_jogging(data_dir: Path) -> None:
    """As well as OpenCV's CSRT: its mean overlap on this clip is .73."""
    clip = data_dir / "video" / "jogging.mp4"
    track = json.loads(clip.with_suffix(".json").read_text())["tracks"][0]
    frames = (frame.value for frame in read_frames(clip))
    overlaps = [
        float(box_overlaps([one.box], [box])[0, 0])
        for one, box in zip(follow_box(frames, track[0]), track, strict=True)
        if box is not None
    ]
    assert np.mean(overlaps) > 0.73


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (500, 0, 5, 5), (-9, 0, 5, 5)])
def test_boxes_outside_are_refused(box) -> None:
    with pytest.raises(ParameterError, match="box"):
        BoxFollower(np.zeros((50, 50, 3), np.uint8), box)


def test_no_frame_between_two_blurred_ones_is_left_open() -> None:
    frames = [found((50, 50, 30, 30)) if i % 4 == 0 else found() for i in range(20, 60)]
    plan = plan_blurring([found()] * 20 + frames + [found()] * 20)
    assert plan.n_tracks == 1
    for frame in range(20, 57):
        assert len(plan.boxes[frame]) == 1, frame
    assert set(range(12, 20)) <= set(plan.boxes)  # before the first sighting too
    assert all(moment.reason for moment in plan.doubtful)


def test_labels_are_smoothed() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 40)
    alone = rng.dirichlet([1, 1, 1], 120) + 0.9 * np.eye(3)[truth]
    alone /= alone.sum(axis=1, keepdims=True)
    times = np.cumsum(rng.uniform(0.02, 0.06, 120))
    smooth = smooth_labels(alone, times, hold=1.0)
    np.testing.assert_allclose(smooth.sum(axis=1), 1)
    before = (alone.argmax(axis=1) == truth).mean()
    after = (smooth.argmax(axis=1) == truth).mean()
    assert after > max(before, 0.97)
    back = smooth_labels(alone[::-1], times[-1] - times[::-1], hold=1.0)[::-1]
    np.testing.assert_allclose(smooth, back, atol=0.02)  # time may run backwards
    spans = label_spans(smooth.argmax(axis=1), smooth.max(axis=1), times)
    assert [span.label for span in spans] == [0, 1, 2]
    with pytest.raises(ParameterError, match="hold"):
        smooth_labels(alone, times, hold=0)
