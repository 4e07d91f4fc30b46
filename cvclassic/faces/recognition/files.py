"""A gallery or a metric as one safe file: safetensors with a JSON description, checked on load."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._basics.locking import lock_beside
from ...errors import CvclassicError, DataError, ModelFileError
from ...models.bundles import load_bundle, save_bundle
from .features import FEATURES
from .gallery import Gallery, Threshold, check_name
from .metric import FaceMetric

FORMAT_VERSION = 1
_FORMAT = "cvclassic-face-{}"
_LENGTHS = {"pixels": 644, "lbp": 3304, "hog": 3456, "lbp+hog": 6760}
_KEYS = {"feature", "source", "people", "threshold", "metric"}
_KINDS = {"gallery": "face gallery", "metric": "face metric"}


def save_gallery(path: str | os.PathLike, gallery: Gallery) -> int:
    """Write a gallery, whole or not at all.

    Parameters
    ----------
    path : str or Path
    gallery : Gallery

    Returns
    -------
    int
        Size in bytes. The same people give the same bytes, regardless of who was added and
        removed before.

    Raises
    ------
    ModelFileError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> gallery = Gallery("hog")
    >>> _ = gallery.enroll("Ann", [np.random.default_rng(0).integers(0, 255, (112, 92), np.uint8)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save_gallery(folder + "/people.faces", gallery)
    ...     load_gallery(folder + "/people.faces").people
    {'Ann': 1}
    """
    names = gallery.people
    arrays = {f"person.{i}": gallery.vectors_of(name) for i, name in enumerate(names)}
    if gallery.metric is not None:
        arrays |= {"mean": gallery.metric.mean, "projection": gallery.metric.projection}
    about = {
        "feature": gallery.feature,
        "source": gallery.source,
        "people": list(names),
        "threshold": vars(gallery.threshold),
        "metric": gallery.metric is not None,
    }
    return save_bundle(path, _FORMAT.format("gallery"), FORMAT_VERSION, arrays, about)


def load_gallery(path: str | os.PathLike) -> Gallery:
    """Read a gallery; nothing in the file is run, and every value is checked.

    Raises
    ------
    DataError
        The file is missing, damaged, of a newer version, or no gallery.
    """
    about, arrays = _read(path, "gallery")
    with _named(path, "gallery"):
        _need(set(about) == _KEYS, "entries are missing")
        feature, people = about["feature"], about["people"]
        _need(isinstance(feature, str) and feature in FEATURES, "its feature is unknown")
        metric = _take_metric(arrays, _LENGTHS[feature]) if about["metric"] is True else None
        gallery = Gallery(feature, metric, _threshold(about["threshold"]), about["source"])
        _need(isinstance(people, list), "it has no list of people")
        _need(len(people) == len({str(name) for name in people}), "a name occurs twice")
        length = _LENGTHS[feature] if metric is None else metric.projection.shape[1]
        for i, name in enumerate(people):
            check_name(name)
            _need(f"person.{i}" in arrays, f"{name!r} has no faces")
            vectors = arrays.pop(f"person.{i}")
            good = vectors.dtype == np.float16 and vectors.ndim == 3 and len(vectors) > 0
            _need(good and vectors.shape[1:] == (2, length), "a face is invalid")
            _need(bool((np.abs(vectors) <= 1.01).all()), "a face holds invalid numbers")
            gallery.put(name, vectors)
        _need(not arrays, "it holds unexpected arrays")
    return gallery


def save_metric(path: str | os.PathLike, metric: FaceMetric, feature: str) -> int:
    """Write a metric and the feature that it was learned on; returns the size in bytes."""
    arrays = {"mean": metric.mean, "projection": metric.projection}
    about = {"feature": feature}
    return save_bundle(path, _FORMAT.format("metric"), FORMAT_VERSION, arrays, about)


def load_metric(path: str | os.PathLike) -> tuple[FaceMetric, str]:
    """Read a metric and its feature.

    Raises
    ------
    DataError
        The file is missing, damaged, of a newer version, or no metric.
    """
    about, arrays = _read(path, "metric")
    with _named(path, "metric"):
        _need(set(about) == {"feature"} and about["feature"] in FEATURES, "its feature is unknown")
        metric = _take_metric(arrays, _LENGTHS[about["feature"]])
        _need(not arrays, "it holds unexpected arrays")
    return metric, about["feature"]


def locked(path: str | os.PathLike) -> contextlib.AbstractContextManager[None]:
    """Keep others from changing a gallery while a block reads, changes and writes it.

    Raises
    ------
    OutputLockedError
        Somebody else is changing it.
    OSError
        The folder cannot be written to.
    """
    return lock_beside(path, "another run is changing this gallery")


def _read(path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Description and arrays of a file, of which only the form has been checked."""
    try:
        arrays, about = load_bundle(path, _FORMAT.format(kind), FORMAT_VERSION, called=_KINDS[kind])
    except ModelFileError as error:
        raise DataError(str(error)) from None
    return about, arrays


def _take_metric(arrays: dict[str, np.ndarray], length: int) -> FaceMetric:
    mean, projection = arrays.pop("mean", None), arrays.pop("projection", None)
    if mean is None or projection is None:
        raise DataError("is damaged: its metric is missing")
    good = mean.shape == (length,) and projection.ndim == 2 and projection.shape[0] == length
    _need(good and projection.shape[1] > 0, "its metric has the wrong shape")
    _need(mean.dtype == projection.dtype == np.float32, "its metric has the wrong type")
    _need(
        all(bool((np.abs(array) < 1e6).all()) for array in (mean, projection)),
        "its metric holds invalid numbers",
    )
    return FaceMetric(mean, projection)


def _threshold(values: Any) -> Threshold:
    names = ("distance", "far", "frr", "eer", "n_genuine", "n_impostor")
    _need(isinstance(values, dict) and set(values) == set(names), "its threshold is invalid")
    rates = [values[name] for name in names[1:4]]
    _need(
        type(values["distance"]) is float
        and 0 <= values["distance"] <= 2
        and all(rate is None or (type(rate) is float and 0 <= rate <= 1) for rate in rates)
        and all(type(values[name]) is int and values[name] >= 0 for name in names[4:]),
        "its threshold is invalid",
    )
    _need(math.isfinite(values["distance"]), "its threshold is invalid")
    return Threshold(**values)


def _need(good: bool, what: str) -> None:
    if not good:
        raise DataError(f"is damaged: {what}")


@contextlib.contextmanager
def _named(path, kind: str) -> Iterator[None]:
    """Put the path before what is wrong with it."""
    try:
        yield
    except CvclassicError as error:
        raise DataError(f"{os.fsdecode(path)}: the {_KINDS[kind]} {error}") from None
