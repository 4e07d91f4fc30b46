"""scikit-learn's K-means, with its defaults."""

from __future__ import annotations

import numpy as np


def kmeans(sample: np.ndarray, n_words: int, seed: int, max_iter: int = 300) -> np.ndarray:
    """`KMeans`: one start from greedy k-means++ seeds."""
    from sklearn.cluster import KMeans

    return KMeans(n_words, random_state=seed, max_iter=max_iter).fit(sample).cluster_centers_


def mini_batch_kmeans(sample: np.ndarray, n_words: int, seed: int) -> np.ndarray:
    """`MiniBatchKMeans`."""
    from sklearn.cluster import MiniBatchKMeans

    return MiniBatchKMeans(n_words, random_state=seed).fit(sample).cluster_centers_
