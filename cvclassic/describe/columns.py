"""Rows of a table as vectors: for what has been measured already."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..checks import check_bool
from ..errors import DataError, ParameterError

_LARGEST = 1e30  # of a float32


class TableColumns(TransformerMixin, BaseEstimator):
    """Bring the numeric columns of a table to one scale, and rein in outliers.

    A value becomes arsinh((x - median) / interquartile range): linear in the middle of a
    column, logarithmic in its tails.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns, in the order of X.
    squash : bool, default=True
        Take the arsinh; False leaves columns linear.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (d,), float32
        Median and interquartile range; where that is 0 the standard deviation, and 1 for a
        constant column.
    n_features_out_ : int

    References
    ----------
    Burbidge, Magee & Robb, "Alternative transformations to handle extreme values of the
    dependent variable", JASA 83, 1988, equation (2).

    Examples
    --------
    >>> TableColumns(["length"], squash=False).fit_transform([[1.0], [3.0]]).ravel().tolist()
    [-1.0, 1.0]
    """

    zeros_are_data = True  # a row at the mean is no blank picture

    def __init__(self, columns, squash=True):
        self.columns = columns
        self.squash = squash

    def _check(self) -> None:
        good = isinstance(self.columns, list | tuple) and len(self.columns) > 0
        if not good or not all(isinstance(name, str) for name in self.columns):
            raise ParameterError(
                f"columns must be a sequence of names. Got {self.columns!r} instead."
            )
        if len(set(self.columns)) != len(self.columns):
            raise ParameterError(f"columns must be distinct names. Got {self.columns!r} instead.")
        check_bool("squash", self.squash)

    def fit(self, X, y=None):
        """Learn middle and spread of each column of X, shape (n, d)."""
        self._check()
        rows = self._rows(X)
        low, middle, high = np.percentile(rows, [25, 50, 75], axis=0)
        spread = np.where(high > low, high - low, rows.std(axis=0))
        self.center_ = middle.astype(np.float32)
        spread = np.where(spread > 1e-6 * np.abs(middle), spread, 1).astype(np.float32)
        self.scale_ = np.where(spread > 0, spread, 1).astype(np.float32)
        self.n_features_out_ = len(self.columns)
        return self

    def transform(self, X) -> np.ndarray:
        """Columns of one scale, shape (n, d), float32."""
        check_is_fitted(self, "n_features_out_")
        scaled = (self._rows(X) - self.center_) / self.scale_
        if self.squash:
            scaled = np.arcsinh(scaled)
        return np.clip(scaled, -_LARGEST, _LARGEST).astype(np.float32)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """The names of the columns."""
        check_is_fitted(self, "n_features_out_")
        return np.array(self.columns, dtype=object)

    def _rows(self, X) -> np.ndarray:
        """X as float64, finite, with the right number of columns."""
        try:
            rows = np.asarray(list(X) if not isinstance(X, np.ndarray) else X, np.float64)
        except (TypeError, ValueError):
            raise DataError("X must be rows of numbers, all of the same length.") from None
        if rows.ndim != 2 or rows.shape[1] != len(self.columns):
            raise DataError(
                f"X must have {len(self.columns)} columns ({', '.join(self.columns[:5])}"
                f"{', ...' if len(self.columns) > 5 else ''}). Got shape {rows.shape}."
            )
        if not np.isfinite(rows).all():
            raise DataError("X holds values that are not finite.")
        return rows
