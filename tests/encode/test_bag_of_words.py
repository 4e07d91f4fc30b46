"""Bags of visual words: hard and soft votes, normalization, cells of a pyramid."""

import numpy as np
import pytest

from cvclassic.describe import LocalFeatures
from cvclassic.encode import BagOfWords, cell_index, normalize_histogram, soft_votes
from cvclassic.errors import ParameterError
from tests import checks


def bag(words, **parameters) -> BagOfWords:
    """An encoder with a given vocabulary."""
    encoder = BagOfWords(n_words=len(words), **parameters)
    encoder.words_ = words
    encoder.n_features_out_ = sum(encoder.block_sizes_)
    return encoder


def features_of(descriptors, xy=None) -> LocalFeatures:
    n = len(descriptors)
    none = np.zeros(n, np.float32)
    xy = np.zeros((n, 2), np.float32) if xy is None else xy
    return LocalFeatures(xy, none, none, descriptors, (100, 100))


def encode(encoder, features) -> np.ndarray:
    return encoder.encode_features(
        features, cell_index(features.xy, features.image_shape, encoder.pyramid)
    )


@pytest.mark.parametrize("norm", ["l1", "l2", "hellinger", None])
def test_norms(rng, norm) -> None:
    histogram = normalize_histogram(rng.integers(0, 9, 30).astype(np.float32), norm)
    size = {"l1": histogram.sum(), "l2": (histogram**2).sum(), "hellinger": (histogram**2).sum()}
    if norm:
        np.testing.assert_allclose(size[norm], 1, rtol=1e-5)
    assert not normalize_histogram(np.zeros(4, np.float32), norm).any()


@pytest.mark.parametrize("n_nearest", [1, 4])
def test_votes_are_conserved_in_every_level(rng, n_nearest) -> None:
    """Each descriptor gives one vote a level, and cells sum to the whole."""
    words = rng.random((20, 8), dtype=np.float32)
    xy = rng.uniform(0, 100, (300, 2)).astype(np.float32)
    encoder = bag(words, norm=None, n_nearest=n_nearest, pyramid=((1, 1), (2, 2)), sigma=0.3)
    histogram = encode(encoder, features_of(rng.random((300, 8), dtype=np.float32), xy))
    levels = histogram.reshape(5, 20)
    np.testing.assert_allclose(levels[0].sum(), 300, rtol=1e-5)
    np.testing.assert_allclose(levels[1:].sum(axis=0), levels[0], rtol=1e-4)


def test_soft_votes_from_the_definition(rng) -> None:
    descriptors, words = rng.random((50, 6), dtype=np.float32), rng.random((9, 6), dtype=np.float32)
    nearest, votes = soft_votes(descriptors, words, 9, 0.4)
    squared = ((descriptors[:, None] - words) ** 2).sum(axis=2)
    kernel = np.exp(-squared / (2 * 0.4**2))
    expected = kernel / kernel.sum(axis=1, keepdims=True)
    dense = np.zeros((50, 9))
    dense[np.arange(50), nearest] = votes
    np.testing.assert_allclose(dense, expected, rtol=2e-3, atol=1e-5)


def test_soft_votes_become_hard_as_the_kernel_narrows(rng) -> None:
    words = rng.random((15, 8), dtype=np.float32)
    features = features_of(rng.random((200, 8), dtype=np.float32))
    hard = encode(bag(words, norm=None), features)
    soft = encode(bag(words, norm=None, n_nearest=5, sigma=1e-3), features)
    np.testing.assert_allclose(soft, hard, atol=0.5)
    wide = encode(bag(words, norm=None, n_nearest=15, sigma=1e3), features)
    np.testing.assert_allclose(wide, 200 / 15, rtol=1e-3)


def test_far_away_descriptors_do_not_vanish() -> None:
    """A kernel that underflows for all words still gives votes that sum to one."""
    words = np.eye(3, dtype=np.float32)
    _, votes = soft_votes(np.full((2, 3), 1e3, np.float32), words, 2, 1e-2)
    np.testing.assert_allclose(votes.sum(axis=0), 1, rtol=1e-6)


def test_more_neighbors_than_words() -> None:
    with pytest.raises(ParameterError, match="n_nearest must be at most n_words=6"):
        BagOfWords(n_words=6, n_nearest=7).fit(checks.pictures(2))


@pytest.mark.parametrize("n_nearest", [1, 3])
def test_jobs_do_not_matter(n_nearest) -> None:
    X = [
        BagOfWords(n_words=8, n_nearest=n_nearest, random_state=0, n_jobs=n).fit_transform(
            checks.pictures()
        )
        for n in (1, 2)
    ]
    np.testing.assert_array_equal(*X)
