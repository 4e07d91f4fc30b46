"""Object detectors on boxes: average precision, miss rate and time, beside dlib and OpenCV.

Each set is learned from its training images with the defaults, and its test images are looked at
once. dlib (``pip install dlib-bin``) trains its HOG detector with C = 5 where it takes the boxes;
where it refuses them, that is written down, and it gets boxes that are made alike.
``--proposals`` measures the recall of `propose_regions` beside OpenCV's selective search,
``--speed`` six classes in one pyramid and two workers beside one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from joblib import parallel_config

from cvclassic.images import read_image
from cvclassic.images.labels import load_labeled_files
from cvclassic.objects import (
    ObjectDetector,
    load_detector,
    proposal_recall,
    propose_regions,
    save_detector,
)
from cvclassic.objects.evaluating import evaluate_detector

from .common import data_dir, read_results, show, write_results
from .objects_opponents import KEYS, dlib_detector, milliseconds, people_detector

SETS = ("raccoon", "pennfudan", "plates_world", "fruit")
_PROPOSED = 40  # images
_COUNTS = (10, 100, 1000)
_MIXED = 16  # images of each set, for six classes in one model


def ours(name: str, folder: Path, models: Path | None, n_jobs: int) -> dict:
    """Train, evaluate and time one detector; a model that is there is not trained again."""
    train = load_labeled_files(folder / "train.json", folder / "images")
    test = load_labeled_files(folder / "test.json", folder / "images")
    file = None if models is None else models / f"{name}.cvobjects"
    seconds = None
    if file is not None and file.exists():
        detector, summary = load_detector(file)
        seconds = summary.get("wall_seconds")
    else:
        start = time.perf_counter()
        detector = ObjectDetector(n_jobs=n_jobs).fit(train.paths, train.images)
        seconds = time.perf_counter() - start
        if file is not None:
            held_out = detector.report_.cross_validated.to_dict()
            summary = {"wall_seconds": seconds, "cross_validated": held_out}
            save_detector(file, detector, summary)
    found = evaluate_detector(detector, test.paths, test.images, n_jobs=n_jobs)
    scores = found.scores.to_dict()
    return {
        **{key: scores[key] for key in KEYS},
        "classes": {name: one["ap50"] for name, one in scores["classes"].items()},
        "training_seconds": seconds,
        "ms_per_image": milliseconds(detector.detect, test.paths),
    }


def proposals(folder: Path) -> dict:
    """Recall of proposals on test images, at IoU .5 and .7."""
    test = load_labeled_files(folder / "test.json", folder / "images")
    boxes = [image.boxes() for image in test.images[:_PROPOSED]]
    rows = {}
    for method in ("edges", "selective"):
        start = time.process_time()
        found = [propose_regions(path, method=method) for path in test.paths[:_PROPOSED]]
        spent = 1000 * (time.process_time() - start) / len(found)
        rows[method] = {
            "ms_per_image": spent,
            **{
                f"recall_at_{count}_iou_{overlap}": value
                for overlap in (0.5, 0.7)
                for count, value in zip(
                    _COUNTS, proposal_recall(found, boxes, _COUNTS, overlap).tolist(), strict=True
                )
            },
        }
    return rows


def speed(data: Path) -> dict:
    """Six classes in one pyramid; two workers beside one."""
    paths, truth = [], []
    for name in SETS:
        train = load_labeled_files(data / name / "train.json", data / name / "images")
        # every class of the set is among the first images
        order = sorted(range(len(train.paths)), key=lambda i: (i * 7) % len(train.paths))
        chosen = order[: _MIXED * (3 if name == "fruit" else 1)]
        paths += [train.paths[i] for i in chosen]
        truth += [train.images[i] for i in chosen]
    detector = ObjectDetector(n_jobs=2).fit(paths, truth)
    test = load_labeled_files(data / "pennfudan" / "test.json", data / "pennfudan" / "images")
    images = [read_image(path) for path in test.paths]
    seconds: dict[tuple, list[float]] = {
        (1, "threading"): [],
        (2, "threading"): [],
        (2, "loky"): [],
    }
    for _ in range(4):
        for (n, backend), spent in seconds.items():
            detector.set_params(n_jobs=n)
            with parallel_config(backend=backend):
                start = time.perf_counter()
                detector.predict(images)
                spent.append(time.perf_counter() - start)
    best = {key: min(spent) for key, spent in seconds.items()}  # workers have started then
    one = best[1, "threading"]
    return {
        "classes": len(detector.classes_),
        "megapixels": float(np.mean([i.shape[0] * i.shape[1] for i in images])) / 1e6,
        "ms_per_image": milliseconds(detector.detect, test.paths),
        "two_threads_times_one": one / best[2, "threading"],
        "two_processes_times_one": one / best[2, "loky"],
    }


def main() -> None:
    """Measure, show, and write results/objects.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--models", type=Path, help="Folder where models are kept.")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-dlib", action="store_true")
    parser.add_argument("--no-own", action="store_true", help="Only the opponents.")
    parser.add_argument("--proposals", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--keep", action="store_true", help="Keep results of what is not run.")
    options = parser.parse_args()
    results: dict[str, dict] = read_results("objects") if options.keep else {}
    if options.models is not None:
        options.models.mkdir(parents=True, exist_ok=True)
    for name in options.sets:
        folder = data_dir() / name
        if not options.no_own:
            results[f"{name}: cvclassic"] = ours(name, folder, options.models, options.jobs)
        if not options.no_dlib:
            results[f"{name}: dlib"] = dlib_detector(folder)
            if "refused" in results[f"{name}: dlib"]:
                results[f"{name}: dlib, boxes made alike"] = dlib_detector(folder, alike=True)
        if name == "pennfudan":
            results[f"{name}: OpenCV people"] = people_detector(folder)
        show(results)
        write_results("objects", results)
    if options.proposals:
        for name in SETS:
            for method, row in proposals(data_dir() / name).items():
                results[f"{name}: proposals, {method}"] = row
    if options.speed:
        results["six classes"] = speed(data_dir())
    show(results)
    write_results("objects", results)


if __name__ == "__main__":
    main()
