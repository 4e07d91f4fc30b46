"""Files of named arrays for models that are no pipelines: safetensors with checked JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._basics.saving import require
from ..errors import ModelFileError
from .digests import check_digest
from .files import arrays_in, library_versions, write_arrays
from .header import description_in, read_bytes, take_digest
from .validation import finite

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
        Version of this kind's file format.
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
        "versions": library_versions(),
    }
    ready = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return write_arrays(path, ready, description, "content")


def load_bundle(
    path, kind: str, version: int, *, called: str | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and description of a file of one kind.

    `called` is what messages call such a file. What the arrays must be (names, shapes, types) is
    for the caller to check; that they are finite is checked here.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or of another kind.
    """
    data, size = read_bytes(path)
    try:
        description = description_in(data, size, kind, called or f"{kind} file", version)
        digest = take_digest(description)  # files of earlier versions have none
        content = _content(description)
        arrays = arrays_in(data)
        check_digest(digest, description, arrays)
        for name, array in arrays.items():
            require(array.dtype.kind in "fiu", f"{name[:80]} holds no numbers")
            require(finite(array), f"{name[:80]} holds values that are not finite")
    except ModelFileError as error:
        text = str(error).replace("model file", called or "model file")
        raise ModelFileError(f"{path}: {text}") from None
    return arrays, content


def _content(description: dict[str, Any]) -> dict[str, Any]:
    """What the caller of `save_bundle` gave, checked."""
    require(set(description) == _KEYS, "its description is invalid")
    require(isinstance(description["content"], dict), "its content is not an object")
    return description["content"]
