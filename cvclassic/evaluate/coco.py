"""Average precision of boxes as the COCO challenge counts it, and the log-average miss rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.00, 101)
_MOST = 100  # boxes per image and class
_AREAS = {"all": (0, 1e10), "small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e10)}
_RATES = np.logspace(-2, 0, 9)  # false alarms per image


@dataclass(frozen=True, eq=False)
class ImageBoxes:
    """What was found in one image and what is there.

    Parameters
    ----------
    found : ndarray of shape (n, 4), float64
        (x, y, width, height).
    scores : ndarray of shape (n,), float64
    found_labels : sequence of n labels
    truth : ndarray of shape (m, 4), float64
    truth_labels : sequence of m labels
    ignored : ndarray of shape (m,), bool, optional
        Crowds: neither found nor missed, and any number of boxes may lie in one.
    areas : ndarray of shape (m,), float64, optional
        Areas of the objects, for scores by size; by default those of their boxes.
    """

    found: np.ndarray
    scores: np.ndarray
    found_labels: Sequence
    truth: np.ndarray
    truth_labels: Sequence
    ignored: np.ndarray | None = None
    areas: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Scores of one class.

    Attributes
    ----------
    n_truth : int
        Objects that count.
    ap : ndarray of shape (10,)
        Average precision at IoU .5, .55, ... .95; NaN where the class has no object.
    ap_by_size : dict of str to float
        AP@[.5:.95] of "small" (below 32 x 32), "medium" and "large" (above 96 x 96) objects.
    recall : ndarray of shape (10,)
        Recall over all given boxes.
    scores : ndarray of shape (k,)
        Scores of the boxes that count at IoU .5, highest first.
    hits : ndarray of shape (k,), bool
        Whether each of them is right.
    log_average_miss_rate : float
    """

    n_truth: int
    ap: np.ndarray
    ap_by_size: dict[str, float]
    recall: np.ndarray
    scores: np.ndarray
    hits: np.ndarray
    log_average_miss_rate: float

    def precision_recall(self) -> tuple[np.ndarray, np.ndarray]:
        """Precision and recall after each box, at IoU .5."""
        right = np.cumsum(self.hits)
        return right / np.arange(1, len(right) + 1), right / max(self.n_truth, 1)


@dataclass(frozen=True, eq=False)
class BoxScores:
    """Scores of all classes.

    Attributes
    ----------
    classes : dict of str to ClassScores
    n_images : int
    """

    classes: dict[str, ClassScores]
    n_images: int

    def _mean(self, pick) -> float:
        values = np.array([pick(c) for c in self.classes.values()], float)
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else float("nan")

    @property
    def ap(self) -> float:
        """Mean over classes and IoU .5 to .95."""
        return self._mean(lambda c: c.ap.mean())

    @property
    def ap50(self) -> float:
        """Mean over classes at IoU .5."""
        return self._mean(lambda c: c.ap[0])

    @property
    def ap75(self) -> float:
        """Mean over classes at IoU .75."""
        return self._mean(lambda c: c.ap[5])

    @property
    def recall50(self) -> float:
        """Mean over classes, at IoU .5, of all boxes given."""
        return self._mean(lambda c: c.recall[0])

    @property
    def log_average_miss_rate(self) -> float:
        """Mean over classes."""
        return self._mean(lambda c: c.log_average_miss_rate)

    def to_dict(self) -> dict:
        """Numbers for JSON; None where there is no object."""

        def plain(value: float) -> float | None:
            return float(value) if np.isfinite(value) else None

        def entry(ap, recall, miss) -> dict:
            return {
                "ap50": plain(ap[0]),
                "ap75": plain(ap[5]),
                "ap": plain(np.mean(ap)),
                "log_average_miss_rate": plain(miss),
                "recall50": plain(recall),
            }

        top = {
            "ap50": plain(self.ap50),
            "ap75": plain(self.ap75),
            "ap": plain(self.ap),
            "log_average_miss_rate": plain(self.log_average_miss_rate),
            "recall50": plain(self.recall50),
            "images": self.n_images,
            "objects": sum(c.n_truth for c in self.classes.values()),
        }
        classes = {}
        for name, c in self.classes.items():
            classes[str(name)] = {
                **entry(c.ap, c.recall[0], c.log_average_miss_rate),
                "ap_by_iou": {
                    f"{t:.2f}": plain(v) for t, v in zip(IOU_THRESHOLDS, c.ap, strict=True)
                },
                "ap_by_size": {size: plain(v) for size, v in c.ap_by_size.items()},
                "objects": c.n_truth,
            }
        return {**top, "classes": classes}


def score_boxes(images: Sequence[ImageBoxes], classes: Sequence) -> BoxScores:
    """Score found boxes as the COCO challenge does.

    Parameters
    ----------
    images : sequence of ImageBoxes
        In the order of their ids, which decides between equal scores.
    classes : sequence of labels

    Returns
    -------
    BoxScores

    Raises
    ------
    ParameterError
        There are no images.

    References
    ----------
    Lin et al., "Microsoft COCO: common objects in context", ECCV 2014; the rules are those of its
    evaluation code: at most 100 boxes per image and class, the highest score chooses first, of
    equal scores the first one. Miss rate: Dollár, Wojek, Schiele & Perona, "Pedestrian detection:
    an evaluation of the state of the art", PAMI 34(4), 2012, section 3.1.

    Examples
    --------
    >>> one = ImageBoxes(np.array([[0, 0, 9, 9.0]]), np.array([0.8]), ["a"],
    ...                  np.array([[0, 0, 9, 8.0]]), ["a"])
    >>> round(score_boxes([one], ["a"]).ap, 3)
    0.8
    """
    if not len(images):
        raise ParameterError("images must hold at least one image.")
    return BoxScores({name: _score_class(images, name) for name in classes}, len(images))


def _score_class(images: Sequence[ImageBoxes], name) -> ClassScores:
    cases = [_Case.of(image, name) for image in images]
    matched = {area: [case.match(*limits) for case in cases] for area, limits in _AREAS.items()}
    whole = _accumulate(cases, matched["all"])
    by_size = {
        size: float(np.mean(_accumulate(cases, matched[size])[0]))
        for size in ("small", "medium", "large")
    }
    ap, recall, scores, hits, n_truth = whole
    miss = log_average_miss_rate(scores, hits, n_truth, len(images))
    return ClassScores(n_truth, ap, by_size, recall, scores, hits, miss)


@dataclass(frozen=True, eq=False)
class _Case:
    """One class in one image, best box first."""

    scores: np.ndarray
    sizes: np.ndarray  # areas of the found boxes
    overlaps: np.ndarray
    ignored: np.ndarray
    areas: np.ndarray

    @classmethod
    def of(cls, image: ImageBoxes, name) -> _Case:
        mine = np.array([label == name for label in image.found_labels], bool)
        own = np.array([label == name for label in image.truth_labels], bool)
        scores = np.asarray(image.scores, np.float64)[mine]
        order = np.argsort(-scores, kind="stable")[:_MOST]
        found = np.asarray(image.found, np.float64).reshape(-1, 4)[mine][order]
        truth = np.asarray(image.truth, np.float64).reshape(-1, 4)[own]
        ignored = np.zeros(len(truth), bool)
        if image.ignored is not None:
            ignored = np.asarray(image.ignored, bool)[own]
        areas = truth[:, 2] * truth[:, 3]
        if image.areas is not None:
            areas = np.asarray(image.areas, np.float64)[own]
        overlaps = _overlaps(found, truth, ignored)
        return cls(scores[order], found[:, 2] * found[:, 3], overlaps, ignored, areas)

    def match(self, low: float, high: float) -> tuple[np.ndarray, np.ndarray, int]:
        """Hits and boxes that do not count, each (10, n), and the objects of this size."""
        n = len(self.scores)
        left_out = self.ignored | (self.areas < low) | (self.areas > high)
        hit = np.zeros((len(IOU_THRESHOLDS), n), bool)
        skipped = np.zeros_like(hit)
        if len(left_out):
            self._assign(left_out, hit, skipped)
        outside = (self.sizes < low) | (self.sizes > high)
        skipped |= ~hit & outside
        return hit, skipped, int((~left_out).sum())

    def _assign(self, left_out: np.ndarray, hit: np.ndarray, skipped: np.ndarray) -> None:
        limits = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[:, None]
        taken = np.zeros((len(limits), len(left_out)), bool)
        rows = np.arange(len(limits))
        last = len(left_out) - 1
        for d, overlap in enumerate(self.overlaps):
            fits = (overlap >= limits) & (~taken | self.ignored)
            if not fits.any():
                continue
            # an object that counts comes before any that does not; of equal ones the last
            counted = fits & ~left_out
            value = np.where(np.where(counted.any(axis=1)[:, None], counted, fits), overlap, -1)
            best = last - value[:, ::-1].argmax(axis=1)
            got = fits[rows, best]
            hit[got, d] = True
            skipped[got, d] = left_out[best[got]]
            taken[rows[got], best[got]] = True


def _overlaps(found: np.ndarray, truth: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """IoU in float64; with a crowd, the share of the found box that lies in it."""
    low = np.maximum(found[:, None, :2], truth[None, :, :2])
    high = np.minimum((found[:, :2] + found[:, 2:])[:, None], (truth[:, :2] + truth[:, 2:])[None])
    sides = high - low
    shared = np.where((sides > 0).all(axis=2), sides[..., 0] * sides[..., 1], 0)
    own = (found[:, 2] * found[:, 3])[:, None]
    union = np.where(crowd[None], own, own + truth[:, 2] * truth[:, 3] - shared)
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _accumulate(cases: list[_Case], matched):
    """Average precision and recall at each IoU; scores and hits at the first one."""
    scores = np.concatenate([case.scores for case in cases])
    hits = np.concatenate([hit for hit, _, _ in matched], axis=1)
    skipped = np.concatenate([skip for _, skip, _ in matched], axis=1)
    n_truth = sum(n for _, _, n in matched)
    order = np.argsort(-scores, kind="stable")
    scores, hits, skipped = scores[order], hits[:, order], skipped[:, order]
    counted = ~skipped[0]
    ap = np.full(len(IOU_THRESHOLDS), np.nan)
    recall = np.full(len(IOU_THRESHOLDS), np.nan)
    if n_truth:
        right = np.cumsum(hits & ~skipped, axis=1, dtype=np.float64)
        wrong = np.cumsum(~hits & ~skipped, axis=1, dtype=np.float64)
        for i, (true, false) in enumerate(zip(right, wrong, strict=True)):
            reached = true / n_truth
            precision = true / (true + false + np.spacing(1))
            precision = np.maximum.accumulate(precision[::-1])[::-1]
            at = np.searchsorted(reached, _RECALLS, side="left")
            ap[i] = np.append(precision, 0.0)[np.minimum(at, len(precision))].mean()
            recall[i] = reached[-1] if len(reached) else 0.0
    return ap, recall, scores[counted], (hits[0] & ~skipped[0])[counted], n_truth


def miss_rate_curve(
    scores: np.ndarray, hits: np.ndarray, n_truth: int, n_images: int
) -> tuple[np.ndarray, np.ndarray]:
    """False alarms per image and miss rate, from the highest score to the lowest.

    Boxes of equal scores come together; the curve begins where nothing is accepted.
    """
    scores, hits = np.asarray(scores, np.float64), np.asarray(hits, bool)
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], hits[order]
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))[: len(scores)]
    right, wrong = np.cumsum(hits)[last], np.cumsum(~hits)[last]
    alarms = np.concatenate([[0.0], wrong / n_images])
    return alarms, np.concatenate([[1.0], 1 - right / max(n_truth, 1)])


def log_average_miss_rate(
    scores: np.ndarray, hits: np.ndarray, n_truth: int, n_images: int
) -> float:
    """Geometric mean of the miss rate at 9 rates of false alarms from 0.01 to 1 per image.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    hits : ndarray of shape (n,), bool
    n_truth, n_images : int

    Returns
    -------
    float
        From 0 to 1; NaN where there is nothing to find. Where a curve begins above a rate, its
        miss rate there is that of accepting nothing.

    Examples
    --------
    >>> log_average_miss_rate(np.array([0.9, 0.8]), np.array([True, False]), 2, 1)
    0.5
    """
    if not n_truth:
        return float("nan")
    alarms, missed = miss_rate_curve(scores, hits, n_truth, n_images)
    at = np.searchsorted(alarms, _RATES, side="right") - 1
    return float(np.exp(np.log(np.maximum(missed[at], 1e-10)).mean()))
