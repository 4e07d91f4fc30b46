"""Locality-constrained linear coding against its definition."""

import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.describe import LocalFeatures
from cvclassic.encode import LLC, cell_index, llc_codes
from cvclassic.encode.llc import solve_ones
from cvclassic.errors import ParameterError
from tests import checks


@pytest.mark.parametrize("k", [1, 2, 5])
def test_solve_ones(rng, k) -> None:
    factors = rng.normal(size=(40, k, k + 3))
    matrices = factors @ factors.transpose(0, 2, 1)
    expected = np.linalg.solve(matrices, np.ones((40, k, 1)))[:, :, 0]
    np.testing.assert_allclose(solve_ones(matrices.transpose(1, 2, 0).copy()), expected.T)


@pytest.mark.parametrize("n_nearest", [1, 3, 5])
def test_codes_from_the_definition(rng, n_nearest) -> None:
    """Wang et al., equation 7, one descriptor at a time in double precision."""
    descriptors = rng.random((60, 24), dtype=np.float32)
    words = rng.random((30, 24), dtype=np.float32)
    nearest, codes = llc_codes(descriptors, words, n_nearest, 1e-3)
    for i, x in enumerate(descriptors.astype(float)):
        order = np.argsort(((words - x) ** 2).sum(axis=1))[:n_nearest]
        assert list(nearest[:, i]) == list(order)
        z = words[order] - x
        covariance = z @ z.T
        w = np.linalg.solve(
            covariance + 1e-3 * np.trace(covariance) * np.eye(n_nearest), np.ones(n_nearest)
        )
        np.testing.assert_allclose(codes[:, i], w / w.sum(), atol=2e-3)


def test_codes_sum_to_one_and_rebuild(rng) -> None:
    """A blend of two words is rebuilt from them."""
    words = rng.random((12, 16), dtype=np.float32)
    share = rng.uniform(0.2, 0.8, (50, 1)).astype(np.float32)
    descriptors = share * words[:1] + (1 - share) * words[1:2]
    nearest, codes = llc_codes(descriptors, words, 12, 0)
    np.testing.assert_allclose(codes.sum(axis=0), 1, rtol=1e-4)
    rebuilt = np.einsum("kn,knd->nd", codes, words[nearest])
    np.testing.assert_allclose(rebuilt, descriptors, atol=0.02)


def test_descriptors_on_words_and_equal_words() -> None:
    """Covariances without rank give finite codes that sum to one."""
    words = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)
    _, codes = llc_codes(np.eye(3, dtype=np.float32), words, 3)
    assert np.isfinite(codes).all()
    np.testing.assert_allclose(codes.sum(axis=0), 1, rtol=1e-4)


def test_pooling_keeps_the_largest(rng) -> None:
    """Each word and cell has the largest code there; the vector has length 1."""
    encoder = LLC(n_words=10, n_nearest=3, pyramid=((1, 1), (1, 2)))
    encoder.words_ = rng.random((10, 6), dtype=np.float32)
    encoder.n_features_out_ = 30
    descriptors = rng.random((40, 6), dtype=np.float32)
    xy = rng.uniform(0, 50, (40, 2)).astype(np.float32)
    none = np.zeros(40, np.float32)
    features = LocalFeatures(xy, none, none, descriptors, (50, 50))
    cells = cell_index(xy, (50, 50), encoder.pyramid)
    vector = encoder.encode_features(features, cells).reshape(3, 10)
    nearest, codes = llc_codes(descriptors, encoder.words_, 3, 1e-4)
    expected = np.zeros((3, 10))
    for i in range(40):
        for word, code in zip(nearest[:, i], codes[:, i], strict=True):
            for cell in cells[:, i]:
                expected[cell, word] = max(expected[cell, word], code)
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)
    np.testing.assert_allclose(np.maximum(vector[1], vector[2]), vector[0], atol=1e-6)


def test_more_neighbors_than_words() -> None:
    with pytest.raises(ParameterError, match="n_nearest must be at most n_words=4"):
        LLC(n_words=4).fit(checks.pictures(2))


def test_the_former_name_of_a_parameter() -> None:
    with pytest.warns(FutureWarning, match="regularisation is called regularization"):
        encoder = LLC(regularisation=0.5)
    assert clone(encoder).get_params()["regularization"] == 0.5
    with pytest.raises(ValueError, match="regularisation"):
        encoder.set_params(regularisation=0.1)
