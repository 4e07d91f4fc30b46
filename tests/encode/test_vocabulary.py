"""Vocabularies: nearest words against brute force, K-means against scikit-learn."""

import numpy as np
import pytest

from cvclassic.encode import kmeans_words, nearest_k_words, nearest_words
from cvclassic.errors import DataError
from cvclassic.images import map_blocks, single_threaded


def distances(descriptors, words) -> np.ndarray:
    """Squared distances in double precision."""
    return ((descriptors[:, None].astype(float) - words) ** 2).sum(axis=2)


def inertia(sample, words) -> float:
    """Sum of squared distances to the nearest word."""
    return sum(
        distances(sample[i : i + 500], words).min(axis=1).sum() for i in range(0, len(sample), 500)
    )


@pytest.fixture
def clusters(rng) -> np.ndarray:
    """6,000 descriptors around 40 centers."""
    centers = rng.normal(size=(40, 12)) * 2
    return (centers[rng.integers(0, 40, 6000)] + rng.normal(size=(6000, 12))).astype(np.float32)


@pytest.mark.parametrize(("n", "k", "d"), [(1, 1, 1), (700, 300, 128), (5000, 3, 7), (0, 4, 5)])
def test_nearest_word(rng, n, k, d) -> None:
    descriptors = rng.random((n, d), dtype=np.float32)
    words = rng.random((k, d), dtype=np.float32)
    nearest = nearest_words(descriptors, words)
    assert nearest.dtype == np.int32
    exact = distances(descriptors, words)
    chosen = exact[np.arange(n), nearest]
    np.testing.assert_allclose(chosen, exact.min(axis=1, initial=np.inf), rtol=1e-4, atol=1e-5)


def test_nearest_word_of_strided_and_read_only_input(rng) -> None:
    table = rng.random((300, 20), dtype=np.float32)
    words = rng.random((30, 10), dtype=np.float32)
    words.flags.writeable = False
    expected = nearest_words(np.ascontiguousarray(table[::2, 5:15]), words)
    np.testing.assert_array_equal(nearest_words(table[::2, 5:15], words), expected)


@pytest.mark.parametrize("k", [1, 5, 60])
def test_nearest_k_words(rng, k) -> None:
    descriptors = rng.random((900, 16), dtype=np.float32)
    words = rng.random((60, 16), dtype=np.float32)
    nearest, squared = nearest_k_words(descriptors, words, k)
    exact = np.sort(distances(descriptors, words), axis=1)[:, :k].T
    np.testing.assert_allclose(squared, exact, atol=1e-4)
    assert all(len(set(column)) == k for column in nearest.T)
    np.testing.assert_array_equal(nearest[0], nearest_words(descriptors, words))


def test_words_are_their_own_nearest(rng) -> None:
    words = rng.normal(size=(200, 32)).astype(np.float32)
    np.testing.assert_array_equal(nearest_words(words, words), np.arange(200))


def test_inertia_close_to_scikit_learn(clusters) -> None:
    """At most 1% more than KMeans with its defaults, and far below random words."""
    from sklearn.cluster import KMeans

    theirs = KMeans(100, random_state=0, n_init=1).fit(clusters).inertia_
    words = kmeans_words(clusters, 100, random_state=np.random.RandomState(0))
    assert inertia(clusters, words) < 1.01 * theirs
    assert inertia(clusters, clusters[:100]) > 1.1 * theirs


def test_words_are_means(clusters) -> None:
    """Iterated long enough, every word is the mean of the descriptors nearest to it."""
    words = kmeans_words(clusters, 20, random_state=np.random.RandomState(1), max_iter=500, tol=0)
    nearest = nearest_words(clusters, words)
    means = np.stack([clusters[nearest == k].mean(axis=0) for k in range(20)])
    np.testing.assert_allclose(words, means, atol=2e-3)


def test_growing_parts_end_on_the_whole_sample(clusters, monkeypatch) -> None:
    """With parts small enough to grow, the words still suit all of the sample."""
    from cvclassic.encode import vocabulary

    whole = inertia(clusters, kmeans_words(clusters, 40, random_state=np.random.RandomState(0)))
    monkeypatch.setattr(vocabulary, "_START_ROWS", 4)
    grown = inertia(clusters, kmeans_words(clusters, 40, random_state=np.random.RandomState(0)))
    assert grown < 1.03 * whole


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_jobs_do_not_matter(clusters, n_jobs, monkeypatch) -> None:
    from cvclassic.encode import vocabulary

    monkeypatch.setattr(vocabulary, "_CHUNK", 700)
    first = kmeans_words(clusters, 30, random_state=np.random.RandomState(4), n_jobs=1)
    second = kmeans_words(clusters, 30, random_state=np.random.RandomState(4), n_jobs=n_jobs)
    np.testing.assert_array_equal(first, second)


def test_fewer_distinct_descriptors_than_words() -> None:
    sample = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    words = kmeans_words(sample, 5, random_state=np.random.RandomState(0))
    assert np.isfinite(words).all()
    assert distances(sample, words).min(axis=1).max() < 1e-9


def test_too_few_descriptors() -> None:
    with pytest.raises(DataError, match="n_words=9 visual words need at least as many"):
        kmeans_words(np.zeros((8, 4), np.float32), 9, random_state=np.random.RandomState(0))


def test_workers_compute_with_one_thread() -> None:
    """Also after another thread has set BLAS's threads (threadpoolctl heeds only the first)."""
    from threadpoolctl import ThreadpoolController

    def blas_threads(_block) -> list[int]:
        pools = ThreadpoolController().select(user_api="blas").info()
        return [pool["num_threads"] for pool in pools]

    before = blas_threads(None)
    with single_threaded():
        pass
    for seen in map_blocks(blas_threads, [0, 1, 2, 3], n_jobs=2, block_size=1):
        assert set(seen) == {1}
    assert blas_threads(None) == before
