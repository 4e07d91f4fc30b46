"""Every public estimator against the checks of its kind, and scikit-learn's own."""

import inspect

import pytest
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests import checks

ESTIMATORS = checks.public_estimators()
SLOW = {"ObjectDetector", "AutoRecipe", "WeightedUnion"}  # take seconds, however little they learn
CASES = [
    pytest.param(
        cls,
        check,
        id=f"{name}-{check.__name__[6:]}",
        marks=[pytest.mark.slow] if name in SLOW else [],
    )
    for name, cls in ESTIMATORS.items()
    for check in checks.checks_of(cls)
]


@pytest.mark.parametrize(("cls", "check"), CASES)
def test_estimator(cls, check, tmp_path) -> None:
    if "folder" in inspect.signature(check).parameters:
        check(cls, tmp_path)
    else:
        check(cls)


def test_discovery_finds_the_main_job() -> None:
    assert {"BagOfWords", "HomogeneousMap", "MLPClassifier", "SVMClassifier", "SIFT"} <= set(
        ESTIMATORS
    )


def test_bases_have_public_children() -> None:
    """A class is left out as abstract only if others complete it."""
    for name, cls in checks.public_classes().items():
        if name not in ESTIMATORS:
            assert any(issubclass(other, cls) for other in ESTIMATORS.values()), name


def expected_failures(estimator) -> dict[str, str]:
    """What scikit-learn asks for and is not meant to be, with the reason."""
    if not isinstance(estimator, ClassifierMixin | RegressorMixin):
        return {}
    return {
        "check_sample_weight_equivalence_on_dense_data": (
            "what is held out to choose parameters and to calibrate differs where samples are "
            "repeated; tests/checks.py compares the decisions at fixed parameters"
        )
    }


# their checks take nearly a minute
SLOW_TO_FIT = ("MLPClassifier", "MLPRegressor", "SVMClassifier")
VECTORS = [checks.make(cls) for cls in ESTIMATORS.values() if checks.takes_vectors(cls)]


@parametrize_with_checks(
    [one for one in VECTORS if type(one).__name__ not in SLOW_TO_FIT],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn(estimator, check) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [one for one in VECTORS if type(one).__name__ in SLOW_TO_FIT],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_slowly(estimator, check) -> None:
    check(estimator)
