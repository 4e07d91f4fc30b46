"""Rows of a table as vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_bool, check_integer
from .._basics.saving import SavedState, divides, require, require_shape
from ..errors import DataError, ParameterError

_LARGEST = 1e30  # of a float32


def piecewise_linear(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How far each value has come through each bin of its column: 0 before, 1 beyond.

    Parameters
    ----------
    values : ndarray of shape (n, d)
    edges : ndarray of shape (d, n_bins + 1)
        Rising along rows.

    Returns
    -------
    ndarray of shape (n, d * n_bins), float64
        Column by column.

    References
    ----------
    Gorishniy, Rubachev & Babenko, "On embeddings for numerical features in tabular deep
    learning", NeurIPS 2022, section 3.2, equation (1).

    Examples
    --------
    >>> piecewise_linear(np.array([[3.0]]), np.array([[0.0, 2.0, 4.0, 9.0]])).tolist()
    [[1.0, 0.5, 0.0]]
    """
    low, high = edges[:, :-1], edges[:, 1:]
    width = np.maximum(high - low, np.finfo(np.float32).tiny)
    shares = np.clip((values[:, :, None] - low) / width, 0, 1)
    return shares.reshape(len(values), -1)


class TableColumns(TransformerMixin, BaseEstimator):
    """Scale the numeric columns of a table, limit outliers, and encode them in bins.

    A value becomes arsinh((x - median) / interquartile range): linear in the middle of a
    column, logarithmic in its tails. Beside it stands how far it has come through each of
    `n_bins` equally filled bins, so that networks and linear heads can bend at each edge.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns, in the order of X.
    squash : bool, default=True
        Take the arsinh; False leaves columns linear.
    n_bins : int, default=16
        Bins of each column; 0 for none.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (d,), float32
        Median and interquartile range; where that is 0 the standard deviation, and 1 for a
        constant column.
    edges_ : ndarray of shape (d, n_bins + 1), float32
        Edges of the bins; of shape (d, 0) if `n_bins` is 0.
    n_features_out_ : int
        d (1 + n_bins): first the scaled columns, then the bins.

    References
    ----------
    Burbidge, Magee & Robb, "Alternative transformations to handle extreme values of the
    dependent variable", JASA 83, 1988, equation (2); for the bins see `piecewise_linear`.

    Examples
    --------
    >>> TableColumns(["length"], squash=False, n_bins=1).fit_transform([[1.0], [3.0]]).tolist()
    [[-1.0, 0.0], [1.0, 1.0]]
    """

    saved_state = SavedState(
        arrays={"center_": 1, "scale_": 1, "edges_": 2},
        scalars={"n_features_out_": int},
        bounds={"n_bins": (0, 1000)},
    )

    zeros_are_data = True  # a row at the mean is no blank image

    def __init__(self, columns: Sequence[str], squash: bool = True, n_bins: int = 16) -> None:
        self.columns = columns
        self.squash = squash
        self.n_bins = n_bins

    def _check(self) -> None:
        good = isinstance(self.columns, list | tuple) and len(self.columns) > 0
        if not good or not all(isinstance(name, str) for name in self.columns):
            raise ParameterError(
                f"columns must be a sequence of names. Got {self.columns!r} instead."
            )
        if len(set(self.columns)) != len(self.columns):
            raise ParameterError(f"columns must be distinct names. Got {self.columns!r} instead.")
        check_bool("squash", self.squash)
        check_integer("n_bins", self.n_bins, 0)

    def fit(self, X, y=None):
        """Learn middle and spread of each column of X, shape (n, d)."""
        self._check()
        rows = self._rows(X)
        low, middle, high = np.percentile(rows, [25, 50, 75], axis=0)
        spread = np.where(high > low, high - low, rows.std(axis=0))
        self.center_ = middle.astype(np.float32)
        spread = np.where(spread > 1e-6 * np.abs(middle), spread, 1).astype(np.float32)
        self.scale_ = np.where(spread > 0, spread, 1).astype(np.float32)
        shares = np.linspace(0, 1, self.n_bins + 1) if self.n_bins else np.empty(0)
        self.edges_ = np.ascontiguousarray(np.quantile(rows, shares, axis=0).T, np.float32)
        self.n_features_out_ = len(self.columns) * (1 + self.n_bins)
        return self

    def transform(self, X) -> np.ndarray:
        """Columns of one scale, shape (n, d), float32."""
        check_is_fitted(self, "n_features_out_")
        rows = self._rows(X)
        scaled = (rows - self.center_) / self.scale_
        if self.squash:
            scaled = np.arcsinh(scaled)
        scaled = np.clip(scaled, -_LARGEST, _LARGEST)
        if self.n_bins:
            scaled = np.hstack([scaled, piecewise_linear(rows, self.edges_)])
        return scaled.astype(np.float32)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """The names of the columns, then such as ``length_bin3``."""
        check_is_fitted(self, "n_features_out_")
        bins = [f"{name}_bin{i}" for name in self.columns for i in range(self.n_bins)]
        return np.array([*self.columns, *bins], dtype=object)

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

    def _check_saved(self) -> None:
        n = len(self.columns)
        columns = n * (1 + self.n_bins)
        require(self.n_features_out_ == columns, f"n_features_out_ must be {columns}")
        require_shape(self, "edges_", (n, self.n_bins + 1 if self.n_bins else 0))
        require_shape(self, "center_", (n,))
        require_shape(self, "scale_", (n,))
        require(divides(self.scale_), "scale_ must be > 0")
