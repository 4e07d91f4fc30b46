"""An image as bags of local features, one for each encoder of a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from ..classify import KeywordClassifier, WeightedUnion
from ..describe import HOG, ImageTransformer, LocalFeatures, Scattering
from ..encode import LLC, VLAD, BagOfWords, FisherVector, LocalEncoder, cell_index
from ..errors import ParameterError
from ..images import Picture
from .placed_vectors import PlacedVector

_ENCODERS = (BagOfWords, FisherVector, VLAD, LLC)


@dataclass(frozen=True, eq=False)
class Member:
    """An encoder of a recipe and the columns that come from it.

    Parameters
    ----------
    encoder : LocalEncoder or PlacedVector
    columns : ndarray of shape (m,), int
        Entries of its vector that the recipe uses.
    start : int
        Column of the recipe's vector that the first of them is.
    weights : ndarray of shape (m,), float32
        What they are multiplied with.
    """

    encoder: LocalEncoder | PlacedVector
    columns: np.ndarray
    start: int
    weights: np.ndarray

    def weigh(self, vector: np.ndarray) -> np.ndarray:
        """The recipe's columns from the encoder's own vector."""
        if len(self.columns) == len(vector) and (self.weights == 1).all():
            return vector
        return vector[self.columns] * self.weights

    def parts(self, parts: np.ndarray) -> np.ndarray:
        """Parts of the encoder's own entries, from those of the recipe's columns."""
        if len(self.columns) == self.encoder.n_features_out_ == len(parts):
            return parts
        out = np.zeros(self.encoder.n_features_out_)
        out[self.columns] = parts[self.start : self.start + len(self.columns)]
        return out


@dataclass(frozen=True, eq=False)
class Bag:
    """Local features of one image for one encoder."""

    member: Member
    features: LocalFeatures
    cells: np.ndarray

    def vector(self, keep: np.ndarray | None = None) -> np.ndarray:
        """The member's columns of the recipe's vector, of the features in `keep` or of all."""
        features, cells = self.features, self.cells
        if keep is not None:
            features, cells = features.take(keep), cells[:, keep]
        if not len(features):
            return np.zeros(len(self.member.columns), np.float32)
        return self.member.weigh(self.member.encoder.encode_features(features, cells))


def check_explainable(pipeline: Pipeline) -> None:
    """Raise `ParameterError` unless the pipeline turns images into labels."""
    if not isinstance(pipeline, Pipeline) or len(pipeline.steps) < 2:
        raise ParameterError(
            f"pipeline must be a fitted recipe. Got {type(pipeline).__name__} instead."
        )
    if not isinstance(pipeline[0], ImageTransformer | WeightedUnion):
        raise ParameterError(
            "Only image models can be explained; this model takes rows of a table."
        )
    if not hasattr(pipeline[-1], "classes_"):
        raise ParameterError(
            "Only models that give labels can be explained; this one gives numbers."
        )
    if isinstance(pipeline[-1], KeywordClassifier):
        raise ParameterError(
            "Only models that give one label per image can be explained; this one gives keywords."
        )


def members_of(features: BaseEstimator) -> list[Member] | None:
    """Encoders of local features in the first step of a recipe; None if it has another kind.

    Examples
    --------
    >>> from cvclassic.describe import Pixels
    >>> members_of(Pixels()) is None
    True
    """
    if isinstance(features, _ENCODERS):
        n = features.n_features_out_
        return [Member(features, np.arange(n), 0, np.ones(n, np.float32))]
    if not isinstance(features, WeightedUnion):
        return None
    found, start, block = [], 0, 0
    for (_, encoder), sizes in zip(features.transformers_, features.member_sizes_, strict=True):
        if isinstance(encoder, HOG | Scattering):
            encoder = PlacedVector(encoder)
        elif not isinstance(encoder, _ENCODERS):
            return None
        weights = np.repeat(features.weights_[block : block + len(sizes)], sizes)
        block += len(sizes)
        columns = np.flatnonzero(weights)
        if len(columns):
            found.append(Member(encoder, columns, start, weights[columns]))
            start += len(columns)
    return found


def open_bags(members: list[Member], image) -> list[Bag]:
    """Describe an image for every encoder; it is decoded once for each size.

    Parameters
    ----------
    members : list of Member
    image : path, encoded bytes, ndarray or Picture

    Returns
    -------
    list of Bag
    """
    picture = image if isinstance(image, Picture) else Picture(image)
    bags = []
    for member in members:
        features = member.encoder.local_features(picture)
        cells = cell_index(features.xy, features.image_shape, member.encoder.pyramid)
        bags.append(Bag(member, features, cells))
    return bags


def in_common_pixels(bags: list[Bag]) -> Iterator[LocalFeatures]:
    """Features of all bags in the pixels of the first one's image."""
    shape = bags[0].features.image_shape
    for bag in bags:
        own = bag.features.image_shape
        yield bag.features if own == shape else bag.features.scaled(max(shape) / max(own), shape)
