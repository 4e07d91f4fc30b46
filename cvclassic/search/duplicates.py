"""Copies in an index: the same pixels, resized, cropped, recolored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..audit.near_duplicates import group_pairs
from ..errors import DataError
from .coding import ImageCode
from .index import ImageIndex
from .verification import Verified

_CANDIDATES = 12  # images that are looked at for each
_LEAST_INLIERS = 15
_SHARE = 0.25  # of the keypoints of the smaller of the two that find a partner
_COVER = 0.6  # of the smaller image that lies in the other


@dataclass(frozen=True)
class DuplicatePair:
    """Two images of an index of which one is a copy of the other, or of a part of it.

    Parameters
    ----------
    first, second : int
        Numbers of the images, through all segments.
    kind : {"identical", "resized or recolored", "cropped"}
    n_inliers : int
        Keypoints that agree; 0 for identical images.
    """

    first: int
    second: int
    kind: str
    n_inliers: int


@dataclass(frozen=True)
class Duplicates:
    """Copies in an index.

    Parameters
    ----------
    pairs : list of DuplicatePair
    clusters : list of list of int
        Images that are connected by pairs.
    """

    pairs: list[DuplicatePair]
    clusters: list[list[int]]


def find_duplicates(
    index: ImageIndex, *, watch: Callable[[Iterable, int], Iterable] | None = None
) -> Duplicates:
    """Find copies among the images of an index.

    Each image is a query; a hit is a copy where a quarter of the keypoints of either image agree
    on one map that turns little, and where most of the smaller one lies in the other. Views of one
    scene from different places share fewer keypoints.

    Parameters
    ----------
    index : ImageIndex
        Fitted or opened.
    watch : callable, optional
        Is given the numbers of the images and how many these are, and passes them on.

    Returns
    -------
    Duplicates
    """
    searcher = index.searcher_
    alive = np.flatnonzero(~np.concatenate([np.zeros(0, bool), *index.removed_])).tolist()
    found: dict[tuple[int, int], DuplicatePair] = {}
    by_pixels: dict[bytes, int] = {}
    numbers: Iterable[int] = alive if watch is None else watch(alive, len(alive))
    for image in numbers:
        code = searcher.code_of(image)
        first = by_pixels.setdefault(code.digest, image)
        if first != image:
            found[first, image] = DuplicatePair(first, image, "identical", 0)
        if not len(code):
            continue
        ranking = searcher.rank([code])
        for other in ranking.best(_CANDIDATES).tolist():
            key = (min(image, other), max(image, other))
            checked = ranking.verified.get(other)
            if other == image or key in found or checked is None:
                continue
            kind = _kind_of_copy(code, searcher.shape(other), searcher.n_keypoints(other), checked)
            if kind is not None:
                found[key] = DuplicatePair(*key, kind, checked.n_inliers)
    pairs = [found[key] for key in sorted(found)]
    edges = np.array([(pair.first, pair.second) for pair in pairs], int).reshape(-1, 2)
    return Duplicates(pairs, group_pairs(searcher.n_images, edges))


def find_copies(
    images, *, n_jobs: int | None = None, watch: Callable[[Iterable, int], Iterable] | None = None
) -> np.ndarray:
    """Find copies among images that are in no index.

    Parameters
    ----------
    images : sequence of images
        Paths, encoded bytes or arrays.
    n_jobs : int, optional
    watch : callable, optional
        As in `find_duplicates`.

    Returns
    -------
    ndarray of shape (m, 2), int
        Pairs of images, i < j, sorted.

    Raises
    ------
    ImageReadError
        An image cannot be read.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (3, 96, 96), np.uint8)
    >>> find_copies([*images, images[1]]).tolist()
    [[1, 3]]
    """
    try:
        index = ImageIndex(compact=False, n_jobs=n_jobs).fit(images)
    except DataError:  # images without keypoints
        return np.empty((0, 2), int)
    pairs = find_duplicates(index, watch=watch).pairs
    return np.array([(pair.first, pair.second) for pair in pairs], int).reshape(-1, 2)


def _kind_of_copy(
    code: ImageCode, shape: tuple[int, int], n_keypoints: int, checked: Verified
) -> str | None:
    """What kind of copy a verified candidate is; None if it is none."""
    # matches of geometry are cut at 64, so that more keypoints are not asked for
    fewest = min(len(code), n_keypoints, 64)
    if checked.n_inliers < max(_LEAST_INLIERS, _SHARE * fewest):
        return None
    linear, shift = checked.affine[:2], checked.affine[2]
    size = abs(float(np.linalg.det(linear)))
    skew = np.linalg.svd(linear, compute_uv=False)
    if size < 1e-4 or skew[0] > 1.25 * skew[1]:  # seen from aslant: no copy
        return None
    height, width = code.image_shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float) @ linear + shift
    low = np.clip(corners.min(axis=0), 0, [shape[1], shape[0]])
    high = np.clip(corners.max(axis=0), 0, [shape[1], shape[0]])
    common = float(np.prod(np.maximum(high - low, 0)))
    mine, other = size * width * height, float(shape[0] * shape[1])
    if common < _COVER * min(mine, other):
        return None
    return "cropped" if common < 0.85 * max(mine, other) else "resized or recolored"
