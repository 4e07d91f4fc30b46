"""A fitted pipeline as a tree of plain values and a table of arrays, and back."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_seed
from .._basics.saving import SavedState, check_bounds, out_of_bounds, require
from ..classify import Recipe
from ..classify.samples import check_class_weight
from ..classify.unknown import UnknownRule, check_rule
from ..errors import CvclassicError, ModelFileError
from . import skops_steps
from .registry import entry_of, parameter_names, type_name
from .sklearn_steps import finish, sklearn_step
from .validation import finite

_LARGEST_INTEGER = 2**32  # that of a seed; more overflows in C
_DEPTH = 6  # no recipe nests deeper
_MAX_COLUMNS = 100_000_000
_MAX_TEXT = 5000
_PIPELINES = ("Pipeline", "Recipe")


def flatten(estimator: Any, path: str, arrays: dict[str, np.ndarray]) -> dict:
    """Describe a fitted estimator by plain values; its arrays go into `arrays`.

    Parameters
    ----------
    estimator : estimator
        A `Pipeline`, a class of the registry, or anything of scikit-learn that skops can write.
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
        A part cannot be saved, or a parameter cannot be written down.
    """
    if type(estimator) in (Pipeline, Recipe):
        steps = [
            [key, step if isinstance(step, str) else flatten(step, f"{path}{key}.", arrays)]
            for key, step in estimator.steps
        ]
        if type(estimator) is Pipeline:
            return {"type": "Pipeline", "steps": steps}
        return {"type": "Recipe", "steps": steps, "mirror": estimator.mirror}
    _check_fitted(estimator)
    name = type_name(type(estimator))
    if name is None:
        return _flatten_by_skops(estimator, path, arrays)
    state = entry_of(name)[1]
    mine = dict(arrays)
    try:
        node = _flatten_own(estimator, name, state, path, arrays)
        finish(estimator)
    except ModelFileError:
        if not name.startswith("sklearn."):
            raise
        # an unusual parameter, or arrays of another form: skops knows those too
        arrays.clear()
        arrays.update(mine)
        return _flatten_by_skops(estimator, path, arrays)
    return node


def _check_fitted(estimator: Any) -> None:
    name = type(estimator).__name__
    if not isinstance(estimator, BaseEstimator):
        raise ModelFileError(f"A {name} cannot be saved: it is not an estimator.")
    state = getattr(type(estimator), "saved_state", None)
    if isinstance(state, SavedState) and not (state.arrays or state.lists or state.scalars):
        return  # learns nothing
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):
        raise ModelFileError(f"This {name} cannot be saved: it is not fitted.") from None


def _flatten_own(
    estimator: Any, name: str, state: SavedState, path: str, arrays: dict[str, np.ndarray]
) -> dict:
    """An estimator of the registry."""
    is_union = state.role == "union"
    fault = out_of_bounds(estimator, state.bounds)
    if fault is not None:  # now, and not when the model is needed
        raise ModelFileError(f"This {name} cannot be saved: {fault}.")
    params = {
        # how many jobs is a matter of the machine, not of the model
        key: None if key == "n_jobs" else _plain(value, key, f"{path}{key}.", arrays)
        for key, value in estimator.get_params(deep=False).items()
        if not (is_union and key == "transformer_list")
    }
    node: dict[str, Any] = {"type": name, "params": params}
    if is_union:
        members = getattr(estimator, "transformers_", None) or estimator.transformer_list
        node["members"] = [
            [key, member if isinstance(member, str) else flatten(member, f"{path}{key}.", arrays)]
            for key, member in members
        ]
    _note_state(estimator, node, state, path, arrays)
    return node


def _flatten_by_skops(estimator: Any, path: str, arrays: dict[str, np.ndarray]) -> dict:
    """An estimator that only skops can write down."""
    name = type(estimator).__name__
    arrays[f"{path}skops"] = skops_steps.to_bytes(estimator)
    node: dict[str, Any] = {"type": "skops", "class": name}
    if is_classifier(estimator) and hasattr(estimator, "classes_"):
        node["classes"] = np.asarray(estimator.classes_).tolist()
    return node


def _note_state(estimator, node: dict, state: SavedState, path: str, arrays: dict) -> None:
    """Write down what `fit` found."""
    mine = len(arrays)
    for key in state.arrays:
        value = getattr(estimator, key, None)
        if value is None and key not in state.optional and len(state.kinds) > 1:
            raise ModelFileError(f"{key} is missing.")
        if value is not None:
            arrays[path + key] = _as_saved(value, key, state)
    for key in state.lists:
        values = getattr(estimator, key)
        node.setdefault("lengths", {})[key] = len(values)
        for i, value in enumerate(values):
            arrays[f"{path}{key}.{i}"] = np.ascontiguousarray(value, np.float32)
    by_columns = _by_columns(estimator, state)
    if by_columns:
        node["by_columns"] = by_columns
    if state.scalars:
        node["state"] = {
            key: _scalar(getattr(estimator, key, None), key, kind)
            for key, kind in state.scalars.items()
        }
    if state.role == "classifier":
        node["classes"] = np.asarray(estimator.classes_).tolist()
        if getattr(estimator, "unknown_", None) is not None:
            node["unknown"] = asdict(estimator.unknown_)
    for key, array in list(arrays.items())[mine:]:
        if not finite(array):
            raise ModelFileError(
                f"This {type(estimator).__name__} cannot be saved: {key} holds values that are "
                "not finite, or too large."
            )


def _as_saved(value: Any, key: str, state: SavedState) -> np.ndarray:
    """An array in the form in which it is saved."""
    if state.kinds == ("f4",):
        return np.ascontiguousarray(value, np.float32)
    array = np.asarray(value)
    if array.dtype.str[1:] not in state.kinds or array.ndim != state.arrays[key]:
        raise ModelFileError(f"{key} has another form than expected.")
    return np.ascontiguousarray(array)


def _by_columns(estimator: Any, state: SavedState) -> list[str]:
    """Matrices that lie column by column: sums over them depend on it in the last bits."""
    found = []
    for key in state.arrays if len(state.kinds) > 1 else ():
        value = getattr(estimator, key, None)
        if isinstance(value, np.ndarray) and value.ndim == 2 and not value.flags.c_contiguous:
            found.append(key)
    return found


def _scalar(value: Any, key: str, kind: type) -> Any:
    """A fitted number or text."""
    if kind is int and (np.ndim(value) or value is None or int(value) != value):
        raise ModelFileError(f"{key} is not a whole number.")
    return kind(value)


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
        Something is missing, superfluous or invalid.
    """
    require(depth < _DEPTH, "its parts are nested too deeply")
    require(isinstance(node, dict) and "type" in node, "a part has no type")
    if node["type"] in _PIPELINES:
        return _rebuild_pipeline(node, path, arrays, depth)
    if node["type"] == "skops":
        return _rebuild_by_skops(node, path, arrays)
    cls, state = entry_of(node["type"])
    is_union = state.role == "union"
    allowed = {"type", "params"}
    allowed |= {"lengths"} if state.lists else set()
    allowed |= {"state"} if state.scalars else set()
    allowed |= {"classes"} if state.role == "classifier" else set()
    allowed |= {"members"} if is_union else set()
    allowed |= {"by_columns"} if len(state.kinds) > 1 and "by_columns" in node else set()
    allowed |= {"unknown"} if state.role == "classifier" and "unknown" in node else set()
    require(set(node) == allowed, f"{node['type']} has the wrong entries")
    params = node["params"]
    expected = parameter_names(cls) - ({"transformer_list"} if is_union else set())
    require(isinstance(params, dict), f"{node['type']} has the wrong parameters")
    params = dict(state.added) | params
    require(set(params) == expected, f"{node['type']} has the wrong parameters")
    values = {key: _value(value, f"{path}{key}.", arrays, depth) for key, value in params.items()}
    for name in ("class_weight", "transformer_weights"):
        if isinstance(values.get(name), tuple):
            values[name] = _weights(values[name])
    if is_union:
        values["transformer_list"] = _named(node["members"], path, arrays, depth)
    estimator = cls(**values)
    _restore_state(estimator, node, state, path, arrays)
    try:
        _check(estimator, state, params)
    except ModelFileError:
        raise
    except (CvclassicError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise ModelFileError(f"The model file is damaged: {error}") from None
    return estimator


def _check(estimator: Any, state: SavedState, params: dict) -> None:
    """Everything must fit together before anything is computed with it."""
    check_seed("random_state", params.get("random_state"))
    require(params.get("n_jobs") is None, "it asks for jobs")
    check_bounds(estimator, state.bounds)
    if hasattr(estimator, "_check"):
        estimator._check()
    elif hasattr(estimator, "_parameter_constraints"):  # of scikit-learn
        estimator._validate_params()
    if hasattr(estimator, "_check_saved"):
        estimator._check_saved()
    finish(estimator)


def _rebuild_by_skops(node: dict, path: str, arrays: dict[str, np.ndarray]) -> BaseEstimator:
    """A step that skops wrote down."""
    require({"type", "class"} <= set(node) <= {"type", "class", "classes"}, "a step's entries")
    name = node["class"]
    require(isinstance(name, str) and name.isidentifier() and len(name) < 100, "a step's name")
    array = arrays.pop(f"{path}skops", None)
    require(array is not None and array.dtype == np.uint8 and array.ndim == 1, "a step is missing")
    estimator = skops_steps.from_bytes(array, name)  # type: ignore[arg-type]
    require(isinstance(estimator, BaseEstimator), "a step is not an estimator")
    classes = getattr(estimator, "classes_", None) if is_classifier(estimator) else None
    found = None if classes is None else np.asarray(classes).tolist()
    require(node.get("classes") == found, "the classes of a step do not agree")
    return estimator


def _weights(pairs: tuple) -> dict:
    """How much each class counts."""
    good = all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)
    require(
        good and not any(isinstance(pair[0], tuple) for pair in pairs), "its weights are invalid"
    )
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
    require(value is None or isinstance(value, bool | str | int | float), "a parameter is invalid")
    require(not isinstance(value, float) or math.isfinite(value), "a parameter is not finite")
    require(
        not isinstance(value, int) or abs(value) <= _LARGEST_INTEGER, "a parameter is too large"
    )
    return value


def _restore_state(estimator, node: dict, state: SavedState, path: str, arrays: dict) -> None:
    """Set the fitted attributes from checked values."""

    def take(name: str, n_dims: int) -> np.ndarray:
        require(name in arrays, f"the array {name} is missing")
        array = arrays.pop(name)
        good = array.dtype.str[1:] in state.kinds and array.ndim == n_dims
        require(good, f"{name} has the wrong form")
        require(finite(array), f"{name} holds values that are not finite")
        return array

    for key, n_dims in state.arrays.items():
        if path + key in arrays:
            setattr(estimator, key, take(path + key, n_dims))
        elif key in state.optional:
            setattr(estimator, key, None)
    by_columns = node.get("by_columns", [])
    good = isinstance(by_columns, list) and all(isinstance(key, str) for key in by_columns)
    require(good and set(by_columns) <= set(state.arrays), "by_columns is invalid")
    for key in by_columns:
        setattr(estimator, key, np.asfortranarray(getattr(estimator, key)))
    if state.lists:
        lengths = node["lengths"]
        require(isinstance(lengths, dict) and set(lengths) == set(state.lists), "lists are missing")
        for key, n_dims in state.lists.items():
            n = lengths[key]
            require(type(n) is int and 0 < n <= 100, f"{key} has an invalid length")
            setattr(estimator, key, [take(f"{path}{key}.{i}", n_dims) for i in range(n)])
    if state.scalars:
        values = node["state"]
        require(isinstance(values, dict) and set(values) == set(state.scalars), "state is missing")
        for key, kind in state.scalars.items():
            require(type(values[key]) is kind, f"{key} must be a {kind.__name__}")
            require(kind is str or math.isfinite(values[key]), f"{key} must be finite")
            require(kind is not int or 0 < values[key] <= _MAX_COLUMNS, f"{key} is invalid")
            require(kind is not str or len(values[key]) <= _MAX_TEXT, f"{key} is too long")
            setattr(estimator, key, values[key])
    if state.role == "classifier":
        estimator.classes_ = _classes(node["classes"])
        rule = _rule(node["unknown"]) if "unknown" in node else None
        if rule is not None or state.kinds == ("f4",):
            estimator.unknown_ = rule


def _rule(values) -> UnknownRule:
    """When the classifier does not answer."""
    kinds = {"kind": str, "error_rate": float, "cutoff": float, "n_held_out": int}
    require(isinstance(values, dict) and set(values) == set(kinds), "its rule is invalid")
    require(all(type(values[key]) is kind for key, kind in kinds.items()), "its rule is invalid")
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
    require(classes.dtype.kind in "UifbO" and classes.dtype != object, "a class is invalid")
    require(bool((classes[:-1] < classes[1:]).all()), "classes must be sorted and distinct")
    return classes


def _named(parts, path: str, arrays: dict, depth: int) -> list[tuple[str, Any]]:
    """Steps of a pipeline or members of a union."""
    require(isinstance(parts, list) and 1 <= len(parts) <= 30, "parts are missing")
    named: list[tuple[str, Any]] = []
    for part in parts:
        require(isinstance(part, list) and len(part) == 2, "a part is not a pair")
        key, node = part
        good = isinstance(key, str) and 0 < len(key) < 200 and "__" not in key
        require(good, "a part's name")
        if node in ("drop", "passthrough"):
            named.append((key, node))
        else:
            named.append((key, rebuild(node, f"{path}{key}.", arrays, depth + 1)))
    require(len({key for key, _ in named}) == len(named), "two parts have one name")
    return named


def _rebuild_pipeline(node: dict, path: str, arrays: dict, depth: int) -> Pipeline:
    entries = {"type", "steps"} | ({"mirror"} if node["type"] == "Recipe" else set())
    require(set(node) == entries, "the pipeline has the wrong entries")
    mirror = node.get("mirror", False)
    require(isinstance(mirror, bool) or mirror == "cv", "mirror is not one of true, false and cv")
    rebuilt = _named(node["steps"], path, arrays, depth)
    require(len(rebuilt) >= 2 or depth > 0, "the pipeline has no steps")
    if depth == 0:
        last = rebuilt[-1][1]
        require(hasattr(last, "predict"), "the last step gives no labels")
    steps = [step for _, step in rebuilt]
    require(not any(isinstance(step, str) for step in steps[:1]), "the first step is missing")
    _check_columns(steps)
    return Recipe(rebuilt, mirror=mirror) if node["type"] == "Recipe" else Pipeline(rebuilt)


def _check_columns(steps: list) -> None:
    """Each step must take the columns that the one before it gives, as far as is known."""
    columns: int | None = None
    for i, step in enumerate(steps):
        if isinstance(step, str):  # passthrough
            continue
        wanted = None if isinstance(step, Pipeline) else getattr(step, "n_features_in_", None)
        known_step = getattr(type(step), "saved_state", None) is not None
        if known_step and i > 0:
            require(wanted is not None, "the steps are in the wrong order")
        if known_step and i == 0:
            require(wanted is None, "the steps are in the wrong order")
        if i > 0 and columns is not None and wanted is not None:
            good = columns == wanted
            require(good, f"a step gives {columns} columns and the next takes {wanted}")
        columns = _columns_of(step, columns)


def _columns_of(step: Any, columns: int | None) -> int | None:
    """Number of columns that a step gives; None where unknown."""
    if hasattr(step, "_saved_columns"):
        return step._saved_columns(columns or 0)
    if hasattr(step, "n_features_out_"):
        return step.n_features_out_
    known = sklearn_step(type(step))
    if known is not None and known.state.role != "union":
        return known.columns(step)
    return None
