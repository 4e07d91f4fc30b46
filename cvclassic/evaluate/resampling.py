"""Bootstrap resampling, and the confidence interval of a proportion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri

from ..errors import ParameterError

_BLOCK = 8_000_000  # draws that are in memory at once


def check_level(level) -> None:
    """Raise `ParameterError` unless `level` is a share between 0 and 1."""
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        raise ParameterError(f"level must be a number between 0 and 1. Got {level!r} instead.")


def wilson_interval(n_right: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share: Wilson's score interval.

    Unlike the bootstrap of a share, it does not shrink to a point where all are right.

    Parameters
    ----------
    n_right, n : int or float
    level : float

    Returns
    -------
    low, high : float

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22,
    1927. Recommended for few samples by Brown, Cai & DasGupta, "Interval estimation for a
    binomial proportion", Statistical Science 16(2), 2001.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(20, 20)]
    [0.839, 1.0]
    """
    check_level(level)
    if n <= 0:
        return 0.0, 1.0
    z = float(ndtri((1 + level) / 2))
    share = n_right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # rounding must not leave the share outside
    low, high = min(float(middle - reach), share), max(float(middle + reach), share)
    return max(float(low), 0.0), min(float(high), 1.0)


def resamples(
    strata: np.ndarray, n_resamples: int, rng: np.random.Generator, *, short: bool
) -> Iterator[np.ndarray]:
    """Weights of images in resamples with replacement, block by block.

    Parameters
    ----------
    strata : ndarray of shape (n,), int
        Images are drawn within their stratum, 0, 1, ...; all zeros draws from all.
    n_resamples : int
    rng : Generator
    short : bool
        Draw one less than a stratum has and weigh the draws up. A mean over the stratum then
        varies as much as the sample tells, where drawing n of n images gives (n - 1) / n of
        the variance: much for classes of five images (Rao & Wu, "Resampling inference with
        complex survey data", JASA 83, 1988, section 2).

    Yields
    ------
    ndarray of shape (n, m), float32
        The columns of all blocks are `n_resamples` resamples.
    """
    n = len(strata)
    order = np.argsort(strata, kind="stable")
    sizes = np.bincount(strata)
    drawn = np.maximum(sizes - 1, np.minimum(sizes, 1)) if short else sizes
    starts = np.repeat(np.cumsum(sizes) - sizes, drawn)
    widths = np.repeat(sizes, drawn)
    weight = (sizes / np.maximum(drawn, 1)).astype(np.float32)[strata]
    rows = max(1, _BLOCK // n)
    for start in range(0, n_resamples, rows):
        m = min(rows, n_resamples - start)
        # float32 cannot tell apart more than 2^24 places
        chosen = order[starts + (rng.random((m, len(starts))) * widths).astype(np.int64)]
        chosen += np.arange(m)[:, None] * n
        counts = np.bincount(chosen.ravel(), minlength=m * n).reshape(m, n)
        yield np.ascontiguousarray(counts.T, np.float32) * weight[:, None]


def effective_number(strata: np.ndarray) -> float:
    """How many images a share would need to vary as much as the mean over the strata.

    Examples
    --------
    >>> effective_number(np.array([0, 0, 1, 1]))
    4.0
    """
    sizes = np.bincount(strata)
    return float(len(sizes) ** 2 / (1 / sizes[sizes > 0]).sum())
