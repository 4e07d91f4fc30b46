"""One trained `ObjectDetector`, one file: arrays and a checked description, never a pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._basics.checks import check_seed
from .._basics.saving import require
from ..errors import CvclassicError, ModelFileError
from ..models.bundles import load_bundle, save_bundle
from .boosting import Trees
from .channels import N_HOG
from .detector import ObjectDetector
from .fisher_windows import Codebook
from .geometry import Geometry
from .refiner import Refiner
from .scanning import BLOCK
from .state import DetectorState
from .window_vectors import N_PLACE, WindowVectors

_KIND, _VERSION = "cvclassic-objects", 1
_CALLED = "object detector"
_MOST_CELLS, _MOST_SCALES, _MOST_TREES, _MOST_CLASSES = 64, 2000, 100_000, 10_000


def save_detector(path, model: ObjectDetector, summary: dict[str, Any] | None = None) -> int:
    """Write a fitted `ObjectDetector` into one file, atomically.

    Parameters
    ----------
    path : str or Path
    model : ObjectDetector
    summary : dict, optional
        What is to be remembered of the training; must be JSON-able.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    ModelFileError
        The model is not fitted, or the file cannot be written.
    """
    if not hasattr(model, "state_"):
        raise ModelFileError("This ObjectDetector cannot be saved: it is not fitted.")
    state = model.state_
    book = state.vectors.codebook
    arrays = {
        "trees.features": state.trees.features.astype(np.int32),
        "trees.thresholds": state.trees.thresholds.astype(np.uint8),
        "trees.leaves": state.trees.leaves,
        "floors": state.floors,
        "scales": np.array(state.geometry.scales, np.float64),
        "center": state.vectors.center,
        "gains": state.vectors.gains,
        "weights": state.weights,
        "changes": state.changes,
        "calibration": state.calibration,
        "codebook.scale": book.scale,
        "codebook.mean": book.mean,
        "codebook.components": book.components,
        "codebook.weights": book.weights,
        "codebook.means": book.means,
        "codebook.variances": book.variances,
    }
    fine = state.refiner
    if fine is not None:
        arrays |= {
            "refiner.center": fine.center,
            "refiner.weights": fine.weights,
            "refiner.changes": fine.changes,
        }
    seed = model.random_state
    content = {
        "params": model.get_params() | {"random_state": seed if type(seed) is int else None},
        "classes": list(state.classes),
        "window": list(state.geometry.window),
        "margin": list(state.geometry.margin),
        "max_side": state.max_side,
        "n_windows": state.n_windows,
        "grid": [state.vectors.columns, state.vectors.rows],
        "fine": None if fine is None else [fine.columns, fine.rows, fine.gain, fine.share],
        "summary": summary or {},
    }
    return save_bundle(path, _KIND, _VERSION, arrays, content)  # type: ignore[arg-type]


def load_detector(path) -> tuple[ObjectDetector, dict[str, Any]]:
    """A fitted `ObjectDetector` and the summary of its training.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or no object detector.
    """
    arrays, content = load_bundle(path, _KIND, _VERSION, called=_CALLED)
    try:
        return _rebuild(arrays, content), content["summary"]
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _rebuild(arrays: dict[str, np.ndarray], content: dict[str, Any]) -> ObjectDetector:
    """The estimator, from checked parts."""
    expected = {
        "params", "classes", "window", "margin", "max_side", "n_windows", "grid", "fine",
        "summary",
    }  # fmt: skip
    require(set(content) == expected, "its content has unexpected entries")
    require(isinstance(content["summary"], dict), "its summary is not an object")
    model = _model(content["params"])
    classes = content["classes"]
    good = isinstance(classes, list) and 1 <= len(classes) <= _MOST_CLASSES
    require(good and all(isinstance(c, str) for c in classes), "its classes are invalid")
    require(len(set(classes)) == len(classes), "a class occurs twice")
    window = _pair(content["window"], 1, _MOST_CELLS, "window")
    margin = _pair(content["margin"], 0, _MOST_CELLS, "margin")
    grid = _pair(content["grid"], 1, 200, "grid")
    max_side = _whole(content["max_side"], 16, 65_535, "max_side")
    n_windows = _whole(content["n_windows"], 1, 100_000, "n_windows")
    scales = _take(arrays, "scales", (None, 2), np.float64)
    require(1 <= len(scales) <= _MOST_SCALES, "it has no scales, or too many")
    require(bool(((scales > 1e-4) & (scales < 16)).all()), "a scale is out of range")
    geometry = Geometry(window, margin, tuple((float(x), float(y)) for x, y in scales))
    trees = _trees(arrays, geometry.n_features)
    floors = _take(arrays, "floors", (-(-len(trees) // BLOCK),), np.float32)
    book = _codebook(arrays)
    d = grid[0] * grid[1] * N_HOG + book.n_features + N_PLACE + 1
    vectors = WindowVectors(
        *grid,
        book,
        _take(arrays, "center", (d,), np.float32),
        _take(arrays, "gains", (d,), np.float32),
    )
    c = len(classes)
    model.state_ = DetectorState(
        tuple(classes),
        geometry,
        max_side,
        n_windows,
        trees,
        floors,
        vectors,
        _take(arrays, "weights", (d + 1, c), np.float32),
        _take(arrays, "changes", (d + 1, 4), np.float32),
        _refiner(arrays, content["fine"], c),
        _take(arrays, "calibration", (2, c), np.float32),
    )
    require(not arrays, "it holds unexpected arrays")
    model.classes_ = np.array(classes, object)
    return model


def _model(params) -> ObjectDetector:
    names = set(ObjectDetector().get_params())
    require(isinstance(params, dict) and set(params) == names, "its parameters are invalid")
    model = ObjectDetector(**params)
    try:
        model._check()
        check_seed("random_state", model.random_state)
    except CvclassicError as problem:
        raise ModelFileError(f"The model file is damaged: {problem}") from None
    return model


def _trees(arrays, n_features: int) -> Trees:
    features = _take(arrays, "trees.features", (None, 3), np.int32)
    n = len(features)
    require(1 <= n <= _MOST_TREES, "it has no trees, or too many")
    require(bool(((features >= 0) & (features < n_features)).all()), "a tree looks outside")
    return Trees(
        features,
        _take(arrays, "trees.thresholds", (n, 3), np.uint8),
        _take(arrays, "trees.leaves", (n, 4), np.float32),
    )


def _codebook(arrays) -> Codebook:
    d = 4 * N_HOG
    components = _take(arrays, "codebook.components", (None, d), np.float32)
    means = _take(arrays, "codebook.means", (None, len(components)), np.float32)
    book = Codebook(
        _take(arrays, "codebook.scale", (d,), np.float32),
        _take(arrays, "codebook.mean", (d,), np.float32),
        components,
        _take(arrays, "codebook.weights", (len(means),), np.float32),
        means,
        _take(arrays, "codebook.variances", means.shape, np.float32),
    )
    require(len(means) >= 1 and len(components) >= 1, "its codebook is empty")
    positive = (book.scale > 0).all() and (book.weights > 0).all() and (book.variances > 0).all()
    require(bool(positive), "its codebook is invalid")
    return book


def _refiner(arrays, fine, c: int) -> Refiner | None:
    if fine is None:
        return None
    require(isinstance(fine, list) and len(fine) == 4, "its finer look is odd")
    columns, rows = _pair(fine[:2], 1, 400, "its fine grid")
    gain, share = fine[2:]
    good = type(gain) is float and 0 < gain < 1e9 and type(share) is float and 0 < share <= 1
    require(good, "its finer look is odd")
    d = columns * rows * N_HOG
    return Refiner(
        columns,
        rows,
        _take(arrays, "refiner.center", (d,), np.float32),
        gain,
        _take(arrays, "refiner.weights", (d + 1, c), np.float32),
        _take(arrays, "refiner.changes", (d + 1, 4), np.float32),
        share,
    )


def _take(arrays, name: str, shape: tuple, kind) -> np.ndarray:
    """An array of the expected shape and type; None stands for any length."""
    array = arrays.pop(name, None)
    require(array is not None, f"{name} is missing")
    same = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    require(same and array.dtype == kind, f"{name} has the wrong form")
    return array


def _whole(value, low: int, high: int, name: str) -> int:
    require(type(value) is int and low <= value <= high, f"{name} is out of range")
    return value


def _pair(value, low: int, high: int, name: str) -> tuple[int, int]:
    require(isinstance(value, list) and len(value) == 2, f"{name} is no pair")
    return _whole(value[0], low, high, name), _whole(value[1], low, high, name)
