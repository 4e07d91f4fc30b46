"""The closed list of classes that a model file may hold."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from sklearn.base import BaseEstimator

from .._basics.exports import names_of
from .._basics.saving import SavedState
from ..errors import ModelFileError, ParameterError
from .sklearn_steps import SKLEARN

ROOMS = ("describe", "encode", "classify")
"""Rooms of the library whose stubs are looked at."""

_OF_USERS: dict[str, type] = {}


def register_estimator(cls: type) -> type:
    """Let model files hold a class of your own; also a decorator.

    The class must be registered before a file that holds it is read: nothing that a file names is
    imported.

    Parameters
    ----------
    cls : type
        An estimator with a class attribute ``saved_state``, see `SavedState`.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    ParameterError
        It is no estimator, does not say how it is saved, or has the name of another.

    Examples
    --------
    >>> from sklearn.base import TransformerMixin
    >>> @register_estimator
    ... class Halve(TransformerMixin, BaseEstimator):
    ...     saved_state = SavedState()
    ...     def fit(self, X, y=None):
    ...         return self
    ...     def transform(self, X):
    ...         return X / 2
    """
    if not (isinstance(cls, type) and issubclass(cls, BaseEstimator)):
        raise ParameterError(f"cls must be an estimator class. Got {cls!r} instead.")
    name = cls.__name__
    if not isinstance(vars(cls).get("saved_state"), SavedState):
        raise ParameterError(f"{name} must have a class attribute saved_state = SavedState(...).")
    if _own(name) is not None or name in SKLEARN:
        raise ParameterError(f"{name} is the name of a class of the library. Choose another.")
    known = _OF_USERS.get(name)
    if known is not None and (known.__module__, known.__qualname__) != (
        cls.__module__,
        cls.__qualname__,
    ):
        raise ParameterError(f"Another class {name} is registered already.")
    _OF_USERS[name] = cls
    return cls


def _own(name: str) -> type | None:
    """A class of the library that says how it is saved."""
    for room in ROOMS:
        module = import_module(f"cvclassic.{room}")
        if name in names_of(module.__name__):
            cls = getattr(module, name)
            if isinstance(cls, type) and isinstance(vars(cls).get("saved_state"), SavedState):
                return cls
    return None


def type_name(cls: type) -> str | None:
    """What a file calls a class; None if files cannot hold it in the own format."""
    name = cls.__name__
    if _OF_USERS.get(name) is cls or _own(name) is cls:
        return name
    known = SKLEARN.get(name)
    if known is not None and cls is known.load():
        return f"sklearn.{name}"
    return None


def entry_of(name: Any) -> tuple[type, SavedState]:
    """Class and saved state of what a file calls `name`.

    Raises
    ------
    ModelFileError
        It is not in the registry.
    """
    if isinstance(name, str) and name.startswith("sklearn.") and name[8:] in SKLEARN:
        step = SKLEARN[name[8:]]
        return step.load(), step.state
    if isinstance(name, str):
        cls = _OF_USERS.get(name) or _own(name)
        if cls is not None:
            return cls, vars(cls)["saved_state"]
    raise ModelFileError(
        f"The model file needs {str(name)[:80]!r}, which this version of cvclassic does not know. "
        "A newer version may have written it; a class of your own must be registered first "
        "(cvclassic.models.register_estimator)."
    )


def known_types() -> list[type]:
    """All classes of the library and of users that files can hold."""
    found = list(_OF_USERS.values())
    for room in ROOMS:
        module = import_module(f"cvclassic.{room}")
        for name in names_of(module.__name__):
            cls = _own(name)
            if cls is not None:
                found.append(cls)
    return found


def parameter_names(cls: type) -> set[str]:
    """Names of the constructor's parameters."""
    return set(inspect.signature(cls).parameters)
