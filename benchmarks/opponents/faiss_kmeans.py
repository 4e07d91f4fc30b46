"""faiss's K-means, where it is installed."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np


def available() -> bool:
    """Whether faiss can be imported."""
    return find_spec("faiss") is not None


def kmeans(sample: np.ndarray, n_words: int, seed: int) -> np.ndarray:
    """25 iterations (its default) on all of the sample (by default it takes 256 a word)."""
    import faiss

    engine = faiss.Kmeans(
        sample.shape[1], n_words, seed=seed, max_points_per_centroid=len(sample) // n_words + 1
    )
    engine.train(sample)
    return engine.centroids
