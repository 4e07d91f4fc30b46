"""Every recipe in a form that learns twelve small images in a moment."""

from __future__ import annotations

import functools

from cvclassic.classify import Recipe, make_recipe
from tests.checks import picture_labels, pictures
from tests.tiny_network import network_params

SMALL = {
    "n_words": 10,
    "n_gaussians": 4,
    "n_components": 8,
    "max_iter": 20,
    "hidden_layer_sizes": (5,),
    "C": 1.0,
}


def small_recipe(name: str, head: str = "svm", n_jobs: int | None = None, **params) -> Recipe:
    """The recipe with what makes it fast, as far as it has that."""
    recipe = make_recipe(name, head, random_state=0, n_jobs=n_jobs, **network_params(name))
    paths = [p for p in recipe.get_params() if p.rsplit("__", 1)[-1] in SMALL and "__" in p]
    if head == "perceptron":  # has no hidden layers
        paths = [path for path in paths if not path.endswith("hidden_layer_sizes")]
    recipe.set_params(**{path: SMALL[path.rsplit("__", 1)[-1]] for path in paths})
    return recipe.set_params(**params)


@functools.cache
def fitted(name: str, head: str = "svm") -> Recipe:
    """A small recipe that has learned the toys. Do not change it."""
    return small_recipe(name, head).fit(pictures(), picture_labels())
