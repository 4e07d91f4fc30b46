"""Vectors of whole images as bags: each place of the image has entries of its own."""

from __future__ import annotations

import numpy as np

from ..describe import HOG, LocalFeatures, Scattering
from ..images import Picture, load_pixels


class PlacedVector:
    """Looks like an encoder of local features; the vector is that of a fitted transformer.

    Parameters
    ----------
    transformer : HOG or Scattering
        Fitted; its `places` says which columns are from where.
    """

    pyramid = ((1, 1),)

    def __init__(self, transformer: HOG | Scattering) -> None:
        self.max_side = transformer.max_side
        self.n_features_out_ = transformer.n_features_out_
        self._transformer = transformer
        self._places = transformer.places()

    def __len__(self) -> int:
        return len(self._places.centers)

    def local_features(self, picture: Picture) -> LocalFeatures:
        """Places of an image; none where it is blank."""
        shape = load_pixels(picture, self.max_side).shape
        height, width = int(shape[0]), int(shape[1])
        columns = self._places.columns
        rows = self._transformer.block_vectors([picture])[0][columns]
        if not rows.any():
            return LocalFeatures.empty(columns.shape[1], (height, width))
        n = len(columns)
        return LocalFeatures(
            (self._places.centers * (width, height) - 0.5).astype(np.float32),
            np.full(n, self._places.side * np.sqrt(width * height), np.float32),
            np.zeros(n, np.float32),
            rows,
            (height, width),
        )

    def numbers(self, features: LocalFeatures) -> np.ndarray:
        """Which place each feature is, by where it lies."""
        height, width = features.image_shape
        shares = (features.xy + 0.5) / (width, height)
        apart = ((shares[:, None] - self._places.centers) ** 2).sum(axis=2)
        return apart.argmin(axis=1)

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        out = np.zeros(self.n_features_out_, np.float32)
        out[self._places.columns[self.numbers(features)]] = features.descriptors
        return out

    def sums(self, parts: np.ndarray) -> np.ndarray:
        """What the entries of each place have together: (n_places,), float64."""
        return parts[self._places.columns].sum(axis=1, dtype=np.float64)


class PlaceTrace:
    """Every place has its own entries, and gets what they have."""

    def __init__(self, encoder: PlacedVector, features: LocalFeatures, cells: np.ndarray) -> None:
        self.vector = encoder.encode_features(features, cells)
        self.words = encoder.numbers(features)
        self._encoder = encoder

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the entries to the places: (n,), float64."""
        return self._encoder.sums(parts)[self.words]
