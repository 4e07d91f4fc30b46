"""One trained `FaceLandmarks`, one file: arrays and a checked description, never a pickle."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, cast

import numpy as np

from ..._basics.saving import require
from ...errors import ModelFileError
from ...models.estimator_files import Parts, load_estimator, save_estimator
from .alignment import N_LANDMARKS
from .descent import DescentStage
from .model import FaceLandmarks
from .shape_trees import TreeStage

_KIND, _VERSION = "cvclassic-landmarks", 1
_NUMBERS = {"scale": (1.0, 1024.0), "cell": (1, 64)}
_WHOLE = ("anchors", "pairs")


def save_landmarks(path, model: FaceLandmarks, summary: dict[str, Any] | None = None) -> int:
    """Write a fitted `FaceLandmarks` into one file, atomically.

    Parameters
    ----------
    path : str or Path
    model : FaceLandmarks
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

    Examples
    --------
    >>> import tempfile
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 255, (10, 60, 60), np.uint8)
    >>> model = FaceLandmarks(n_starts=1).fit(images, rng.uniform(10, 50, (10, 68, 2)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save_landmarks(folder + "/faces.cvlandmarks", model)
    ...     again, _ = load_landmarks(folder + "/faces.cvlandmarks")
    >>> box = [[10, 10, 40, 40]]
    >>> bool((again.mark(images[0], box) == model.mark(images[0], box)).all())
    True
    """
    if not hasattr(model, "stages_"):
        raise ModelFileError("This FaceLandmarks cannot be saved: it is not fitted.")
    arrays = {"mean_shape": model.mean_shape_, "box_change": model.box_change_}
    stages: list[dict[str, Any]] = []
    for i, stage in enumerate(model.stages_):
        stages.append({})
        for field in fields(cast(Any, stage)):
            value = getattr(stage, field.name)
            if isinstance(value, np.ndarray):
                kind = np.int32 if field.name in _WHOLE else np.float32
                arrays[f"stages.{i}.{field.name}"] = value.astype(kind)
            else:
                stages[i][field.name] = value
    error = model.held_out_error_
    content = {"stages": stages, "held_out_error": None if math.isnan(error) else error}
    params = model.get_params()
    return save_estimator(path, _KIND, _VERSION, arrays, content, params=params, summary=summary)


def load_landmarks(path) -> tuple[FaceLandmarks, dict[str, Any]]:
    """A fitted `FaceLandmarks` and the summary of its training.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or no file of landmarks.
    """
    return load_estimator(path, _KIND, _VERSION, _rebuild)


def _rebuild(parts: Parts) -> FaceLandmarks:
    """The estimator, from checked parts."""
    model = parts.estimator(FaceLandmarks, set(FaceLandmarks().get_params()))
    stages, error = parts.entry("stages"), parts.entry("held_out_error")
    require(error is None or (type(error) is float and 0 <= error < 1e6), "its error is invalid")
    require(isinstance(stages, list) and 1 <= len(stages) <= 100, "it has no stages")
    model.mean_shape_ = parts.array("mean_shape", (N_LANDMARKS, 2), np.floating)
    model.box_change_ = parts.array("box_change", (3,), np.floating)
    require(model.box_change_[2] > 0, "box_change must have a factor > 0")
    require(
        bool((np.ptp(model.mean_shape_, axis=0) > 0.01).all()), "mean_shape is not a face shape"
    )
    rebuild: Callable[..., Any] = {"descent": _descent_stage, "trees": _tree_stage}[model.method]
    model.stages_ = [rebuild(parts, i, numbers) for i, numbers in enumerate(stages)]
    model.held_out_error_ = math.nan if error is None else error
    return model


def _numbers(numbers: Any, names: set[str]) -> dict[str, Any]:
    """The plain numbers of a stage."""
    require(isinstance(numbers, dict) and set(numbers) == names, "a stage has the wrong entries")
    for name, value in numbers.items():
        low, high = _NUMBERS[name]
        require(type(value) is type(low) and low <= value <= high, f"a stage's {name} is invalid")
    return numbers


def _descent_stage(parts: Parts, i: int, numbers: Any) -> DescentStage:
    prefix = f"stages.{i}."
    numbers = _numbers(numbers, {"scale", "cell"})
    center = parts.array(prefix + "center", (128,), np.floating)
    components = parts.array(prefix + "components", (128, None), np.floating)
    shape = (N_LANDMARKS * components.shape[1], 2 * N_LANDMARKS)
    weights = parts.array(prefix + "weights", shape, np.floating)
    offset = parts.array(prefix + "offset", shape[1:], np.floating)
    return DescentStage(
        **numbers, center=center, components=components, weights=weights, offset=offset
    )


def _tree_stage(parts: Parts, i: int, numbers: Any) -> TreeStage:
    prefix = f"stages.{i}."
    numbers = _numbers(numbers, {"scale"})
    anchors = parts.array(prefix + "anchors", (None,), np.integer)
    offsets = parts.array(prefix + "offsets", (len(anchors), 2), np.floating)
    pairs = parts.array(prefix + "pairs", (None, None, 2), np.integer)
    n_trees, n_nodes = pairs.shape[:2]
    require(n_nodes <= 1023 and (n_nodes & (n_nodes + 1)) == 0, f"{prefix}pairs are not full trees")
    thresholds = parts.array(prefix + "thresholds", (n_trees, n_nodes), np.floating)
    leaves = parts.array(prefix + "leaves", (n_trees, n_nodes + 1, 2 * N_LANDMARKS), np.floating)
    for name, array, most in (("anchors", anchors, N_LANDMARKS), ("pairs", pairs, len(anchors))):
        inside = array.min() >= 0 and array.max() < most
        require(bool(inside), f"{prefix}{name} point at nothing")
    return TreeStage(
        **numbers,
        anchors=anchors,
        offsets=offsets,
        pairs=pairs,
        thresholds=thresholds,
        leaves=leaves,
    )
