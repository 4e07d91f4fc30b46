"""HOG as a bag: each block of cells is a place, and has its own entries of the vector."""

from __future__ import annotations

import numpy as np

from ..describe import HOG, LocalFeatures, check_image_size
from ..images import Picture, load_pixels


class HogBlocks:
    """Looks like an encoder of local features; the vector is that of a fitted `HOG`."""

    pyramid = ((1, 1),)

    def __init__(self, hog: HOG) -> None:
        self.max_side = hog.max_side
        self.n_features_out_ = hog.n_features_out_
        self._hog = hog
        height, width = check_image_size(hog.image_size)
        self._size = np.array([width, height])
        columns, rows = self._size // hog.cell_size - hog.block_size + 1
        self._rows = int(rows)
        x, y = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
        # blocks run down the columns; centers as shares of width and height
        blocks = np.column_stack([x.ravel(), y.ravel()]) + hog.block_size / 2
        self._centers = blocks * hog.cell_size / self._size

    def local_features(self, picture: Picture) -> LocalFeatures:
        """Blocks of an image; none where it is blank."""
        shape = load_pixels(picture, self.max_side).shape
        height, width = int(shape[0]), int(shape[1])
        n = len(self._centers)
        rows = self._hog.block_vectors([picture]).reshape(n, -1)
        if not rows.any():
            return LocalFeatures.empty(rows.shape[1], (height, width))
        side = self._hog.cell_size * np.sqrt(width * height / self._size.prod())
        return LocalFeatures(
            (self._centers * (width, height) - 0.5).astype(np.float32),
            np.full(n, side, np.float32),
            np.zeros(n, np.float32),
            rows,
            (height, width),
        )

    def blocks(self, features: LocalFeatures) -> np.ndarray:
        """Which block each feature is, by where it is."""
        height, width = features.image_shape
        share = (features.xy + 0.5) / (width, height) * self._size / self._hog.cell_size
        column, row = np.rint(share - self._hog.block_size / 2).astype(int).T
        return column * self._rows + row

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        out = np.zeros((len(self._centers), features.descriptors.shape[1]), np.float32)
        out[self.blocks(features)] = features.descriptors
        return out.ravel()


class BlockTrace:
    """Every block has its own entries, and gets what they have."""

    def __init__(self, encoder: HogBlocks, features: LocalFeatures, cells: np.ndarray) -> None:
        self.vector = encoder.encode_features(features, cells)
        self.words = encoder.blocks(features)
        self._n = len(encoder._centers)

    def shares(self, parts: np.ndarray) -> np.ndarray:
        """Hand the parts of the entries to the blocks: (n,), float64."""
        return parts.reshape(self._n, -1).sum(axis=1, dtype=np.float64)[self.words]
