"""Chooses the pixels that a model learns from."""

from __future__ import annotations

import numpy as np

# Of pixels that an earlier stage has right and is sure of, this share of those that it has wrong is
# drawn.
_FLOOR = 0.08


def sample_pixels(
    labels: np.ndarray,
    n_classes: int,
    n: int,
    rng: np.random.Generator,
    maps: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw labeled pixels, the same number of each class as far as there are so many.

    Most of millions of pixels are easy: given the answers of an earlier stage, pixels are drawn in
    proportion to how wrong it is about them, and weigh as much less, so that sums over the sample
    still stand for sums over the image.

    Parameters
    ----------
    labels : ndarray of shape (H, W), int
        -1 where it is not known.
    n_classes : int
    n : int
        About how many.
    rng : numpy.random.Generator
    maps : ndarray of shape (k, H, W), uint8, optional
        Probabilities of an earlier stage in steps of 1/255: of the second of two classes, or of
        each.

    Returns
    -------
    index : ndarray of int
        In the raveled image.
    count : ndarray of float
        How many pixels of its class stand behind each one.
    share : ndarray of float
        Weight beside others of its class, about 1 on average.

    References
    ----------
    A. Katharopoulos and F. Fleuret, "Not all samples are created equal: deep learning with
    importance sampling", ICML 2018, section 3.1.
    """
    flat = labels.ravel()
    members = [np.flatnonzero(flat == c) for c in range(n_classes)]
    left, shares = n, {}
    # the rare classes first, so that what they leave goes to the others
    for rank, c in enumerate(sorted(range(n_classes), key=lambda c: len(members[c]))):
        shares[c] = min(len(members[c]), left // (n_classes - rank))
        left -= shares[c]
    index, count, share = [], [], []
    for c, size in shares.items():
        if not size:
            continue
        if maps is None or size == len(members[c]):
            index.append(rng.choice(members[c], size, replace=False))
            share.append(np.ones(size))
        else:
            odds = _errors(maps, members[c], c) + _FLOOR
            odds /= odds.mean()
            # every pixel by itself: about `size` of them, none twice
            chance = np.minimum(odds * (size / len(odds)), 1)
            taken = np.flatnonzero(rng.random(len(odds)) < chance)
            index.append(members[c][taken])
            share.append(size / len(odds) / chance[taken])
        count.append(np.full(len(index[-1]), len(members[c]) / size))
    if not index:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    return np.concatenate(index), np.concatenate(count), np.concatenate(share)


def _errors(maps: np.ndarray, index: np.ndarray, c: int) -> np.ndarray:
    """How far the probability of the true class `c` is from 1."""
    if len(maps) > 1:
        return 1 - maps[c].ravel()[index] / 255
    positive = maps[0].ravel()[index] / 255
    return 1 - positive if c else positive


def training_weights(
    labels: np.ndarray, counts: np.ndarray, shares: np.ndarray, class_weight: np.ndarray
) -> np.ndarray:
    """Weight of each sample: half-way, on a log scale, between even classes and even pixels.

    Even pixels would hardly ever answer with a rare class, even classes too often.
    """
    weights = np.sqrt(counts) * shares * class_weight[labels]
    return weights / weights.mean()
