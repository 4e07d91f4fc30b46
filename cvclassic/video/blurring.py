"""Blurs faces in a whole video, also where the detector misses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .._basics.checks import check_integer
from ..images import Detections
from .tracks import BoxTracker, TrackedBox

_GROWN = 0.2  # of the box on each side: hair and ears are a face, too


@dataclass(frozen=True)
class DoubtfulMoment:
    """A time that somebody should look at.

    Attributes
    ----------
    first, last : int
        Frames.
    reason : str
    """

    first: int
    last: int
    reason: str


@dataclass(frozen=True)
class BlurPlan:
    """What is blurred in which frame.

    Attributes
    ----------
    boxes : dict of int to list of TrackedBox
        By frame.
    doubtful : list of DoubtfulMoment
    n_tracks, n_bridged : int
        Faces followed, and boxes that no detector saw.
    """

    boxes: dict[int, list[TrackedBox]]
    doubtful: list[DoubtfulMoment]
    n_tracks: int
    n_bridged: int


def plan_blurring(
    found: Iterable[Detections], *, max_hidden: int = 15, margin: int = 8
) -> BlurPlan:
    """Which boxes to blur, frame by frame.

    A track of a face bridges the frames in which the detector misses it, and goes on for `margin`
    frames before and behind. Single detections are blurred as well: a wrong one costs little.

    Parameters
    ----------
    found : iterable of Detections
        Detections in consecutive frames.
    max_hidden : int
        Longest gap that is bridged, in frames.
    margin : int
        Frames blurred before a track begins and after it ends.

    Returns
    -------
    BlurPlan
    """
    check_integer("margin", margin, 0)
    tracker = BoxTracker(max_hidden=max_hidden, min_hits=1)
    n_frames = 0
    for detections in found:
        tracker.update(detections)
        n_frames += 1
    tracks: dict[int, list[TrackedBox]] = defaultdict(list)
    for box in tracker.finish():
        tracks[box.track].append(box)
    boxes: dict[int, list[TrackedBox]] = defaultdict(list)
    doubtful: list[DoubtfulMoment] = []
    for number, track in sorted(tracks.items()):
        for box in track:
            boxes[box.frame].append(box)
        first, last = track[0], track[-1]
        for end, step in ((first, -1), (last, 1)):
            for k in range(1, margin + 1):
                frame = end.frame + step * k
                if 0 <= frame < n_frames:
                    more = TrackedBox(frame, number, end.box, 0.0, end.label, seen=False)
                    boxes[frame].append(more)
        doubtful += _doubts(number, track, margin, n_frames)
    n_bridged = sum(not box.seen for row in boxes.values() for box in row)
    ordered = sorted(doubtful, key=lambda moment: moment.first)
    return BlurPlan(dict(boxes), ordered, len(tracks), n_bridged)


def _doubts(
    number: int, track: list[TrackedBox], margin: int, n_frames: int
) -> list[DoubtfulMoment]:
    doubts = []
    if sum(box.seen for box in track) < 3:
        first, last = track[0].frame, track[-1].frame
        doubts.append(DoubtfulMoment(first, last, f"face {number} was detected in few frames"))
    gap: list[int] = []
    for box in [*track, None]:
        if box is not None and not box.seen:
            gap.append(box.frame)
            continue
        if len(gap) > 5:
            reason = f"face {number} was not detected; its position is interpolated"
            doubts.append(DoubtfulMoment(gap[0], gap[-1], reason))
        gap = []
    if track[-1].frame + margin < n_frames - 1 and len(track) > 10:
        frame = track[-1].frame
        reason = f"face {number} was last detected here; it may have turned away or left"
        doubts.append(DoubtfulMoment(frame, min(frame + margin, n_frames - 1), reason))
    return doubts


def blur_frame(
    pixels: np.ndarray,
    boxes: Iterable[TrackedBox],
    blur: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """A frame with its boxes, a little grown, blurred.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    boxes : iterable of TrackedBox
    blur : callable
        Takes pixels and boxes of shape (n, 4), as `cvclassic.faces.blur_faces`.
    """
    grown = [
        (x - _GROWN * w, y - _GROWN * h, w * (1 + 2 * _GROWN), h * (1 + 2 * _GROWN))
        for x, y, w, h in (box.box for box in boxes)
    ]
    return blur(pixels, np.array(grown, float).reshape(-1, 4)) if grown else pixels
