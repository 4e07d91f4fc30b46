"""Files of named arrays for what is no pipeline: safetensors with a checked JSON description."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from ..atomic import atomic_file
from ..errors import ModelFileError
from .files import _MAX_BYTES, _MAX_HEADER, _parse, _read, _versions
from .registry import finite, require

_KEYS = {"format", "format_version", "content", "versions"}


def save_bundle(
    path, kind: str, version: int, arrays: dict[str, np.ndarray], content: dict[str, Any]
) -> int:
    """Write arrays and a description into one file, atomically.

    Parameters
    ----------
    path : str or Path
    kind : str
        What the file is, such as ``"cvclassic-landmarks"``.
    version : int
        Of this kind's form.
    arrays : dict of str to ndarray
        Finite.
    content : dict
        JSON-able.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    ModelFileError
        Something cannot be written down, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = save_bundle(folder + "/a", "numbers", 1, {"x": np.arange(3)}, {"of": "me"})
    ...     load_bundle(folder + "/a", "numbers", 1)
    ({'x': array([0, 1, 2])}, {'of': 'me'})
    """
    for name, array in arrays.items():
        if not finite(array):
            raise ModelFileError(f"{name} holds values that are not finite, or too large.")
    description = {
        "format": kind,
        "format_version": version,
        "content": content,
        "versions": _versions(),
    }
    try:
        text = json.dumps(description, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"content must be JSON-able: {error}") from None
    ready = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = save_tensors(ready, metadata={"cvclassic": text})
    try:
        with atomic_file(path) as file:
            file.write(data)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be written ({error.strerror}).") from None
    return len(data)


def load_bundle(path, kind: str, version: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and description of a file of one kind.

    What the arrays must be (names, shapes, types) is for the caller to check; that they are
    finite is checked here.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or of another kind.
    """
    data, size = _read(path, _MAX_BYTES)
    try:
        content = _content(data, size, kind, version)
        try:
            arrays = load_tensors(data)
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelFileError(f"The model file is damaged: {error}.") from None
        for name, array in arrays.items():
            require(array.dtype.kind in "fiu", f"{name[:80]} holds no numbers")
            require(finite(array), f"{name[:80]} holds values that are not finite")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    return arrays, content


def _content(data: bytes, size: int, kind: str, version: int) -> dict[str, Any]:
    """The JSON description, checked."""
    if len(data) < 10 or data[8:9] != b"{":
        raise ModelFileError(f"This is not a {kind} file.")
    length = int.from_bytes(data[:8], "little")
    require(length <= min(_MAX_HEADER, size - 8), "its header is cut or too long")
    header = _parse(data[8 : 8 + length])
    require(isinstance(header, dict), "its header is not an object")
    metadata = header.get("__metadata__")
    text = metadata.get("cvclassic") if isinstance(metadata, dict) else None
    description = _parse(text) if isinstance(text, str) else None
    if not isinstance(description, dict) or description.get("format") != kind:
        raise ModelFileError(f"This safetensors file is not a {kind} file.")
    found = description.get("format_version")
    if type(found) is int and found > version:
        raise ModelFileError(
            f"The file has format version {found}; this cvclassic reads up to {version}. "
            "Please upgrade cvclassic."
        )
    require(type(found) is int and found == version, "its format version is odd")
    require(set(description) == _KEYS, "its description is odd")
    require(isinstance(description["content"], dict), "its content is not an object")
    return description["content"]
