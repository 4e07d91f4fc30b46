"""A detector on labeled images: scores, and which boxes are false alarms and misses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from ..errors import ImageReadError
from ..evaluate import BoxScores, ImageBoxes, match_boxes, score_boxes
from ..images import Detections, read_image, single_threaded
from ..images.labels import LabeledImage
from .state import DetectorState, detect_objects


@dataclass(frozen=True, eq=False)
class DetectorEvaluation:
    """What a detector found in labeled images.

    Attributes
    ----------
    scores : BoxScores
    paths : list of str
    images : list of LabeledImage
    found : list of Detections
        None of an image that could not be read.
    failures : list of (path, code, message)
    """

    scores: BoxScores
    paths: list[str]
    images: list[LabeledImage]
    found: list[Detections]
    failures: list[tuple[str, str, str]]

    def false_alarms(self) -> list[tuple[int, int]]:
        """Image and box of each false alarm at IoU .5, most probable first."""
        rows = []
        for i, (image, found) in enumerate(zip(self.images, self.found, strict=True)):
            for k in np.flatnonzero(~_hits(found, image)):
                rows.append((float(found.scores[k]), i, int(k)))
        return [(i, k) for _, i, k in sorted(rows, key=lambda row: (-row[0], row[1], row[2]))]

    def misses(self, min_score: float = 0.0) -> list[tuple[int, int]]:
        """Image and object of each object that no box of at least `min_score` overlaps by half."""
        rows = []
        for i, (image, found) in enumerate(zip(self.images, self.found, strict=True)):
            kept = found.select(found.scores >= min_score)
            for k, labeled in enumerate(image.objects):
                if labeled.ignore:
                    continue
                same = [j for j, label in enumerate(kept.labels) if label == labeled.label]
                matched = match_boxes(
                    kept.boxes[same], kept.scores[same], _boxes_of(image, labeled.label)
                )
                own = [n for n, o in enumerate(image.objects) if o.label == labeled.label].index(k)
                if own not in matched:
                    rows.append((-labeled.box[2] * labeled.box[3], i, k))
        return [(i, k) for _, i, k in sorted(rows)]


def _boxes_of(image: LabeledImage, label: str) -> np.ndarray:
    return image.boxes()[[o.label == label for o in image.objects]]


def _hits(found: Detections, image: LabeledImage) -> np.ndarray:
    hit = np.zeros(len(found), bool)
    for label in set(found.labels.tolist()):
        mine = np.flatnonzero(found.labels == label)
        truth = _boxes_of(image, label)
        hit[mine] = match_boxes(found.boxes[mine], found.scores[mine], truth) >= 0
    return hit


def evaluate_detector(
    detector,
    paths: Sequence[str],
    images: Sequence[LabeledImage],
    *,
    n_jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DetectorEvaluation:
    """Find objects in labeled images and score them.

    Parameters
    ----------
    detector : ObjectDetector
        Fitted.
    paths : sequence of str
    images : sequence of LabeledImage
        What is in each of them.
    n_jobs : int or None
        Processes.
    progress : callable, optional

    Returns
    -------
    DetectorEvaluation
    """
    tell = progress or (lambda done, total: None)
    size = max(-(-len(paths) // 32), 1)
    blocks = [list(paths[a : a + size]) for a in range(0, len(paths), size)]
    answers: list = []
    jobs = (delayed(_detect_some)(detector.state_, block) for block in blocks)
    for block in Parallel(n_jobs, return_as="generator")(jobs):
        answers += block
        tell(len(answers), len(paths))
    failures, rows, kept_paths, kept_images, kept_found = [], [], [], [], []
    for path, image, answer in zip(paths, images, answers, strict=True):
        if isinstance(answer, ImageReadError):
            failures.append((path, answer.code, answer.message))
            continue
        ignored = np.array([o.ignore for o in image.objects], bool)
        rows.append(
            ImageBoxes(
                answer.boxes, answer.scores, answer.labels, image.boxes(), image.labels(), ignored
            )
        )
        kept_paths.append(path)
        kept_images.append(image)
        kept_found.append(answer)
    known = list(detector.classes_)
    extra = sorted({label for image in images for label in image.labels()} - set(known))
    scores = score_boxes(rows, [*known, *extra]) if rows else BoxScores({}, 0)
    return DetectorEvaluation(scores, kept_paths, kept_images, kept_found, failures)


def _detect_some(state: DetectorState, paths: list[str]) -> list:
    answers: list = []
    with single_threaded():
        for path in paths:
            try:
                answers.append(detect_objects(state, read_image(path)))
            except ImageReadError as error:
                answers.append(error)
    return answers
