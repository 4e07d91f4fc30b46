"""Recipes: plain pipelines, and parameters that find their step."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from cvclassic.classify import HEADS, RECIPES, head_name, make_head, make_recipe
from cvclassic.errors import ParameterError
from tests.checks import picture_labels, pictures

ALL = [(recipe, head) for recipe in RECIPES for head in HEADS]


@pytest.mark.parametrize(("recipe", "head"), ALL)
def test_is_a_plain_pipeline(recipe, head) -> None:
    pipeline = make_recipe(recipe, head)
    assert isinstance(pipeline, Pipeline)
    assert type(pipeline.named_steps["head"]) is type(make_head(head))
    assert "features" in pipeline.named_steps
    assert repr(clone(pipeline)) == repr(pipeline)
    assert all(not name.endswith("_") for _, step in pipeline.steps for name in vars(step))


@pytest.mark.parametrize(("recipe", "head"), ALL)
def test_recipes_share_nothing(recipe, head) -> None:
    """Setting a parameter of one leaves the next as it was."""
    before = repr(make_recipe(recipe, head))
    changed = make_recipe(recipe, head, random_state=5, n_jobs=2)
    for step in changed.named_steps.values():
        for name in step.get_params(deep=False):
            setattr(step, name, None)
    assert repr(make_recipe(recipe, head)) == before


def test_recipes_are_described() -> None:
    for about, _ in RECIPES.values():
        assert about
        assert "\n" not in about


@pytest.mark.parametrize(("recipe", "head"), ALL)
def test_shared_parameters_reach_every_step(recipe, head) -> None:
    params = make_recipe(recipe, head, random_state=7, n_jobs=2).get_params()
    for name, value in {"random_state": 7, "n_jobs": 2}.items():
        found = [path for path in params if path.rsplit("__", 1)[-1] == name]
        assert found
        assert all(params[path] == value for path in found)


def test_color_reaches_every_step_that_has_it() -> None:
    """In `fisher` a member has that name, and several have the parameter."""
    for recipe in ("fisher", "small"):
        params = make_recipe(recipe, color=False).get_params()
        found = [path for path in params if path.endswith("__color")]
        settings = [path for path in found if not hasattr(params[path], "fit")]
        assert len(settings) > 1
        assert not any(params[path] for path in settings)


def test_parameters_find_their_step() -> None:
    recipe = make_recipe(
        "sift-bow",
        n_words=50,
        max_side=99,
        C=3.0,
        order=2,
        features__norm="l2",
        features__describer__sigma=1.2,
    )
    params = recipe.get_params()
    assert params["features__n_words"] == 50
    assert params["features__describer__max_side"] == 99
    assert params["head__C"] == 3.0
    assert params["map__order"] == 2
    assert params["features__norm"] == "l2"
    assert params["features__describer__sigma"] == 1.2
    assert make_head("mlp", alpha=2.0).alpha == 2.0


def test_a_step_can_be_replaced() -> None:
    recipe = make_recipe("sift-bow", map="passthrough", head__C=2.0)
    assert recipe.named_steps["map"] == "passthrough"
    recipe.set_params(features__n_words=10).fit(pictures(6), picture_labels(6))
    assert recipe.named_steps["head"].n_features_in_ == 10


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: make_recipe("bag"), ["recipe must be one of ", "'sift-bow'", "Got 'bag' instead"]),
        (lambda: make_recipe(None), ["recipe must be one of ", "Got None instead"]),
        (
            lambda: make_recipe("sift-bow", "knn"),
            ["head must be one of 'keywords', 'mlp', ", "Got 'knn'"],
        ),
        (
            lambda: make_recipe("sift-bow", n_word=5),
            ["There is no parameter 'n_word'", " C,", "n_words"],
        ),
        (lambda: make_recipe("sift-bow", alpha=1), ["There is no parameter 'alpha'"]),
        (lambda: make_recipe("sift-bow", steps=[]), ["There is no parameter 'steps'"]),
        (lambda: make_recipe("sift-bow", verbose=True), ["There is no parameter 'verbose'"]),
        (lambda: make_recipe("sift-bow", memory="x"), ["There is no parameter 'memory'"]),
        (
            lambda: make_recipe("sift-bow", features__nothing=1),
            ["no parameter 'features__nothing'"],
        ),
        (
            lambda: make_head("svm", words=1),
            ["There is no parameter 'words'", "C, class_weight, gamma, kernel"],
        ),
        (lambda: make_recipe("sift-bow", map="chi2"), ["map must be an estimator. Got 'chi2'"]),
        (lambda: make_recipe("sift-bow", describer=640), ["describer must be an estimator"]),
        (
            lambda: make_recipe("sift-bow", kernel="rbf"),
            ["Parameter 'kernel' is ambiguous. Choose one of: head__kernel, map__kernel."],
        ),
    ],
)
def test_messages(call, parts) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
    assert "__main__" not in str(caught.value)


def test_known_parameters_of_the_message_work() -> None:
    """Whatever the message lists can be set by that name, unless several steps have it."""
    with pytest.raises(ParameterError) as caught:
        make_recipe("sift-bow", nothing=0)
    listed = str(caught.value).split("Known are: ")[1].rstrip(".").split(", ")
    assert len(listed) > 10
    paths = [path.rpartition("__") for path in make_recipe("sift-bow").get_params()]
    for name in listed:
        owners = [owner for owner, _, last in paths if last == name and owner]
        assert owners or name == "mirror"  # the recipe's own
        if len(owners) == 1:
            make_recipe("sift-bow", **{name: None})


def test_labels_of_any_kind() -> None:
    """Strings, numbers, two classes; probabilities in the order of classes_."""
    images = pictures(8)
    for labels in (["b", "a"] * 4, [7, 3] * 4, np.array([True, False] * 4)):
        recipe = make_recipe("sift-bow", n_words=8, C=1.0, random_state=0).fit(images, labels)
        assert recipe.classes_.tolist() == sorted(set(np.asarray(labels).tolist()))
        shares = recipe.predict_proba(images)
        assert shares.shape == (8, 2)
        assert np.array_equal(recipe.classes_[shares.argmax(axis=1)], recipe.predict(images))


def test_grid_search_over_every_step() -> None:
    grid = {
        "features__describer__root": [True, False],
        "map__kernel": ["chi2"],
        "head__C": [0.1, 1.0],
    }
    recipe = make_recipe("sift-bow", n_words=8, random_state=0)
    search = GridSearchCV(recipe, grid, cv=2, error_score="raise").fit(
        pictures(6), picture_labels(6)
    )
    assert set(search.best_params_) == set(grid)


@pytest.mark.parametrize("name", [*HEADS, "mlp-regressor"])
def test_heads_are_named_by_their_parameters(name) -> None:
    assert head_name(make_head(name)) == name


def test_a_linear_kernel_is_not_called_rbf() -> None:
    assert head_name(make_recipe("hog", kernel="linear")[-1]) == "ridge"
    assert head_name(make_recipe("hog")[-1]) == "ridge-rbf"
    assert head_name(make_head("mlp-wide", n_networks=1)) == "mlp"
