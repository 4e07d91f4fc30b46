"""Files of fitted estimators that are no pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .._basics.checks import check_seed
from .._basics.saving import require
from ..errors import CvclassicError, ModelFileError
from .bundles import load_bundle, save_bundle

Estimator = TypeVar("Estimator")


def save_estimator(
    path,
    kind: str,
    version: int,
    arrays: dict[str, np.ndarray],
    content: dict[str, Any],
    *,
    params: dict[str, Any],
    summary: dict[str, Any] | None = None,
) -> int:
    """Write a fitted estimator into one file, atomically.

    Parameters
    ----------
    path : str or Path
    kind, version, arrays
        As `save_bundle` takes them.
    content : dict
        What is learned beside the arrays; JSON-able.
    params : dict
        Parameters of the estimator; a random generator given as ``random_state`` is not stored.
    summary : dict, optional
        What is to be remembered of the training; JSON-able.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    ModelFileError
        Something cannot be written down, or the file cannot be written.
    """
    if "random_state" in params:
        seed = params["random_state"]
        params = {**params, "random_state": seed if type(seed) is int else None}
    whole = {"params": params, **content, "summary": summary or {}}
    return save_bundle(path, kind, version, arrays, whole)


def load_estimator(
    path,
    kind: str,
    version: int,
    rebuild: Callable[[Parts], Estimator],
    *,
    called: str | None = None,
) -> tuple[Estimator, dict[str, Any]]:
    """Read what `save_estimator` wrote.

    Parameters
    ----------
    path : str or Path
    kind, version, called
        As `load_bundle` takes them.
    rebuild : callable
        Makes the estimator, and takes every array and entry out of the `Parts`.

    Returns
    -------
    estimator
    summary : dict

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or of another kind.
    """
    parts = Parts(*load_bundle(path, kind, version, called=called))
    try:
        summary = parts.entry("summary")
        require(isinstance(summary, dict), "its summary is not an object")
        estimator = rebuild(parts)
        require(not parts.arrays, "it holds unexpected arrays")
        require(not parts.content, "its content has unexpected entries")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise ModelFileError(f"{path}: The model file is damaged: {error}.") from None
    return estimator, summary


class Parts:
    """Arrays and entries of a file, taken out one by one, each checked.

    Parameters
    ----------
    arrays : dict of str to ndarray
    content : dict
    """

    def __init__(self, arrays: dict[str, np.ndarray], content: dict[str, Any]) -> None:
        self.arrays, self.content = arrays, dict(content)

    def array(
        self, name: str, shape: tuple[int | None, ...], kind: Any, *, empty: bool = False
    ) -> np.ndarray:
        """An array of a shape, where None stands for any length, and of a NumPy type.

        Only with `empty` may one without elements come.
        """
        require(name in self.arrays, f"the array {name} is missing")
        array = self.arrays.pop(name)
        good = array.ndim == len(shape) and all(
            wanted in (None, length) for length, wanted in zip(array.shape, shape, strict=True)
        )
        require(good and (empty or array.size > 0), f"{name} has the shape {array.shape}")
        require(np.issubdtype(array.dtype, kind), f"{name} has the wrong type")
        return array

    def entry(self, name: str) -> Any:
        """What the content says."""
        require(name in self.content, f"its {name} is missing")
        return self.content.pop(name)

    def whole(self, name: str, low: int, high: int) -> int:
        """An integer between two bounds."""
        return check_whole(self.entry(name), low, high, name)

    def pair(self, name: str, low: int, high: int) -> tuple[int, int]:
        """Two of them."""
        return check_pair(self.entry(name), low, high, name)

    def estimator(self, make: Callable[..., Estimator], names: set[str]) -> Estimator:
        """An estimator that is not fitted, with the parameters of the file."""
        params = self.entry("params")
        require(isinstance(params, dict) and set(params) == names, "its parameters are invalid")
        model: Any = make(**params)
        try:
            model._check()
            if "random_state" in params:
                check_seed("random_state", params["random_state"])
        except CvclassicError as problem:
            raise ModelFileError(f"The model file is damaged: {problem}") from None
        return model


def check_whole(value: Any, low: int, high: int, name: str) -> int:
    """The value, an integer between two bounds."""
    require(type(value) is int and low <= value <= high, f"{name} is out of range")
    return value


def check_pair(value: Any, low: int, high: int, name: str) -> tuple[int, int]:
    """The value, a list of two such integers."""
    require(isinstance(value, list) and len(value) == 2, f"{name} is no pair")
    return check_whole(value[0], low, high, name), check_whole(value[1], low, high, name)
