"""Images to learn from, and the part of each that fits the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# All training images together; each larger share is cut to a random window.
_BUDGET = 16_000_000
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
        Of the whole image; 0 if this is it.
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


def cut_to_budget(example: Example, n_images: int, rng: np.random.Generator) -> Example:
    """A random window where many large images would take too long.

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
