"""Detectors of any origin on the same images: scores, and whether differences are significant."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError
from ..evaluate import BoxScores, ImageBoxes, match_boxes, score_boxes
from ..images import Detections
from ..images.labels import LabeledFiles, LabeledImage, coco_results

_RESAMPLES = 400
_RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True, eq=False)
class ComparedDetector:
    """One detector among others.

    Attributes
    ----------
    name : str
    scores : BoxScores
    difference : float
        Difference in AP50 to the best detector.
    interval : (float, float)
        95% of the differences when images are drawn again; the same images for both.
    """

    name: str
    scores: BoxScores
    difference: float
    interval: tuple[float, float]


def read_predictions(path, files: LabeledFiles, labels=None) -> list[Detections]:
    """Boxes that any program has found, from COCO JSON.

    Parameters
    ----------
    path : str or Path
        A list of results (``image_id``, ``category_id``, ``bbox``, ``score``), whose numbers are
        those of the label file; or an object with ``images``, ``categories`` and such
        ``annotations``, as ``cvclassic objects detect --json coco`` writes.
    files : LabeledFiles
        The images that are judged.
    labels : str or Path, optional
        The label file, in COCO's format: needed for a list of results.

    Returns
    -------
    list of Detections
        In the order of `files`.

    Raises
    ------
    DataError
        The file cannot be read, or none of its images is among `files`.
    """
    content = _json(path)
    about = content
    if isinstance(content, list):
        about = _json(labels) if labels is not None and os.path.isfile(labels) else None
        if not isinstance(about, dict):
            raise DataError(f"{path}: a list of results needs labels in COCO JSON for its numbers")
        rows = coco_results(content, str(path))
    elif isinstance(content, dict) and isinstance(content.get("annotations"), list):
        rows = coco_results(content["annotations"], str(path))
    else:
        raise DataError(f"{path}: expected COCO JSON with the scores of boxes")
    try:
        names = {image["id"]: str(image["file_name"]) for image in about["images"]}
        classes = {one["id"]: str(one["name"]) for one in about["categories"]}
        found: dict[str, list[tuple]] = {name: [] for name in names.values()}
        for row in rows:
            entry = (*map(float, row["bbox"]), float(row["score"]), classes[row["category_id"]])
            found[names[row["image_id"]]].append(entry)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: an image, a category or a number is wrong: {error}") from None
    by_base = {os.path.basename(name): rows for name, rows in found.items()}
    if len(by_base) < len(found):
        by_base = {}  # the same name in several folders
    picked = [found.get(i.name, by_base.get(os.path.basename(i.name))) for i in files.images]
    if all(rows is None for rows in picked):
        raise DataError(f"{path}: none of its images is among the labeled ones")
    return [_detections(rows or []) for rows in picked]


def _json(path) -> Any:
    try:
        with open(path, "rb") as file:
            return json.load(file)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path}: this is not JSON") from None


def _detections(rows: list[tuple]) -> Detections:
    numbers = np.array([row[:5] for row in rows], np.float32).reshape(-1, 5)
    good = np.isfinite(numbers).all(axis=1) & (numbers[:, 2:4] >= 0).all(axis=1)
    labels = np.array([row[5] for row in rows], object)
    return Detections(numbers[good, :4], numbers[good, 4], labels[good])


def compare_detectors(
    images: Sequence[LabeledImage], found: Mapping[str, Sequence[Detections]], *, seed: int = 0
) -> list[ComparedDetector]:
    """Score detectors on the same images, the best at IoU .5 first.

    Parameters
    ----------
    images : sequence of LabeledImage
    found : mapping of str to sequence of Detections
        What each detector found in them.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    list of ComparedDetector

    References
    ----------
    Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 13: percentiles of paired
    resamples.
    """
    classes = sorted({label for image in images for label in image.labels()})
    scores = {name: score_boxes(_rows(images, own), classes) for name, own in found.items()}
    order = sorted(scores, key=lambda name: -np.nan_to_num(scores[name].ap50))
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(images), (_RESAMPLES, len(images)))
    resampled = {name: _resampled(images, own, classes, draws) for name, own in found.items()}
    out = []
    for name in order:
        gaps = resampled[name] - resampled[order[0]]
        low, high = np.nanpercentile(gaps, [2.5, 97.5]) if np.isfinite(gaps).any() else (0, 0)
        gap = scores[name].ap50 - scores[order[0]].ap50
        out.append(ComparedDetector(name, scores[name], float(gap), (float(low), float(high))))
    return out


def _rows(images, found) -> list[ImageBoxes]:
    return [
        ImageBoxes(
            own.boxes, own.scores, own.labels.tolist(), image.boxes(), image.labels(),
            np.array([o.ignore for o in image.objects], bool),
        )
        for image, own in zip(images, found, strict=True)
    ]  # fmt: skip


def _resampled(images, found, classes, draws: np.ndarray) -> np.ndarray:
    """AP50 of each draw of images."""
    out = np.full((len(classes), len(draws)), np.nan)
    for c, name in enumerate(classes):
        scores, hits, owner = [], [], []
        counts = np.zeros(len(images))
        for i, (image, own) in enumerate(zip(images, found, strict=True)):
            real = [o.label == name and not o.ignore for o in image.objects]
            mine = own.select(own.labels == name).best_first()
            counts[i] = sum(real)
            hit = match_boxes(mine.boxes, mine.scores, image.boxes()[real]) >= 0
            scores.append(mine.scores)
            hits.append(hit)
            owner.append(np.full(len(mine), i))
        order = np.argsort(-np.concatenate(scores), kind="stable")
        hit, place = np.concatenate(hits)[order], np.concatenate(owner)[order]
        for d, draw in enumerate(draws):
            times = np.bincount(draw, minlength=len(images))
            out[c, d] = _ap(hit, times[place], float(counts @ times))
    return np.nanmean(out, axis=0) if len(classes) else np.zeros(len(draws))


def _ap(hit: np.ndarray, times: np.ndarray, n_truth: float) -> float:
    """Average precision of boxes, best first, each counted some times."""
    if n_truth == 0:
        return float("nan")
    right, all_ = np.cumsum(hit * times), np.cumsum(times)
    precision = np.maximum.accumulate((right / np.maximum(all_, 1))[::-1])[::-1]
    at = np.searchsorted(right / n_truth, _RECALLS, side="left")
    return float(np.append(precision, 0.0)[at].mean())
