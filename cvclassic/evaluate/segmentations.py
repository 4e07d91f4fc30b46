"""Scores of a set of segmented images, with intervals over the images."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import ParameterError
from .boxes import average_precision
from .masks import (
    boundary_counts,
    f_measure,
    match_instances,
    near_counts,
    overlap_scores,
    pixel_confusion,
    ranking_area,
)

_LIMITS = np.arange(0.5, 1.0, 0.05)


@dataclass(frozen=True, eq=False)
class ImageMeasures:
    """What is counted in one image; sums over images are the scores of a set.

    Attributes
    ----------
    confusion : ndarray of shape (n, n)
    boundary : tuple of 4 int
        See `boundary_counts`.
    near : tuple of 4 int or None
        Pixels of the second of two classes within the tolerance.
    histograms : ndarray of shape (k, 2, 256)
        Pixels by confidence, not of the class and of the class; k is 1 for two classes.
    objects : tuple of int or None
        True, found, and hits at an overlap over one half.
    overlaps, certainties : ndarray
        Overlap and confidence of each found object.
    """

    confusion: np.ndarray
    boundary: tuple[int, int, int, int]
    near: tuple[int, int, int, int] | None
    histograms: np.ndarray
    objects: tuple[int, int, int] | None = None
    overlaps: np.ndarray = field(default_factory=lambda: np.zeros(0))
    certainties: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def score(self) -> float:
        """Dice of the second of two classes, or mean IoU; what images are ranked by."""
        found = overlap_scores(self.confusion)
        value = found["dice"] if len(self.confusion) == 2 else found["mean_iou"]
        return 1.0 if np.isnan(value) else float(value)


def measure_image(
    truth: np.ndarray,
    found: np.ndarray,
    steps: np.ndarray,
    n_classes: int,
    *,
    tolerance: float = 2.0,
    instances: tuple[np.ndarray, np.ndarray] | None = None,
) -> ImageMeasures:
    """Count what one image contributes.

    Parameters
    ----------
    truth : ndarray of shape (H, W), int
        Class of each pixel, -1 where it does not count.
    found : ndarray of shape (H, W), int
    steps : ndarray of shape (k, H, W), uint8
        Confidence in steps of 1/255; of the second of two classes (k = 1), or of each class.
    n_classes : int
    tolerance : float
        Tolerance for boundaries in pixels.
    instances : tuple of two ndarray of shape (H, W), int, optional
        True and found object numbers.

    Returns
    -------
    ImageMeasures
    """
    truth, found = np.asarray(truth), np.asarray(found)
    known = truth >= 0
    confusion = pixel_confusion(np.maximum(truth, 0), found, n_classes, known)
    filled = np.where(known, found, -1)
    boundary = boundary_counts(truth, filled, tolerance, known)
    near = None
    if n_classes == 2:
        near = near_counts((truth == 1) & known, (found == 1) & known, tolerance)
    classes = [1] if len(steps) == 1 else range(n_classes)
    histograms = np.stack(
        [
            np.bincount(
                part[known].astype(np.int64) + 256 * (truth[known] == c), minlength=512
            ).reshape(2, 256)
            for c, part in zip(classes, steps, strict=True)
        ]
    )
    if instances is None:
        return ImageMeasures(confusion, boundary, near, histograms)
    true, split = (np.where(known, part, 0) for part in instances)
    overlaps = match_instances(true, split)
    numbers, index = np.unique(split, return_inverse=True)
    sums = np.bincount(index.ravel(), steps[0].ravel(), len(numbers))
    means = (sums / np.bincount(index.ravel()))[numbers != 0] / 255
    objects = (overlaps.n_true, overlaps.n_found, int((overlaps.best > 0.5).sum()))
    return ImageMeasures(confusion, boundary, near, histograms, objects, overlaps.best, means)


def segmentation_scores(measures: list[ImageMeasures]) -> dict:
    """Scores of a set: counts are summed over all images first.

    Parameters
    ----------
    measures : list of ImageMeasures

    Returns
    -------
    dict
        ``dice``, ``iou``, ``mean_iou``, ``pixel_accuracy``, ``auc`` (mean over classes against
        the rest, if there are more than two), ``boundary_f1``, ``tolerant_f1`` (pixels of the
        second of two classes, a few pixels off allowed), ``instance_f1`` (overlap over one half),
        ``instance_ap`` (mean over overlaps from 0.5 to 0.95), ``class_iou``, ``class_dice``; None
        for what cannot be computed.

    Raises
    ------
    ParameterError
        There is no image.
    """
    if not measures:
        raise ParameterError("measures must hold at least one image. Got none.")
    found: dict[str, Any] = overlap_scores(np.sum([m.confusion for m in measures], axis=0))
    histograms = np.sum([m.histograms for m in measures], axis=0)
    areas = [a for a in (ranking_area(h[1], h[0]) for h in histograms) if a is not None]
    near = None
    if measures[0].near is not None:
        near = f_measure(np.sum([m.near for m in measures if m.near is not None], axis=0))
    scores = {
        "dice": _number(found["dice"]),
        "iou": _number(found["iou"]),
        "mean_iou": _number(found["mean_iou"]),
        "pixel_accuracy": _number(found["pixel_accuracy"]),
        "auc": float(np.mean(areas)) if areas else None,
        "boundary_f1": f_measure(np.sum([m.boundary for m in measures], axis=0)),
        "tolerant_f1": near,
        "instance_f1": None,
        "instance_ap": None,
        "class_iou": [_number(v) for v in found["class_iou"]],
        "class_dice": [_number(v) for v in found["class_dice"]],
    }
    objects = [m.objects for m in measures if m.objects is not None]
    if objects:
        n_true, n_found, hits = np.sum(objects, axis=0)
        scores["instance_f1"] = float(2 * hits / max(n_true + n_found, 1))
        overlaps = np.concatenate([m.overlaps for m in measures])
        certainties = np.concatenate([m.certainties for m in measures])
        scores["instance_ap"] = float(
            np.mean([average_precision(overlaps > t, certainties, int(n_true)) for t in _LIMITS])
        )
    return scores


def segmentation_intervals(
    measures: list[ImageMeasures], *, n_resamples: int = 300, level: float = 0.95, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of `segmentation_scores` over images drawn again with replacement.

    Returns
    -------
    dict
        Intervals of the numeric scores; empty with fewer than three images.
    """
    if len(measures) < 3:
        return {}
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    # average precisions are dear: a part of the draws must do
    brief = [replace(m, objects=None) for m in measures]
    objects = [m.objects for m in measures]
    for i in range(n_resamples):
        rows = rng.integers(len(measures), size=len(measures))
        complete = i % 3 == 0 or objects[0] is None
        scores = segmentation_scores([(measures if complete else brief)[r] for r in rows])
        if not complete:
            n_true, n_found, hits = np.sum([objects[r] for r in rows], axis=0)
            scores["instance_f1"] = float(2 * hits / max(n_true + n_found, 1))
        for name, value in scores.items():
            if isinstance(value, float):
                drawn.setdefault(name, []).append(value)
    tail = (1 - level) / 2
    return {
        name: (float(np.quantile(values, tail)), float(np.quantile(values, 1 - tail)))
        for name, values in drawn.items()
    }


def _number(value) -> float | None:
    return None if np.isnan(value) else float(value)
