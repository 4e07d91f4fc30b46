"""Training with a report gives what plain fitting gives."""

import numpy as np
import pytest

from cvclassic.classify import HEADS, RECIPES, fit_recipe, make_recipe
from cvclassic.errors import DataError
from cvclassic.models import load_model, save_model
from tests.checks import picture_labels, pictures
from tests.small_recipes import fitted, small_recipe

SMALL = {"n_words": 10}


def recipe(head="svm", **params):
    return make_recipe("sift-bow", head, random_state=0, **SMALL, **params)


@pytest.mark.slow
@pytest.mark.parametrize("head", HEADS)
def test_is_the_pipelines_own_fit(head) -> None:
    X, y = pictures(), picture_labels()
    first, second = recipe(head), recipe(head).fit(X, y)
    training = fit_recipe(first, X, y)
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))
    assert training.n_images == 12
    assert training.without_features == []
    assert 0 <= training.cv_accuracy <= 1
    assert training.cv_accuracy == first[-1].cv_accuracy_


def test_pictures_without_features_are_left_out() -> None:
    """As if they were not there, but for the vocabulary's choice of images."""
    blank = np.full((64, 64), 77, np.uint8)
    X = [blank, *pictures(), np.zeros((1, 1), np.uint8)]
    y = ["fine", *picture_labels(), "coarse"]
    fitted = recipe(C=1.0)
    training = fit_recipe(fitted, X, y)
    assert training.without_features == [0, 13]
    assert training.n_images == 12
    vectors = fitted[:-1].transform(pictures())
    head = recipe(C=1.0)[-1].fit(vectors, picture_labels())
    assert np.array_equal(head.coef_, fitted[-1].coef_)


def test_a_class_without_features_is_not_learned() -> None:
    X = [*pictures(6), np.zeros((64, 64), np.uint8)]
    fitted = recipe(C=1.0)
    fit_recipe(fitted, X, [*picture_labels(6), "void"])
    assert fitted.classes_.tolist() == ["coarse", "fine", "middle"]


def test_one_class_with_features_is_too_few() -> None:
    X = [*pictures(4), np.zeros((64, 64), np.uint8)]
    with pytest.raises(DataError, match=r"at least 2 classes that show features\. Got 4 images"):
        fit_recipe(recipe(C=1.0), X, ["a"] * 4 + ["b"])


def test_no_features_at_all() -> None:
    blank = [np.zeros((64, 64), np.uint8)] * 4
    with pytest.raises(DataError, match="No local features were found in any of the 4"):
        fit_recipe(recipe(), blank, ["a", "b"] * 2)


@pytest.mark.parametrize("name", ["sift-bow", "llc", "vlad"])
def test_more_words_than_features_are_lowered_with_a_note(name, tmp_path) -> None:
    model = make_recipe(name, n_words=5000, random_state=0, max_side=64)
    training = fit_recipe(model, pictures(3), ["a", "b", "a"])
    learned = len(model[0].words_)
    assert 2 <= learned < 5000
    assert training.notes == [
        "n_words=5000 is too many for the few local features of the training images: "
        f"{learned} were learned"
    ]
    save_model(tmp_path / "m", model)
    assert len(load_model(tmp_path / "m")[0].words_) == learned


def test_more_gaussians_than_features_are_lowered_with_a_note() -> None:
    model = make_recipe("fast", random_state=0)
    training = fit_recipe(model, [image[:28, :28] for image in pictures(4)], ["a", "b"] * 2)
    assert 1 <= len(model[0].weights_) < 64
    assert "n_gaussians=64 is too many" in training.notes[0]
    plain = make_recipe("sift-bow", n_words=5, random_state=0)
    assert fit_recipe(plain, pictures(4), ["a", "b"] * 2).notes == []


def test_progress_and_times() -> None:
    calls = []
    training = fit_recipe(
        recipe(C=1.0), pictures(), picture_labels(), lambda *call: calls.append(call)
    )
    stages = list(dict.fromkeys(stage for stage, _, _ in calls))
    assert stages == ["vocabulary", "features", "classifier"] == list(training.seconds)
    assert all(seconds > 0 for seconds in training.seconds.values())
    done = [done for stage, done, total in calls if stage == "features" and total == 12]
    assert done == sorted(done)
    assert done[-1] == 12


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in RECIPES if name != "fused"])  # fisher is there
def test_jobs_change_nothing(name) -> None:
    other = small_recipe(name, n_jobs=3)
    fit_recipe(other, pictures(), picture_labels())
    expected = fitted(name).predict_proba(pictures())
    assert np.array_equal(other.predict_proba(pictures()), expected)
