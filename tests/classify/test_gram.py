"""The dual solver against what defines it: scikit-learn's primal, optimality, symmetry."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.svm import LinearSVC

from cvclassic.classify import svm_dual
from cvclassic.classify.gram import one_against_rest, stratified_folds


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors of length about 1 that overlap, labels and targets."""
    X, labels = make_blobs(90, 20, centers=4, cluster_std=6.0, random_state=3)
    X = (X / np.sqrt((X**2).sum(axis=1).mean())).astype(np.float32)
    return X, labels, one_against_rest(labels, 4)


def objective(gram, targets, C, coefficients) -> np.ndarray:
    """The primal objective of every class."""
    decisions = gram @ coefficients
    loss = np.maximum(0, 1 - targets * decisions) ** 2
    return 0.5 * np.einsum("nk,nk->k", coefficients, decisions) + C * loss.sum(axis=0)


@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
def test_agrees_with_linear_svc(problem, C) -> None:
    """LinearSVC regularizes its bias like any weight, as the constant in the Gram matrix does."""
    X, labels, targets = problem
    gram = X @ X.T + 1
    mine = gram @ svm_dual(gram, targets, C, tol=1e-4, max_epochs=2000)
    theirs = LinearSVC(C=C, tol=1e-8, max_iter=100_000).fit(X, labels).decision_function(X)
    np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3)
    rough = gram @ svm_dual(gram, targets, C)
    np.testing.assert_allclose(rough, theirs, atol=0.03)


@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
def test_optimality_conditions(problem, C) -> None:
    """KKT for the squared hinge: every dual variable is 2 C max(0, 1 - y f)."""
    X, _, targets = problem
    gram = X @ X.T + 1
    coefficients = svm_dual(gram, targets, C, tol=1e-4, max_epochs=2000)
    dual = coefficients * targets
    assert (dual >= 0).all()
    slack = np.maximum(0, 1 - targets * (gram @ coefficients))
    np.testing.assert_allclose(dual / (2 * C), slack, atol=2e-3)


def test_no_neighbor_is_better(problem, rng) -> None:
    X, _, targets = problem
    gram = X @ X.T + 1
    best = svm_dual(gram, targets, 1.0, tol=1e-4, max_epochs=2000)
    least = objective(gram, targets, 1.0, best)
    for size in (0.001, 0.01, 0.1):
        other = best + size * rng.normal(size=best.shape).astype(np.float32)
        assert (objective(gram, targets, 1.0, other) > least).all()


def test_classes_do_not_influence_each_other(problem) -> None:
    """The column of a class is the same alone, and moves with it."""
    X, _, targets = problem
    gram = X @ X.T + 1
    together = svm_dual(gram, targets, 1.0, tol=1e-4, max_epochs=2000)
    shuffled = svm_dual(gram, targets[:, [2, 0, 3, 1]], 1.0, tol=1e-4, max_epochs=2000)
    np.testing.assert_allclose(shuffled, together[:, [2, 0, 3, 1]], atol=1e-5)
    alone = svm_dual(gram, targets[:, 1:2], 1.0, tol=1e-4, max_epochs=2000)
    np.testing.assert_allclose(gram @ alone[:, 0], gram @ together[:, 1], atol=2e-3)


def test_the_order_of_pictures_does_not_matter(problem, rng) -> None:
    X, _, targets = problem
    gram = X @ X.T + 1
    order = rng.permutation(len(X))
    first = svm_dual(gram, targets, 1.0, tol=1e-4, max_epochs=2000)
    second = svm_dual(gram[np.ix_(order, order)], targets[order], 1.0, tol=1e-4, max_epochs=2000)
    np.testing.assert_allclose(second, first[order], atol=2e-3)


def test_start_is_used_and_left_alone(problem) -> None:
    X, _, targets = problem
    gram = X @ X.T + 1
    best = svm_dual(gram, targets, 1.0, tol=1e-4, max_epochs=2000)
    kept = best.copy()
    again = svm_dual(gram, targets, 1.0, start=best, max_epochs=1)
    np.testing.assert_allclose(again, best, atol=1e-3)
    assert np.array_equal(best, kept)


def test_vectors_of_zeros_are_no_division_by_zero() -> None:
    targets = one_against_rest(np.array([0, 1, 1]), 2)
    assert np.isfinite(svm_dual(np.zeros((3, 3), np.float32), targets, 1e6)).all()


def test_targets() -> None:
    assert one_against_rest(np.array([1, 0, 1]), 3).tolist() == [[-1, 1, -1], [1, -1, -1]] + [
        [-1, 1, -1]
    ]


@pytest.mark.parametrize("n_folds", [2, 3, 5])
def test_folds_are_stratified(rng, n_folds) -> None:
    labels = np.repeat([0, 1, 2, 3], [1, 2, 7, 30])[rng.permutation(40)]
    folds = stratified_folds(labels, n_folds, 0)
    assert np.array_equal(folds, stratified_folds(labels, n_folds, 0))
    assert not np.array_equal(folds, stratified_folds(labels, n_folds, 1))
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1
    for label, count in enumerate([1, 2, 7, 30]):
        members = np.bincount(folds[labels == label], minlength=n_folds)
        assert members.max() - members.min() <= 1
        assert members.max() <= -(-count // n_folds)
