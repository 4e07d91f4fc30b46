"""Base of every estimator that turns images into vectors."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_jobs, check_seed
from .._basics.saving import SavedState, require
from ..images import check_images, map_blocks


class ImageTransformer(TransformerMixin, BaseEstimator):
    """A transformer from a sequence of images to one float32 vector each.

    Sub-classes have the parameter `n_jobs` and the methods `_check` (validates
    parameters), `_fit_images` (learns, sets ``n_features_out_``) and `block_vectors` (a list of
    images to an array of shape (b, d); runs in worker threads).
    """

    saved_state: SavedState
    n_jobs: int | None
    n_features_out_: int

    _block_size = 8  # images that a worker takes at once

    def fit(self, X, y=None):
        """Learn from images.

        Parameters
        ----------
        X : sequence of images, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Each image a path (str, Path), encoded bytes, an array or a `Picture`.
        y : sequence of labels, optional
            Lets samples be balanced between the classes.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter has an invalid value, or `X` is not a sequence of images.
        ImageReadError
            An image cannot be read.
        """
        self._check()
        check_jobs("n_jobs", self.n_jobs)
        check_seed("random_state", getattr(self, "random_state", None))
        self._fit_images(check_images(X), y)
        return self

    def transform(self, X) -> np.ndarray:
        """Turn images into vectors.

        Parameters
        ----------
        X : sequence of images, or ndarray of shape (n, H, W) or (n, H, W, 3)

        Returns
        -------
        ndarray of shape (n, n_features_out), float32
            An image without features gives a row of zeros.
        """
        check_is_fitted(self, "n_features_out_")
        X = check_images(X)
        out = np.empty((len(X), self.n_features_out_), np.float32)
        start = 0
        for vectors in map_blocks(
            self.block_vectors, X, n_jobs=self.n_jobs, block_size=self._block_size
        ):
            out[start : start + len(vectors)] = vectors
            start += len(vectors)
        return out

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the columns: the class in lower case and the column's number."""
        check_is_fitted(self, "n_features_out_")
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}{i}" for i in range(self.n_features_out_)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = True
        return tags

    def _check(self) -> None:
        raise NotImplementedError

    def _check_saved(self) -> None:
        """Check a saved step; of one that learns nothing, columns follow from parameters."""
        state = type(self).saved_state
        if state.arrays or state.lists:
            return
        expected = self.n_features_out_
        self.fit([np.zeros((8, 8), np.uint8)])
        n = self.n_features_out_
        require(n == expected, f"n_features_out_ must be {n}")

    def _fit_images(self, X, y) -> None:
        raise NotImplementedError

    def block_vectors(self, images: list) -> np.ndarray:
        """Vectors of a few images, (n, n_features_out), computed in this thread."""
        raise NotImplementedError
