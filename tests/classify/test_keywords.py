"""The head for several labels per sample."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cvclassic.classify import KeywordClassifier, choose_block_weights, left_out_loss, make_recipe
from cvclassic.classify.annotation import (
    best_thresholds,
    fit_logistic,
    mean_word_f1,
    neighbor_votes,
    word_priors,
)
from cvclassic.errors import DataError, ModelFileError, ParameterError
from cvclassic.models import load_model, save_model
from tests.checks import pictures

WORDS = np.array(["dark", "lake", "moss"])


@pytest.fixture(scope="module")
def task():
    """Vectors whose first columns say which of three words they have, with noise."""
    rng = np.random.default_rng(1)
    marks = rng.random((60, 3)) < 0.4
    X = rng.normal(size=(60, 8)).astype(np.float32)
    X[:, :3] += 3 * marks
    return X, marks


def sets(marks) -> list[list[str]]:
    return [WORDS[row].tolist() for row in marks]


def test_words_are_learned(task) -> None:
    X, marks = task
    head = KeywordClassifier().fit(X[:40], sets(marks[:40]))
    assert head.classes_.tolist() == WORDS.tolist()
    answers = head.predict(X[40:])
    right = [set(a) == set(t) for a, t in zip(answers, sets(marks[40:]), strict=True)]
    assert np.mean(right) > 0.6
    assert head.score(X[40:], sets(marks[40:])) > 0.85
    chances = head.predict_proba(X[40:])
    for words, row in zip(answers, chances, strict=True):
        order = [row[WORDS.tolist().index(word)] for word in words]
        assert order == sorted(order, reverse=True)


def test_lists_sets_tuples_and_matrices_teach_the_same(task) -> None:
    X, marks = task
    heads = [
        KeywordClassifier().fit(X, y)
        for y in (sets(marks), [set(one) for one in sets(marks)], marks.astype(int))
    ]
    chances = [head.predict_proba(X[:5]) for head in heads]
    np.testing.assert_array_equal(chances[0], chances[1])
    np.testing.assert_array_equal(chances[0], chances[2])
    found = heads[2].predict(X)
    assert found.shape == marks.shape
    assert [WORDS[row > 0].tolist() for row in found[:5]] == [
        sorted(words) for words in heads[0].predict(X[:5])
    ]


def test_in_scikit_learn(task) -> None:
    X, marks = task
    pipeline = make_pipeline(StandardScaler(), KeywordClassifier(penalty=0.1, sharpness=10.0))
    assert cross_val_score(pipeline, X, sets(marks), cv=3).mean() > 0.8
    assert cross_val_score(pipeline, X, marks.astype(int), cv=3, scoring="f1_macro").mean() > 0.8
    search = GridSearchCV(pipeline, {"keywordclassifier__n_neighbors": [3, 9]}, cv=3)
    assert search.fit(X, sets(marks)).best_score_ > 0.8
    assert clone(pipeline[-1]).get_params() == pipeline[-1].get_params()


def test_recipes_of_images() -> None:
    images = pictures(12)
    y = [["fine", "odd"] if i % 3 == 0 else ["coarse"] * (i % 3 == 2) for i in range(12)]
    recipe = make_recipe("kernels", head="keywords").fit(images, y)
    assert recipe.training_.cv_f1 == recipe[-1].cv_f1_
    assert recipe.classes_.tolist() == ["coarse", "fine", "odd"]
    assert set(recipe.predict(images[:1])[0]) == {"fine", "odd"}


def test_top_answers_as_many(task) -> None:
    X, marks = task
    head = KeywordClassifier(rule="top", n_top=2).fit(X, sets(marks))
    assert all(len(words) == 2 for words in head.predict(X))
    assert all(len(words) == 3 for words in head.set_params(n_top=9).predict(X))


def test_same_seed_same_bytes(task, tmp_path) -> None:
    marks = task[1]
    files = []
    for name in "ab":
        recipe = make_recipe("pixels", head="keywords", image_size=8)
        recipe.fit(pictures(12), sets(marks[:12]))
        save_model(tmp_path / name, recipe, {})
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]
    again = load_model(tmp_path / "a")
    np.testing.assert_array_equal(
        again.predict_proba(pictures(3)), recipe.predict_proba(pictures(3))
    )
    assert again.predict(pictures(3)).tolist() == recipe.predict(pictures(3)).tolist()


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("marks_", lambda a: a + 0.5, "marks_ must be 0 or 1"),
        ("thresholds_", lambda a: a * 0, "between 0 and 1"),
        ("voices_", lambda a: a[:3], "voices_ must have shape"),
        ("coef_", lambda a: a[:, :-1], "coef_ must have shape"),
    ],
)
def test_a_changed_file_is_refused(task, tmp_path, name, change, said) -> None:
    recipe = make_recipe("pixels", head="keywords", image_size=8)
    recipe.fit(pictures(12), sets(task[1][:12]))
    setattr(recipe[-1], name, change(getattr(recipe[-1], name)))
    save_model(tmp_path / "m", recipe, {})
    with pytest.raises(ModelFileError, match=said):
        load_model(tmp_path / "m")


@pytest.mark.parametrize(
    "y", [["a", "b"] * 5, [1, 2] * 5, [["a"], "b"] * 5, np.full((10, 2), 3), None]
)
def test_single_labels_are_refused(y) -> None:
    with pytest.raises(ParameterError, match="y must"):
        KeywordClassifier().fit(np.eye(10), y)


def test_one_word_is_too_few() -> None:
    with pytest.raises(DataError, match="at least 2 different words"):
        KeywordClassifier().fit(np.eye(4), [["a"]] * 4)


def test_words_of_one_sample_leave_the_prior() -> None:
    head = KeywordClassifier().fit(np.eye(3), [["a"], ["b"], ["c"]])
    assert np.allclose(head.predict_proba(np.eye(3)), 1 / (1 + np.exp(-head.priors_)), atol=1e-6)


def test_copies_are_left_out_together(task) -> None:
    """A copy of each sample would make left-out scores perfect."""
    X, marks = task
    rng = np.random.default_rng(0)
    noise = rng.random(marks.shape) < 0.5  # words that the vectors do not tell
    twice, y = np.concatenate([X, X]), np.concatenate([noise, noise]).astype(int)
    groups = np.tile(np.arange(60), 2)
    judged = np.arange(120) < 60
    naive = KeywordClassifier().fit(twice, y)
    fair = KeywordClassifier().fit(twice, y, groups=groups, judged=judged)
    assert naive.cv_f1_ > 0.95 > fair.cv_f1_
    assert len(fair.held_out_rows_) == 60


def test_more_samples_than_axes(task) -> None:
    X, marks = task
    head = KeywordClassifier(n_components=4).fit(X, sets(marks))
    assert head.components_.shape == (8, 4)
    assert head.predict(X).shape == (60,)


def test_votes_are_shares_of_the_others() -> None:
    rng = np.random.default_rng(0)
    Z, marks = rng.normal(size=(20, 4)).astype("f4"), (rng.random((20, 3)) < 0.5).astype("f4")
    votes = neighbor_votes(Z, Z, marks, 5.0, 20, groups=np.arange(20))
    unit = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    for i in range(20):
        others = np.delete(np.arange(20), i)
        weights = np.exp(5.0 * unit[others] @ unit[i])
        expected = weights @ marks[others] / weights.sum()
        np.testing.assert_allclose(votes[i], expected, rtol=1e-4, atol=1e-6)


def test_logistic_agrees_with_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(300, 2)), np.ones(300)])
    y = rng.random(300) < 1 / (1 + np.exp(-X @ [2.0, -1.0, 0.5]))
    theirs = LogisticRegression(C=1000.0, fit_intercept=False, tol=1e-8).fit(X, y)
    np.testing.assert_allclose(fit_logistic(X, y), theirs.coef_[0], rtol=1e-3)


def test_thresholds_beat_one_for_all() -> None:
    rng = np.random.default_rng(0)
    priors = np.array([0.5, 0.1, 0.03])
    marks = rng.random((400, 3)) < priors
    odds = np.log(priors / (1 - priors)) + 2.0 * (marks - priors) + rng.normal(size=marks.shape)
    chances = 1 / (1 + np.exp(-odds))
    own = mean_word_f1(chances >= best_thresholds(chances, marks), marks)
    assert own > max(mean_word_f1(chances >= t, marks) for t in np.linspace(0.05, 0.95, 19)) - 1e-9
    np.testing.assert_allclose(word_priors(marks)[0], np.log(200 / 200), atol=0.3)


def test_blocks_are_weighed_by_words(task) -> None:
    X, marks = task
    useful, noise = X[:, :3], np.random.default_rng(2).normal(size=(60, 3)).astype("f4")
    grams = np.stack([useful @ useful.T, noise @ noise.T])
    weights, loss = choose_block_weights(grams, marks)
    assert weights[0] > 4 * weights[1]
    assert loss <= left_out_loss(grams[0] * weights[0] ** 2, marks, 0.1) * 1.2


def test_mirror_images_teach_keywords() -> None:
    y = [["fine", "odd"] if i % 3 == 0 else ["coarse"] * (i % 3 == 2) for i in range(12)]
    recipe = make_recipe("hog", head="keywords", mirror=True).fit(pictures(12), y)
    assert recipe.training_.mirrored
    assert len(recipe[-1].vectors_) == 24
    assert len(recipe[-1].held_out_rows_) == 12


def test_a_penalty_that_rounding_swallows_is_raised(rng) -> None:
    X = np.repeat(rng.normal(size=(20, 5)).astype(np.float32), 2, axis=0)
    marks = rng.random((40, 3)) > 0.5
    assert KeywordClassifier(penalty=1e-12).fit(X, marks).cv_f1_ > 0
