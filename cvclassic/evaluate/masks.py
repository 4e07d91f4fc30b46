"""Segmentations against true masks: pixels, boundaries, objects, regions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import ParameterError


def pixel_confusion(
    truth: np.ndarray, found: np.ndarray, n_classes: int, known: np.ndarray | None = None
) -> np.ndarray:
    """How many pixels of each class got each class.

    Parameters
    ----------
    truth, found : ndarray of shape (H, W), int
        From 0 to n_classes - 1.
    n_classes : int
    known : ndarray of shape (H, W), bool, optional
        Only these pixels count.

    Returns
    -------
    ndarray of shape (n_classes, n_classes), int64
        Rows are the truth.

    Examples
    --------
    >>> pixel_confusion(np.array([[0, 1, 1]]), np.array([[0, 1, 0]]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    _check_same(truth, found)
    truth, found = np.asarray(truth).ravel(), np.asarray(found).ravel()
    if known is not None:
        keep = np.asarray(known, bool).ravel()
        truth, found = truth[keep], found[keep]
    if truth.size and (truth.min() < 0 or truth.max() >= n_classes):
        raise ParameterError(f"truth must be from 0 to {n_classes - 1}.")
    cells = truth.astype(np.int64) * n_classes + found
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def overlap_scores(confusion: np.ndarray) -> dict[str, float]:
    """Dice, intersection over union and pixel accuracy of a confusion matrix.

    Parameters
    ----------
    confusion : ndarray of shape (..., n, n)
        Rows are the truth. Leading dimensions are kept.

    Returns
    -------
    dict
        ``dice`` and ``iou`` of the second class where there are two, else the mean over the
        classes that occur in the truth; ``mean_iou`` always that mean; ``pixel_accuracy``; and
        ``class_iou`` and ``class_dice`` of shape (..., n). Classes that are neither in the truth
        nor found are nan.

    Examples
    --------
    >>> overlap_scores(np.array([[5, 1], [2, 3]]))["dice"].round(3)
    np.float64(0.667)
    """
    confusion = np.asarray(confusion, np.float64)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, found = confusion.sum(-1), confusion.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = hits / (true + found - hits)
        dice = 2 * hits / (true + found)
        accuracy = hits.sum(-1) / confusion.sum((-2, -1))
    seen = true > 0
    n_seen = np.maximum(seen.sum(-1), 1)
    mean_iou = np.where(seen, np.nan_to_num(iou), 0).sum(-1) / n_seen
    mean_dice = np.where(seen, np.nan_to_num(dice), 0).sum(-1) / n_seen
    two = confusion.shape[-1] == 2
    return {
        "dice": dice[..., 1] if two else mean_dice,
        "iou": iou[..., 1] if two else mean_iou,
        "mean_iou": mean_iou,
        "pixel_accuracy": accuracy,
        "class_iou": iou,
        "class_dice": dice,
    }


def ranking_area(positive: np.ndarray, negative: np.ndarray) -> float | None:
    """Area under the ROC curve from histograms of confidence.

    Parameters
    ----------
    positive, negative : ndarray of shape (n_steps,)
        Pixels of each kind at each step of confidence, from low to high.

    Returns
    -------
    float or None
        None where one kind is missing.

    Examples
    --------
    >>> ranking_area(np.array([0, 1, 3]), np.array([2, 1, 0]))
    0.9583333333333334
    """
    positive = np.asarray(positive, np.float64)
    negative = np.asarray(negative, np.float64)
    total = positive.sum() * negative.sum()
    if total == 0:
        return None
    below = np.concatenate([[0], np.cumsum(negative)[:-1]])
    return float((positive * (below + negative / 2)).sum() / total)


def boundary_counts(
    truth: np.ndarray, found: np.ndarray, tolerance: float, known: np.ndarray | None = None
) -> tuple[int, int, int, int]:
    """Pixels of boundaries that have a counterpart within some pixels.

    Parameters
    ----------
    truth, found : ndarray of shape (H, W), int
        Any labels; where they change is a boundary.
    tolerance : float
        In pixels.
    known : ndarray of shape (H, W), bool, optional

    Returns
    -------
    found_near_true, n_found, true_near_found, n_true : int

    References
    ----------
    G. Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013,
    section 2.2.
    """
    _check_same(truth, found)
    return near_counts(label_edges(truth), label_edges(found), tolerance, known)


def near_counts(
    truth: np.ndarray, found: np.ndarray, tolerance: float, known: np.ndarray | None = None
) -> tuple[int, int, int, int]:
    """Marked pixels that have a counterpart within some pixels; as `boundary_counts`."""
    if known is not None:
        truth, found = truth & known, found & known
    return (
        int((found & _near(truth, tolerance)).sum()),
        int(found.sum()),
        int((truth & _near(found, tolerance)).sum()),
        int(truth.sum()),
    )


def f_measure(counts) -> float | None:
    """Harmonic mean of precision and recall of `boundary_counts`; None without any boundary.

    Examples
    --------
    >>> f_measure((1, 2, 1, 1))
    0.6666666666666666
    """
    found_near, n_found, true_near, n_true = (float(c) for c in counts)
    if n_true == 0 and n_found == 0:
        return None
    if n_true == 0 or n_found == 0 or found_near + true_near == 0:
        return 0.0
    precision, recall = found_near / n_found, true_near / n_true
    return 2 * precision * recall / (precision + recall)


def label_edges(labels: np.ndarray) -> np.ndarray:
    """Pixels whose right or lower neighbor has another label.

    Returns
    -------
    ndarray of shape (H, W), bool
    """
    labels = np.asarray(labels)
    edges = np.zeros(labels.shape, bool)
    edges[:, :-1] |= labels[:, 1:] != labels[:, :-1]
    edges[:-1] |= labels[1:] != labels[:-1]
    return edges


def _near(marks: np.ndarray, tolerance: float) -> np.ndarray:
    if not marks.any():
        return np.zeros(marks.shape, bool)
    return cv2.distanceTransform((~marks).astype(np.uint8), cv2.DIST_L2, 5) <= tolerance + 1e-3


@dataclass(frozen=True, eq=False)
class InstanceOverlaps:
    """Found objects against true ones.

    Attributes
    ----------
    best : ndarray of shape (n_found,), float64
        Largest intersection over union with a true object. Above 0.5 the pair is the only one of
        both, so that no matching is needed.
    n_true, n_found : int
    missed : ndarray of int
        Numbers of the true objects that no found one overlaps by more than a half.
    """

    best: np.ndarray
    n_true: int
    n_found: int
    missed: np.ndarray


def match_instances(truth: np.ndarray, found: np.ndarray) -> InstanceOverlaps:
    """Overlaps of the objects of two label images, 0 being the background.

    Parameters
    ----------
    truth, found : ndarray of shape (H, W), int

    Returns
    -------
    InstanceOverlaps
        Found objects in the order of their numbers.

    Examples
    --------
    >>> match_instances(np.array([[1, 1, 0, 2]]), np.array([[5, 5, 5, 0]])).best.round(2)
    array([0.67])
    """
    iou, true, _ = overlap_table(truth, found)
    best = iou.max(axis=0) if len(iou) else np.zeros(iou.shape[1])
    covered = iou.max(axis=1) > 0.5 if iou.shape[1] else np.zeros(len(iou), bool)
    return InstanceOverlaps(best, len(iou), iou.shape[1], true[~covered])


def overlap_table(
    truth: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intersection over union of each object of one label image with each of another.

    Returns
    -------
    iou : ndarray of shape (n, m)
    true, found : ndarray of int
        Numbers of the objects, in rows and columns.
    """
    _check_same(truth, found)
    a, row = np.unique(truth, return_inverse=True)
    b, column = np.unique(found, return_inverse=True)
    cells = row.ravel().astype(np.int64) * len(b) + column.ravel()
    shared = np.bincount(cells, minlength=len(a) * len(b)).reshape(len(a), len(b))
    union = shared.sum(1)[:, None] + shared.sum(0)[None] - shared
    iou = shared / np.maximum(union, 1)
    return iou[a != 0][:, b != 0], a[a != 0], b[b != 0]


def region_covering(truth: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """How well regions are covered: best overlap of each true region, weighted by area.

    Every label is a region here, 0 too.

    Returns
    -------
    covered, n_pixels : float
        Their quotient is the covering; sums over images make the covering of a set.

    References
    ----------
    P. Arbelaez et al., "Contour detection and hierarchical image segmentation", PAMI 33(5), 2011,
    eq. 7.

    Examples
    --------
    >>> region_covering(np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 1]]))
    (2.333333333333333, 4.0)
    """
    shift = 1
    iou, true, _ = overlap_table(np.asarray(truth, np.int64) + shift, np.asarray(found) + shift)
    areas = np.bincount(np.asarray(truth, np.int64).ravel() + shift)[true]
    return float((iou.max(axis=1) * areas).sum()), float(areas.sum())


def _check_same(truth: np.ndarray, found: np.ndarray) -> None:
    if np.shape(truth) != np.shape(found) or np.ndim(truth) != 2:
        raise ParameterError(
            "truth and found must have the same shape (H, W). "
            f"Got {np.shape(truth)} and {np.shape(found)} instead."
        )
