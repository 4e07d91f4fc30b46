"""Shots and tracks of videos: mixes with exact truth, against PySceneDetect and OpenCV's trackers.

Mixes are made of clips and of slow pans over photographs, joined by cuts, dissolves and fades,
with flashes and shaking inside shots. Settings were chosen on mixes of other seeds and photographs.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from .common import ROOT, data_dir, show, write_block, write_results

SIZE = (240, 136)  # width, height
TEST_SEEDS = range(100, 112)


def clips(folder: Path) -> list[list[np.ndarray]]:
    """Single shots of the real clips, in one size."""
    from cvclassic.images import VideoFrame, read_frames

    found = []
    for name in ("bikes", "jogging"):
        frames = [
            cv2.resize(frame.value, SIZE, interpolation=cv2.INTER_AREA)
            for frame in read_frames(folder / f"{name}.mp4")
            if isinstance(frame, VideoFrame)
        ]
        truth = json.loads((folder / f"{name}.json").read_text())
        at = [0, *(cut["first"] for cut in truth.get("transitions", [])), len(frames)]
        found += [frames[a:b] for a, b in pairwise(at) if b - a >= 40]
    return found


def pan(photo: np.ndarray, n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """A slow move over a photograph, by a hand that shakes a little."""
    height, width = photo.shape[:2]
    start, end = rng.uniform(0.5, 0.95, 2)
    a, b = rng.uniform(0, 1, (2, 2))
    shake = np.cumsum(rng.normal(0, rng.choice([0.0, 0.3, 1.0]), (n, 2)), axis=0)
    shake -= np.linspace(0, 1, n)[:, None] * shake[-1]
    frames = []
    for i in range(n):
        part = i / max(n - 1, 1)
        side = start + part * (end - start)
        w = side * min(width, height * SIZE[0] / SIZE[1])
        h = w * SIZE[1] / SIZE[0]
        x = (width - w) * (a[0] + part * (b[0] - a[0])) + shake[i, 0]
        y = (height - h) * (a[1] + part * (b[1] - a[1])) + shake[i, 1]
        matrix = np.array([[w / SIZE[0], 0, x], [0, h / SIZE[1], y]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        frames.append(
            cv2.warpAffine(photo, matrix, SIZE, flags=flags, borderMode=cv2.BORDER_REFLECT)
        )
    return frames


def mix(
    shots: list[list[np.ndarray]], photos: list[Path], seed: int
) -> tuple[list[np.ndarray], list[dict]]:
    """A video of some 16 shots, and its transitions."""
    from cvclassic.images import read_image

    rng = np.random.default_rng(seed)
    frames: list[np.ndarray] = []
    truth: list[dict] = []
    for number in range(16):
        if rng.random() < 0.4:
            shot = shots[rng.integers(len(shots))]
            begin = rng.integers(0, max(1, len(shot) - 90))
            shot = [frame.copy() for frame in shot[begin : begin + 90]]
        else:
            photo = read_image(photos[rng.integers(len(photos))])
            photo = photo if photo.ndim == 3 else cv2.cvtColor(photo, cv2.COLOR_GRAY2RGB)
            shot = pan(photo, int(rng.integers(40, 110)), rng)
        if rng.random() < 0.25:  # a flash inside
            at = int(rng.integers(15, len(shot) - 15))
            for i in range(at, at + int(rng.integers(1, 4))):
                shot[i] = np.clip(shot[i].astype(np.float32) * rng.uniform(0.5, 1) + 140, 0, 255)
                shot[i] = shot[i].astype(np.uint8)
        if number == 0:
            frames += shot
            continue
        kind = rng.choice(["cut", "cut", "dissolve", "fade"])
        n = int(rng.integers(6, 31))
        at = len(frames)
        if kind == "cut":
            truth.append({"kind": "cut", "first": at, "last": at})
            frames += shot
        elif kind == "dissolve":
            n = min(n, len(shot) - 12, len(frames) - 12)
            for i in range(n):
                share = (i + 1) / (n + 1)
                frames[at - n + i] = cv2.addWeighted(
                    frames[at - n + i], 1 - share, shot[i], share, 0
                )
            truth.append({"kind": "dissolve", "first": at - n, "last": at})
            frames += shot[n:]
        else:
            half = n // 2
            for i in range(half):
                share = 1 - (i + 1) / half
                frames[at - half + i] = (frames[at - half + i] * share).astype(np.uint8)
                shot[half - 1 - i] = (shot[half - 1 - i] * share).astype(np.uint8)
            truth.append({"kind": "fade", "first": at - half, "last": at + half})
            frames += shot
    noise = rng.normal(0, 2, (16, SIZE[1], SIZE[0], 1))
    frames = [
        np.clip(frame + noise[i % 16], 0, 255).astype(np.uint8) for i, frame in enumerate(frames)
    ]
    return frames, truth


def score(truth: list[dict], found: list[tuple[str, int, int]]) -> dict:
    """True ones that are found, and false alarms; a cut within one frame."""
    used: set[int] = set()
    hit = {"cut": 0, "dissolve": 0, "fade": 0}
    for one in truth:
        near = 1 if one["kind"] == "cut" else 2
        for i, (_, first, last) in enumerate(found):
            if i not in used and first <= one["last"] + near and last >= one["first"] - near:
                used.add(i)
                hit[one["kind"]] += 1
                break
    return {"hit": hit, "false": len(found) - len(used)}


def scene_detect(frames: list[np.ndarray]) -> dict[str, list[tuple[str, int, int]]]:
    """PySceneDetect's detectors with their defaults, on the same frames."""
    from scenedetect import AdaptiveDetector, ContentDetector, HistogramDetector, ThresholdDetector
    from scenedetect.common import FrameTimecode

    found = {}
    for kind in (ContentDetector, AdaptiveDetector, HistogramDetector, ThresholdDetector):
        detector = kind()
        cuts = []
        for i, frame in enumerate(frames):
            moment = FrameTimecode(i, 25.0)
            cuts += detector.process_frame(moment, np.ascontiguousarray(frame[..., ::-1]))
        cuts += detector.post_process(FrameTimecode(len(frames) - 1, 25.0))
        found[f"PySceneDetect {kind.__name__}"] = [
            ("cut", int(cut.frame_num), int(cut.frame_num)) for cut in cuts
        ]
    return found


def measure_shots(folder: Path, seeds: range) -> dict:
    """F1 of ours and of PySceneDetect's over mixes."""
    from cvclassic.video import detect_transitions

    shots = clips(folder / "video")
    photos = sorted((folder / "scene15").rglob("*.jpg"))[::7]
    photos += sorted((folder / "ukbench").rglob("*.jpg"))[::5]
    photos = [photo for i, photo in enumerate(photos) if i % 2 == seeds.start // 100 % 2]
    totals: dict[str, dict] = {}
    seconds: dict[str, float] = {}
    for seed in seeds:
        frames, truth = mix(shots, photos, seed)
        start = time.process_time()
        ours = [(t.kind, t.first, t.last) for t in detect_transitions(frames)]
        seconds["ours"] = seconds.get("ours", 0) + time.process_time() - start
        answers = {"cvclassic": ours}
        try:
            answers |= scene_detect(frames)
        except ImportError:
            pass
        for name, found in answers.items():
            result = score(truth, found)
            total = totals.setdefault(name, {"hit": {}, "all": {}, "false": 0})
            for kind, n in result["hit"].items():
                total["hit"][kind] = total["hit"].get(kind, 0) + n
            total["false"] += result["false"]
            for one in truth:
                total["all"][one["kind"]] = total["all"].get(one["kind"], 0) + 1
    rows = {}
    for name, total in totals.items():
        hits, n = sum(total["hit"].values()), sum(total["all"].values())
        rows[name] = {
            **{
                f"{kind}s": f"{total['hit'].get(kind, 0)} of {n}"
                for kind, n in total["all"].items()
            },
            "false_alarms": total["false"],
            "f1": round(2 * hits / (n + hits + total["false"]), 3),
        }
    return rows


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(TEST_SEEDS.start, TEST_SEEDS.stop))
    parser.add_argument("--keep", action="store_true", help="write the result")
    args = parser.parse_args(argv)
    results = {"shots": measure_shots(data_dir(), range(*args.seeds))}
    show(results["shots"], "shots")
    if args.keep:
        write_results("video", results)
        write_block(ROOT / "docs" / "video.md", "video-shots", table(results["shots"]))


def table(rows: dict) -> str:
    """The results as a Markdown table, best first."""
    lines = ["|  | cuts | dissolves | fades | false alarms | F1 |", "| --- " + "| ---: " * 5 + "|"]
    for name, row in sorted(rows.items(), key=lambda item: -item[1]["f1"]):
        cells = [row["cuts"], row["dissolves"], row["fades"], row["false_alarms"], row["f1"]]
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
