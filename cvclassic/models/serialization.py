"""A fitted pipeline as a tree of plain values and a table of arrays, and back."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_seed
from ..classify import Recipe
from ..classify.samples import check_class_weight
from ..classify.unknown import UnknownRule, check_rule
from ..errors import CvclassicError, ModelFileError
from .header import require
from .registry import REGISTRY, Entry, entry_of, parameter_names
from .validation import finite

_LARGEST_INTEGER = 2**32  # that of a seed; more overflows in C
_DEPTH = 6  # no recipe nests deeper
_MAX_COLUMNS = 100_000_000
_MAX_TEXT = 5000


def flatten(estimator: Any, path: str, arrays: dict[str, np.ndarray]) -> dict:
    """Describe a fitted estimator by plain values; its arrays go into `arrays`.

    Parameters
    ----------
    estimator : estimator
        A `Pipeline` or a class of the registry.
    path : str
        Prefix of the names of its arrays.
    arrays : dict of str to ndarray
        Filled.

    Returns
    -------
    dict
        JSON-able.

    Raises
    ------
    ModelFileError
        A part is not in the registry, or a parameter cannot be written down.
    """
    name = type(estimator).__name__
    if type(estimator) in (Pipeline, Recipe):
        steps = [[key, flatten(step, f"{path}{key}.", arrays)] for key, step in estimator.steps]
        if type(estimator) is Pipeline:
            return {"type": "Pipeline", "steps": steps}
        return {"type": "Recipe", "steps": steps, "mirror": estimator.mirror}
    if name not in REGISTRY or not _is_exactly(estimator, entry_of(name)[0]):
        raise ModelFileError(f"A {name} cannot be saved: it is not a part that model files hold.")
    entry = REGISTRY[name]
    if entry.arrays or entry.lists or entry.scalars:
        try:
            check_is_fitted(estimator)
        except NotFittedError:
            raise ModelFileError(f"This {name} cannot be saved: it is not fitted.") from None
    params = {
        # how many jobs is a matter of the machine, not of the model
        key: None if key == "n_jobs" else _plain(value, key, f"{path}{key}.", arrays)
        for key, value in estimator.get_params(deep=False).items()
        if not (entry.has_members and key == "transformer_list")
    }
    node: dict[str, Any] = {"type": name, "params": params}
    if entry.has_members:
        node["members"] = [
            [key, flatten(member, f"{path}{key}.", arrays)]
            for key, member in estimator.transformers_
        ]
    _note_state(estimator, node, entry, path, arrays)
    return node


def _note_state(estimator, node: dict, entry: Entry, path: str, arrays: dict) -> None:
    """Write down what `fit` found."""
    mine = len(arrays)
    for key in entry.arrays:
        if getattr(estimator, key, None) is not None:
            arrays[path + key] = np.ascontiguousarray(getattr(estimator, key), np.float32)
    for key in entry.lists:
        values = getattr(estimator, key)
        node.setdefault("lengths", {})[key] = len(values)
        for i, value in enumerate(values):
            arrays[f"{path}{key}.{i}"] = np.ascontiguousarray(value, np.float32)
    if entry.scalars:
        node["state"] = {key: kind(getattr(estimator, key)) for key, kind in entry.scalars.items()}
    if entry.has_classes:
        node["classes"] = estimator.classes_.tolist()
        if getattr(estimator, "unknown_", None) is not None:
            node["unknown"] = asdict(estimator.unknown_)
    for key, array in list(arrays.items())[mine:]:
        if not finite(array):
            raise ModelFileError(
                f"This {type(estimator).__name__} cannot be saved: {key} holds values that are "
                "not finite, or too large."
            )


def _is_exactly(estimator: Any, cls: type) -> bool:
    """Whether it is of the registered class itself, not of one with the same name."""
    return type(estimator) is cls


def _plain(value, name: str, path: str, arrays: dict) -> Any:
    """A parameter as JSON: numbers, strings, None, lists, or a nested estimator."""
    if isinstance(value, BaseEstimator):
        return flatten(value, path, arrays)
    if isinstance(value, np.random.RandomState | np.random.Generator):
        return None
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):  # weights of classes
        return [
            [_plain(key, name, path, arrays), _plain(value[key], name, path, arrays)]
            for key in value
        ]
    if isinstance(value, list | tuple):
        return [_plain(item, name, path, arrays) for item in value]
    raise ModelFileError(f"Parameter {name}={value!r} cannot be saved in a model file.")


def rebuild(node, path: str, arrays: dict[str, np.ndarray], depth: int = 0) -> BaseEstimator:
    """Build the estimator that `node` describes; takes its arrays out of `arrays`.

    Nothing is imported by a name from the file, and no code from the file runs: the node
    chooses among the registry's entries, and every value is checked.

    Raises
    ------
    ModelFileError
        Something is missing, superfluous or impossible.
    """
    require(depth < _DEPTH, "its parts are nested too deeply")
    require(isinstance(node, dict) and "type" in node, "a part has no type")
    if node["type"] in ("Pipeline", "Recipe"):
        return _rebuild_pipeline(node, path, arrays, depth)
    cls, entry = entry_of(node["type"])
    allowed = {"type", "params"}
    allowed |= {"lengths"} if entry.lists else set()
    allowed |= {"state"} if entry.scalars else set()
    allowed |= {"classes"} if entry.has_classes else set()
    allowed |= {"members"} if entry.has_members else set()
    allowed |= {"unknown"} if entry.has_classes and "unknown" in node else set()
    require(set(node) == allowed, f"{node['type']} has the wrong entries")
    params = node["params"]
    expected = parameter_names(cls) - ({"transformer_list"} if entry.has_members else set())
    require(isinstance(params, dict), f"{node['type']} has the wrong parameters")
    params = entry.added | params
    require(set(params) == expected, f"{node['type']} has the wrong parameters")
    values = {key: _value(value, f"{path}{key}.", arrays, depth) for key, value in params.items()}
    if isinstance(values.get("class_weight"), tuple):
        values["class_weight"] = _weights(values["class_weight"])
    if entry.has_members:
        values["transformer_list"] = _named(node["members"], path, arrays, depth)
    estimator = cls(**values)
    _restore_state(estimator, node, entry, path, arrays)
    try:
        check_seed("random_state", params.get("random_state"))
        require(params.get("n_jobs") is None, "it asks for jobs")
        if hasattr(estimator, "_check"):
            estimator._check()
        entry.check(estimator)
    except ModelFileError:
        raise
    except (CvclassicError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise ModelFileError(f"The model file is damaged: {error}") from None
    return estimator


def _weights(pairs: tuple) -> dict:
    """How much each class counts."""
    good = all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)
    require(good and not any(isinstance(pair[0], tuple) for pair in pairs), "its weights are odd")
    weights = dict(pairs)
    try:
        check_class_weight(weights)
    except CvclassicError as error:
        raise ModelFileError(f"The model file is damaged: {error}") from None
    return weights


def _value(value, path: str, arrays: dict, depth: int):
    if isinstance(value, dict):
        return rebuild(value, path, arrays, depth + 1)
    if isinstance(value, list):
        require(depth < _DEPTH and len(value) <= 1000, "a parameter is too long")
        return tuple(_value(item, path, arrays, depth + 1) for item in value)
    require(value is None or isinstance(value, bool | str | int | float), "a parameter is odd")
    require(not isinstance(value, float) or math.isfinite(value), "a parameter is not finite")
    require(
        not isinstance(value, int) or abs(value) <= _LARGEST_INTEGER, "a parameter is too large"
    )
    return value


def _restore_state(estimator, node: dict, entry: Entry, path: str, arrays: dict) -> None:
    """Set the fitted attributes from checked values."""

    def take(name: str, n_dims: int) -> np.ndarray:
        require(name in arrays, f"the array {name} is missing")
        array = arrays.pop(name)
        require(array.dtype == np.float32 and array.ndim == n_dims, f"{name} has the wrong form")
        require(finite(array), f"{name} holds values that are not finite")
        return array

    for key, n_dims in entry.arrays.items():
        if path + key in arrays:
            setattr(estimator, key, take(path + key, n_dims))
        elif key in entry.optional:
            setattr(estimator, key, None)
    if entry.lists:
        lengths = node["lengths"]
        require(isinstance(lengths, dict) and set(lengths) == set(entry.lists), "lists are missing")
        for key, n_dims in entry.lists.items():
            n = lengths[key]
            require(type(n) is int and 0 < n <= 100, f"{key} has an impossible length")
            setattr(estimator, key, [take(f"{path}{key}.{i}", n_dims) for i in range(n)])
    if entry.scalars:
        state = node["state"]
        require(isinstance(state, dict) and set(state) == set(entry.scalars), "state is missing")
        for key, kind in entry.scalars.items():
            require(type(state[key]) is kind, f"{key} must be a {kind.__name__}")
            require(kind is str or math.isfinite(state[key]), f"{key} must be finite")
            require(kind is not int or 0 < state[key] <= _MAX_COLUMNS, f"{key} is impossible")
            require(kind is not str or len(state[key]) <= _MAX_TEXT, f"{key} is too long")
            setattr(estimator, key, state[key])
    if entry.has_classes:
        estimator.classes_ = _classes(node["classes"])
        estimator.unknown_ = _rule(node["unknown"]) if "unknown" in node else None


def _rule(values) -> UnknownRule:
    """When the classifier does not answer."""
    kinds = {"kind": str, "error_rate": float, "cutoff": float, "n_held_out": int}
    require(isinstance(values, dict) and set(values) == set(kinds), "its rule is odd")
    require(all(type(values[key]) is kind for key, kind in kinds.items()), "its rule is odd")
    rule = UnknownRule(**values)
    try:
        check_rule(rule)
    except CvclassicError as error:
        raise ModelFileError(f"The model file is damaged: {error}") from None
    return rule


def _classes(values) -> np.ndarray:
    """Sorted distinct labels of one kind."""
    require(isinstance(values, list) and 2 <= len(values) <= 1_000_000, "classes are missing")
    kind = type(values[0])
    require(kind in (str, int, bool, float), "classes must be strings or numbers")
    require(all(type(value) is kind for value in values), "classes are of several kinds")
    try:
        classes = np.array(values)
    except OverflowError:
        raise ModelFileError("The model file is damaged: a class is too large.") from None
    require(classes.dtype.kind in "UifbO" and classes.dtype != object, "a class is odd")
    require(bool((classes[:-1] < classes[1:]).all()), "classes must be sorted and distinct")
    return classes


def _named(parts, path: str, arrays: dict, depth: int) -> list[tuple[str, Any]]:
    """Steps of a pipeline or members of a union."""
    require(isinstance(parts, list) and 1 <= len(parts) <= 10, "parts are missing")
    named = []
    for part in parts:
        require(isinstance(part, list) and len(part) == 2, "a part is not a pair")
        key, node = part
        require(isinstance(key, str) and key.isidentifier() and "__" not in key, "a part's name")
        named.append((key, rebuild(node, f"{path}{key}.", arrays, depth + 1)))
    require(len({key for key, _ in named}) == len(named), "two parts have one name")
    return named


def _rebuild_pipeline(node: dict, path: str, arrays: dict, depth: int) -> Pipeline:
    entries = {"type", "steps"} | ({"mirror"} if node["type"] == "Recipe" else set())
    require(set(node) == entries, "the pipeline has the wrong entries")
    mirror = node.get("mirror", False)
    require(isinstance(mirror, bool) or mirror == "cv", "mirror is none of true, false and cv")
    rebuilt = _named(node["steps"], path, arrays, depth)
    require(len(rebuilt) >= 2, "the pipeline has no steps")
    columns = None
    for _, estimator in rebuilt:
        require(not isinstance(estimator, Pipeline), "a step cannot be a pipeline")
        entry = REGISTRY[type(estimator).__name__]
        wanted = getattr(estimator, "n_features_in_", None)
        require((columns is None) == (wanted is None), "the steps are in the wrong order")
        require(columns == wanted, f"a step gives {columns} columns and the next takes {wanted}")
        columns = entry.output(estimator, columns or 0)
    last = REGISTRY[type(rebuilt[-1][1]).__name__]
    require(last.has_classes or last.gives_numbers, "the last step gives no labels")
    return Recipe(rebuilt, mirror=mirror) if node["type"] == "Recipe" else Pipeline(rebuilt)
