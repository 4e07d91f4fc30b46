"""Error rates of a distance threshold: false acceptance, false rejection, equal error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..._basics.checks import check_number
from ...errors import DataError


@dataclass(frozen=True, eq=False)
class ErrorRates:
    """Both error rates at every threshold that makes a difference.

    Parameters
    ----------
    thresholds : ndarray of shape (k,), float64
        Rising: a distance <= threshold is accepted.
    far, frr : ndarray of shape (k,), float64
        Share of impostors that are accepted, and of genuine pairs that are rejected.
    n_genuine, n_impostor : int
    """

    thresholds: np.ndarray
    far: np.ndarray
    frr: np.ndarray
    n_genuine: int
    n_impostor: int

    @property
    def eer(self) -> float:
        """Equal error rate: the mean of both where they are closest."""
        at = np.argmin(np.abs(self.far - self.frr))
        return float((self.far[at] + self.frr[at]) / 2)

    def threshold_at(self, max_far: float) -> tuple[float, float, float]:
        """The largest threshold that accepts no more impostors than asked for.

        Parameters
        ----------
        max_far : float
            From 0 to 1.

        Returns
        -------
        threshold, far, frr : float
        """
        check_number("max_far", max_far, 0)
        at = np.flatnonzero(self.far <= max_far)[-1]
        return float(self.thresholds[at]), float(self.far[at]), float(self.frr[at])


def error_rates(genuine: ArrayLike, impostor: ArrayLike) -> ErrorRates:
    """Error rates out of distances.

    Parameters
    ----------
    genuine, impostor : array_like
        Distances between images of one person, and of two.

    Returns
    -------
    ErrorRates

    Raises
    ------
    DataError
        One of them is empty, or not finite.

    Examples
    --------
    >>> rates = error_rates([0.1, 0.2, 0.6], [0.5, 0.8, 0.9])
    >>> round(rates.eer, 3), rates.threshold_at(0.0)[0]
    (0.333, 0.2)
    """
    good, bad = (np.sort(np.asarray(values, np.float64).ravel()) for values in (genuine, impostor))
    if not len(good) or not len(bad) or not (np.isfinite(good).all() and np.isfinite(bad).all()):
        raise DataError(
            "error rates need finite distances of one person's images and of different people's. "
            f"Got {len(good)} and {len(bad)}."
        )
    thresholds = np.concatenate(
        [[np.nextafter(min(good[0], bad[0]), -np.inf)], np.union1d(good, bad)]
    )
    far = np.searchsorted(bad, thresholds, "right") / len(bad)
    frr = 1 - np.searchsorted(good, thresholds, "right") / len(good)
    return ErrorRates(thresholds, far, frr, len(good), len(bad))
