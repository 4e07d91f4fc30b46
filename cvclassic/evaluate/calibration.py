"""Calibration: do probabilities match frequencies?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._basics.checks import check_integer
from ..errors import ParameterError
from .per_sample import certainties
from .predictions import Predictions

N_BINS = 15


@dataclass(frozen=True)
class Reliability:
    """How often answers of about the same confidence are right.

    Parameters
    ----------
    edges : ndarray of shape (n_bins + 1,)
        Bounds of the bins, from 0 to 1; a bin includes its upper bound.
    confidence : ndarray of shape (n_bins,)
        Mean probability of the first class in each bin, nan where it is empty.
    accuracy : ndarray of shape (n_bins,)
        Share of right answers in each bin, nan where it is empty.
    count : ndarray of shape (n_bins,), int
    ece : float
        Expected calibration error: mean over the images of their bin's
        ``|accuracy - confidence|``.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray
    ece: float


def reliability(predictions: Predictions, n_bins: int = N_BINS) -> Reliability:
    """Compare confidence with accuracy in bins of equal width.

    Images without an answer have no confidence and are left out. An answer that was
    withheld ("unknown") is judged by its probabilities anyway.

    Parameters
    ----------
    predictions : Predictions
    n_bins : int

    Returns
    -------
    Reliability

    Raises
    ------
    ParameterError
        There are no probabilities, or no image was answered.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017, section 2, equations
    (3) to (5). The estimate is never below 0 and so too high for few images.

    Examples
    --------
    >>> shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.35, 0.65]])
    >>> seen = Predictions(list("wxyz"), list("aaba"), list("aabb"), ["a", "b"], shares)
    >>> float(round(reliability(seen, n_bins=2).ece, 4))
    0.0125
    """
    check_integer("n_bins", n_bins, 1)
    if predictions.probabilities is None:
        raise ParameterError("predictions must hold probabilities. Got labels only.")
    confidence, right = certainties(
        predictions.truth, predictions.probabilities, predictions.classes
    )
    if not len(right):
        raise ParameterError("predictions must hold an answer. Got none.")
    edges = np.linspace(0, 1, n_bins + 1)
    bins = bins_of(confidence, n_bins)
    count = np.bincount(bins, minlength=n_bins)
    some = np.maximum(count, 1)
    sums = np.bincount(bins, confidence, n_bins), np.bincount(bins, right, n_bins)
    empty = np.where(count > 0, 0.0, np.nan)
    return Reliability(
        edges,
        sums[0] / some + empty,
        sums[1] / some + empty,
        count,
        calibration_error(confidence, right, n_bins),
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray, n_bins: int = N_BINS) -> float:
    """Expected calibration error of m answers; see `Reliability`.

    Examples
    --------
    >>> calibration_error(np.array([0.75, 0.75]), np.array([True, False]))
    0.25
    """
    gaps = np.bincount(bins_of(confidence, n_bins), right - confidence, n_bins)
    return float(np.abs(gaps).sum() / len(right))


def bins_of(confidence: np.ndarray, n_bins: int) -> np.ndarray:
    """Bin of each confidence; bins are closed above, as in Guo's equation (3)."""
    edges = np.linspace(0, 1, n_bins + 1)
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1)
