"""Weights in PyTorch's older file format as arrays, without PyTorch and without running code."""

from __future__ import annotations

import collections
import io
import pickle
from typing import Any, NamedTuple

import numpy as np

# first number of a file that `torch.save` wrote before version 1.6
_MAGIC = 0x1950A86A20F9469CFC6C
_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Part(NamedTuple):
    """Where an array lies in a storage, in elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Knows the three names that a dictionary of tensors needs, and refuses all others."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.types: dict[str, np.dtype] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _part
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of weights")

    def persistent_load(self, pid: Any) -> str:
        _, dtype, key, *_ = pid
        self.types[key] = dtype
        return key


def _part(storage: str, offset: int, shape: tuple, strides: tuple, *_: Any) -> _Part:
    return _Part(storage, offset, shape, strides)


def read_torch_file(data: bytes) -> dict[str, np.ndarray]:
    """Read the arrays of a dictionary of tensors.

    Parameters
    ----------
    data : bytes
        What `torch.save` of PyTorch before 1.6 wrote.

    Returns
    -------
    arrays : dict of str to ndarray
        float32 or int64, by the tensor's name.

    Raises
    ------
    ValueError
        It is another format, is damaged, or holds anything else than tensors.

    References
    ----------
    ``torch/serialization.py``, ``_legacy_save``: a magic number, a version, facts about the
    system, the dictionary, the storages' keys, then per storage its length and its numbers.
    """
    file = io.BytesIO(data)
    reader = _Reader(file)
    try:
        if reader.load() != _MAGIC:
            raise ValueError("not in PyTorch's older format")
        for _ in range(2):
            _Reader(file).load()
        reader = _Reader(file)
        parts = reader.load()
        keys = _Reader(file).load()
        storages = {}
        for key in keys:
            length = int.from_bytes(file.read(8), "little")
            dtype = reader.types[key]
            storages[key] = np.frombuffer(file.read(length * dtype.itemsize), dtype, length)
        return {name: _array(part, storages[part.storage]) for name, part in parts.items()}
    except (pickle.UnpicklingError, EOFError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"not a dictionary of tensors ({error})") from None


def _array(part: _Part, storage: np.ndarray) -> np.ndarray:
    """Copy an array out of its storage; every index is checked against the storage's length."""
    index = np.full(part.shape, part.offset, np.int64)
    for axis, (side, stride) in enumerate(zip(part.shape, part.strides, strict=True)):
        steps = np.arange(side, dtype=np.int64) * stride
        index += steps.reshape([-1 if a == axis else 1 for a in range(len(part.shape))])
    if index.size and not 0 <= index.min() <= index.max() < len(storage):
        raise ValueError("an array reaches beyond its storage")
    return storage[index]
