"""Faces in the half of the CMU+MIT images: precision and recall, time, throughput.

Boxes count as found at an overlap of 0.3, one to one. The detector's weights come from other
images (benchmarks/faces_calibration.py). Opponents: OpenCV's cascades bare, and YuNet, a network.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from cvclassic.batch import Work, run
from cvclassic.evaluate import average_precision, match_boxes, recall_at_precision
from cvclassic.faces import CASCADES, FaceTask, HaarFaceDetector, YuNetFaceDetector
from cvclassic.images import read_image, write_image

from .common import data_dir, interleave, read_results, threads, write_results

OVERLAP = 0.3
Detector = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def load() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Images and their boxes (x, y, width, height)."""
    home = data_dir() / "faces_cmu_mit"
    corners = json.loads((home / "boxes_xyxy.json").read_text())
    truth = {
        name: np.array([(a, b, c - a, d - b) for a, b, c, d in boxes], float).reshape(-1, 4)
        for name, boxes in sorted(corners.items())
    }
    return {name: read_image(home / "images" / name) for name in truth}, truth


def gray(image: np.ndarray) -> np.ndarray:
    """One channel."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def stock(name: str) -> cv2.CascadeClassifier:
    """A cascade as OpenCV loads it."""
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")


def bare(name: str, scale: float, neighbors: int) -> Detector:
    """OpenCV alone, scored by the number of windows that agree."""
    classifier = stock(name)

    def detect(image: np.ndarray):
        boxes, counts = classifier.detectMultiScale2(gray(image), scale, neighbors)
        return np.array(boxes, float).reshape(-1, 4), np.array(counts, float).ravel()

    return detect


def ours(detector) -> Detector:
    """One of the detectors of the library."""

    def detect(image: np.ndarray):
        faces = detector.detect(image)
        return faces.boxes, faces.scores

    return detect


def contestants() -> dict[str, tuple[Detector, float]]:
    """Name -> detector, and the score from which on it says that there is a face."""
    networks = data_dir() / "opponents"
    return {
        "HaarFaceDetector": (ours(HaarFaceDetector(min_confidence=0.02)), 0.6),
        "HaarFaceDetector, all cascades": (
            ours(HaarFaceDetector(tuple(CASCADES), min_confidence=0.02)),
            0.6,
        ),
        "OpenCV default, 1.1, 3": (bare("frontalface_default", 1.1, 3), 0),
        "OpenCV alt2, 1.1, 3": (bare("frontalface_alt2", 1.1, 3), 0),
        "OpenCV alt, 1.05, 1": (bare("frontalface_alt", 1.05, 1), 0),
        "YuNet-n": (
            ours(YuNetFaceDetector(networks / "yunet_n_640_640.onnx", min_confidence=0.1)),
            0.5,
        ),
    }


def accuracy(images: dict, truth: dict, detect: Detector, cut: float) -> dict[str, float | None]:
    """Average precision, and where precision is .95 and at the detector's own threshold."""
    hits: list[bool] = []
    scores: list[float] = []
    for name, image in images.items():
        boxes, values = detect(image)
        hits += list(match_boxes(boxes, values, truth[name], min_overlap=OVERLAP) >= 0)
        scores += list(values)
    n = sum(map(len, truth.values()))
    good, sure = np.array(hits, bool), np.array(scores) >= cut
    recall, threshold = recall_at_precision(good, scores, n, 0.95)
    return {
        "average_precision": round(average_precision(good, scores, n), 4),
        "recall_at_precision_95": round(recall, 4),
        "score_there": round(threshold, 4) if np.isfinite(threshold) else None,
        "recall": round(float(good[sure].sum() / n), 4),
        "precision": round(float(good[sure].mean()), 4),
        "found": int(good[sure].sum()),
        "false": int((~good[sure]).sum()),
    }


def bare_on(classifier, images: list) -> None:
    """What a script does with OpenCV's cascade."""
    for image in images:
        classifier.detectMultiScale(gray(image), 1.05, 3)


def found_in(detector, images: list) -> None:
    """The same work by a detector of cvclassic."""
    for image in images:
        detector.detect(image)


def speed(images: dict) -> dict[str, dict]:
    """Time of this detector with one cascade over that of the cascade alone; one thread."""
    some = [image for image in images.values() if image.size < 400_000][::8]
    results: dict[str, dict] = {}
    for name, file in (("alt", "frontalface_alt"), ("default", "frontalface_default")):
        detector, classifier = HaarFaceDetector((name,)), stock(file)
        pair = {
            "bare": partial(bare_on, classifier, some),
            "HaarFaceDetector": partial(found_in, detector, some),
        }
        results[name] = interleave(pair, repeats=5, clock=time.process_time)
        results[name]["pictures"] = len(some)
        print(name, results[name], flush=True)
    return results


def throughput(images: dict, turns: int) -> dict[str, object]:
    """Images a second of a folder, on one worker and on two, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        paths: list[str] = []
        for i, image in enumerate(images.values()):
            path = Path(folder, f"{i}.png")
            write_image(path, image)
            paths.append(str(path))
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(turns):
            for n in (1, 2):
                start = time.perf_counter()
                task = FaceTask(HaarFaceDetector())
                records = list(run(paths, task, work=Work("processes", n_jobs=n)))
                rates[n].append(len(records) / (time.perf_counter() - start))
                print(n, "workers:", round(rates[n][-1], 2), "images a second", flush=True)
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    return {
        "pictures": len(paths),
        "per_second": {str(n): [round(rate, 3) for rate in values] for n, values in rates.items()},
        "ratio": round(float(np.median(ratios)), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def main() -> None:
    """Measure the parts that are asked for; the others are kept as they were."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = ["accuracy", "speed", "throughput"]
    parser.add_argument("--parts", nargs="+", choices=names, default=names)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    results: dict = {}
    images, truth = load()
    with threads(1):
        if "accuracy" in arguments.parts:
            results["accuracy"] = {}
            for name, (detect, cut) in contestants().items():
                start = time.process_time()
                row = accuracy(images, truth, detect, cut)
                row["ms_a_picture"] = round((time.process_time() - start) / len(images) * 1e3, 1)
                results["accuracy"][name] = row
                print(f"{name:28}", row, flush=True)
        if "speed" in arguments.parts:
            results["speed"] = speed(images)
        if "throughput" in arguments.parts:
            results["throughput"] = throughput(images, arguments.turns)
    faces = sum(map(len, truth.values()))
    # read as late as this, as parts may run side by side
    known = read_results("faces_detection")
    results = {name: {**known, **results}[name] for name in names if name in {**known, **results}}
    write_results("faces_detection", results, pictures=len(images), faces=faces, overlap=OVERLAP)


if __name__ == "__main__":
    main()
