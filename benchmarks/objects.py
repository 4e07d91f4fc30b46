"""Object detectors on boxes: average precision, miss rate and time, beside dlib.

Each set is learned from its training images with the defaults, and its test images are looked at
once. dlib (``pip install dlib-bin``) trains its HOG detector with C = 5 where it takes the boxes;
where it refuses them, that is what is written down.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from cvclassic.evaluate import ImageBoxes, score_boxes
from cvclassic.images import read_image
from cvclassic.images.labels import load_labeled_files
from cvclassic.objects import ObjectDetector, load_detector, save_detector
from cvclassic.objects.evaluating import evaluate_detector

from .common import data_dir, show, threads, write_results

SETS = ("raccoon", "pennfudan", "plates_world", "fruit")
KEYS = ("ap50", "ap75", "ap", "log_average_miss_rate", "recall50")
_TIMED = 30  # images


def ours(name: str, folder: Path, models: Path | None, n_jobs: int) -> dict:
    """Train, evaluate and time one detector; a model that is there is not trained again."""
    train = load_labeled_files(folder / "train.json", folder / "images")
    test = load_labeled_files(folder / "test.json", folder / "images")
    file = None if models is None else models / f"{name}.cvobjects"
    seconds = None
    if file is not None and file.exists():
        detector, _ = load_detector(file)
    else:
        start = time.process_time()
        detector = ObjectDetector(n_jobs=n_jobs).fit(train.paths, train.images)
        seconds = time.process_time() - start
        if file is not None:
            save_detector(file, detector)
    found = evaluate_detector(detector, test.paths, test.images, n_jobs=n_jobs)
    scores = found.scores.to_dict()
    return {
        **{key: scores[key] for key in KEYS},
        "training_processor_seconds": seconds,
        "ms_per_image": milliseconds(detector.detect, test.paths),
    }


def milliseconds(find, paths) -> float:
    """Processor time of an image in memory, on one core."""
    images = [read_image(path) for path in paths[:_TIMED]]
    images = [cv2.cvtColor(i, cv2.COLOR_GRAY2RGB) if i.ndim == 2 else i for i in images]
    with threads(1):
        find(images[0])
        start = time.process_time()
        for image in images:
            find(image)
    return 1000 * (time.process_time() - start) / len(images)


def dlib_detector(folder: Path) -> dict:
    """dlib's own trainer, one detector a class."""
    try:
        import dlib
    except ImportError:
        return {"refused": "dlib is not installed"}
    train = load_labeled_files(folder / "train.json", folder / "images")
    test = load_labeled_files(folder / "test.json", folder / "images")
    classes = train.labels.classes
    options = dlib.simple_object_detector_training_options()
    options.C, options.num_threads, options.be_verbose = 5, 2, False
    options.add_left_right_image_flips = True
    pixels = [np.ascontiguousarray(read_image(path)) for path in train.paths]
    detectors = []
    start = time.process_time()
    for name in classes:
        boxes = [
            [_rectangle(dlib, o.box) for o in image.objects if o.label == name]
            for image in train.images
        ]
        try:
            detectors.append(dlib.train_simple_object_detector(pixels, boxes, options))
        except RuntimeError as error:
            return {"refused": " ".join(str(error).split())[:200]}
    seconds = time.process_time() - start

    def find(image):
        return [detector(image) for detector in detectors]

    rows = []
    for path, image in zip(test.paths, test.images, strict=True):
        boxes, scores, labels = [], [], []
        picture = read_image(path)
        for name, detector in zip(classes, detectors, strict=True):
            found, confidences, _ = dlib.fhog_object_detector.run(detector, picture, 1, -1.0)
            boxes += [[r.left(), r.top(), r.width(), r.height()] for r in found]
            scores += list(confidences)
            labels += [name] * len(found)
        rows.append(
            ImageBoxes(
                np.array(boxes, float).reshape(-1, 4),
                np.array(scores, float),
                labels,
                image.boxes(),
                image.labels(),
            )
        )
    numbers = score_boxes(rows, classes).to_dict()
    return {
        **{key: numbers[key] for key in KEYS},
        "training_processor_seconds": seconds,
        "ms_per_image": milliseconds(find, test.paths),
    }


def _rectangle(dlib, box):
    x, y, w, h = (round(v) for v in box)
    return dlib.rectangle(x, y, x + w - 1, y + h - 1)


def main() -> None:
    """Measure, show, and write results/objects.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--models", type=Path, help="Folder where models are kept.")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-dlib", action="store_true")
    options = parser.parse_args()
    results: dict[str, dict] = {}
    for name in options.sets:
        folder = data_dir() / name
        results[f"{name}: cvclassic"] = ours(name, folder, options.models, options.jobs)
        if not options.no_dlib:
            results[f"{name}: dlib"] = dlib_detector(folder)
        show(results)
    write_results("objects", results)


if __name__ == "__main__":
    main()
