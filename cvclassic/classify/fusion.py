"""Vectors of several encoders side by side, weighted by how well they predict the labels."""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_bool, check_integer, check_jobs, check_seed
from .._basics.parameters import Seed
from .._basics.saving import SavedState, require, require_shape
from ..encode import balanced_order
from ..errors import DataError, ParameterError
from ..images import Picture, check_images, map_blocks, single_threaded, spool_pictures
from .left_out import choose_block_weights
from .samples import label_numbers
from .stored_vectors import StoredVectors
from .vectors import as_vectors


class WeightedUnion(FeatureUnion):
    """`FeatureUnion` that learns how much each block of columns counts.

    A member with `block_sizes_` (an encoder with a spatial pyramid) has one block per level,
    any other is one block. `fit` chooses the weights from the labels by leaving training
    images out in closed form; a block that does not help is left out of the result. A
    image is decoded once for all members, and their vectors go straight into the result.

    Parameters
    ----------
    transformer_list : list of (str, transformer)
        As in `FeatureUnion`.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.
    transformer_weights : dict of str to float, default=None
        Members whose weights are fixed: their columns are multiplied with the number. The
        weights of the others are chosen.
    max_samples : int, default=2000
        Images that the choice is made on, balanced between the classes; its cost grows
        with their third power.
    random_state : int, RandomState or None, default=None
        Seed of their choice.
    verbose : bool, default=False
    verbose_feature_names_out : bool, default=True
        As in `FeatureUnion`.

    Attributes
    ----------
    weights_ : ndarray of shape (n_blocks,), float32
        What the columns of each block are multiplied with; columns of blocks with weight 0
        are left out.
    n_features_out_ : int
    block_sizes_ : list of int
        Columns of each block that is left.
    transformers_ : list of (str, transformer)
        Fitted clones of the members that had something to learn from.
    member_sizes_ : list of list of int
        Columns of each of their blocks.
    left_out_ : dict of str to str
        Members that had nothing to learn from, such as wide windows on tiny images, and
        why.

    Raises
    ------
    DataError
        No member had anything to learn from.
    ParameterError
        A parameter has an invalid value.

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(40) % 2
    >>> X = np.c_[y + 0.1 * rng.normal(size=40), rng.normal(size=40)]
    >>> union = WeightedUnion(
    ...     [(str(i), FunctionTransformer(lambda X, i=i: X[:, [i]])) for i in range(2)]
    ... )
    >>> union.fit_transform(X, y).shape, union.weights_[1]
    ((40, 1), np.float32(0.0))
    """

    saved_state = SavedState(arrays={"weights_": 1}, role="union")

    transformer_list: list
    _of_table = False  # whether it was fitted on rows of numbers

    def __init__(
        self,
        transformer_list: list[tuple[str, Any]],
        *,
        n_jobs: int | None = None,
        transformer_weights: Mapping[str, float] | None = None,
        max_samples: int = 2000,
        random_state: Seed = None,
        verbose: bool = False,
        verbose_feature_names_out: bool = True,
    ) -> None:
        super().__init__(
            transformer_list,
            n_jobs=n_jobs,
            transformer_weights=transformer_weights,
            verbose=verbose,
            verbose_feature_names_out=verbose_feature_names_out,
        )
        self.max_samples = max_samples
        self.random_state = random_state

    def fit(self, X, y=None):
        """Fit all members and choose the weights: `fit_transform` without its result."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None) -> np.ndarray:
        """Fit all members, choose the weights, and return the weighted vectors.

        Parameters
        ----------
        X : sequence of images, or ndarray of shape (n, d)
        y : sequence of labels, optional
            Without labels all blocks count the same.

        Returns
        -------
        ndarray of shape (n, n_features_out), float32
        """
        return np.asarray(self._fit(X, y, 0, np.float32))

    def fit_stored(self, X, y=None, n_more: int = 0) -> StoredVectors:
        """`fit_transform` for many images: vectors in half precision, outside of memory.

        Parameters
        ----------
        X : sequence of images, or ndarray of shape (n, d)
        y : sequence of labels, optional
        n_more : int
            Rows that there is room for after those of X.

        Returns
        -------
        StoredVectors
        """
        return self._fit(X, y, n_more, np.float32 if _is_table(X) else np.float16)

    def _fit(self, X, y, n_more: int, dtype: type) -> StoredVectors:
        self._check()
        self._of_table = _is_table(X)
        if not self._of_table:
            X = decoded_once(check_images(X))
            if y is not None and len(y) != len(X):
                raise ParameterError(
                    f"y must have one label for each of the {len(X)} images. Got {len(y)}."
                )
        self._fit_members(X, y)
        parts = self._parts(X[:1] if _is_table(X) else [X[0]], [True] * len(self.transformers_))
        self.member_sizes_ = [
            list(getattr(member, "block_sizes_", [part.shape[1]]))
            for (_, member), part in zip(self.transformers_, parts, strict=True)
        ]
        self.weights_ = np.ones(len(self._sizes), np.float32)
        vectors = StoredVectors(len(X) + n_more, self._sizes, dtype)
        self.store(X, vectors, 0)
        given = self.transformer_weights or {}
        fixed = [given.get(name, np.nan) for name, _ in self.transformers_]
        weights = np.repeat(
            np.array(fixed, np.float32), [len(member) for member in self.member_sizes_]
        )
        free = np.isnan(weights)
        if free.any():
            weights[free] = self._choose(vectors, y, free)
        self.weights_ = vectors.weights = weights
        return vectors

    def store(self, X, vectors: StoredVectors, start: int) -> None:
        """Write the unweighted vectors of images into rows from `start` on."""
        plain = copy.copy(self)
        plain.weights_ = (self.weights_ != 0).astype(np.float32)
        for block in plain._blocks_of(X):
            vectors.write(start, block)
            start += len(block)

    def _fit_members(self, X, y) -> None:
        """Fit clones of all members; leave those out that have nothing to learn from."""
        self.left_out_ = {}
        self.transformers_ = []
        for name, member in self.transformer_list:
            if isinstance(member, str) and member == "drop":
                continue
            fitted = FunctionTransformer() if isinstance(member, str) else clone(member)
            try:
                fitted.fit(X, y)
            except DataError as error:
                self.left_out_[name] = str(error)
            else:
                self.transformers_.append((name, fitted))
        if not self.transformers_:
            raise DataError(next(iter(self.left_out_.values()), "All members are dropped."))

    def _check(self) -> None:
        check_integer("max_samples", self.max_samples, 10)
        check_bool("verbose", self.verbose)
        check_bool("verbose_feature_names_out", self.verbose_feature_names_out)
        check_jobs("n_jobs", self.n_jobs)
        check_seed("random_state", self.random_state)
        members = self.transformer_list
        if not isinstance(members, list | tuple) or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in members
        ):
            raise ParameterError(
                f"transformer_list must be a list of (name, transformer). Got {members!r} instead."
            )
        weights = self.transformer_weights
        if weights is not None and not isinstance(weights, Mapping):
            raise ParameterError(
                "transformer_weights must be None or a dict from names of members to numbers. "
                f"Got {weights!r} instead."
            )
        self._validate_transformers()
        self._validate_transformer_weights()

    def transform(self, X) -> np.ndarray:
        """Weighted vectors of images: shape (n, n_features_out), float32."""
        check_is_fitted(self, "weights_")
        return self._vectors_of(X)

    def _vectors_of(self, X) -> np.ndarray:
        if not (self._of_table and _is_table(X)):
            X = check_images(X)
        out = np.empty((len(X), self.n_features_out_), np.float32)
        start = 0
        for vectors in self._blocks_of(X):
            out[start : start + len(vectors)] = vectors
            start += len(vectors)
        return out

    def _blocks_of(self, X) -> Iterator[np.ndarray]:
        """Vectors of a few checked images after the other."""
        if self._of_table and _is_table(X):
            return iter([self.block_vectors(X)])
        return map_blocks(self.block_vectors, X, n_jobs=self.n_jobs)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the columns that are left, each with its member's name in front."""
        check_is_fitted(self, "weights_")
        named = [
            (name, member.get_feature_names_out(input_features))
            for name, member in self.transformers_
        ]
        names = self._add_prefix_for_feature_names_out(named)
        return names[np.repeat(self.weights_ != 0, self._sizes)]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        with contextlib.suppress(TypeError, ValueError):  # no list of pairs: `fit` will say so
            members = [get_tags(member) for _, member in self.transformer_list]
            tags.input_tags.two_d_array = all(m.input_tags.two_d_array for m in members)
            tags.input_tags.three_d_array = all(m.input_tags.three_d_array for m in members)
        return tags

    @property
    def n_features_in_(self) -> int:
        """Columns of the table that it was fitted on."""
        return self.transformers_[0][1].n_features_in_

    @property
    def _sizes(self) -> list[int]:
        """Columns of each block of the members."""
        return [size for member in self.member_sizes_ for size in member]

    @property
    def block_sizes_(self) -> list[int]:
        """Columns of each block that is left."""
        return [s for s, weight in zip(self._sizes, self.weights_, strict=True) if weight != 0]

    @property
    def n_features_out_(self) -> int:
        """Columns of the result."""
        return sum(self.block_sizes_)

    def _choose(self, vectors: StoredVectors, y, free: np.ndarray) -> np.ndarray:
        """Weights of the blocks that are free."""
        if y is None:
            squares = vectors.square_lengths()[free]
            return np.array([np.sqrt(len(vectors) / s) if s > 0 else 0 for s in squares], "f4")
        rng = check_random_state(self.random_state)
        rows = np.sort(balanced_order(y, len(vectors), rng)[: self.max_samples])
        labels = label_numbers(y, len(vectors))[rows]
        grams = vectors.block_grams(rows)[free]
        with single_threaded():  # threads would fight, and the choice depend on their number
            return choose_block_weights(grams, labels)[0]

    def _parts(self, images, needed) -> list[np.ndarray]:
        """Vectors of each member that is needed; the others give no columns."""
        if not _is_table(images):
            images = [i if isinstance(i, Picture) else Picture(i) for i in images]
        parts = []
        for (_, member), used in zip(self.transformers_, needed, strict=True):
            inside = getattr(member, "block_vectors", member.transform)  # this is a worker thread
            found = inside(images) if used else np.empty((len(images), 0), np.float32)
            parts.append(as_vectors(found))
        return parts

    def block_vectors(self, images) -> np.ndarray:
        """Weighted vectors of a block of images, without the columns of weight 0."""
        out = np.empty((len(images), self.n_features_out_), np.float32)
        bounds = np.cumsum([0] + [len(sizes) for sizes in self.member_sizes_])
        weights = [self.weights_[a:b] for a, b in itertools.pairwise(bounds)]
        parts = self._parts(images, [member.any() for member in weights])
        column = 0
        for part, member, sizes in zip(parts, weights, self.member_sizes_, strict=True):
            start = 0
            for weight, size in zip(member, sizes, strict=True):
                if weight != 0:
                    source = part[:, start : start + size]
                    np.multiply(source, weight, out=out[:, column : column + size])
                    column += size
                start += size
        return out

    def _check_saved(self) -> None:
        self.transformers_ = list(self.transformer_list)
        self.member_sizes_ = [
            list(getattr(member, "block_sizes_", [member.n_features_out_]))
            for _, member in self.transformers_
        ]
        require_shape(self, "weights_", (sum(map(len, self.member_sizes_)),))
        require(bool((self.weights_ != 0).any()), "all weights_ are 0")


def _is_table(X) -> bool:
    """Rows of numbers instead of images."""
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiu"


def decoded_once(X):
    """Images that remember their pixels; arrays need none, nor what is wrapped already."""
    if isinstance(X, np.ndarray) and X.dtype == np.uint8:
        return X
    if all(isinstance(image, np.ndarray | Picture) for image in X):
        return X
    return spool_pictures(X)
