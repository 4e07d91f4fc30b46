"""One trained `ObjectDetector`, one file: arrays and a checked description, never a pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._basics.saving import require
from ..errors import ModelFileError
from ..models.estimator_files import Parts, check_pair, load_estimator, save_estimator
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
        Facts about the training to keep in the file; must be JSON-able.

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
    arrays: dict[str, Any] = {
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
    content = {
        "classes": list(state.classes),
        "window": list(state.geometry.window),
        "margin": list(state.geometry.margin),
        "max_side": state.max_side,
        "n_windows": state.n_windows,
        "grid": [state.vectors.columns, state.vectors.rows],
        "fine": None if fine is None else [fine.columns, fine.rows, fine.gain, fine.share],
    }
    params = model.get_params()
    return save_estimator(path, _KIND, _VERSION, arrays, content, params=params, summary=summary)


def load_detector(path) -> tuple[ObjectDetector, dict[str, Any]]:
    """A fitted `ObjectDetector` and the summary of its training.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or no object detector.
    """
    return load_estimator(path, _KIND, _VERSION, _rebuild, called=_CALLED)


def _rebuild(parts: Parts) -> ObjectDetector:
    """The estimator, from checked parts."""
    model = parts.estimator(ObjectDetector, set(ObjectDetector().get_params()))
    classes = parts.entry("classes")
    good = isinstance(classes, list) and 1 <= len(classes) <= _MOST_CLASSES
    require(good and all(isinstance(c, str) for c in classes), "its classes are invalid")
    require(len(set(classes)) == len(classes), "a class occurs twice")
    window = parts.pair("window", 1, _MOST_CELLS)
    margin = parts.pair("margin", 0, _MOST_CELLS)
    grid = parts.pair("grid", 1, 200)
    max_side = parts.whole("max_side", 16, 65_535)
    n_windows = parts.whole("n_windows", 1, 100_000)
    scales = parts.array("scales", (None, 2), np.float64)
    require(1 <= len(scales) <= _MOST_SCALES, "it has no scales, or too many")
    require(bool(((scales > 1e-4) & (scales < 16)).all()), "a scale is out of range")
    geometry = Geometry(window, margin, tuple((float(x), float(y)) for x, y in scales))
    trees = _trees(parts, geometry.n_features)
    floors = parts.array("floors", (-(-len(trees) // BLOCK),), np.float32)
    book = _codebook(parts)
    d = grid[0] * grid[1] * N_HOG + book.n_features + N_PLACE + 1
    vectors = WindowVectors(
        *grid,
        book,
        parts.array("center", (d,), np.float32),
        parts.array("gains", (d,), np.float32),
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
        parts.array("weights", (d + 1, c), np.float32),
        parts.array("changes", (d + 1, 4), np.float32),
        _refiner(parts, c),
        parts.array("calibration", (2, c), np.float32),
    )
    model.classes_ = np.array(classes, object)
    return model


def _trees(parts: Parts, n_features: int) -> Trees:
    features = parts.array("trees.features", (None, 3), np.int32)
    n = len(features)
    require(1 <= n <= _MOST_TREES, "it has no trees, or too many")
    require(bool(((features >= 0) & (features < n_features)).all()), "a tree looks outside")
    return Trees(
        features,
        parts.array("trees.thresholds", (n, 3), np.uint8),
        parts.array("trees.leaves", (n, 4), np.float32),
    )


def _codebook(parts: Parts) -> Codebook:
    d = 4 * N_HOG
    components = parts.array("codebook.components", (None, d), np.float32)
    means = parts.array("codebook.means", (None, len(components)), np.float32)
    book = Codebook(
        parts.array("codebook.scale", (d,), np.float32),
        parts.array("codebook.mean", (d,), np.float32),
        components,
        parts.array("codebook.weights", (len(means),), np.float32),
        means,
        parts.array("codebook.variances", means.shape, np.float32),
    )
    require(len(means) >= 1 and len(components) >= 1, "its codebook is empty")
    positive = (book.scale > 0).all() and (book.weights > 0).all() and (book.variances > 0).all()
    require(bool(positive), "its codebook is invalid")
    return book


def _refiner(parts: Parts, c: int) -> Refiner | None:
    fine = parts.entry("fine")
    if fine is None:
        return None
    require(isinstance(fine, list) and len(fine) == 4, "its finer look is odd")
    columns, rows = check_pair(fine[:2], 1, 400, "its fine grid")
    gain, share = fine[2:]
    good = type(gain) is float and 0 < gain < 1e9 and type(share) is float and 0 < share <= 1
    require(good, "its finer look is odd")
    d = columns * rows * N_HOG
    return Refiner(
        columns,
        rows,
        parts.array("refiner.center", (d,), np.float32),
        gain,
        parts.array("refiner.weights", (d + 1, c), np.float32),
        parts.array("refiner.changes", (d + 1, 4), np.float32),
        share,
    )
