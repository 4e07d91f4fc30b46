"""Shared by all face detectors: lists of images, in scikit-learn's manner."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ...images import check_images, load_pixels, map_blocks
from .results import Faces


class FaceDetector(BaseEstimator):
    """Base of face detectors: sub-classes have `n_jobs`, `_check` and `detect`."""

    n_jobs: int | None

    def _check(self) -> None:
        raise NotImplementedError

    def detect(self, image: np.ndarray) -> Faces:
        """Faces in one image of shape (H, W) or (H, W, 3), uint8."""
        raise NotImplementedError

    def fit(self, X=None, y=None):
        """Do nothing but check the parameters. Here for pipelines."""
        self._check()
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X) -> list[np.ndarray]:
        """Boxes of the faces in each image, the surest first.

        Parameters
        ----------
        X : sequence of images

        Returns
        -------
        list of ndarray of shape (n, 4), int64
            (x, y, width, height) in pixels.
        """
        return [faces.boxes for faces in self.predict_faces(X)]

    def predict_faces(self, X) -> list[Faces]:
        """Faces in each image, with their scores and angles.

        Parameters
        ----------
        X : sequence of images

        Returns
        -------
        list of Faces
        """
        self._check()
        blocks = map_blocks(self._detect_block, check_images(X), n_jobs=self.n_jobs, block_size=1)
        return [faces for block in blocks for faces in block]

    def _detect_block(self, images: list) -> list[Faces]:
        return [self.detect(load_pixels(image, None)) for image in images]
