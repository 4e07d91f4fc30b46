"""How well a detector finds the true boxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .._basics.checks import check_number
from ..evaluate import average_precision, match_boxes, precision_recall
from ..images import Detections
from .loading import CascadeDetector


@dataclass(frozen=True, eq=False)
class DetectionScores:
    """Scores of a detector over all images.

    Attributes
    ----------
    n_pictures, n_truth, n_found, n_hits : int
        Images, true boxes, boxes found, and those of them that stand for a true one.
    precision, recall, thresholds : ndarray of shape (k,)
        From the highest score to the lowest, see `cvclassic.evaluate.precision_recall`.
    average_precision : float
    """

    n_pictures: int
    n_truth: int
    n_found: int
    n_hits: int
    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray
    average_precision: float

    def at(self, min_score: float) -> tuple[float, float]:
        """Precision and recall of the boxes that have at least a score; (1, 0) if none has."""
        good = np.flatnonzero(self.thresholds >= min_score)
        if not len(good):
            return 1.0, 0.0
        return float(self.precision[good[-1]]), float(self.recall[good[-1]])

    def recall_at(self, precision: float) -> float:
        """Highest recall at this precision or better; 0 if there is none."""
        good = self.precision >= precision
        return float(self.recall[good].max()) if good.any() else 0.0


def score_detector(
    detector: CascadeDetector,
    pictures: Iterable[tuple[np.ndarray, np.ndarray]],
    *,
    min_overlap: float = 0.5,
    **settings,
) -> DetectionScores:
    """Detect objects and compare them with the true ones.

    Parameters
    ----------
    detector : CascadeDetector
    pictures : iterable of (image, boxes)
        Boxes (n, 4): left, top, width, height.
    min_overlap : float
        Minimum intersection over union of a hit.
    **settings
        As in `CascadeDetector.detect`.

    Returns
    -------
    DetectionScores
    """
    found = [(detector.detect(image, **settings), np.asarray(truth)) for image, truth in pictures]
    return score_detections(found, min_overlap=min_overlap)


def score_detections(
    found: Iterable[tuple[Detections, np.ndarray]], *, min_overlap: float = 0.5
) -> DetectionScores:
    """Compare what was found in each image with what is there.

    Parameters
    ----------
    found : iterable of (Detections, boxes)
    min_overlap : float
        Minimum intersection over union of a hit.

    Returns
    -------
    DetectionScores
    """
    check_number("min_overlap", min_overlap, 0, exclusive=True)
    hits: list[np.ndarray] = [np.zeros(0, bool)]
    scores: list[np.ndarray] = [np.zeros(0)]
    n_pictures = n_truth = 0
    for one, truth in found:
        matched = match_boxes(one.boxes, one.scores, truth, min_overlap=min_overlap)
        hits.append(matched >= 0)
        scores.append(one.scores)
        n_pictures += 1
        n_truth += len(truth)
    hit, score = np.concatenate(hits), np.concatenate(scores)
    precision, recall, thresholds = precision_recall(hit, score, n_truth)
    return DetectionScores(
        n_pictures,
        n_truth,
        len(hit),
        int(hit.sum()),
        precision,
        recall,
        thresholds,
        average_precision(hit, score, n_truth),
    )
