"""Rows of a table as vectors: for what has been measured already."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import DataError, ParameterError


class TableColumns(TransformerMixin, BaseEstimator):
    """Standardise the numeric columns of a table.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns, in the order of X.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (d,), float32
        Output is ``(x - mean) / scale``; the scale of a constant column is 1.
    n_features_out_ : int

    Examples
    --------
    >>> TableColumns(["length"]).fit_transform([[1.0], [3.0]]).ravel().tolist()
    [-1.0, 1.0]
    """

    zeros_are_data = True  # a row at the mean is no blank picture

    def __init__(self, columns):
        self.columns = columns

    def _check(self) -> None:
        good = isinstance(self.columns, list | tuple) and len(self.columns) > 0
        if not good or not all(isinstance(name, str) for name in self.columns):
            raise ParameterError(
                f"columns must be a sequence of names. Got {self.columns!r} instead."
            )
        if len(set(self.columns)) != len(self.columns):
            raise ParameterError("columns must be distinct names.")

    def fit(self, X, y=None):
        """Learn mean and spread of each column of X, shape (n, d)."""
        self._check()
        rows = self._rows(X)
        mean = rows.mean(axis=0)
        scale = rows.std(axis=0)
        self.mean_ = mean.astype(np.float32)
        self.scale_ = np.where(scale > 1e-6 * np.abs(mean), scale, 1).astype(np.float32)
        self.scale_[self.scale_ == 0] = 1
        self.n_features_out_ = len(self.columns)
        return self

    def transform(self, X) -> np.ndarray:
        """Standardised rows, shape (n, d), float32."""
        check_is_fitted(self, "n_features_out_")
        return ((self._rows(X) - self.mean_) / self.scale_).astype(np.float32)

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
