"""Predictions of many images: a few at a time, and the same answers."""

import numpy as np
import pytest

from cvclassic.classify import make_recipe, recipe
from tests.checks import picture_labels, pictures
from tests.small_recipes import small_recipe


@pytest.mark.parametrize("name", ["fast", "sift-bow", "pixels"])
@pytest.mark.parametrize("form", [list, np.stack])
def test_blocks_of_images_are_answered_as_all_at_once(name, form, monkeypatch) -> None:
    model = small_recipe(name).fit(pictures(), picture_labels())
    images = form(pictures())
    methods = ("predict", "predict_proba", "decision_function")
    whole = [getattr(model, method)(images) for method in methods]
    seen = []
    monkeypatch.setattr(recipe, "_AT_ONCE", 5)
    vectors_of = model._vectors_of
    monkeypatch.setattr(model, "_vectors_of", lambda X: seen.append(len(X)) or vectors_of(X))
    for method, expected in zip(methods, whole, strict=True):
        found = getattr(model, method)(images)
        assert found.dtype == expected.dtype
        if expected.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        else:
            assert found.tolist() == expected.tolist()
    assert max(seen) == 5


def test_blocks_of_keywords(monkeypatch) -> None:
    words = [["fine", "odd"] if i % 3 == 0 else ["coarse"] * (i % 3 == 2) for i in range(12)]
    model = make_recipe("pixels", "keywords").fit(pictures(), words)
    expected = model.predict(pictures())
    monkeypatch.setattr(recipe, "_AT_ONCE", 5)
    found = model.predict(pictures())
    assert type(found) is type(expected)
    assert [sorted(w) for w in found] == [sorted(w) for w in expected]


def test_vectors_are_no_images(monkeypatch) -> None:
    """A recipe without its encoder takes rows of numbers."""
    model = small_recipe("fast").fit(pictures(), picture_labels())
    vectors = model[:-1].transform(pictures())
    monkeypatch.setattr(recipe, "_AT_ONCE", 5)
    assert model[-1:].predict(vectors).tolist() == model.predict(pictures()).tolist()
