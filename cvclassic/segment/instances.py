"""Objects out of a map of probabilities: components, split where they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..evaluate.masks import match_instances

_MOST_PIXELS = 6_000_000


@dataclass(frozen=True)
class InstanceRule:
    """How objects are told apart.

    Attributes
    ----------
    threshold : int
        Probabilities (in steps of 1/255) of at least this are object.
    depth : float
        How much lower, in pixels of distance to the background, the saddle between two middles
        must be for a split; 0 splits nothing.
    smoothing : float
        Blur of the distances, in pixels.
    min_area : int
        Smaller objects are dropped, in pixels.
    """

    threshold: int = 128
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
    inside = (steps >= rule.threshold).astype(np.uint8)
    if rule.depth <= 0:
        labels = cv2.connectedComponents(inside, connectivity=4)[1]
    else:
        labels = _watershed(inside, rule)
    counts = np.bincount(labels.ravel())
    keep = counts >= rule.min_area
    keep[0] = False
    numbers = np.cumsum(keep) * keep
    return numbers.astype(np.uint16 if numbers.max(initial=0) < 65_536 else np.uint32)[labels]


def _watershed(inside: np.ndarray, rule: InstanceRule) -> np.ndarray:
    from skimage.morphology import reconstruction
    from skimage.segmentation import watershed

    framed = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    if rule.smoothing > 0:
        distance = cv2.GaussianBlur(distance, (0, 0), rule.smoothing)
    distance *= inside
    if not inside.any():
        return np.zeros(inside.shape, np.int32)
    # middles that rise by less than `depth` over a saddle are flooded
    flooded = reconstruction(np.maximum(distance - np.float32(rule.depth), 0), distance)
    risen = ((distance - flooded) > 0) & (inside > 0)
    plateau = cv2.connectedComponents(risen.astype(np.uint8), connectivity=8)[1]
    # an object too flat to rise is a middle of its own
    parts = cv2.connectedComponents(inside, connectivity=4)[1]
    has_middle = np.zeros(parts.max() + 1, bool)
    has_middle[parts[plateau > 0]] = True
    lonely = ~has_middle
    lonely[0] = False
    markers = plateau + np.where(lonely[parts], parts + plateau.max(), 0)
    return watershed(-distance, markers, mask=inside > 0)


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
    best = InstanceRule(min_area=smallest)
    best_value = -1.0
    # one setting after the other, the strongest first
    choices = (
        ("depth", sorted({0.0, *(round(f * typical, 2) for f in (0.03, 0.06, 0.1, 0.16, 0.25))})),
        ("smoothing", sorted({0.0, 1.0, round(0.15 * typical, 2), round(0.3 * typical, 2)})),
        ("threshold", (90, 110, 128, 150, 175)),
        ("depth", sorted({0.0, *(round(f * typical, 2) for f in (0.03, 0.06, 0.1, 0.16, 0.25))})),
        ("min_area", (smallest, 2 * smallest, 4 * smallest)),
    )
    for name, values in choices:
        tried = best
        for value in values:
            rule = InstanceRule(**{**tried.__dict__, name: value})
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
