"""What others do with recipes and heads: scikit-learn's meta-estimators, pandas and polars."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from PIL import Image
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import Pipeline

from cvclassic.classify import (
    RECIPES,
    MLPClassifier,
    Recipe,
    RidgeClassifier,
    SVMClassifier,
    fit_recipe,
    make_recipe,
)
from cvclassic.describe import HOG, TableColumns
from cvclassic.errors import DataError, ImageReadError, ParameterError
from cvclassic.images import write_image
from tests.checks import picture_labels, pictures, vectors
from tests.small_recipes import fitted, small_recipe
from tests.tiny_network import network_params

LABELS = np.array(picture_labels())


def small(name: str = "hog", **params) -> Recipe:
    """A quick recipe for images of 64 pixels."""
    recipe = make_recipe(name, "svm", random_state=0, C=1.0, **network_params(name), **params)
    if name in ("fisher", "fused"):
        for _, member in recipe[0].transformer_list:
            if hasattr(member, "n_gaussians"):
                member.set_params(n_gaussians=3, n_components=8)
    return recipe


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("pictures")
    found = [str(folder / f"{i}.png") for i in range(12)]
    for path, image in zip(found, pictures(), strict=True):
        write_image(path, image)
    return found


# ------------------------------------------------------------------------------ pandas and polars


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("name", [name for name in RECIPES if name != "fused"])
def test_set_output_of_every_recipe(name, kind) -> None:
    """Tables for whoever asks for them, with names; the labels are the same."""
    table = {"pandas": pd.DataFrame, "polars": pl.DataFrame}[kind]
    expected = fitted(name)
    vectors_ = expected[:-1].transform(pictures()[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = small_recipe(name).set_output(transform=kind).fit(pictures(), LABELS)
        rows = found[:-1].transform(pictures()[:2])
        assert isinstance(rows, table)
        assert list(rows.columns) == list(expected[:-1].get_feature_names_out())
        np.testing.assert_array_equal(rows.to_numpy(), vectors_)
        assert np.array_equal(found.predict_proba(pictures()), expected.predict_proba(pictures()))
        with sklearn.config_context(transform_output=kind):
            assert isinstance(expected[:-1].transform(pictures()[:2]), table)
            assert found.score(pictures(), LABELS) == expected.score(pictures(), LABELS)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_tables_for_all_change_nothing(kind) -> None:
    with sklearn.config_context(transform_output=kind):
        again = small_recipe("sift-bow").fit(pictures(), LABELS)
    assert np.array_equal(again.predict(pictures()), fitted("sift-bow").predict(pictures()))


def test_columns_of_tables_are_sequences(paths) -> None:
    expected = small().fit(paths, LABELS).predict_proba(paths)
    shuffled = pd.Series(paths, index=np.arange(12)[::-1])  # an index says nothing of the order
    forms = [
        np.array(paths),
        np.array(paths, object)[:, None],
        shuffled,
        pd.DataFrame({"image": paths}),
        pl.Series(paths),
        pl.DataFrame({"image": paths}),
        [Image.open(path) for path in paths],
        pictures(),
        [image / 255 for image in pictures()],
        np.stack(pictures()) / np.float32(255),
    ]
    for X in forms:
        found = small().fit(X, pd.Series(LABELS) if isinstance(X, pd.DataFrame) else LABELS)
        np.testing.assert_array_equal(found.predict_proba(X), expected)


def test_what_is_no_sequence_of_images_is_refused_in_a_sentence(paths) -> None:
    table = pd.DataFrame({"image": paths, "label": LABELS})
    for X, said in (
        (table, r"a table with 2 columns \(image, label\); give the column"),
        (pl.from_pandas(table), r"a table with 2 columns \(image, label\); give the column"),
        (paths[0], r"a single str; put it in a list: \[image\]"),
        (Image.open(paths[0]), r"a single PngImageFile; put it in a list: \[image\]"),
        (pictures()[0], r"shape \(64, 64, 3\), which is a single image"),
        (pictures()[0][..., 0], r"shape \(64, 64\), which is a single image"),
        ({"a": 1}, "Got dict instead"),
        (np.array([paths, paths]), r"of shape \(2, 12\)"),
        (np.zeros((0, 9, 9), np.uint8), "it is empty"),
    ):
        for call in (lambda X: small().fit(X, LABELS), small().fit(paths, LABELS).predict):
            with pytest.raises(ParameterError, match=said):
                call(X)
    with pytest.raises(ImageReadError, match=r"floats from 0 to 1\. Got 0 to 2"):
        small().fit([*pictures()[1:], np.eye(64) * 2], LABELS)


# ------------------------------------------------------------- weights, groups, metadata routing


def test_weights_reach_the_head_by_every_way() -> None:
    weights = np.where(LABELS == "fine", 5.0, 0.1)
    plain = small().fit(pictures(), LABELS).decision_function(pictures())
    direct = small().fit(pictures(), LABELS, sample_weight=weights)
    named = small().fit(pictures(), LABELS, head__sample_weight=weights)
    fitted = small()
    fit_recipe(fitted, pictures(), LABELS, sample_weight=weights)
    ours = direct.decision_function(pictures())
    assert not np.allclose(ours, plain)
    for other in (named, fitted):
        np.testing.assert_array_equal(other.decision_function(pictures()), ours)
    # a pipeline of scikit-learn's own
    theirs = Pipeline([("features", HOG(32, cell_size=4)), ("head", SVMClassifier(C=1.0))])
    theirs.fit(pictures(), LABELS, head__sample_weight=weights)
    expected = Recipe(clone(theirs).steps).fit(pictures(), LABELS, sample_weight=weights)
    np.testing.assert_allclose(
        theirs.decision_function(pictures()), expected.decision_function(pictures()), rtol=1e-5
    )
    with pytest.raises(ParameterError, match="head__weight cannot be passed to fit"):
        small().fit(pictures(), LABELS, head__weight=weights)
    with pytest.raises(
        ParameterError, match="sample_weight must have one value for each of the 12"
    ):
        small().fit(pictures(), LABELS, sample_weight=weights[:3])


def test_metadata_routing() -> None:
    """`set_fit_request` of the head, through a search and a cross-validation over a recipe."""
    weights = np.where(LABELS == "fine", 5.0, 0.1)
    recipe = small()
    with sklearn.config_context(enable_metadata_routing=True):
        recipe[-1].set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(recipe, {"head__C": [0.5, 1.0]}, cv=2, error_score="raise")
        search.fit(pictures(), LABELS, sample_weight=weights)
        best = clone(search.best_estimator_).fit(pictures(), LABELS, sample_weight=weights)
        np.testing.assert_array_equal(
            search.decision_function(pictures()), best.decision_function(pictures())
        )
        groups = np.arange(12) // 3
        scores = cross_validate(
            recipe,
            pictures(),
            LABELS,
            cv=GroupKFold(2),
            params={"groups": groups, "sample_weight": weights},
            error_score="raise",
        )
    assert np.isfinite(scores["test_score"]).all()


def test_groups_are_held_out_together(rng) -> None:
    """With labels at random, images of one object that leak would make it look right."""
    objects = rng.integers(0, 255, (20, 64, 64), np.uint8)
    views = np.repeat(objects, 2, axis=0)
    y = np.repeat(rng.permutation(np.arange(20) % 2), 2)
    leaking = small().fit(views, y).training_.cv_accuracy
    honest = small().fit(views, y, groups=np.repeat(np.arange(20), 2)).training_.cv_accuracy
    assert honest < 0.75 < leaking


def test_class_weight_through_a_recipe() -> None:
    few = np.r_[np.flatnonzero(LABELS == "fine")[:1], np.flatnonzero(LABELS != "fine")]
    X = [pictures()[i] for i in few]
    shares = [
        small(class_weight=weight).fit(X, LABELS[few]).decision_function(X)[:, 1].mean()
        for weight in ({"fine": 0.05}, None, {"fine": 20})
    ]
    assert shares == sorted(shares)


# -------------------------------------------------------------------- scikit-learn's estimators


@pytest.mark.parametrize(
    "head",
    [SVMClassifier(), RidgeClassifier(), MLPClassifier((4,), max_iter=30, learning_rate_init=0.03)],
    ids=lambda head: type(head).__name__,
)
def test_ada_boost_of_heads(head) -> None:
    X, y = vectors(60)
    boosted = AdaBoostClassifier(head, n_estimators=3, random_state=0).fit(X, y)
    assert boosted.score(X, y) > 0.7


def test_ada_boost_of_a_recipe() -> None:
    X = np.stack(pictures())
    boosted = AdaBoostClassifier(small(), n_estimators=2, random_state=0).fit(X, LABELS)
    assert boosted.score(X, LABELS) > 0.6


def test_bagging_takes_a_column_of_paths(paths) -> None:
    X = pd.DataFrame({"image": paths})
    bag = BaggingClassifier(small(), n_estimators=3, random_state=1).fit(X, LABELS)
    assert bag.score(X, LABELS) > 0.6


def test_stacking_and_voting() -> None:
    members = [("hog", small()), ("pixels", small("pixels"))]
    stack = StackingClassifier(members, SVMClassifier(C=1.0), cv=2).fit(pictures(), LABELS)
    vote = VotingClassifier(members, voting="soft").fit(pictures(), LABELS)
    for model in (stack, vote):
        assert set(model.predict(pictures())) <= set(LABELS)
        assert model.predict_proba(pictures()).shape == (12, 3)
    assert vote.score(pictures(), LABELS) > 0.6


def test_halving_search(paths) -> None:
    X, y = paths * 3, np.tile(LABELS, 3)
    search = HalvingGridSearchCV(
        small(), {"head__C": [0.1, 1.0, 10.0]}, cv=2, random_state=0, error_score="raise"
    )
    assert search.fit(X, y).best_params_["head__C"] in (0.1, 1.0, 10.0)
    assert set(search.predict(X)) <= set(LABELS)


def test_calibrated_classifier() -> None:
    model = CalibratedClassifierCV(small(), cv=2, ensemble=False).fit(pictures(), LABELS)
    shares = model.predict_proba(pictures())
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_permutation_importance(paths) -> None:
    X = pd.DataFrame({"image": paths})
    model = small().fit(X, LABELS)
    found = permutation_importance(model, X, LABELS, n_repeats=2, random_state=0)
    assert found.importances_mean.shape == (1,)
    assert found.importances_mean[0] > 0
    X, y = vectors(60)
    table = Recipe([("features", TableColumns(tuple("abcdef"))), ("head", SVMClassifier(C=1.0))])
    found = permutation_importance(table.fit(X, y), X, y, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() < 3


def test_cross_validation_over_names_of_files(paths) -> None:
    assert np.isfinite(cross_val_score(small(), np.array(paths), LABELS, cv=2)).all()


# ------------------------------------------------------------------ one answer for one image


@pytest.mark.parametrize(
    "labels", [["a", "b"], [0, 1], [-3, 7], [0.0, 1.0], [False, True], ["a", "ä"]], ids=str
)
def test_predict_and_probabilities_agree(labels) -> None:
    y = np.array(labels)[np.arange(12) % 3 // 2]
    model = small().fit(pictures(), y)
    decisions = model.decision_function(pictures())
    shares = model.predict_proba(pictures())
    predicted = model.predict(pictures())
    assert decisions.shape == (12,)
    assert predicted.dtype == y.dtype
    assert np.array_equal(predicted, model.classes_[shares.argmax(axis=1)])
    assert np.array_equal(predicted, model.classes_[(decisions > 0).astype(int)])
    assert model.classes_.tolist() == labels


def test_one_class_is_refused() -> None:
    with pytest.raises(DataError, match="at least 2 classes"):
        small().fit(pictures(), ["a"] * 12)


@pytest.mark.parametrize("on_error", ["skip", "record"])
def test_unreadable_images_need_not_end_a_run(on_error, paths) -> None:
    X = ["no.png", *paths, b"nothing"]
    y = ["fine", *LABELS, "coarse"]
    weights = np.arange(1.0, 15)
    model = small().fit(X, y, on_error=on_error, sample_weight=weights)
    assert [i for i, _ in model.failures_] == [0, 13]
    assert model.failures_[0][1].code == "not_found"
    plain = small().fit(paths, LABELS, sample_weight=weights[1:-1])
    np.testing.assert_array_equal(model.predict_proba(paths), plain.predict_proba(paths))
    found, shares = (getattr(model, m)(X, on_error=on_error) for m in ("predict", "predict_proba"))
    if on_error == "skip":
        assert np.array_equal(found, plain.predict(paths))
        assert shares.shape == (12, 3)
    else:
        assert found[0] is None
        assert found[-1] is None
        assert np.array_equal(found[1:-1], plain.predict(paths))
        assert np.isnan(shares[[0, -1]]).all()
        assert np.isnan(model.decision_function(X, on_error=on_error)[0]).all()
    with pytest.raises(ImageReadError, match=r"no\.png"):
        model.predict(X)
    with pytest.raises(ImageReadError, match=r"no\.png"):
        small().fit(X, y)
    with pytest.raises(DataError, match="None of the 2 images can be read"):
        small().fit(["a.png", "b.png"], ["a", "b"], on_error=on_error)
    with pytest.raises(ParameterError, match="on_error must be one of"):
        model.predict(paths, on_error="ignore")


# --------------------------------------------------------------------- clones and refitting


@pytest.mark.slow
def test_a_fitted_recipe_is_cloned_as_it_was_made() -> None:
    """Members that had nothing to learn from are back when there is something."""
    recipe = small("fisher")
    before = repr(recipe.get_params())
    tiny = [image[:20, :20] for image in pictures()]
    recipe.fit(tiny, LABELS)
    assert recipe[0].left_out_
    assert repr(recipe.get_params()) == repr(clone(recipe).get_params()) == before
    again = recipe.fit(pictures(), LABELS).predict_proba(pictures())
    assert not recipe[0].left_out_
    fresh = small("fisher").fit(pictures(), LABELS)
    np.testing.assert_array_equal(fresh.predict_proba(pictures()), again)
