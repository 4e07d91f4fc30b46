"""Opponents of the object detectors: dlib's HOG trainer and OpenCV's default people detector."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from cvclassic.evaluate import ImageBoxes, score_boxes
from cvclassic.images import read_image
from cvclassic.images.labels import load_labeled_files

from .common import threads

KEYS = ("ap50", "ap75", "ap", "log_average_miss_rate", "recall50")
_TIMED = 30  # images


def milliseconds(find, paths) -> float:
    """Processor time of an image in memory, on one core."""
    images = [read_image(path) for path in paths[:_TIMED]]
    images = [cv2.cvtColor(i, cv2.COLOR_GRAY2RGB) if i.ndim == 2 else i for i in images]
    with threads(1):
        find(images[0])
        best = []
        for image in images:
            times = []
            for _ in range(3):
                start = time.process_time()
                find(image)
                times.append(time.process_time() - start)
            best.append(min(times))
    return 1000 * float(np.mean(best))


def dlib_detector(folder: Path, alike: bool = False) -> dict:
    """dlib's own trainer, one detector a class.

    `alike` makes boxes that it would refuse fit for it: all of a class get the median aspect ratio
    around their center, at their area, and at least the 400 pixels that it asks for. Scores are
    those on the true boxes.
    """
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
        given = [[o.box for o in image.objects if o.label == name] for image in train.images]
        if alike:
            given = _alike(given)
        boxes = [[_rectangle(dlib, box) for box in some] for some in given]
        try:
            trained = dlib.train_simple_object_detector(pixels, boxes, options)
        except RuntimeError as error:
            return {"refused": " ".join(str(error).split())[:200]}
        with tempfile.TemporaryDirectory() as scratch:  # only what is read from a file tells scores
            trained.save(f"{scratch}/m.svm")
            detectors.append(dlib.fhog_object_detector(f"{scratch}/m.svm"))
    seconds = time.process_time() - start

    def find(image):
        return [detector.run(image, 0, 0.0) for detector in detectors]

    rows = []
    for path, image in zip(test.paths, test.images, strict=True):
        boxes, scores, labels = [], [], []
        picture = read_image(path)
        for name, detector in zip(classes, detectors, strict=True):
            found, confidences, _ = detector.run(picture, 0, -1.0)
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


def _alike(boxes: list[list]) -> list[list]:
    """Boxes of one aspect ratio and of at least 400 pixels."""
    ratio = float(np.median([w / h for some in boxes for _, _, w, h in some]))
    least = 450 / min(ratio, 1 / ratio)  # its window has the shape of the boxes: no side too small
    changed: list[list] = []
    for some in boxes:
        changed.append([])
        for x, y, w, h in some:
            area = max(w * h, least)
            wide, high = np.sqrt(area * ratio), np.sqrt(area / ratio)
            changed[-1].append((x + w / 2 - wide / 2, y + h / 2 - high / 2, wide, high))
    return changed


def _rectangle(dlib, box):
    x, y, w, h = (round(v) for v in box)
    return dlib.rectangle(x, y, x + w - 1, y + h - 1)


def people_detector(folder: Path) -> dict:
    """OpenCV's HOG detector of people, as it comes."""
    test = load_labeled_files(folder / "test.json", folder / "images")
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())

    def find(image):
        return hog.detectMultiScale(
            image, hitThreshold=-0.5, winStride=(8, 8), padding=(16, 16), scale=1.05
        )

    rows = []
    for path, image in zip(test.paths, test.images, strict=True):
        boxes, scores = find(read_image(path))
        boxes = np.asarray(boxes, float).reshape(-1, 4)
        # its windows are 64 x 128 around people of 96 pixels
        inner = boxes[:, 2:] * (0.62, 0.75)
        boxes = np.concatenate([boxes[:, :2] + (boxes[:, 2:] - inner) / 2, inner], axis=1)
        labels = ["person"] * len(boxes)
        scores = np.asarray(scores, float).ravel()
        rows.append(ImageBoxes(boxes, scores, labels, image.boxes(), image.labels()))
    numbers = score_boxes(rows, ["person"]).to_dict()
    return {
        **{key: numbers[key] for key in KEYS},
        "ms_per_image": milliseconds(find, test.paths),
    }
