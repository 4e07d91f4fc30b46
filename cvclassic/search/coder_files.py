"""What an index has learned, in one safetensors file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from .._basics.atomic import atomic_file
from .._basics.platform import READ_FLAGS
from ..describe import Describer
from ..encode import WordTree
from ..errors import CvclassicError, IndexFileError, ModelFileError
from ..models.files import arrays_in
from ..models.header import description_in
from ..models.serialization import flatten, rebuild
from .coding import ImageCoder
from .compact import CompactCoder

VERSION = 1
_KIND = "cvclassic-vocabulary"
_MOST_BYTES = 1_000_000_000


def coder_bytes(coder: ImageCoder) -> bytes:
    """The file that holds a coder.

    Raises
    ------
    ModelFileError
        The describer is not one that files can hold.
    """
    import json

    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {
        "cells": coder.tree.cells,
        "words": coder.tree.words,
        "starts": coder.tree.starts,
        "projection": coder.projection,
        "thresholds": coder.thresholds,
    }
    description = {
        "format": _KIND,
        "format_version": VERSION,
        "describer": flatten(coder.describer, "describer.", arrays),
        "compact": None,
    }
    if coder.compact is not None:
        compact = coder.compact
        description["compact"] = {
            name: flatten(getattr(compact, f"{name}_"), f"{name}.", arrays)
            for name in ("color", "shape")
        }
        for name in ("mean", "components", "scale"):
            arrays[f"compact.{name}"] = np.ascontiguousarray(getattr(compact, f"{name}_"))
    return save(arrays, metadata={"cvclassic": json.dumps(description, sort_keys=True)})


def write_coder(path: str | os.PathLike, coder: ImageCoder) -> dict:
    """Write a coder atomically; returns what the list of an index says of it."""
    data = coder_bytes(coder)
    with atomic_file(path) as file:
        file.write(data)
    return {
        "file": os.path.basename(path),
        "n_bytes": len(data),
        "digest": hashlib.sha256(data).hexdigest(),
    }


def read_coder(path: str | os.PathLike, digest: str | None = None) -> ImageCoder:
    """Read a coder; nothing that the file names is imported or run.

    Parameters
    ----------
    path : str or os.PathLike
    digest : str, optional
        SHA-256 that the file must have.

    Raises
    ------
    IndexFileError
        The file is missing, damaged, or another.
    """
    name = Path(path)
    try:
        with open(os.open(name, READ_FLAGS), "rb") as file:
            data = file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise IndexFileError(f"{name}: the vocabulary is missing.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IndexFileError(f"{name}: cannot be read ({reason}).") from None
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise IndexFileError(f"{name}: the vocabulary is damaged, or of another index.")
    try:
        description = description_in(data, len(data), _KIND, "vocabulary of cvclassic", VERSION)
        return _coder_of(description, arrays_in(data))
    except CvclassicError as error:
        raise IndexFileError(f"{name}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise IndexFileError(f"{name}: the vocabulary is damaged ({error}).") from None


def _coder_of(description: dict, arrays: dict[str, np.ndarray]) -> ImageCoder:
    describer = rebuild(description["describer"], "describer.", arrays)
    if not isinstance(describer, Describer):
        raise ModelFileError("it holds no describer")
    tree = WordTree(*(arrays.pop(name) for name in ("cells", "words", "starts")))
    projection, thresholds = arrays.pop("projection"), arrays.pop("thresholds")
    d, n_words, n_cells = describer.n_dims, len(tree.words), len(tree.cells)
    _need(tree.cells, np.float32, (n_cells, d), "cells")
    _need(tree.words, np.float32, (n_words, d), "words")
    _need(tree.starts, np.int64, (n_cells + 1,), "starts")
    _need(projection, np.float32, (d, 64), "projection")
    _need(thresholds, np.float32, (n_words, 64), "thresholds")
    sound = tree.starts[0] == 0 and tree.starts[-1] == n_words and (np.diff(tree.starts) > 0).all()
    if not (sound and n_words):
        raise ModelFileError("its words are out of order")
    compact = None
    if description["compact"] is not None:
        compact = CompactCoder()
        for name in ("color", "shape"):
            setattr(compact, f"{name}_", rebuild(description["compact"][name], f"{name}.", arrays))
        for name in ("mean", "components", "scale"):
            setattr(compact, f"{name}_", arrays.pop(f"compact.{name}"))
        length = compact.color_.n_features_out_ + compact.shape_.n_features_out_
        k = len(compact.scale_)
        _need(compact.mean_, np.float32, (length,), "mean")
        _need(compact.components_, np.float32, (length, k), "components")
        _need(compact.scale_, np.float32, (k,), "scale")
        if not 1 <= k <= 128 or not (compact.scale_ > 0).all():
            raise ModelFileError("its scale is out of range")
    if arrays:
        raise ModelFileError("it holds unexpected arrays")
    return ImageCoder(describer, tree, projection, thresholds, compact)


def _need(array: np.ndarray, dtype, shape: tuple[int, ...], name: str) -> None:
    """Raise `ModelFileError` unless an array is of that type and shape, and finite."""
    if array.dtype != dtype or array.shape != shape or not np.isfinite(array).all():
        raise ModelFileError(f"its {name} are invalid")
