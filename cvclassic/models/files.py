"""One model, one file: safetensors arrays with a JSON description, never a pickle."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from sklearn.pipeline import Pipeline

from .._basics.atomic import atomic_file
from ..describe import Embedding, NetworkFileError
from ..errors import ModelFileError
from .serialization import flatten, rebuild
from .validation import require

FORMAT_VERSION = 1
_MAX_BYTES = 4_000_000_000
_MAX_HEADER = 16_000_000
_KEYS = {"format", "format_version", "pipeline", "summary", "versions"}


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself.

    Parameters
    ----------
    format_version : int
    pipeline : dict
        Tree of the parts and their parameters.
    summary : dict
        Recipe, training set and scores, as `save_model` was given them.
    versions : dict of str to str
        Libraries that trained the model.
    n_bytes : int
        Size of the file.
    """

    format_version: int
    pipeline: dict
    summary: dict
    versions: dict
    n_bytes: int

    @property
    def classes(self) -> list:
        """Labels that the model can give; empty where it gives numbers."""
        return self.pipeline["steps"][-1][1].get("classes", [])


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("numpy", "scikit-learn", "scikit-image")
    import cv2

    from .. import __version__

    return {
        "cvclassic": __version__,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        **{name: version(name) for name in names},
    }


def save_model(path, pipeline: Pipeline, summary: dict[str, Any] | None = None) -> int:
    """Write a fitted recipe into one file, atomically.

    Parameters
    ----------
    path : str or Path
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as `make_recipe` gives it.
    summary : dict, optional
        What is to be remembered of the training; must be JSON-able.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    ModelFileError
        A part of the pipeline cannot be saved, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0).fit(images, list("abababab"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save_model(folder + "/model.cvc", model)
    ...     again = load_model(folder + "/model.cvc")
    >>> bool((again.predict(images) == model.predict(images)).all())
    True
    """
    if not isinstance(pipeline, Pipeline):
        raise ModelFileError(
            f"Only a fitted pipeline can be saved. Got a {type(pipeline).__name__} instead."
        )
    arrays: dict[str, np.ndarray] = {}
    description = {
        "format": "cvclassic-model",
        "format_version": FORMAT_VERSION,
        "pipeline": flatten(pipeline, "", arrays),
        "summary": summary or {},
        "versions": _versions(),
    }
    return write_arrays(path, arrays, description, "summary")


def write_arrays(path, arrays: dict[str, np.ndarray], description: dict, given: str) -> int:
    """Write arrays and their description atomically; `given` is the part that callers gave."""
    try:
        text = json.dumps(description, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"{given} must be JSON-able: {error}") from None
    data = save_tensors(arrays, metadata={"cvclassic": text})
    try:
        with atomic_file(path) as file:
            file.write(data)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be written ({error.strerror}).") from None
    return len(data)


def _strict(pairs: list[tuple[str, Any]]) -> dict:
    """JSON object without duplicate keys."""
    result = dict(pairs)
    require(len(result) == len(pairs), "a key occurs twice")
    return result


def _parse(text: str | bytes):
    try:
        return json.loads(text, object_pairs_hook=_strict, parse_constant=lambda name: name)
    except ModelFileError:
        raise
    except (ValueError, RecursionError):
        raise ModelFileError("The model file is damaged: its header cannot be read.") from None


def _read(path, limit: int) -> tuple[bytes, int]:
    """First `limit` bytes of a regular file, and its size."""
    path = Path(path)
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not path.is_file():
                raise ModelFileError(f"{path}: is not a regular file.")
            size = os.fstat(file.fileno()).st_size
            if size > _MAX_BYTES:
                raise ModelFileError(f"{path}: is too large for a model file ({size:,} bytes).")
            return file.read(min(limit, size)), size
    except FileNotFoundError:
        raise ModelFileError(f"{path}: there is no such model file.") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path}: is a folder, not a model file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{path}: cannot be read ({reason}).") from None


def description_in(data: bytes, size: int, what: str, format_version: int) -> dict:
    """The JSON description in a safetensors header, both checked.

    `what` is what the file should be; versions after `format_version` are not read.
    """
    if len(data) < 10 or data[8:9] != b"{":
        raise ModelFileError(f"This is not a {what}.")
    length = int.from_bytes(data[:8], "little")
    require(length <= min(_MAX_HEADER, size - 8), "its header is cut or too long")
    header = _parse(data[8 : 8 + length])
    require(isinstance(header, dict), "its header is not an object")
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("cvclassic"), str):
        raise ModelFileError(f"This safetensors file is not a {what}.")
    description = _parse(metadata["cvclassic"])
    require(isinstance(description, dict), "its description is not an object")
    version = description.get("format_version")
    if type(version) is int and version > format_version:
        raise ModelFileError(
            f"The model file has format version {version}; this cvclassic reads up to "
            f"{format_version}. Please upgrade cvclassic."
        )
    require(type(version) is int and version == format_version, "its format version is odd")
    return description


def arrays_in(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file."""
    try:
        return load_tensors(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"The model file is damaged: {error}.") from None


def _header(data: bytes, size: int) -> dict:
    """The description of a model."""
    description = description_in(data, size, "cvclassic model file", FORMAT_VERSION)
    require(set(description) == _KEYS, "its description is odd")
    require(description["format"] == "cvclassic-model", "its description is odd")
    for key in ("pipeline", "summary", "versions"):
        require(isinstance(description[key], dict), f"{key} is not an object")
    return description


def read_model_info(path) -> ModelInfo:
    """Read what a model file says about itself, without its arrays.

    Raises
    ------
    ModelFileError
        The file is missing, damaged or not a model file.
    """
    data, size = _read(path, 8 + _MAX_HEADER)
    try:
        description = _header(data, size)
        steps = description["pipeline"].get("steps")
        good = (
            isinstance(steps, list) and steps and isinstance(steps[-1][1].get("classes", []), list)
        )
        require(bool(good), "it has no classes")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ModelFileError(f"{path}: The model file is damaged: it has no classes.") from None
    return _info(description, size)


def _info(description: dict, size: int) -> ModelInfo:
    return ModelInfo(
        description["format_version"],
        description["pipeline"],
        description["summary"],
        description["versions"],
        size,
    )


def load_model(path) -> Pipeline:
    """Rebuild a fitted recipe from its file.

    Nothing is unpickled, and nothing that the file names is imported: a closed registry
    rebuilds the pipeline from arrays whose names, shapes, types and values are checked. A recipe
    with a trained network (`Embedding`) names the network's file, which is looked for where it
    was and beside the model, and is opened only if its SHA-256 is the one that the model names.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    sklearn.pipeline.Pipeline

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or not a model file; or the network that
        it needs is missing or another.
    """
    return read_model(path)[0]


def read_model(path) -> tuple[Pipeline, ModelInfo]:
    """Rebuild a fitted recipe from its file, and read what the file says about itself.

    Raises
    ------
    ModelFileError
        As `load_model`.
    """
    data, size = _read(path, _MAX_BYTES)
    try:
        description = _header(data, size)
        arrays = arrays_in(data)
        pipeline = rebuild(description["pipeline"], "", arrays)
        require(isinstance(pipeline, Pipeline), "it holds no pipeline")
        require(not arrays, "it holds arrays that nothing asks for")
        _attach_files(pipeline, Path(path).parent)
    except (ModelFileError, NetworkFileError) as error:
        raise ModelFileError(f"{path}: {error}") from None
    return pipeline, _info(description, size)


def _attach_files(pipeline: Pipeline, folder: Path) -> None:
    """Let the parts that need a file of their own find it, by its digest."""
    for _, step in pipeline.steps:
        for _, part in getattr(step, "transformer_list", [("", step)]):
            if isinstance(part, Embedding):
                part.attach(folder)
