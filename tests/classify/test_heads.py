"""The SVM against scikit-learn's, its two ways of training, and its search for a penalty."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC

import cvclassic.classify.heads as heads
from cvclassic.classify import SVMClassifier
from cvclassic.errors import ParameterError


def blobs(n=120, d=12, centers=4, spread=7.0, seed=1):
    X, y = make_blobs(n, d, centers=centers, cluster_std=spread, random_state=seed)
    return X.astype(np.float32), y


def scaled(X):
    """Vectors with a mean squared length of 1, as the head scales them inside."""
    return X / np.sqrt((X**2).sum(axis=1).mean())


@pytest.mark.parametrize("n_classes", [2, 4])
def test_linear_svm_agrees_with_scikit_learn(n_classes) -> None:
    X, y = blobs(centers=n_classes)
    mine = SVMClassifier(C=1.0).fit(X, y)
    theirs = LinearSVC(C=1.0, tol=1e-8, max_iter=100_000).fit(scaled(X), y)
    expected = theirs.decision_function(scaled(X))
    np.testing.assert_allclose(mine.decision_function(X), expected, atol=0.02)
    assert (mine.predict(X) == theirs.predict(scaled(X))).mean() > 0.97


@pytest.mark.parametrize("n_classes", [2, 4])
def test_many_samples_give_the_same_classifier(monkeypatch, n_classes) -> None:
    """The way for many samples finds what the Gram space finds."""
    X, y = blobs(centers=n_classes)
    few = SVMClassifier(C=1.0).fit(X, y)
    monkeypatch.setattr(heads, "GRAM_LIMIT", 50)
    many = SVMClassifier(C=1.0).fit(X, y)
    assert many.coef_.shape == few.coef_.shape == (n_classes, 12)
    assert many.coef_.dtype == many.intercept_.dtype == np.float32
    np.testing.assert_allclose(many.decision_function(X), few.decision_function(X), atol=0.02)
    assert 0.1 < many.temperature_ / few.temperature_ < 10
    assert set(vars(many)) == set(vars(few))
    monkeypatch.setattr(heads, "_LANDMARKS", 40)
    some = SVMClassifier("rbf", C=10.0).fit(X, y)
    assert some.n_landmarks_ == len(some.support_vectors_) == 40
    monkeypatch.undo()
    exact = SVMClassifier("rbf", C=10.0).fit(X, y)
    assert some.score(X, y) > exact.score(X, y) - 0.1


@pytest.mark.slow
def test_short_vectors_of_many_samples(rng) -> None:
    """Inner products would be four times the numbers; the classifier is the same."""
    assert not heads._in_gram_space(4000, 1000)
    assert heads._in_gram_space(4000, 2001)
    assert heads._in_gram_space(1500, 10)
    assert not heads._in_gram_space(12_001, 100_000)
    X = rng.normal(size=(3000, 5)).astype(np.float32)
    y = (X[:, 0] + 0.3 * rng.normal(size=3000) > 0).astype(int)
    long = SVMClassifier(C=1.0).fit(np.pad(X, ((0, 0), (0, 1600))), y)  # the same in the Gram space
    np.testing.assert_allclose(
        SVMClassifier(C=1.0).fit(X, y).decision_function(X),
        long.decision_function(np.pad(X, ((0, 0), (0, 1600)))),
        atol=0.05,
    )


def test_one_picture_a_class(recwarn) -> None:
    """Nothing to choose by, and no word about regression."""
    X = np.eye(30, dtype=np.float32)
    names = np.array([f"class {i}" for i in range(30)])
    model = SVMClassifier().fit(X, names)
    assert model.predict(X).tolist() == names.tolist()
    assert np.isnan(model.cv_accuracy_)
    assert not recwarn.list


def test_scale_of_the_vectors_does_not_matter() -> None:
    """C means the same whatever the length of the vectors."""
    X, y = blobs()
    for kernel in ("linear", "rbf"):
        small = SVMClassifier(kernel, C=1.0).fit(X, y).decision_function(X)
        large = SVMClassifier(kernel, C=1.0).fit(X * 1024, y).decision_function(X * 1024)
        np.testing.assert_allclose(small, large, rtol=1e-3, atol=1e-3)


def test_order_and_names_of_classes_do_not_matter() -> None:
    X, y = blobs()
    names = np.array(["pear", "apple", "fig", "plum"])
    by_number = SVMClassifier(C=1.0).fit(X, y)
    by_name = SVMClassifier(C=1.0).fit(X, names[y])
    columns = np.searchsorted(by_name.classes_, names)
    np.testing.assert_allclose(
        by_name.decision_function(X)[:, columns], by_number.decision_function(X), atol=0.03
    )
    assert (names[by_number.predict(X)] == by_name.predict(X)).mean() > 0.97


@pytest.mark.slow
def test_rbf_kernel_bends() -> None:
    X, y = make_moons(120, noise=0.1, random_state=0)
    assert SVMClassifier("rbf", C=10.0, gamma=2.0).fit(X, y).score(X, y) > 0.98
    assert SVMClassifier("linear", C=10.0).fit(X, y).score(X, y) < 0.95


def test_rbf_decisions_are_what_the_attributes_say() -> None:
    X, y = make_moons(60, noise=0.2, random_state=0)
    X = X.astype(np.float32)
    head = SVMClassifier("rbf", C=1.0).fit(X, y)
    assert head.gamma_ == pytest.approx(1 / (2 * X.var()), rel=1e-5)
    squared = ((X[:, None] - head.support_vectors_) ** 2).sum(axis=2)
    decisions = np.exp(-head.gamma_ * squared) @ head.dual_coef_ + head.intercept_
    np.testing.assert_allclose(head.decision_function(X), decisions[:, 1], atol=1e-4)


def test_another_kernel_leaves_nothing_behind() -> None:
    X, y = blobs(40)
    head = SVMClassifier(C=1.0).fit(X, y).set_params(kernel="rbf").fit(X, y)
    assert not hasattr(head, "coef_")
    head.set_params(kernel="linear").fit(X, y)
    assert not hasattr(head, "support_vectors_")
    assert not hasattr(head, "dual_coef_")


@pytest.mark.slow
def test_penalty_is_chosen_on_held_out_samples() -> None:
    """No fixed penalty of the list is much better in the same cross-validation."""
    X, y = blobs(80, spread=9.0)
    chosen = SVMClassifier().fit(X, y)
    fixed = {C: SVMClassifier(C=C).fit(X, y).cv_accuracy_ for C in (0.1, 1.0, 10.0)}
    assert chosen.C_ in (0.1, 1.0, 10.0, 100.0)
    assert chosen.cv_accuracy_ >= fixed[0.1]
    if chosen.C_ in fixed:
        assert chosen.cv_accuracy_ == fixed[chosen.C_]
    assert np.array_equal(SVMClassifier(C=chosen.C_).fit(X, y).coef_, chosen.coef_)


def test_noise_is_not_learned(rng) -> None:
    """The score is of held-out samples: labels at random stay at chance, with large vectors too."""
    X = rng.normal(size=(90, 400)).astype(np.float32)
    y = np.arange(90) % 3
    head = SVMClassifier(C=1.0).fit(X, y)
    assert head.score(X, y) == 1
    assert head.cv_accuracy_ < 0.55
    assert head.predict_proba(rng.normal(size=(90, 400))).max() < 0.8


def test_probabilities_are_better_than_none() -> None:
    X, y = blobs(400, spread=8.0)
    head = SVMClassifier(C=1.0).fit(X[:200], y[:200])
    shares = head.predict_proba(X[200:])
    assert log_loss(y[200:], shares) < 0.9 * np.log(4)
    assert abs(shares.max(axis=1).mean() - head.score(X[200:], y[200:])) < 0.12


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_classes_of_one_picture(kernel) -> None:
    """Nothing can be held out, and yet there is an answer."""
    X = np.eye(3, dtype=np.float32)
    head = SVMClassifier(kernel).fit(X, ["a", "b", "c"])
    assert np.isnan(head.cv_accuracy_)
    assert head.predict(X).tolist() == ["a", "b", "c"]
    assert head.temperature_ == 1
    mixed = SVMClassifier(kernel, C=1.0).fit(
        np.vstack([X, X[:1], X[1:2]]), ["a", "b", "c", "a", "b"]
    )
    assert 0 <= mixed.cv_accuracy_ <= 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kernel": "poly"}, "kernel must be one of 'linear', 'rbf'. Got 'poly' instead."),
        ({"C": 0}, "C must be a number > 0. Got 0 instead."),
        ({"C": "best"}, "C must be a number > 0. Got 'best' instead."),
        ({"gamma": "auto"}, "gamma must be a number > 0. Got 'auto' instead."),
        ({"n_folds": 1}, "n_folds must be an integer >= 2. Got 1 instead."),
        ({"random_state": -1}, "random_state must be an integer from 0 to 2^32 - 1"),
    ],
)
def test_messages(params, message) -> None:
    X, y = blobs(20)
    with pytest.raises(ParameterError) as caught:
        SVMClassifier(**params).fit(X, y)
    assert str(caught.value).startswith(message)


def test_random_state_may_be_a_generator() -> None:
    X, y = blobs(40)
    first = SVMClassifier(C=1.0, random_state=np.random.RandomState(3)).fit(X, y)
    second = SVMClassifier(C=1.0, random_state=np.random.RandomState(3)).fit(X, y)
    assert np.array_equal(first.coef_, second.coef_)
    assert SVMClassifier(C=1.0, random_state=None).fit(X, y).score(X, y) > 0.6
