"""Codebooks of few images: they must not fit these so well that nothing is left to tell."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from cvclassic.classify import make_recipe
from cvclassic.encode import prior_share, smooth_mixture
from cvclassic.images import load_folder, spool_pictures

MATERIALS = "sample_images/materials"


@pytest.fixture(scope="module")
def bricks() -> tuple:
    """Twelve images each of brick and gravel, and others of the same classes."""
    parts = []
    for part in ("train", "test"):
        data = load_folder(f"{MATERIALS}/{part}")
        kept = [i for i, label in enumerate(data.labels) if label in ("brick", "gravel")]
        parts.append(
            (spool_pictures([data.paths[i] for i in kept]), [data.labels[i] for i in kept])
        )
    return (*parts[0], *parts[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fast", pytest.param("vlad", marks=pytest.mark.slow)])
def test_two_classes_of_twelve_images_are_told_apart(name, bricks) -> None:
    """They were at chance: sums of differences to words of these very images cancel."""
    X, y, more, truth = bricks
    recipe = make_recipe(name, random_state=0, mirror=False)
    assert cross_val_score(recipe, X, np.array(y), cv=3).mean() >= 0.9
    fitted = recipe.fit(X, y)
    assert fitted.score(more, truth) >= 0.9
    assert fitted.predict_proba(more).max(axis=1).mean() > 0.7


def test_the_share_of_the_prior_falls_with_the_images() -> None:
    shares = [prior_share(n, 64) for n in (2, 6, 12, 24, 100, 150, 200, 2000)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5
    assert shares[-1] == shares[-2] == 0  # models of many images are what they were
    assert prior_share(24, 16) < prior_share(24, 256)


def test_a_smoothed_mixture_keeps_mean_and_spread_of_everything(rng) -> None:
    weights = rng.dirichlet(np.ones(5)).astype(np.float32)
    means = rng.normal(size=(5, 3)).astype(np.float32)
    variances = rng.uniform(0.5, 2, (5, 3)).astype(np.float32)
    for share in (0.0, 0.2, 0.9, 1.0):
        m, v = smooth_mixture(weights, means, variances, share)
        assert m.dtype == v.dtype == np.float32
        np.testing.assert_allclose(weights @ m, weights @ means, atol=1e-5)
        assert (v > 0).all()
        apart = np.abs(m - weights @ means).sum()
        assert apart <= np.abs(means - weights @ means).sum() * (1 - share) + 1e-4
    assert smooth_mixture(weights, means, variances, 0)[0] is means
