"""Boosted trees of depth two on bytes: learning, and scoring whole sheets of windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

N_BINS = 32
_SHIFT = 3  # from a byte to its bin
_TRIM = 0.98  # share of the weight that splits are chosen from
_LEAF_LIMIT = 4.0
_HALF = 2.0**26
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees of depth two over bytes.

    Parameters
    ----------
    features : ndarray of shape (n, 3), int32
        Feature at the root, at its lower and at its upper child.
    thresholds : ndarray of shape (n, 3), uint8
        Go up where the byte is larger.
    leaves : ndarray of shape (n, 4), float32
    """

    features: np.ndarray
    thresholds: np.ndarray
    leaves: np.ndarray

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, part: slice) -> Trees:
        return Trees(self.features[part], self.thresholds[part], self.leaves[part])

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Score of each row of features; (n,), float32."""
        total = np.zeros(len(rows), np.float32)
        for (f, g, h), (a, b, c), leaf in zip(
            self.features, self.thresholds, self.leaves, strict=True
        ):
            up = rows[:, f] > a
            side = np.where(up, rows[:, h] > c, rows[:, g] > b)
            total += leaf[2 * up + side]
        return total


def boost_trees(
    rows: np.ndarray,
    positive: np.ndarray,
    n_trees: int,
    *,
    rate: float = 0.15,
    share: float = 1 / 16,
    weights: np.ndarray | None = None,
    rng: np.random.Generator,
) -> Trees:
    """Learn to tell windows apart by gradient boosting of the logistic loss.

    Parameters
    ----------
    rows : ndarray of shape (n, d), uint8
    positive : ndarray of shape (n,), bool
    n_trees : int
    rate : float
        Shrinkage of each tree.
    share : float
        Features that a tree chooses from, drawn at random.
    weights : ndarray of shape (n,), optional
        Else both classes weigh the same.
    rng : numpy.random.Generator

    Returns
    -------
    Trees

    References
    ----------
    Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics
    29, 2001; the split gain is that of Chen & Guestrin, "XGBoost", KDD 2016, equation 7; random
    features as Dollár et al. 2014, section 6.1; rows of little weight are left out of the choice
    of splits as in Appel et al., "Quickly boosting decision trees", ICML 2013.
    """
    n, d = rows.shape
    binned = np.ascontiguousarray(rows.T >> _SHIFT)
    target = positive.astype(np.float32)
    if weights is None:
        n_positive = max(int(positive.sum()), 1)
        weights = np.where(positive, 0.5 / n_positive, 0.5 / max(n - n_positive, 1)) * n
    score = np.zeros(n, np.float64)
    k = min(max(int(d * share), 32), d)
    ridge = n / 2000
    features = np.zeros((n_trees, 3), np.int32)
    thresholds = np.zeros((n_trees, 3), np.uint8)
    leaves = np.zeros((n_trees, 4), np.float32)
    for t in range(n_trees):
        chance = 1 / (1 + np.exp(-score))
        slope = weights * (target - chance)
        curve = weights * chance * (1 - chance) + 1e-12
        used = _heaviest(curve)
        chosen = rng.choice(d, k, replace=False)
        codes = binned[chosen][:, used]
        pairs, units = _packed(slope[used], curve[used])
        whole = _histograms(codes, pairs)
        f0, b0 = _best_split(whole, units, ridge)
        up = codes[f0] > b0
        part = up if 2 * up.sum() < len(up) else ~up
        smaller = _histograms(codes[:, part], pairs[part])
        other = whole - smaller
        low, high = (other, smaller) if part is up else (smaller, other)
        f1, b1 = _best_split(low, units, ridge)
        f2, b2 = _best_split(high, units, ridge)
        at_root = binned[chosen[f0]] > b0
        side = np.where(at_root, binned[chosen[f2]] > b2, binned[chosen[f1]] > b1)
        leaf = 2 * at_root + side
        value = np.bincount(leaf, slope, 4) / (np.bincount(leaf, curve, 4) + ridge)
        value = (rate * np.clip(value, -_LEAF_LIMIT, _LEAF_LIMIT)).astype(np.float32)
        score += value[leaf]
        features[t] = chosen[f0], chosen[f1], chosen[f2]
        thresholds[t] = [(b << _SHIFT) + (1 << _SHIFT) - 1 for b in (b0, b1, b2)]
        leaves[t] = value
    return Trees(features, thresholds, leaves)


def _heaviest(curve: np.ndarray) -> np.ndarray:
    """Rows that hold nearly all of the weight, in their order."""
    order = np.argsort(-curve, kind="stable")
    total = np.cumsum(curve[order])
    return np.sort(order[: max(int(np.searchsorted(total, _TRIM * total[-1])) + 1, 200)])


def _packed(slope: np.ndarray, curve: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Both numbers of each row as one whole number, so that one sum adds up both.

    Curvatures fill the upper and slopes the lower half of a double's 53 bits; the units are such
    that no sum overflows its half.
    """
    units = (
        2.01 * float(np.abs(slope).sum()) / _HALF + _TINY,
        1.01 * float(curve.sum()) / _HALF + _TINY,
    )
    return np.rint(curve / units[1]) * _HALF + np.rint(slope / units[0]), units


def _histograms(codes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Sums of packed pairs in each bin of each feature; (k, N_BINS), float64."""
    out = np.empty((len(codes), N_BINS))
    for row, bins in zip(out, codes, strict=True):  # one feature at a time stays in the cache
        row[:] = np.bincount(bins, pairs, N_BINS)
    return out


def _best_split(sums: np.ndarray, units: tuple[float, float], ridge: float) -> tuple[int, int]:
    """Feature and bin whose split gains most."""
    upper = np.floor(sums / _HALF + 0.5)
    slope, curve = (sums - upper * _HALF) * units[0], upper * units[1]
    low_g, low_h = slope.cumsum(axis=1), curve.cumsum(axis=1)
    all_g, all_h = low_g[:, -1:], low_h[:, -1:]
    low_g, low_h = low_g[:, :-1], low_h[:, :-1]
    gain = low_g**2 / (low_h + ridge) + (all_g - low_g) ** 2 / (all_h - low_h + ridge)
    return divmod(int(gain.argmax()), N_BINS - 1)
