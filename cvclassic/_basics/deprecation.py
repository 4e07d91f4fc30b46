"""Deprecated names and parameters: they work for two more minor versions, with a warning.

Warnings are `FutureWarning`, as in scikit-learn, because Python hides `DeprecationWarning` from
those who could do something about it.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import ParameterError

Callee = TypeVar("Callee", bound=Callable[..., Any])


def deprecated(since: str, instead: str) -> Callable[[Callee], Callee]:
    """Mark a function or class that will be removed.

    Parameters
    ----------
    since : str
        Version in which it began to warn.
    instead : str
        What to use, as a sentence: ``"Use shrink."``

    Examples
    --------
    >>> @deprecated("0.2", "Use shrink.")
    ... def reduce(image): ...
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     reduce(None)
    >>> str(told[0].message)
    'reduce is deprecated since version 0.2 and will be removed. Use shrink.'
    """

    def mark(callee: Callee) -> Callee:
        message = f"{callee.__name__} is deprecated since version {since} and will be removed."
        target = callee.__init__ if inspect.isclass(callee) else callee

        @functools.wraps(target)
        def warned(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(f"{message} {instead}", FutureWarning, stacklevel=2)
            return target(*args, **kwargs)

        if not inspect.isclass(callee):
            return warned  # type: ignore[return-value]
        callee.__init__ = warned  # type: ignore[method-assign]  # it stays the class that files name
        return callee

    return mark


def renamed_parameter(since: str, old: str, new: str) -> Callable[[Callee], Callee]:
    """Accept a keyword by the name that it had before.

    Raises
    ------
    ParameterError
        When called with both names.

    Examples
    --------
    >>> @renamed_parameter("0.2", "size", "max_side")
    ... def shrink(image, max_side=100):
    ...     return max_side
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     shrink(None, size=50)
    50
    """

    def mark(callee: Callee) -> Callee:
        @functools.wraps(callee)
        def renamed(*args: Any, **kwargs: Any) -> Any:
            if old in kwargs:
                if new in kwargs:
                    raise ParameterError(f"{old} is the former name of {new}: give one of them.")
                message = f"{old} is called {new} since version {since}."
                warnings.warn(message, FutureWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return callee(*args, **kwargs)

        return renamed  # type: ignore[return-value]

    return mark
