"""Windows that cascades let through, and what several of them say together: arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...evaluate import box_overlaps

STRIDE_GROWS = 2.0  # below twice its size OpenCV moves a window by two pixels, above by one
_SAME = 0.5  # overlap of windows of one cascade that mean one face
_ROWS = 64
_AGREE = 0.35  # overlap of faces of several cascades that mean one face


@dataclass(frozen=True)
class Groups:
    """Windows of one cascade that lie on each other.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4), float64
        Means over the windows.
    counts : ndarray of shape (n,), float64
        Windows in the group; those of a coarse stride count four times.
    best, mean : ndarray of shape (n,), float64
        Highest and mean sum of the cascade's last stage.
    """

    boxes: np.ndarray
    counts: np.ndarray
    best: np.ndarray
    mean: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)


def cascade_windows(
    classifier: cv2.CascadeClassifier,
    gray: np.ndarray,
    *,
    scale_factor: float,
    min_side: int,
    max_side: int,
) -> tuple[np.ndarray, np.ndarray]:
    """All windows that pass every stage, with the sum of the last stage.

    Parameters
    ----------
    classifier : cv2.CascadeClassifier
    gray : ndarray of shape (H, W), uint8
    scale_factor : float
        Ratio of one window size to the next, > 1.
    min_side, max_side : int
        Smallest and largest window in pixels.

    Returns
    -------
    boxes : ndarray of shape (n, 4), float64
        Sorted, as OpenCV's threads give them in any order.
    sums : ndarray of shape (n,), float64
    """
    boxes, _, sums = classifier.detectMultiScale3(
        gray,
        scale_factor,
        0,
        minSize=(min_side, min_side),
        maxSize=(max_side, max_side),
        outputRejectLevels=True,
    )
    found = np.asarray(boxes, np.float64).reshape(-1, 4)
    values = np.asarray(sums, np.float64).ravel()
    order = np.lexsort((*found.T, -values))
    return found[order], values[order]


def group_windows(boxes: np.ndarray, sums: np.ndarray, window_side: int) -> Groups:
    """Put windows of one cascade that overlap together: the surest gathers those around it.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4), float64
    sums : ndarray of shape (n,), float64
        Falling.
    window_side : int
        Side of the cascade's smallest window.

    Returns
    -------
    Groups

    Examples
    --------
    >>> boxes = np.array([[10, 10, 30, 30], [12, 10, 30, 30], [90, 9, 60, 60.0]])
    >>> groups = group_windows(boxes, np.array([3, 2, 1.0]), 20)
    >>> groups.counts.tolist(), groups.best.tolist()
    ([8.0, 1.0], [3.0, 1.0])
    """
    labels = gather(boxes, _SAME)
    n = int(labels.max(initial=-1)) + 1
    worth = np.where(boxes[:, 2] < STRIDE_GROWS * window_side, 4.0, 1.0)
    size = np.bincount(labels, minlength=n)
    means = np.zeros((n, 4))
    np.add.at(means, labels, boxes)
    best = np.full(n, -np.inf)
    np.maximum.at(best, labels, sums)
    return Groups(
        means / size[:, None],
        np.bincount(labels, worth, minlength=n),
        best,
        np.bincount(labels, sums, minlength=n) / size,
    )


def gather(boxes: np.ndarray, min_overlap: float) -> np.ndarray:
    """Labels of boxes, of which each takes the free ones behind it that overlap it.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        The one to choose first stands first.
    min_overlap : float

    Returns
    -------
    ndarray of shape (n,), int
        From 0, in the order of those that chose.
    """
    labels = np.full(len(boxes), -1)
    free = np.arange(len(boxes))
    label = 0
    while len(free):
        # many rows of overlaps at once, as one by one their making would take longest
        near = box_overlaps(boxes[free[:_ROWS]], boxes[free]) >= min_overlap
        taken = np.zeros(len(free), bool)
        for row in range(len(near)):
            if taken[row]:
                continue
            mine = near[row] & ~taken
            mine[row] = True  # also where the box is empty
            labels[free[mine]] = label
            label += 1
            taken |= mine
        free = free[~taken]
    return labels


def to_faces(boxes: np.ndarray, shift: np.ndarray, mirrored: bool = False) -> np.ndarray:
    """From windows of a cascade to the faces that they mean.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
    shift : ndarray of shape (3,)
        Offset of the center, in x and y, and the new side, as shares of the window's side.
    mirrored : bool
        The cascade looked at the mirrored image.

    Returns
    -------
    ndarray of shape (n, 4)
    """
    dx, dy, grow = shift
    center = boxes[:, :2] + boxes[:, 2:] / 2
    center = center + boxes[:, 2:] * (-dx if mirrored else dx, dy)
    side = boxes[:, 2:] * grow
    return np.hstack([center - side / 2, side])


def fuse_groups(groups: list[Groups]) -> tuple[np.ndarray, np.ndarray]:
    """Bring what several cascades found together.

    Parameters
    ----------
    groups : list of Groups
        One a cascade, their boxes those of faces.

    Returns
    -------
    boxes : ndarray of shape (n, 4), float64
        Means, weighted by the counts.
    evidence : ndarray of shape (n, 3 * n_cascades), float64
        For each cascade the logarithm of its count, its highest and its mean sum; 0 where it found
        nothing. Sums are only comparable within a cascade.
    """
    boxes = np.concatenate([group.boxes for group in groups])
    counts = np.concatenate([group.counts for group in groups])
    source = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    values = np.concatenate([np.c_[np.log1p(g.counts), g.best, g.mean] for g in groups])
    order = np.lexsort((*boxes.T, -counts))
    boxes, counts, source, values = boxes[order], counts[order], source[order], values[order]
    labels = gather(boxes, _AGREE)
    n = int(labels.max(initial=-1)) + 1
    total = np.bincount(labels, counts, minlength=n)
    means = np.zeros((n, 4))
    np.add.at(means, labels, boxes * counts[:, None])
    evidence = np.zeros((n, len(groups), 3))
    for row in np.arange(len(boxes))[::-1]:  # the strongest group of a cascade is written last
        evidence[labels[row], source[row]] = values[row]
    return means / np.maximum(total, 1e-12)[:, None], evidence.reshape(n, 3 * len(groups))
