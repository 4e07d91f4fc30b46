"""One box followed through a clip: our correlation filter against OpenCV's CSRT, KCF and MOSSE.

Overlap (intersection over union) with boxes drawn by hand, and milliseconds per frame of one
thread, decoding left out. A tracker that says that it has lost its target scores 0 there.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from .common import data_dir, show, write_results

Follow = Callable[[list[np.ndarray], tuple], list]


def trackers() -> dict[str, Follow]:
    """What there is in this OpenCV, and ours."""
    legacy: Any = getattr(cv2, "legacy", None)
    makers = {
        "OpenCV CSRT": getattr(cv2, "TrackerCSRT_create", None),
        "OpenCV KCF": getattr(cv2, "TrackerKCF_create", None),
        "OpenCV MOSSE": getattr(legacy, "TrackerMOSSE_create", None),
    }
    found: dict[str, Follow] = {"cvclassic": _ours}
    for name, make in makers.items():
        if make is not None:
            found[name] = functools.partial(_theirs, make)
    return found


def _ours(frames: list[np.ndarray], box: tuple) -> list:
    from cvclassic.video import follow_box

    return [found.box for found in follow_box(frames, box)]


def _theirs(make: Callable[[], Any], frames: list[np.ndarray], box: tuple) -> list:
    tracker = make()
    tracker.init(np.ascontiguousarray(frames[0][..., ::-1]), tuple(int(side) for side in box))
    boxes: list = [box]
    for frame in frames[1:]:
        good, found = tracker.update(np.ascontiguousarray(frame[..., ::-1]))
        boxes.append(tuple(found) if good else None)
    return boxes


def overlap(a: Any, b: Any) -> float:
    """Intersection over union of two boxes; 0 where one is missing."""
    if a is None or b is None:
        return 0.0
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    inside = max(width, 0) * max(height, 0)
    return inside / (a[2] * a[3] + b[2] * b[3] - inside)


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write the result."""
    from cvclassic.images import VideoFrame, read_frames

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write the result")
    args = parser.parse_args(argv)
    clip = data_dir() / "video" / "jogging.mp4"
    truth = json.loads(clip.with_suffix(".json").read_text())["tracks"][0]
    frames = [one.value for one in read_frames(clip) if isinstance(one, VideoFrame)]
    cv2.setNumThreads(1)
    rows: dict[str, dict] = {name: {"ms": []} for name in trackers()}
    for _ in range(args.turns):  # in turns: a slow moment of the machine hits all
        for name, follow in trackers().items():
            start = time.perf_counter()
            boxes = follow(frames, tuple(truth[0]))
            rows[name]["ms"].append(1e3 * (time.perf_counter() - start) / len(frames))
            seen = [overlap(a, b) for a, b in zip(boxes, truth, strict=True) if b is not None]
            rows[name]["mean_iou"] = round(float(np.mean(seen)), 3)
            rows[name]["frames_above_half"] = round(float(np.mean(np.array(seen) > 0.5)), 3)
    for row in rows.values():
        row["ms_per_frame"] = round(float(np.median(row.pop("ms"))), 2)
    show(rows, "jogging")
    if args.keep:
        write_results("video_tracks", {"jogging": rows})


if __name__ == "__main__":
    main()
