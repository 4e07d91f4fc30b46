"""Finds the readable images; each is decoded once, and its pixels are kept for later steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from ..errors import ImageReadError
from ..images import Picture, map_blocks, spool_pictures


def largest_side(features: BaseEstimator) -> int | None:
    """Largest long side that the members of a step reduce images to; None without a limit.

    Examples
    --------
    >>> from cvclassic.describe import DenseSIFT
    >>> from cvclassic.encode import VLAD
    >>> largest_side(VLAD(DenseSIFT(max_side=200)))
    200
    """
    sides = _sides_of(features)
    return None if None in sides else max(filter(None, sides), default=None)


def first_side(estimator: BaseEstimator) -> int | None:
    """Long side that a recipe reduces images to first, None without a limit.

    Where describers ask for several, the first one's; images remember the others too.
    """
    step = estimator[0] if isinstance(estimator, Pipeline) else estimator
    return next(iter(_sides_of(step)), None)


def _sides_of(features: BaseEstimator) -> list[int | None]:
    """Long side that each member of a step reduces images to."""
    members = [features]
    if isinstance(features, FeatureUnion):
        members = [member for _, member in features.transformer_list if member != "drop"]
    return [getattr(member, "max_side", None) for member in members]


def read_what_can(
    X: Sequence, max_side: int | None, n_jobs: int | None = None
) -> tuple[list[Picture], np.ndarray, list[tuple[int, ImageReadError]]]:
    """Read all images, and tell those that can be read from the others.

    Parameters
    ----------
    X : sequence of images
    max_side : int or None
        Their pixels are kept at this size, in a temporary file.
    n_jobs : int or None
        As in joblib.

    Returns
    -------
    pictures : list of Picture
        Those that can be read.
    kept : ndarray of int
        Their numbers in X.
    failures : list of (int, ImageReadError)
        The numbers of the others, and why.

    Examples
    --------
    >>> images = [np.zeros((9, 9), np.uint8), "no/such.jpg"]
    >>> _, kept, failures = read_what_can(images, None)
    >>> kept.tolist(), failures[0][0], failures[0][1].code
    ([0], 1, 'not_found')
    """
    bare = [item for item in X if not isinstance(item, Picture)]
    wrapped = iter(spool_pictures(bare))
    pictures = [item if isinstance(item, Picture) else next(wrapped) for item in X]

    def read(block: list) -> list[ImageReadError | None]:
        found: list[ImageReadError | None] = []
        for picture in block:
            try:
                picture.read(max_side)
                found.append(None)
            except ImageReadError as error:
                found.append(error)
        return found

    errors = [error for part in map_blocks(read, pictures, n_jobs=n_jobs) for error in part]
    kept = np.array([i for i, error in enumerate(errors) if error is None], int)
    failures = [(i, error) for i, error in enumerate(errors) if error is not None]
    return [pictures[i] for i in kept], kept, failures
