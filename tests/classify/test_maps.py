"""Kernel maps against the kernels that they approximate."""

import numpy as np
import pytest

from cvclassic.classify import HomogeneousMap, homogeneous_map


def exact(a, b, kernel):
    """The kernels as Vedaldi & Zisserman define them (table 1), summed over the columns."""
    a, b = a[:, None].astype(float), b[None].astype(float)
    total = np.maximum(a + b, 1e-30)
    if kernel == "chi2":
        parts = 2 * a * b / total
    elif kernel == "intersection":
        parts = np.minimum(a, b)
    else:
        parts = (
            a * np.log2(total / np.maximum(a, 1e-30)) + b * np.log2(total / np.maximum(b, 1e-30))
        ) / 2
    return parts.sum(axis=2)


@pytest.fixture
def histograms(rng) -> np.ndarray:
    """Sparse, of sum 1."""
    counts = rng.poisson(0.6, (40, 60)).astype(np.float32)
    return counts / counts.sum(axis=1, keepdims=True)


KERNELS = ["chi2", "intersection", "jensen-shannon"]


@pytest.mark.parametrize(
    ("kernel", "error"), [("chi2", 0.04), ("jensen-shannon", 0.13), ("intersection", 0.3)]
)
def test_approximates_the_kernel(histograms, kernel, error) -> None:
    mapped = HomogeneousMap(kernel).fit_transform(histograms)
    expected = exact(histograms, histograms, kernel)
    assert np.abs(mapped @ mapped.T - expected).max() < error
    assert np.corrcoef((mapped @ mapped.T).ravel(), expected.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("kernel", KERNELS)
def test_higher_orders_come_closer(histograms, kernel) -> None:
    """With a finer step for each order, as the paper has it."""
    expected = exact(histograms, histograms, kernel)
    errors = []
    for order, period in [(1, 0.8), (3, 0.45), (12, 0.25)]:
        mapped = homogeneous_map(histograms, kernel, order, period)
        errors.append(np.abs(mapped @ mapped.T - expected).max())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < (0.11 if kernel == "intersection" else 0.005)


@pytest.mark.parametrize("kernel", KERNELS)
def test_is_homogeneous(histograms, kernel) -> None:
    """k(c a, c b) = c k(a, b), for any c: kernels of the fitted columns scale so too."""
    mapped = homogeneous_map(histograms, kernel, 2, 0.5)
    scaled = homogeneous_map(histograms * 16, kernel, 2, 0.5)
    np.testing.assert_allclose(scaled @ scaled.T, 16 * (mapped @ mapped.T), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_columns(histograms, kernel) -> None:
    """Zeros stay zeros; a permutation of the bins permutes the columns of each frequency."""
    mapped = HomogeneousMap(kernel, order=2).fit_transform(histograms).reshape(40, 5, 60)
    assert not mapped[np.broadcast_to((histograms == 0)[:, None], mapped.shape)].any()
    turned = HomogeneousMap(kernel, order=2).fit_transform(histograms[:, ::-1])
    assert np.array_equal(turned.reshape(40, 5, 60), mapped[:, :, ::-1])


def test_extreme_values_stay_finite() -> None:
    values = np.array([[0, 1e-45, 1e-38, 1e-3, 1, 1e30]], np.float32)
    for kernel in KERNELS:
        assert np.isfinite(homogeneous_map(values, kernel, 3, 0.4)).all()
