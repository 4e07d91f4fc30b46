"""Objects out of a map of probabilities: components, split where they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..evaluate.masks import match_instances

_MOST_PIXELS = 3_000_000
_HALF = 128


@dataclass(frozen=True)
class InstanceRule:
    """How touching objects are separated.

    Attributes
    ----------
    core : int
        Middles are sought where the probability, in steps of 1/255, is at least this; objects are
        filled down to 128, a half.
    depth : float
        How much lower, in pixels of distance to the background, the saddle between two middles
        must be for a split; 0 splits nothing.
    smoothing : float
        Blur of the distances, in pixels.
    min_area : int
        Minimum area of an object in pixels; smaller objects are dropped.
    """

    core: int = 128
    depth: float = 1.0
    smoothing: float = 1.0
    min_area: int = 8


def split_instances(steps: np.ndarray, rule: InstanceRule) -> np.ndarray:
    """Number the objects of a map.

    Watershed of the distance to the background from middles that rise by `rule.depth` over the
    saddles between them.

    Parameters
    ----------
    steps : ndarray of shape (H, W), uint8
        Probability of an object, in steps of 1/255.
    rule : InstanceRule

    Returns
    -------
    ndarray of shape (H, W), uint16
        From 1; 0 is the background. uint32 where there are more than 65,535.

    References
    ----------
    F. Meyer, "Topographic distance and watershed lines", Signal Processing 38(1), 1994.

    Examples
    --------
    >>> y, x = np.mgrid[:30, :50]
    >>> two = ((x - 15) ** 2 + (y - 15) ** 2 < 100) | ((x - 33) ** 2 + (y - 15) ** 2 < 100)
    >>> split_instances(np.uint8(255 * two), InstanceRule()).max()
    np.uint16(2)
    """
    inside = (steps >= _HALF).astype(np.uint8)
    if not inside.any():
        return np.zeros(steps.shape, np.uint16)
    if rule.depth <= 0:
        labels = cv2.connectedComponents(inside, connectivity=4)[1]
    else:
        labels = _watershed(inside, (steps >= max(rule.core, _HALF)).astype(np.uint8), rule)
    counts = np.bincount(labels.ravel())
    keep = counts >= rule.min_area
    keep[0] = False
    numbers = np.cumsum(keep) * keep
    return numbers.astype(np.uint16 if numbers.max(initial=0) < 65_536 else np.uint32)[labels]


def _watershed(inside: np.ndarray, core: np.ndarray, rule: InstanceRule) -> np.ndarray:
    """Numbers of the objects inside; each has one middle in the core, or is all of a component."""
    from skimage.morphology import reconstruction
    from skimage.segmentation import watershed

    distance = _distances(core, rule.smoothing)
    # middles that rise by less than `depth` over a saddle are flooded
    flooded = reconstruction(np.maximum(distance - np.float32(rule.depth), 0), distance)
    risen = ((distance - flooded) > 0) & (core > 0)
    middles = cv2.connectedComponents(risen.astype(np.uint8), connectivity=8)[1]
    parts = cv2.connectedComponents(inside, connectivity=4)[1]
    has_middle = np.zeros(parts.max() + 1, bool)
    has_middle[parts[middles > 0]] = True
    lonely = ~has_middle
    lonely[0] = False
    markers = middles + np.where(lonely[parts], parts + middles.max(), 0)
    ground = distance if core is inside else _distances(inside, rule.smoothing) + distance
    return watershed(-ground, markers, mask=inside > 0)


def _distances(mask: np.ndarray, smoothing: float) -> np.ndarray:
    """Distance to the background, which does not begin where the image ends."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    if smoothing > 0:
        distance = cv2.GaussianBlur(distance, (0, 0), smoothing)
    return distance * mask


def learn_rule(
    scores: Sequence[np.ndarray], truth: Sequence[np.ndarray], known: Sequence[np.ndarray]
) -> InstanceRule:
    """The rule with the best F1 of objects at an overlap of one half.

    Parameters
    ----------
    scores : sequence of ndarray of shape (H, W), float32
        Held-out scores of training images; 0 is the threshold.
    truth : sequence of ndarray of shape (H, W), int
        Instance numbers.
    known : sequence of ndarray of shape (H, W), bool

    Returns
    -------
    InstanceRule
    """
    from .pixel_model import map_steps

    maps, masks, used = [], [], 0
    for s, t, k in zip(scores, truth, known, strict=True):
        if used > _MOST_PIXELS:
            break
        maps.append(np.where(k, map_steps(s[None])[0], 0).astype(np.uint8))
        masks.append(np.where(k, t, 0))
        used += t.size
    areas = np.concatenate([np.bincount(m.ravel())[1:] for m in masks])
    areas = areas[areas > 0]
    typical = float(np.sqrt(np.median(areas) / np.pi)) if len(areas) else 5.0
    smallest = int(max(4, np.quantile(areas, 0.02) / 2)) if len(areas) else 8
    depths = [0.0, *(max(round(f * typical, 2), 0.1) for f in (0.02, 0.05, 0.1, 0.18))]
    blurs = sorted({1.0, *(round(f * typical, 2) for f in (0.15, 0.3))})
    cores = (_HALF, 170, 210, 240)
    best = InstanceRule(cores[2], depths[1], blurs[-1], smallest)
    best_value = -1.0
    # what hangs together is tried together, the rest one after the other
    rounds = (
        [{"depth": depth, "smoothing": blur} for depth in depths for blur in blurs],
        [{"core": core} for core in cores],
        [{"depth": depth} for depth in depths],
        [{"min_area": factor * smallest} for factor in (2, 4)],
    )
    for changes in rounds:
        start = best
        for change in changes:
            rule = replace(start, **change)
            f1 = _f1(maps, masks, rule)
            if f1 > best_value + 1e-4:
                best, best_value = rule, f1
    return best


def _f1(maps, masks, rule: InstanceRule) -> float:
    hits = total = 0
    for steps, truth in zip(maps, masks, strict=True):
        overlaps = match_instances(truth, split_instances(steps, rule))
        hits += int((overlaps.best > 0.5).sum())
        total += overlaps.n_true + overlaps.n_found
    return 2 * hits / max(total, 1)
