"""Which pixels a model learns from."""

from __future__ import annotations

import numpy as np


def sample_pixels(
    labels: np.ndarray, n_classes: int, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw labeled pixels, the same number of each class as far as there are so many.

    Parameters
    ----------
    labels : ndarray of shape (H, W), int
        -1 where it is not known.
    n_classes : int
    n : int
        About how many.
    rng : numpy.random.Generator

    Returns
    -------
    index : ndarray of int
        In the raveled image.
    weight : ndarray of float
        How many pixels each one stands for.
    """
    flat = labels.ravel()
    members = [np.flatnonzero(flat == c) for c in range(n_classes)]
    left, shares = n, {}
    # the rare classes first, so that what they leave goes to the others
    for rank, c in enumerate(sorted(range(n_classes), key=lambda c: len(members[c]))):
        shares[c] = min(len(members[c]), left // (n_classes - rank))
        left -= shares[c]
    index, weight = [], []
    for c, size in shares.items():
        if size:
            index.append(rng.choice(members[c], size, replace=False))
            weight.append(np.full(size, len(members[c]) / size))
    if not index:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(index), np.concatenate(weight)


def training_weights(
    labels: np.ndarray, counts: np.ndarray, class_weight: np.ndarray
) -> np.ndarray:
    """Weight of each sample: half-way, on a log scale, between even classes and even pixels.

    Even pixels would hardly ever answer with a rare class, even classes too often.
    """
    weights = np.sqrt(counts) * class_weight[labels]
    return weights / weights.mean()
