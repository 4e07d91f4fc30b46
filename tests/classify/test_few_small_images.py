"""Ten images of 28 pixels: what hundreds of words are too many for."""

import numpy as np
import pytest

from cvclassic.classify import RECIPES, fit_recipe, make_recipe


def _stripes(label: int, side: int, rng) -> np.ndarray:
    """Stripes of one direction per label, and noise."""
    y, x = np.mgrid[:side, :side]
    along = x if label % 2 else y
    wave = 128 + 80 * np.sin(along * (0.8 + 0.1 * (label // 2)) + rng.uniform(0, 6))
    return np.clip(wave + rng.normal(0, 15, (side, side)), 0, 255).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECIPES.keys() - {"embedding", "fused", "pixels"}))
def test_every_recipe_trains_on_ten_images_of_28_pixels(name, rng) -> None:
    """Codebooks are smaller then, and say so; two images beside eight are no fault."""
    y = ["a"] * 8 + ["b"] * 2
    X = [_stripes(label == "b", 28, rng) for label in y]
    model = make_recipe(name, random_state=0, n_jobs=1)
    training = fit_recipe(model, X, y)
    assert len(model.predict(X)) == 10
    assert all("were learned" in note for note in training.notes)
    few = {"llc", "phow", "sift-bow"}  # hundreds of words by default
    assert bool(training.notes) or name not in few
