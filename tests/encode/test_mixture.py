import numpy as np
import pytest

from cvclassic.encode import density_table, fit_mixture, mixture_sums, principal_components
from cvclassic.errors import DataError


def _clusters(rng, n=600, k=4, d=5):
    centers = rng.normal(0, 5, (k, d))
    return (centers[rng.integers(k, size=n)] + rng.normal(0, 1, (n, d))).astype(np.float32)


def _log_densities(x, weights, means, variances):
    """From the definition, in float64."""
    x, means, variances = (np.asarray(a, np.float64) for a in (x, means, variances))
    u = (x[:, None] - means) ** 2 / variances + np.log(2 * np.pi * variances)
    return np.log(np.asarray(weights, np.float64)) - 0.5 * u.sum(axis=2)


def test_sums_and_likelihood_follow_the_definition(rng):
    x = rng.normal(size=(1300, 6)).astype(np.float32)  # more than one block
    weights = rng.dirichlet(np.ones(7))
    means, variances = rng.normal(size=(7, 6)), rng.uniform(0.3, 2, (7, 6))
    logs = _log_densities(x, weights, means, variances)
    mass = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
    sums, value = mixture_sums(x, density_table(weights, means, variances))
    extended = np.hstack([x, x.astype(np.float64) ** 2, np.ones((len(x), 1))])
    np.testing.assert_allclose(sums, mass.T @ extended, rtol=1e-4, atol=1e-3)
    assert value == pytest.approx(np.logaddexp.reduce(logs, axis=1).sum(), rel=1e-6)


def test_a_descriptor_far_from_all_gaussians_has_one_whole_vote():
    table = density_table(np.ones(2) / 2, np.array([[0.0], [1.0]]), np.ones((2, 1)))
    sums, _ = mixture_sums(np.array([[500.0]], np.float32), table)
    np.testing.assert_allclose(sums[:, -1], [0, 1], atol=1e-6)


def test_fit_finds_the_clusters(rng):
    centers = np.array([[0, 0], [9, 0], [0, 9]], np.float32)
    spread = np.array([[1, 2], [0.5, 1], [2, 0.5]], np.float32)
    label = np.repeat([0, 1, 2], [1000, 2000, 3000])
    sample = (centers[label] + spread[label] * rng.normal(size=(6000, 2))).astype(np.float32)
    weights, means, variances = fit_mixture(sample, 3, random_state=np.random.RandomState(0))
    order = np.argsort(weights)
    np.testing.assert_allclose(weights[order], [1 / 6, 1 / 3, 1 / 2], atol=0.01)
    np.testing.assert_allclose(means[order], centers, atol=0.15)
    np.testing.assert_allclose(np.sqrt(variances[order]), spread, rtol=0.1)


def test_fit_raises_the_likelihood(rng):
    sample = _clusters(rng)

    def likelihood(max_iter):
        fitted = fit_mixture(
            sample, 6, random_state=np.random.RandomState(0), max_iter=max_iter, tol=-np.inf
        )
        return mixture_sums(sample, density_table(*fitted))[1]

    values = [likelihood(max_iter) for max_iter in (1, 3, 9)]
    assert values[0] < values[1] < values[2]


def test_fit_does_not_depend_on_n_jobs_or_on_a_shift(rng):
    sample = rng.normal(size=(40_000, 4)).astype(np.float32)
    one = fit_mixture(sample, 5, random_state=np.random.RandomState(3), n_jobs=1)
    two = fit_mixture(sample, 5, random_state=np.random.RandomState(3), n_jobs=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_repeated_descriptors_keep_variances_positive():
    sample = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    weights, means, variances = fit_mixture(sample, 6, random_state=np.random.RandomState(0))
    assert all(np.isfinite(a).all() for a in (weights, means, variances))
    assert variances.min() > 0
    assert weights.sum() == pytest.approx(1, abs=1e-5)


def test_too_few_descriptors_are_reported():
    with pytest.raises(DataError, match="n_gaussians=5 Gaussians need at least 10"):
        fit_mixture(np.zeros((9, 2), np.float32), 5, random_state=np.random.RandomState(0))


def test_principal_components_are_orthonormal_and_sorted(rng):
    sample = (rng.normal(size=(500, 6)) * [1, 6, 2, 5, 3, 4] + 7).astype(np.float32)
    mean, axes = principal_components(sample, 4)
    np.testing.assert_allclose(axes @ axes.T, np.eye(4), atol=1e-5)
    spread = ((sample - mean) @ axes.T).std(axis=0)
    assert (np.diff(spread) < 0).all()
    np.testing.assert_allclose(((sample - mean) @ axes.T).mean(axis=0), 0, atol=1e-4)


def test_the_largest_entry_of_each_component_is_positive(rng):
    """Else the sign would hang on the library, and models would differ between machines."""
    sample = rng.normal(size=(300, 24)).astype(np.float32) @ rng.normal(size=(24, 24)).astype("f4")
    axes = principal_components(sample, 24)[1]
    assert (axes[np.arange(24), np.abs(axes).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(principal_components(-sample, 24)[1], axes, atol=1e-4)


def test_variances_have_a_floor_in_every_column(rng):
    """Repeated descriptors, such as those of flat areas, would make a Gaussian a spike."""
    spots = rng.normal(size=(4, 3)) * [1, 10, 0] + 5  # the last column is constant
    sample = np.repeat(spots, 50, axis=0).astype(np.float32)
    variances = fit_mixture(sample, 4, random_state=np.random.RandomState(0))[2]
    spread = sample.var(axis=0)
    floor = 1e-3 * spread + 1e-4 * spread.mean()
    np.testing.assert_allclose(variances, np.tile(floor, (4, 1)), rtol=1e-3)
