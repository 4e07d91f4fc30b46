"""Segmentation models on disk: arrays and a checked description, no code."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from ..errors import ModelFileError, ParameterError
from ..models.bundles import load_bundle, save_bundle
from .instances import InstanceRule
from .pixel_classifier import PixelClassifier
from .pixel_model import PixelModel, Stage
from .planes import n_planes
from .trees import MAX_DEPTH, Trees

KIND = "cvclassic-segmentation"
VERSION = 1
_PARAMS = (
    "n_trees",
    "depth",
    "learning_rate",
    "context",
    "position",
    "class_weight",
    "max_pixels",
    "instances",
)


def save_segmentation(path, classifier: PixelClassifier, summary: dict[str, Any]) -> int:
    """Write a fitted classifier into one file, atomically.

    Parameters
    ----------
    path : str or Path
    classifier : PixelClassifier
        Fitted.
    summary : dict
        JSON-able; ``names`` are the names of the classes.

    Returns
    -------
    int
        Bytes of the file.
    """
    model: PixelModel = classifier.model_
    arrays = {
        "classes": np.asarray(classifier.classes_, np.int32),
        "mixing": model.mixing,
        "ranges": model.ranges,
        "offset": np.asarray(model.offset, np.float32),
    }
    for i, stage in enumerate(model.stages):
        arrays[f"{i}.own"] = stage.own
        if i:
            arrays[f"{i}.context"] = stage.context
            arrays[f"{i}.around"] = stage.around
        for name in ("features", "cuts", "leaves", "bias"):
            arrays[f"{i}.{name}"] = getattr(stage.trees, name)
    params = {name: getattr(classifier, name) for name in _PARAMS}
    if isinstance(params["class_weight"], dict):
        params["class_weight"] = {str(k): float(v) for k, v in params["class_weight"].items()}
    content = {
        "params": params,
        "n_levels": model.n_levels,
        "n_stages": len(model.stages),
        "held_out_value": float(classifier.held_out_value_),
        "rule": None if classifier.rule_ is None else asdict(classifier.rule_),
        "summary": summary,
    }
    return save_bundle(path, KIND, VERSION, arrays, content)


def load_segmentation(path) -> tuple[PixelClassifier, dict[str, Any]]:
    """Read what `save_segmentation` wrote.

    Returns
    -------
    classifier : PixelClassifier
    summary : dict

    Raises
    ------
    ModelFileError
        The file is missing, damaged or of another kind.
    """
    arrays, content = load_bundle(path, KIND, VERSION, called="segmentation model")
    try:
        return _rebuild(arrays, content)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelFileError(f"{path}: the model file is damaged ({error})") from None
    except (ModelFileError, ParameterError) as error:
        raise ModelFileError(f"{path}: the model file is damaged: {error}") from None


def _rebuild(arrays, content) -> tuple[PixelClassifier, dict[str, Any]]:
    params = content["params"]
    _require(isinstance(params, dict) and set(params) == set(_PARAMS), "parameters")
    weights = params["class_weight"]
    if isinstance(weights, dict):
        params = {**params, "class_weight": {int(k): float(v) for k, v in weights.items()}}
    classifier = PixelClassifier(**params)
    classifier._check()
    classes = _array(arrays, "classes", np.int32, 1)
    _require(2 <= len(classes) <= 256 and bool((np.diff(classes) > 0).all()), "classes")
    _require(classes[0] >= 0 and classes[-1] < 65_536, "classes")
    k = 1 if len(classes) == 2 else len(classes)
    n_levels, n_stages = content["n_levels"], content["n_stages"]
    _require(type(n_levels) is int and 1 <= n_levels <= 8, "levels")
    _require(type(n_stages) is int and 1 <= n_stages <= 3, "stages")
    mixing = _array(arrays, "mixing", np.float32, 2)
    _require(1 <= len(mixing) <= 8 and mixing.shape[1] == 3, "mixing")
    ranges = _ranges(arrays, "ranges")
    n_own = n_planes(len(mixing), n_levels)
    _require(len(ranges) == n_own, "ranges")
    stages = []
    for i in range(n_stages):
        context = np.zeros((0, 2), np.float32)
        own = _features(arrays, f"{i}.own", n_own + 2)
        around = own[:0]
        if i:
            context = _ranges(arrays, f"{i}.context")
            responses, extra = n_planes(k, n_levels, context=True)
            _require(len(context) == responses, "context")
            around = _features(arrays, f"{i}.around", responses + extra)
        stages.append(Stage(context, own, around, _trees(arrays, i, k, len(own) + len(around))))
    offset = _array(arrays, "offset", np.float32, 1)
    _require(len(offset) == k, "offset")
    value = content["held_out_value"]
    _require(isinstance(value, float) and np.isfinite(value), "value")
    classifier.classes_ = classes
    classifier.model_ = PixelModel(mixing, ranges, n_levels, tuple(stages), offset)
    classifier.rule_ = _rule(content["rule"])
    classifier.held_out_value_ = value
    summary = content["summary"]
    _require(isinstance(summary, dict), "summary")
    names = summary.get("names")
    _require(
        isinstance(names, list)
        and len(names) == len(classes)
        and all(isinstance(n, str) and len(n) < 500 for n in names),
        "names",
    )
    return classifier, summary


def _trees(arrays, i: int, k: int, n_features: int) -> Trees:
    features = _array(arrays, f"{i}.features", np.int32, 2)
    cuts = _array(arrays, f"{i}.cuts", np.uint8, 2)
    leaves = _array(arrays, f"{i}.leaves", np.float32, 3)
    bias = _array(arrays, f"{i}.bias", np.float32, 1)
    n_trees, depth = features.shape
    _require(1 <= depth <= MAX_DEPTH and cuts.shape == features.shape, "trees")
    _require(leaves.shape == (n_trees, 2**depth, k) and bias.shape == (k,), "leaves")
    _require(features.min(initial=0) >= 0 and features.max(initial=0) < n_features, "features")
    return Trees(features, cuts, leaves, bias)


def _features(arrays, name: str, n: int) -> np.ndarray:
    numbers = _array(arrays, name, np.int32, 1)
    _require(bool((np.diff(numbers) > 0).all()), name)
    _require(numbers.min(initial=0) >= 0 and numbers.max(initial=0) < n, name)
    return numbers


def _ranges(arrays, name: str) -> np.ndarray:
    ranges = _array(arrays, name, np.float32, 2)
    _require(ranges.shape[1] == 2 and bool((ranges[:, 1] > ranges[:, 0]).all()), name)
    return ranges


def _rule(values) -> InstanceRule | None:
    if values is None:
        return None
    kinds = {"core": int, "depth": float, "smoothing": float, "min_area": int}
    _require(isinstance(values, dict) and set(values) == set(kinds), "rule")
    _require(all(type(values[key]) is kind for key, kind in kinds.items()), "rule")
    good = 1 <= values["core"] <= 255 and 0 <= values["min_area"] < 2**31
    good = good and 0 <= values["depth"] < 1e4 and 0 <= values["smoothing"] < 100
    _require(good, "rule")
    return InstanceRule(**values)


def _array(arrays, name: str, dtype, n_dims: int) -> np.ndarray:
    _require(name in arrays, f"{name} is missing")
    array = arrays[name]
    _require(array.dtype == dtype and array.ndim == n_dims, name)
    return array


def _require(good: bool, what: str) -> None:
    if not good:
        raise ModelFileError(f"its {what} is invalid")
