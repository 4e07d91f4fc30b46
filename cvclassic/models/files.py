"""One model, one file: safetensors arrays with a JSON description, never a pickle."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from sklearn.pipeline import Pipeline

from .._basics.atomic import atomic_file
from .._basics.saving import require
from ..describe import Embedding, NetworkFileError
from ..errors import ModelFileError
from .digests import check_digest, digest_of
from .header import FORMAT_VERSION, ModelInfo, info_of, model_description, read_bytes
from .serialization import flatten, rebuild
from .upgrading import upgrade


def library_versions() -> dict[str, str]:
    """Versions of what a model's numbers come from."""
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
        Facts about the training to keep in the file; must be JSON-able.

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
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
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
    if not hasattr(pipeline.steps[-1][1], "predict"):
        raise ModelFileError("This pipeline cannot be saved: its last step gives no labels.")
    arrays: dict[str, np.ndarray] = {}
    description = {
        "format": "cvclassic-model",
        "format_version": FORMAT_VERSION,
        "pipeline": flatten(pipeline, "", arrays),
        "summary": summary or {},
        "versions": library_versions(),
    }
    return write_arrays(path, arrays, description, "summary")


def write_arrays(path, arrays: dict[str, np.ndarray], description: dict, given: str) -> int:
    """Write arrays and their description atomically; `given` is the part that callers gave."""
    data = encode_arrays(arrays, description, given)
    try:
        with atomic_file(path) as file:
            file.write(data)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be written ({error.strerror}).") from None
    return len(data)


def encode_arrays(arrays: dict[str, np.ndarray], description: dict, given: str) -> bytes:
    """The bytes of a file with arrays, their description and a checksum over both."""
    try:
        plain = json.loads(json.dumps(description, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"{given} must be JSON-able: {error}") from None
    plain["digest"] = digest_of(plain, arrays)
    return save_tensors(arrays, metadata={"cvclassic": json.dumps(plain, sort_keys=True)})


def arrays_in(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file."""
    try:
        return load_tensors(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"The model file is damaged: {error}.") from None


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
    data, size = read_bytes(path)
    try:
        description, digest = model_description(data, size)
        arrays = arrays_in(data)
        check_digest(digest, description, arrays)
        tree = upgrade(description["pipeline"], description["format_version"])
        pipeline = rebuild(tree, "", arrays)
        require(isinstance(pipeline, Pipeline), "it holds no pipeline")
        require(not arrays, "it holds unexpected arrays")
        _attach_files(pipeline, Path(path).parent)
    except (ModelFileError, NetworkFileError) as error:
        raise ModelFileError(f"{os.fsdecode(path)}: {error}") from None
    return pipeline, info_of(description, digest, size)


def _attach_files(pipeline: Pipeline, folder: Path) -> None:
    """Let the parts that need a file of their own find it, by its digest."""
    for _, step in pipeline.steps:
        for entry in getattr(step, "transformers_", None) or [("", step)]:
            if isinstance(entry[1], Embedding):
                entry[1].attach(folder)
