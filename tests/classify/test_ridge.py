"""Ridge regression as a head, against scikit-learn and against leaving samples out by hand."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge as LinearRidge

from cvclassic.classify import RidgeClassifier, rbf_gram, solve_ridge, symmetric_product
from cvclassic.classify.nystroem import solve_on_landmarks
from cvclassic.classify.ridge_solving import left_out_by_axes, principal_axes
from tests.checks import vectors


def problem(n, d, seed=0, k=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 3
    y = ((X - 3) @ rng.normal(size=(d, k)) + rng.normal(size=(n, k))).argmax(axis=1)
    return X.astype(np.float32), y


@pytest.mark.parametrize("shape", [(300, 20), (40, 200), (2300, 2100), (2100, 2300)])
def test_is_scikit_learns_ridge(shape) -> None:
    X, y = problem(*shape)
    targets = np.where(y[:, None] == np.arange(3), 1.0, -1.0)
    alpha = 0.05 * ((X - X.mean(axis=0)) ** 2).sum() / len(X)
    expected = LinearRidge(alpha=alpha).fit(X.astype(float), targets).predict(X)
    head = RidgeClassifier(penalty=0.05).fit(X, y)
    np.testing.assert_allclose(head.decision_function(X), expected, atol=2e-4)


@pytest.mark.parametrize("shape", [(30, 5), (12, 40)])
def test_left_out_decisions_are_those_of_leaving_out(shape) -> None:
    X, y = problem(*shape)
    X, targets = X.astype(float), np.where(y[:, None] == np.arange(3), 1.0, -1.0)
    centered = X - X.mean(axis=0)
    u, s, _ = np.linalg.svd(centered, full_matrices=False)
    kept = s > 1e-9
    found = left_out_by_axes(u[:, kept], s[kept] ** 2, targets, 0.7)
    for i in range(len(X)):
        rest = np.arange(len(X)) != i
        model = LinearRidge(alpha=0.7).fit(X[rest], targets[rest])
        np.testing.assert_allclose(found[i], model.predict(X[i : i + 1])[0], atol=1e-8)


def test_rbf_is_kernel_ridge() -> None:
    X, y = problem(80, 6)
    targets = np.where(y[:, None] == np.arange(3), 1.0, -1.0)
    head = RidgeClassifier(kernel="rbf", penalty=0.03, gamma=0.25).fit(X, y)
    gamma = 0.25 * len(X) / ((X - X.mean(axis=0)) ** 2).sum()
    model = KernelRidge(alpha=0.03, kernel="rbf", gamma=gamma)
    model.fit(X, targets - targets.mean(axis=0))
    expected = model.predict(X) + targets.mean(axis=0)
    np.testing.assert_allclose(head.decision_function(X), expected, atol=2e-3)


def test_rbf_learns_what_no_line_parts() -> None:
    X = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    y = X[:, 0] * X[:, 1] > 0
    assert RidgeClassifier().fit(X[:300], y[:300]).score(X[300:], y[300:]) < 0.7
    assert RidgeClassifier(kernel="rbf").fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9


def test_copies_are_held_out_with_their_picture() -> None:
    """With labels at random, copies that leak would make it look right."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 400)).astype(np.float32), rng.integers(0, 2, 200)
    twice, labels = np.concatenate([X, X]), np.concatenate([y, y])
    for kernel in ("linear", "rbf"):
        leaky = RidgeClassifier(kernel=kernel, penalty=0.001).fit(twice, labels)
        honest = RidgeClassifier(kernel=kernel, penalty=0.001).fit(
            twice, labels, groups=np.tile(np.arange(len(y)), 2)
        )
        assert leaky.cv_accuracy_ > 0.85
        assert honest.cv_accuracy_ < 0.7


def test_standardized_columns_have_no_unit() -> None:
    X, y = vectors(60)
    plain = RidgeClassifier(standardize=True).fit(X, y).predict_proba(X)
    units = np.float32([1, 1000, 0.01, 1, 50, 1])
    np.testing.assert_allclose(
        RidgeClassifier(standardize=True).fit(X * units, y).predict_proba(X * units),
        plain,
        atol=1e-3,
    )


def test_products(rng) -> None:
    X = rng.normal(size=(1500, 40)).astype(np.float32)
    for view in (X, X.T, X[::2], np.asfortranarray(X)):
        np.testing.assert_allclose(symmetric_product(view), view @ view.T, atol=1e-3)
    np.testing.assert_allclose(
        rbf_gram(0.1 * X[:30]), rbf_gram(0.1 * X[:30], 0.1 * X[:30]), atol=1e-5
    )
    assert np.abs(np.diagonal(rbf_gram(X[:30])) - 1).max() < 1e-4


def test_a_singular_matrix_is_solved_with_a_larger_penalty() -> None:
    square = np.ones((30, 30), np.float32) * 1e6
    assert np.isfinite(solve_ridge(square, np.ones((30, 1), np.float32), 1e-6)).all()


def test_principal_axes_span_the_variance(rng) -> None:
    X = (rng.normal(size=(300, 5)) @ rng.normal(size=(5, 60))).astype(np.float32)
    X -= X.mean(axis=0)
    axes = principal_axes(X, 5, seed=0)
    np.testing.assert_allclose(axes.T @ axes, np.eye(5), atol=1e-4)
    np.testing.assert_allclose(X @ axes @ axes.T, X, atol=1e-2)


def blobs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """What no line parts, in five dimensions of which two matter."""
    X = np.random.default_rng(1).normal(size=(n, 5)).astype(np.float32)
    return X, np.array(["in", "out"])[(X[:, 0] ** 2 + X[:, 1] ** 2 > 1.4).astype(int)]


def test_landmarks_are_as_good_as_all_samples(monkeypatch) -> None:
    """More samples than a Gram matrix has room for: a sum over a part of them."""
    X, y = blobs(2000)
    exact = RidgeClassifier("rbf", random_state=0).fit(X[:1500], y[:1500])
    assert exact.n_landmarks_ == 0
    monkeypatch.setattr("cvclassic.classify.ridge._RBF_LIMIT", 800)
    monkeypatch.setattr("cvclassic.classify.ridge._CHOICE", 800)
    monkeypatch.setattr("cvclassic.classify.ridge._LANDMARKS", 400)
    some = RidgeClassifier("rbf", random_state=0).fit(X[:1500], y[:1500])
    assert some.n_landmarks_ == 400
    assert some.vectors_.shape == (400, 5)
    assert some.score(X[1500:], y[1500:]) > exact.score(X[1500:], y[1500:]) - 0.02
    weights = (np.arange(1500) % 3 > 0).astype(float)
    part = RidgeClassifier("rbf", random_state=0, standardize=True)
    part.fit(X[:1500], y[:1500], sample_weight=weights)
    assert part.score(X[1500:], y[1500:]) > 0.9


def test_landmarks_that_are_all_samples_give_the_exact_answer(rng) -> None:
    Z = (0.4 * rng.normal(size=(120, 4))).astype(np.float32)
    targets = np.where(Z[:, :1] > 0, 1, -1).astype(np.float32)
    weights = rng.uniform(0.5, 2, 120).astype(np.float32)
    for w in (None, weights):
        exact = rbf_gram(Z) @ solve_ridge(rbf_gram(Z), targets, 0.3, w)
        found = rbf_gram(Z) @ solve_on_landmarks(Z, Z, targets, 0.3, w)
        np.testing.assert_allclose(found, exact, atol=0.01)


def test_a_recipe_says_that_it_took_landmarks(monkeypatch, rng) -> None:
    from cvclassic.classify import fit_recipe, make_recipe

    monkeypatch.setattr("cvclassic.classify.ridge._RBF_LIMIT", 40)
    monkeypatch.setattr("cvclassic.classify.ridge._CHOICE", 40)
    monkeypatch.setattr("cvclassic.classify.ridge._LANDMARKS", 30)
    images = rng.integers(0, 255, (60, 28, 28), np.uint8)
    training = fit_recipe(make_recipe("hog"), images, np.arange(60) % 2)
    (note,) = training.notes
    assert note.startswith("60 images are too many for an exact rbf kernel")
