"""A hierarchy of regions: small ones merge across weak boundaries first, strong ones stay."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import cv2
import numpy as np

from .._basics.checks import check_integer, check_number
from ..detect import boundary_strength
from ..errors import ParameterError
from ..images.checks import check_image

# What the distance of the mean colors adds to the strength of a border.
_COLOR_WEIGHT = 0.4
# Borders of regions below this share of the image count less, by a power of what they have of it.
_LARGE = 0.05
_AREA_POWER = 0.2
DEFAULT_THRESHOLD = 0.6


@dataclass(frozen=True, eq=False)
class RegionTree:
    """Regions at every level of detail.

    Attributes
    ----------
    leaves : ndarray of shape (H, W), int32
        The smallest regions, from 0.
    merges : ndarray of shape (n, 2), int32
        Leaf that stands for each of the two regions that merge, in order.
    levels : ndarray of shape (n,), float32
        How strong the boundary is that falls, from 0 to 1; never smaller than before.
    """

    leaves: np.ndarray
    merges: np.ndarray
    levels: np.ndarray

    def labels(self, threshold: float) -> np.ndarray:
        """Regions after all merges up to a level.

        Returns
        -------
        ndarray of shape (H, W), int32
            From 1.
        """
        check_number("threshold", threshold, 0)
        return self._after(int(np.searchsorted(self.levels, threshold, side="right")))

    def n_labels(self, n_regions: int) -> np.ndarray:
        """That many regions, or all if there are fewer; as `labels`."""
        check_integer("n_regions", n_regions, 1)
        return self._after(max(len(self.levels) + 1 - n_regions, 0))

    def _after(self, n_merges: int) -> np.ndarray:
        parent = np.arange(int(self.leaves.max()) + 1)
        for keep, gone in self.merges[:n_merges]:
            parent[gone] = keep
        for leaf in range(len(parent)):  # a chain ends in a leaf that stands for itself
            root = leaf
            while parent[root] != root:
                root = parent[root]
            parent[leaf] = root
        _, numbers = np.unique(parent, return_inverse=True)
        return (numbers.astype(np.int32) + 1)[self.leaves]

    def contours(self) -> np.ndarray:
        """Level at which the boundary at each pixel falls.

        Returns
        -------
        ndarray of shape (H, W), float32
            0 inside of the smallest regions.

        References
        ----------
        P. Arbelaez, "Boundary extraction in natural images using ultrametric contour maps", POCV
        2006.
        """
        found = np.zeros(self.leaves.shape, np.float32)
        for level in np.unique(np.quantile(self.levels, np.linspace(0, 1, 40))):
            labels = self.labels(max(float(level) - 1e-6, 0))
            edges = np.zeros(labels.shape, bool)
            edges[:, :-1] |= labels[:, 1:] != labels[:, :-1]
            edges[:-1] |= labels[1:] != labels[:-1]
            found[edges] = level
        return found


def region_tree(
    image: np.ndarray, *, strength: np.ndarray | None = None, min_area: int = 20
) -> RegionTree:
    """Build the hierarchy of an image.

    The watershed of the boundary strength gives the leaves. Neighbors merge in the order of their
    mean strength along the common border and the distance of their mean colors; both count less
    for small regions, so that those merge first.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    strength : ndarray of shape (H, W), float32, optional
        From 0 to 1; unless given, that of `cvclassic.detect.boundary_strength`.
    min_area : int
        Smaller regions do not become leaves.

    Returns
    -------
    RegionTree

    References
    ----------
    P. Arbelaez, M. Maire, C. Fowlkes and J. Malik, "Contour detection and hierarchical image
    segmentation", PAMI 33(5), 2011, section 4 (there with oriented boundaries and means alone).

    Examples
    --------
    >>> image = np.zeros((40, 60, 3), np.uint8)
    >>> image[:, 20:40], image[:, 40:] = (90, 90, 90), (250, 200, 0)
    >>> tree = region_tree(image)
    >>> labels = tree.n_labels(3)
    >>> [int(labels[20, x]) for x in (5, 30, 55)]
    [1, 2, 3]
    """
    image = check_image(image)
    check_integer("min_area", min_area, 1)
    if strength is None:
        strength = boundary_strength(image)[0]
    strength = np.asarray(strength, np.float32)
    if strength.shape != image.shape[:2]:
        raise ParameterError(
            f"strength must have the shape {image.shape[:2]}. Got {strength.shape} instead."
        )
    leaves = _leaves(strength, min_area)
    color = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
    lab = cv2.cvtColor(color.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    merges, levels = _merge(leaves, strength, lab)
    return RegionTree(leaves, merges, levels)


def _leaves(strength: np.ndarray, min_area: int) -> np.ndarray:
    """Watershed from the flat places between boundaries."""
    from skimage.segmentation import watershed

    smooth = cv2.GaussianBlur(strength, (0, 0), 1.0)
    size = max(3, int(np.sqrt(min_area)) | 1)
    lowest = cv2.erode(smooth, np.ones((size, size), np.uint8))
    markers = cv2.connectedComponents((smooth <= lowest + 1e-4).astype(np.uint8))[1]
    return watershed(smooth, markers).astype(np.int32) - 1


def _borders(leaves: np.ndarray, strength: np.ndarray):
    """Pairs of neighbors, length of the border and sum of the strength along it."""
    n = int(leaves.max()) + 1
    keys, values = [], []
    for a, b, s, t in (
        (leaves[:, 1:], leaves[:, :-1], strength[:, 1:], strength[:, :-1]),
        (leaves[1:], leaves[:-1], strength[1:], strength[:-1]),
    ):
        touching = a != b
        low, high = np.minimum(a, b)[touching], np.maximum(a, b)[touching]
        keys.append(low.astype(np.int64) * n + high)
        values.append(np.maximum(s, t)[touching])
    pairs, index = np.unique(np.concatenate(keys), return_inverse=True)
    lengths = np.bincount(index)
    sums = np.bincount(index, np.concatenate(values))
    return pairs // n, pairs % n, lengths, sums


def _merge(leaves: np.ndarray, strength: np.ndarray, lab: np.ndarray):
    """Merge the weakest neighbors until one region is left."""
    flat = leaves.ravel()
    area = np.bincount(flat).astype(float)
    large = _LARGE * flat.size
    colors = np.stack([np.bincount(flat, lab[..., c].ravel()) for c in range(3)], axis=1)  # sums
    border: list[dict[int, list[float]]] = [{} for _ in area]
    for a, b, length, value in zip(*(v.tolist() for v in _borders(leaves, strength)), strict=True):
        border[a][b] = border[b][a] = [length, value]

    def weight(a: int, b: int) -> float:
        length, value = border[a][b]
        distance = float(np.sqrt((((colors[a] / area[a]) - (colors[b] / area[b])) ** 2).sum()))
        contrast = value / length + _COLOR_WEIGHT * distance / (distance + 40)
        return contrast * min(1.0, min(area[a], area[b]) / large) ** _AREA_POWER

    version = [0] * len(area)
    heap = [(weight(a, b), a, b, 0, 0) for a in range(len(area)) for b in border[a] if a < b]
    heapq.heapify(heap)
    merges, levels = [], []
    level = 0.0
    while heap:
        w, a, b, va, vb = heapq.heappop(heap)
        if version[a] != va or version[b] != vb:
            continue
        level = max(level, w)
        if len(border[a]) < len(border[b]):
            a, b = b, a
        merges.append((a, b))
        levels.append(level)
        area[a] += area[b]
        colors[a] += colors[b]
        del border[a][b]
        for c, (length, value) in border[b].items():
            if c == a:
                continue
            del border[c][b]
            ours = border[a].get(c)
            if ours is None:
                border[a][c] = border[c][a] = [length, value]
            else:
                ours[0] += length
                ours[1] += value
        border[b] = {}
        version[a] += 1
        version[b] = -1
        for c in border[a]:
            heapq.heappush(heap, (weight(a, c), a, c, version[a], version[c]))
    return np.array(merges, np.int32).reshape(-1, 2), np.array(levels, np.float32)
