"""OpenCV's own dense SIFT, word assignment and K-means."""

from __future__ import annotations

import cv2
import numpy as np


class OpencvDenseSift:
    """`cv2.SIFT.compute` at given nodes: upright keypoints with the same bins."""

    def __init__(self, xy: np.ndarray, bin_size: int):
        # OpenCV's descriptor has bins of 3 sigma, and a keypoint's size is 2 sigma.
        self._keypoints = [cv2.KeyPoint(float(x), float(y), bin_size * 2 / 3, 0) for x, y in xy]
        self._sift = cv2.SIFT_create()

    def describe(self, gray: np.ndarray) -> np.ndarray:
        """Descriptors (n, 128) of an image, uint8."""
        return self._sift.compute(gray, self._keypoints)[1]


class OpencvBag:
    """`cv2.BOWImgDescriptorExtractor` on given nodes: describes, assigns and counts."""

    def __init__(self, xy: np.ndarray, bin_size: int, words: np.ndarray):
        self._keypoints = OpencvDenseSift(xy, bin_size)._keypoints
        self._extractor = cv2.BOWImgDescriptorExtractor(
            cv2.SIFT_create(), cv2.BFMatcher(cv2.NORM_L2)
        )
        self._extractor.setVocabulary(words)

    def encode(self, gray: np.ndarray) -> np.ndarray:
        """Share of each word, shape (n_words,)."""
        return self._extractor.compute(gray, self._keypoints)[0]


class OpencvWords:
    """The matcher inside `cv2.BOWImgDescriptorExtractor`: that is what its time goes to."""

    def __init__(self, words: np.ndarray):
        self._words = words
        self._matcher = cv2.BFMatcher(cv2.NORM_L2)

    def nearest(self, descriptors: np.ndarray) -> list:
        """Matches, one a descriptor."""
        return self._matcher.match(descriptors, self._words)


def kmeans(sample: np.ndarray, n_words: int, seed: int) -> np.ndarray:
    """`cv2.kmeans` from k-means++ seeds, with as many iterations as cvclassic allows itself."""
    cv2.setRNGSeed(seed)
    stop = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 30, 1e-4)
    return cv2.kmeans(sample, n_words, None, stop, 1, cv2.KMEANS_PP_CENTERS)[2]
