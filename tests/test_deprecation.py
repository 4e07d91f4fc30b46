"""Deprecated names work, warn where they are called, and leave classes what they are."""

import pickle
import warnings

import pytest
from sklearn.base import BaseEstimator, clone

from cvclassic._basics.deprecation import deprecated, renamed_parameter
from cvclassic.errors import ParameterError


@deprecated("0.2", "Use New.")
class Old(BaseEstimator):
    """An estimator."""

    def __init__(self, size=3):
        self.size = size


@renamed_parameter("0.2", "size", "max_side")
def shrink(image, *, max_side=10):
    """Give the size back."""
    return max_side


def test_a_class_stays_what_it_is() -> None:
    with pytest.warns(FutureWarning, match=r"Old is deprecated since version 0\.2.*Use New\.") as w:
        old = Old(size=5)
    assert w[0].filename == __file__
    assert isinstance(old, Old)
    assert old.get_params() == {"size": 5}
    with pytest.warns(FutureWarning):
        assert clone(old).size == 5
    assert pickle.loads(pickle.dumps(old)).size == 5


def test_a_function_keeps_name_and_text() -> None:
    @deprecated("0.3", "Use b.")
    def a(x):
        """Text."""
        return x + 1

    with pytest.warns(FutureWarning, match=r"a is deprecated since version 0\.3"):
        assert a(1) == 2
    assert (a.__name__, a.__doc__) == ("a", "Text.")


def test_a_parameter_by_its_former_name() -> None:
    with pytest.warns(FutureWarning, match="size is called max_side") as w:
        assert shrink(None, size=4) == 4
    assert w[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shrink(None, max_side=5) == 5
    with pytest.raises(ParameterError, match="give one of them"):
        shrink(None, size=4, max_side=5)
