"""Boxes that may hold an object of any kind: edge boxes and selective search."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from .._basics.checks import check_choice, check_integer
from ..evaluate import as_boxes
from ..images import check_images, read_image, single_threaded
from .boxes import clip_boxes, pairwise_iou
from .edge_boxes import edge_boxes
from .examples import as_rgb, reduce_image

METHODS = ("edges", "selective")
_SEGMENTED_SIDE = 320  # selective search takes seconds on larger images
_MOST_ASPECT = 2.4  # beyond, OpenCV's selective search crashes the process (opencv#14363)
_LEAST_SIDE = 24


def propose_regions(
    image, n: int = 1000, *, method: str = "edges", random_state: int = 0
) -> np.ndarray:
    """Boxes that are likely to hold an object, of whatever kind, the best first.

    Parameters
    ----------
    image : path, bytes or ndarray of uint8
    n : int, default=1000
        Maximum number of boxes.
    method : {"edges", "selective"}, default="edges"
        Boxes that enclose whole contours, on soft edges [1]_; or segments merged step by step, by
        OpenCV's fast selective search [2]_. The latter gives boxes that hug objects more closely,
        at a hundred times the time.
    random_state : int, default=0
        Selective search orders its boxes partly at random, section 4.1 of [2]_.

    Returns
    -------
    ndarray of shape (m, 4), float32
        (x, y, width, height) in pixels, m <= n.

    Raises
    ------
    ParameterError
        A parameter is invalid.
    ImageReadError
        The image cannot be read.

    References
    ----------
    .. [1] Zitnick & Dollár, "Edge boxes: locating object proposals from edges", ECCV 2014.
    .. [2] Uijlings, van de Sande, Gevers & Smeulders, "Selective search for object recognition",
       IJCV 104(2), 2013.

    Examples
    --------
    >>> from cvclassic.objects import iou
    >>> image = np.zeros((120, 160), np.uint8)
    >>> image[30:90, 50:110] = 200
    >>> boxes = propose_regions(image, 50)
    >>> bool(iou(boxes, [[50, 30, 60, 60]]).max() > 0.5)
    True
    """
    check_integer("n", n, 1)
    check_choice("method", method, METHODS)
    check_integer("random_state", random_state, 0)
    (source,) = check_images([image])
    with single_threaded():
        pixels = as_rgb(read_image(source))
        if method == "edges":
            return edge_boxes(pixels, n)
        return _selective_search(pixels, n, random_state)


def proposal_recall(proposals, boxes, counts=(10, 100, 1000), overlap: float = 0.5) -> np.ndarray:
    """Share of objects that are overlapped by the first proposals, more and more of them.

    Parameters
    ----------
    proposals : sequence of array_like of shape (n, 4)
        Boxes of each image, the best first.
    boxes : sequence of array_like of shape (m, 4)
        Objects of each image.
    counts : sequence of int, default=(10, 100, 1000)
        Numbers of proposals per image.
    overlap : float, default=0.5
        Intersection over union that counts.

    Returns
    -------
    ndarray of shape (len(counts),), float64
        NaN where there is no object.

    Examples
    --------
    >>> proposal_recall([[[0, 0, 9, 9], [20, 0, 9, 9]]], [[[20, 0, 9, 9]]], (1, 2)).tolist()
    [0.0, 1.0]
    """
    found: list[np.ndarray] = []
    for rows, truth in zip(proposals, boxes, strict=True):
        first, second = as_boxes(rows, "proposals"), as_boxes(truth, "boxes")
        good = pairwise_iou(first, second) >= overlap
        # the place of the first proposal that overlaps each object
        found.append(np.where(good.any(axis=0), good.argmax(axis=0), np.inf) if len(first)
                     else np.full(len(second), np.inf))  # fmt: skip
    places = np.concatenate([np.zeros(0), *found])
    if not len(places):
        return np.full(len(counts), np.nan)
    return np.array([(places < count).mean() for count in counts])


def _selective_search(image: np.ndarray, n: int, seed: int) -> np.ndarray:
    height, width = image.shape[:2]
    small, _ = reduce_image(image, _SEGMENTED_SIDE)
    h, w = small.shape[:2]
    least = max(_LEAST_SIDE, math.ceil(max(h, w) / _MOST_ASPECT))
    if min(h, w) < least:  # repeated edges until the shape is harmless
        right, below = max(least - w, 0), max(least - h, 0)
        small = cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_REPLICATE)
    search: Any = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(np.ascontiguousarray(small[..., ::-1]))
    search.switchToSelectiveSearchFast()
    found = np.asarray(search.process(), np.float32).reshape(-1, 4)
    boxes = clip_boxes(found, w, h) * np.array([width / w, height / h] * 2, np.float32)
    boxes = boxes[(boxes[:, 2] >= 1) & (boxes[:, 3] >= 1)]
    boxes = np.unique(boxes, axis=0)
    # OpenCV's own order depends on the C library's random numbers: late merges first, as there
    boxes = boxes[np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable")]
    place = (np.arange(len(boxes)) + 1) * np.random.default_rng(seed).random(len(boxes))
    return boxes[np.argsort(place, kind="stable")[:n]]
