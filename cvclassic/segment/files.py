"""Segmentation models on disk: arrays and a checked description, no code."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from .._basics.saving import require
from ..errors import ModelFileError
from ..models.estimator_files import Parts, load_estimator, save_estimator
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
        "n_levels": model.n_levels,
        "n_stages": len(model.stages),
        "held_out_value": float(classifier.held_out_value_),
        "rule": None if classifier.rule_ is None else asdict(classifier.rule_),
    }
    return save_estimator(path, KIND, VERSION, arrays, content, params=params, summary=summary)


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
    classifier, summary = load_estimator(path, KIND, VERSION, _rebuild, called="segmentation model")
    names = summary.get("names")
    if (
        not isinstance(names, list)
        or len(names) != len(classifier.classes_)
        or not all(isinstance(name, str) and len(name) < 500 for name in names)
    ):
        raise ModelFileError(f"{path}: The model file is damaged: its names are invalid.")
    return classifier, summary


def _rebuild(parts: Parts) -> PixelClassifier:
    classifier = parts.estimator(_with_weights, set(_PARAMS))
    classes = parts.array("classes", (None,), np.int32)
    _need(2 <= len(classes) <= 256 and bool((np.diff(classes) > 0).all()), "classes")
    _need(classes[0] >= 0 and classes[-1] < 65_536, "classes")
    k = 1 if len(classes) == 2 else len(classes)
    n_levels, n_stages = parts.whole("n_levels", 1, 8), parts.whole("n_stages", 1, 3)
    mixing = parts.array("mixing", (None, None), np.float32, empty=True)
    _need(1 <= len(mixing) <= 8 and mixing.shape[1] == 3, "mixing")
    ranges = _ranges(parts, "ranges")
    n_own = n_planes(len(mixing), n_levels)
    _need(len(ranges) == n_own, "ranges")
    stages = []
    for i in range(n_stages):
        context = np.zeros((0, 2), np.float32)
        own = _features(parts, f"{i}.own", n_own + 2)
        around = own[:0]
        if i:
            context = _ranges(parts, f"{i}.context")
            responses, extra = n_planes(k, n_levels, context=True)
            _need(len(context) == responses, "context")
            around = _features(parts, f"{i}.around", responses + extra)
        stages.append(Stage(context, own, around, _trees(parts, i, k, len(own) + len(around))))
    offset = parts.array("offset", (None,), np.float32, empty=True)
    _need(len(offset) == k, "offset")
    value = parts.entry("held_out_value")
    _need(isinstance(value, float) and np.isfinite(value), "value")
    classifier.classes_ = classes
    classifier.model_ = PixelModel(mixing, ranges, n_levels, tuple(stages), offset)
    classifier.rule_ = _rule(parts.entry("rule"))
    classifier.held_out_value_ = value
    return classifier


def _with_weights(class_weight: Any, **params: Any) -> PixelClassifier:
    """The classifier; JSON has made texts of the classes that have weights."""
    if isinstance(class_weight, dict):
        class_weight = {int(k): float(v) for k, v in class_weight.items()}
    return PixelClassifier(class_weight=class_weight, **params)


def _trees(parts: Parts, i: int, k: int, n_features: int) -> Trees:
    features = parts.array(f"{i}.features", (None, None), np.int32, empty=True)
    cuts = parts.array(f"{i}.cuts", (None, None), np.uint8, empty=True)
    leaves = parts.array(f"{i}.leaves", (None, None, None), np.float32, empty=True)
    bias = parts.array(f"{i}.bias", (None,), np.float32, empty=True)
    n_trees, depth = features.shape
    _need(1 <= depth <= MAX_DEPTH and cuts.shape == features.shape, "trees")
    _need(leaves.shape == (n_trees, 2**depth, k) and bias.shape == (k,), "leaves")
    _need(features.min(initial=0) >= 0 and features.max(initial=0) < n_features, "features")
    return Trees(features, cuts, leaves, bias)


def _features(parts: Parts, name: str, n: int) -> np.ndarray:
    numbers = parts.array(name, (None,), np.int32, empty=True)
    _need(bool((np.diff(numbers) > 0).all()), name)
    _need(numbers.min(initial=0) >= 0 and numbers.max(initial=0) < n, name)
    return numbers


def _ranges(parts: Parts, name: str) -> np.ndarray:
    ranges = parts.array(name, (None, None), np.float32, empty=True)
    _need(ranges.shape[1] == 2 and bool((ranges[:, 1] > ranges[:, 0]).all()), name)
    return ranges


def _rule(values) -> InstanceRule | None:
    if values is None:
        return None
    kinds = {"core": int, "depth": float, "smoothing": float, "min_area": int}
    _need(isinstance(values, dict) and set(values) == set(kinds), "rule")
    _need(all(type(values[key]) is kind for key, kind in kinds.items()), "rule")
    good = 1 <= values["core"] <= 255 and 0 <= values["min_area"] < 2**31
    good = good and 0 <= values["depth"] < 1e4 and 0 <= values["smoothing"] < 100
    _need(good, "rule")
    return InstanceRule(**values)


def _need(good: bool, what: str) -> None:
    require(good, f"its {what} is invalid")
