"""Encodings that keep track of each descriptor's contribution.

A trace holds the vector of an image as the encoder itself gives it, and hands the part that
each entry has in a decision back to the descriptors. For every entry the descriptors' shares
sum to the whole part, so that nothing is lost on the way, whatever the normalization.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Protocol

import numpy as np

from ..describe import LocalFeatures
from ..encode import (
    LLC,
    VLAD,
    BagOfWords,
    FisherVector,
    LocalEncoder,
    cell_groups,
    density_table,
    fisher_gradient,
    llc_codes,
    mixture_sums,
    nearest_words,
    normalize_histogram,
    power_normalize,
    soft_votes,
    sum_groups,
    vlad_normalize,
    word_sums,
)
from ..errors import ParameterError
from .placed_vectors import PlacedVector, PlaceTrace


class Trace(Protocol):
    """An image's vector and the way back from it."""

    vector: np.ndarray
    words: np.ndarray

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the entries, (d,), to the descriptors: (n,), float64."""
        ...


def trace(
    encoder: LocalEncoder | PlacedVector, features: LocalFeatures, cells: np.ndarray
) -> Trace:
    """Encode an image and remember what each descriptor put in.

    Parameters
    ----------
    encoder : BagOfWords, FisherVector, VLAD, LLC or PlacedVector
        Fitted.
    features : LocalFeatures
        At least one.
    cells : ndarray of shape (n_levels, n), int
        From `cell_index`.

    Returns
    -------
    Trace
        `vector` of shape (d,), float32, the encoder's own; `words` of shape (n,), the visual
        word or Gaussian that each descriptor is nearest to.
    """
    for kind, tracer in _TRACERS.items():
        if isinstance(encoder, kind):
            return tracer(encoder, features, cells)
    raise ParameterError(
        "explain knows the encoders BagOfWords, FisherVector, VLAD and LLC. "
        f"Got {type(encoder).__name__} instead."
    )


class VoteTrace:
    """Bag of words: the part of a bin is shared in proportion to the votes in it.

    That holds for every normalization and every kernel map, since descriptors of a bin cannot
    be told apart by what comes after.
    """

    def __init__(self, encoder: BagOfWords, features: LocalFeatures, cells: np.ndarray) -> None:
        if encoder.n_nearest == 1:
            words = nearest_words(features.descriptors, encoder.words_)[None]
            votes = np.ones(words.shape)
        else:
            words, votes = soft_votes(
                features.descriptors, encoder.words_, encoder.n_nearest, encoder.sigma
            )
        self.words = words[0]
        self._votes = votes
        self._bins = cells[:, None] * encoder.n_words + words
        size = encoder.n_features_out_
        self._totals = np.zeros(size)
        histogram = np.zeros(size, np.float32)
        for level in self._bins:  # as the encoder adds them up, to the bit
            added = np.bincount(level.ravel(), votes.ravel(), minlength=size)
            self._totals += added
            histogram += added
        self.vector = normalize_histogram(histogram, encoder.norm)

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the bins to the descriptors."""
        rates = np.divide(parts, self._totals, out=np.zeros(len(parts)), where=self._totals > 0)
        return np.einsum("lkn,kn->n", rates[self._bins], self._votes)


class PeakTrace:
    """Locality-constrained coding: only the largest code of a bin got through the pooling."""

    def __init__(self, encoder: LLC, features: LocalFeatures, cells: np.ndarray) -> None:
        nearest, codes = llc_codes(
            features.descriptors, encoder.words_, encoder.n_nearest, encoder.regularization
        )
        self.words = nearest[0]
        self._bins = cells[:, None] * encoder.n_words + nearest
        pooled = np.zeros(encoder.n_features_out_, np.float32)
        for level in self._bins:
            np.maximum.at(pooled, level, codes)
        self._peaks = (codes > 0) & (codes == pooled[self._bins])
        self.vector = normalize_histogram(pooled, "l2")

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the bins to the descriptors with the largest code; ties share."""
        ties = np.bincount(self._bins[self._peaks], minlength=len(parts))
        rates = parts / np.maximum(ties, 1)
        return (rates[self._bins] * self._peaks).sum(axis=(0, 1))


def damping(sums: np.ndarray, scatter: np.ndarray, power: float) -> np.ndarray:
    """Fraction of an entry's part that goes to descriptors in proportion to what they added.

    An entry is ``g(s) = sign(s) |s|^power`` of a sum. Sharing it in proportion to the summands
    is the Aumann-Shapley value along the ray t s, and exact, but where the summands cancel,
    ``1 / s`` makes shares that are huge and of both signs. A descriptor's average effect, when
    the others join in random order, feels the slope of g over the scatter of the partial
    sums, not at s alone: about ``g(r) / r`` with ``r² = s² + scatter``. The fraction is that
    slope over ``g(s) / s``; the rest of the part is shared by mass.

    Parameters
    ----------
    sums : ndarray
    scatter : ndarray that broadcasts to it
        Sum of the summands' squares, or what is expected of it.
    power : float

    Returns
    -------
    ndarray of the same shape, float32
        From 0 to 1; 1 everywhere for a power of 1.

    References
    ----------
    Aumann & Shapley, "Values of non-atomic games", 1974; Sundararajan, Taly & Yan, "Axiomatic
    attribution for deep networks", ICML 2017, section 3.

    Examples
    --------
    >>> damping(np.array([0.0, 3.0, 3.0]), np.array([16.0, 16.0, 0.0]), 0.5).round(3)
    array([0.   , 0.775, 1.   ], dtype=float32)
    """
    if power >= 1:
        return np.ones(sums.shape, np.float32)
    # in single precision: it only chooses between two ways of sharing, each of which is exact
    squares = np.square(sums.astype(np.float32))
    total = squares + scatter.astype(np.float32)
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    return (squares / total) ** np.float32((1 - power) / 2)


def _over(parts: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient that is 0 where the divisor is."""
    return np.divide(parts, below, out=np.zeros(np.broadcast(parts, below).shape), where=below != 0)


class FisherTrace:
    """Fisher vector: a descriptor's share is its posteriors times a polynomial of it.

    The share is ``Σ_k γ_k (a_k · x + b_k · x² + c_k)``, one matrix product for all descriptors;
    what each adds to each of the 2 k d entries is never written down.
    """

    def __init__(self, encoder: FisherVector, features: LocalFeatures, cells: np.ndarray) -> None:
        self._encoder = encoder
        self._order, self._bounds, self._owners = cell_groups(cells)
        table = density_table(encoder.weights_, encoder.means_, encoder.variances_)
        x = encoder.project(encoder.codebook_rows(features))[self._order]
        self._posteriors = np.empty((len(encoder.means_), len(x)), np.float32)
        sums, _ = mixture_sums(x, table, self._bounds, self._posteriors)
        self._n_cells = sum(rows * columns for rows, columns in encoder.pyramid)
        out = fisher_gradient(
            sum_groups(sums, self._owners, self._n_cells),
            encoder.weights_,
            encoder.means_,
            encoder.variances_,
        )
        self.vector = power_normalize(out, encoder.power).ravel()
        self._x = x
        self.words = np.empty(len(x), np.intp)
        self.words[self._order] = self._posteriors.argmax(axis=0)

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the entries to the descriptors."""
        encoder, bounds = self._encoder, self._bounds
        k, d = encoder.means_.shape
        rows = np.empty((2 * d + 1, len(self._x)))
        rows[:d] = self._x.T
        np.multiply(rows[:d], rows[:d], out=rows[d:-1])
        rows[-1] = 1
        posteriors = self._posteriors.astype(np.float64)
        groups = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        sums = np.stack([posteriors[:, g] @ rows[:, g].T for g in groups])
        sums = sum_groups(sums, self._owners, self._n_cells)
        table = self._table(sums, parts.reshape(self._n_cells, 2, k, d))
        out = np.empty(len(self._x))
        for group, cells in zip(groups, self._owners.T, strict=True):
            rates = table[cells].sum(axis=0) @ rows[:, group]
            out[self._order[group]] = np.einsum("kn,kn->n", posteriors[:, group], rates)
        return out

    def _table(self, sums: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """Coefficients of x, x² and 1 for each cell and Gaussian, (n_cells, k, 2 d + 1)."""
        encoder = self._encoder
        d = encoder.means_.shape[1]
        means = encoder.means_.astype(np.float64)
        variances = encoder.variances_.astype(np.float64)
        mass = sums[..., -1:]
        # in units in which a descriptor of the mixture itself adds a scatter of 1
        first = (sums[..., :d] - mass * means) / np.sqrt(variances)
        second = sums[..., d:-1] - 2 * means * sums[..., :d] + (means**2 - variances) * mass
        second /= np.sqrt(2) * variances
        rates, rest = [], np.zeros_like(mass)
        for entry, part in ((first, parts[:, 0]), (second, parts[:, 1])):
            linear = part * damping(entry, mass, encoder.power)
            rates.append(_over(linear, entry))
            rest += _over((part - rates[-1] * entry).sum(axis=-1, keepdims=True), mass)
        a, b = rates[0] / np.sqrt(variances), rates[1] / (np.sqrt(2) * variances)
        constant = rest + (b * (means**2 - variances) - a * means).sum(axis=-1, keepdims=True)
        return np.concatenate([a - 2 * b * means, b, constant], axis=-1)


class VladTrace:
    """VLAD: each descriptor added its difference from its word."""

    def __init__(self, encoder: VLAD, features: LocalFeatures, cells: np.ndarray) -> None:
        self._encoder = encoder
        self._cells = cells
        k, d = encoder.words_.shape
        self._x = encoder.project(features.descriptors)
        self.words = nearest_words(self._x, encoder.words_)
        order, bounds, owners = cell_groups(cells)
        assignment = np.empty(len(self._x), np.int64)
        assignment[order] = np.repeat(np.arange(len(bounds) - 1) * k, np.diff(bounds))
        assignment += self.words
        sums, counts = word_sums(self._x, assignment, (len(bounds) - 1) * k)
        residuals = sums - counts * np.tile(encoder.words_, (len(bounds) - 1, 1))
        self._n_cells = sum(rows * columns for rows, columns in encoder.pyramid)
        out = sum_groups(residuals.reshape(-1, k, d), owners, self._n_cells)
        for cell in out:
            vlad_normalize(cell, intra=encoder.intra, power=encoder.power)
        self.vector = out.ravel()

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the entries to the descriptors."""
        encoder = self._encoder
        k, d = encoder.words_.shape
        residuals = self._x.astype(np.float64) - encoder.words_[self.words]
        both = np.concatenate([residuals, residuals**2], axis=1)
        out = np.zeros(len(residuals))
        flat = parts.reshape(-1, d)
        for level in self._cells:
            bins = level * k + self.words
            sums, counts = word_sums(both, bins, len(flat))
            linear = flat * damping(sums[:, :d], sums[:, d:], encoder.power)
            rates = _over(linear, sums[:, :d])
            rest = _over((flat - rates * sums[:, :d]).sum(axis=1), counts[:, 0].astype(np.float64))
            out += np.einsum("nd,nd->n", rates[bins], residuals) + rest[bins]
        return out


_TRACERS: dict[type, Callable[..., Trace]] = {
    BagOfWords: VoteTrace,
    FisherVector: FisherTrace,
    VLAD: VladTrace,
    LLC: PeakTrace,
    PlacedVector: PlaceTrace,
}
