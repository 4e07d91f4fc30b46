"""Boxes: overlap, clipping, mirror images, non-maximum suppression, sliding windows."""

from __future__ import annotations

import numpy as np


def pairwise_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of one list with each of another; float32."""
    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    ax1, ay1 = a[:, 0] + a[:, 2], a[:, 1] + a[:, 3]
    bx1, by1 = b[:, 0] + b[:, 2], b[:, 1] + b[:, 3]
    w = np.minimum(ax1[:, None], bx1) - np.maximum(a[:, 0, None], b[:, 0])
    h = np.minimum(ay1[:, None], by1) - np.maximum(a[:, 1, None], b[:, 1])
    shared = np.maximum(w, 0) * np.maximum(h, 0)
    union = (a[:, 2] * a[:, 3])[:, None] + b[:, 2] * b[:, 3] - shared
    return shared / np.maximum(union, np.float32(1e-9))


def clip_boxes(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """The parts of boxes that lie in an image."""
    low = np.clip(boxes[:, :2], 0, (width, height))
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (width, height))
    return np.concatenate([low, high - low], axis=1).astype(boxes.dtype, copy=False)


def mirror_boxes(boxes: np.ndarray, width: int) -> np.ndarray:
    """Boxes after left and right of an image were swapped."""
    out = np.array(boxes)
    out[:, 0] = width - boxes[:, 0] - boxes[:, 2]
    return out


def suppress(
    boxes: np.ndarray, scores: np.ndarray, overlap: float, most: int | None = None
) -> np.ndarray:
    """Greedy non-maximum suppression: rows of the boxes that stay, best first."""
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    alive = np.ones(len(boxes), bool)
    kept: list[int] = []
    for i in range(len(boxes)):
        if not alive[i]:
            continue
        kept.append(i)
        if most is not None and len(kept) >= most:
            break
        rest = np.flatnonzero(alive[i + 1 :]) + i + 1
        alive[rest[pairwise_iou(boxes[i : i + 1], boxes[rest])[0] > overlap]] = False
    return order[kept]
