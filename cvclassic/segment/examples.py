"""Images to learn from, and the part of each that fits the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Pixels of all training images together. Of more, some images are taken, and of few very large ones
# windows.
_BUDGET = 24_000_000
_FEWEST = 60
_SMALLEST = 192


@dataclass(frozen=True, eq=False)
class Example:
    """An image and what is known of it.

    Attributes
    ----------
    image : ndarray of shape (h, w) or (h, w, 3), uint8
    mask : ndarray of shape (h, w), int32
        Values as they were given, negative where nothing is known.
    top, left : int
        Where it begins in the whole image.
    height, width : int
        Size of the whole image, if this is a part of it; else 0.
    """

    image: np.ndarray
    mask: np.ndarray
    top: int = 0
    left: int = 0
    height: int = 0
    width: int = 0

    @property
    def placed(self) -> tuple[int, int, int, int]:
        """Top, left, and the size of the whole image."""
        size = (self.height, self.width) if self.height else self.mask.shape
        return self.top, self.left, *size


def choose_images(
    masks: Sequence[np.ndarray], rng: np.random.Generator, unlabeled: int | None = None
) -> list[int]:
    """Which images are learned from: all, or as many as fit the budget, every class among them.

    Parameters
    ----------
    masks : sequence of ndarray
    rng : numpy.random.Generator
    unlabeled : int, optional
        This value is no class, as negative ones are not.

    Returns
    -------
    list of int
        Sorted.
    """
    total = sum(np.size(mask) for mask in masks)
    n = max(_FEWEST, int(len(masks) * _BUDGET / max(total, 1)))
    if n >= len(masks):
        return list(range(len(masks)))
    order = rng.permutation(len(masks)).tolist()
    present = [set(np.unique(mask[::4, ::4]).tolist()) - {unlabeled} for mask in masks]
    taken = order[:n]
    seen = set().union(*(present[i] for i in taken))
    for i in order[n:]:
        if present[i] - seen:
            taken.append(i)
            seen |= present[i]
    return sorted(taken)


def cut_to_budget(example: Example, n_images: int, rng: np.random.Generator) -> Example:
    """A random window where large images would take too long.

    A window of scribbles is laid around a labeled pixel.
    """
    height, width = example.mask.shape
    share = _BUDGET / max(n_images, 1)
    if height * width <= share:
        return example
    factor = np.sqrt(share / (height * width))
    h = min(height, max(_SMALLEST, int(height * factor)))
    w = min(width, max(_SMALLEST, int(width * factor)))
    known = np.flatnonzero(example.mask >= 0)
    if not len(known):
        return example
    y, x = divmod(int(rng.choice(known)), width)
    top = int(np.clip(y - rng.integers(h), 0, height - h))
    left = int(np.clip(x - rng.integers(w), 0, width - w))
    rows, columns = slice(top, top + h), slice(left, left + w)
    return Example(
        np.ascontiguousarray(example.image[rows, columns]),
        np.ascontiguousarray(example.mask[rows, columns]),
        top,
        left,
        height,
        width,
    )
