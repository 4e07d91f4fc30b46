"""Weights in PyTorch's older file format as arrays, without PyTorch and without running code."""

from __future__ import annotations

import io
import pickletools
from typing import Any, NamedTuple

import numpy as np

# first number of a file that `torch.save` wrote before version 1.6
_MAGIC = 0x1950A86A20F9469CFC6C
_TYPES: dict[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
_DICTIONARY, _TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
_NUMBERS = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE"}


class _Name(NamedTuple):
    """A name in a module, which is never looked up."""

    text: str


class _Part(NamedTuple):
    """Where an array lies in a storage, in elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _read_object(file: io.BytesIO, types: dict[str, np.dtype]) -> Any:
    """The next object of a file: numbers, texts, tuples, lists, dictionaries and parts of storages.

    The operations of the file are looked at one by one, and each that is not needed for these is an
    error: nothing is imported or called. `types` gains the type of every storage that is named.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memory: dict[Any, Any] = {}

    def from_mark() -> list[Any]:
        at = marks.pop()
        found = stack[at:]
        del stack[at:]
        return found

    for operation, argument, _ in pickletools.genops(file):
        name = operation.name
        if name in _NUMBERS:
            stack.append(argument)
        elif name in ("NEWFALSE", "NEWTRUE", "NONE"):
            stack.append({"NEWFALSE": False, "NEWTRUE": True, "NONE": None}[name])
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"):
            made: dict[str, Any] = {"EMPTY_DICT": {}, "EMPTY_LIST": [], "EMPTY_TUPLE": ()}
            stack.append(made[name])
        elif name == "MARK":
            marks.append(len(stack))
        elif name == "TUPLE":
            stack.append(tuple(from_mark()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack[-int(name[-1]) :] = [tuple(stack[-int(name[-1]) :])]
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            stack[-1][key] = value
        elif name == "SETITEMS":
            items = from_mark()
            stack[-1].update(zip(items[::2], items[1::2], strict=True))
        elif name == "APPEND":
            value = stack.pop()
            stack[-1].append(value)
        elif name == "APPENDS":
            found = from_mark()
            stack[-1].extend(found)
        elif name in ("BINPUT", "LONG_BINPUT"):
            memory[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memory[argument])
        elif name == "GLOBAL":
            if argument not in (_DICTIONARY, _TENSOR, *_TYPES):
                raise ValueError(f"{argument} is not allowed in a file of weights")
            stack.append(_Name(argument))
        elif name == "BINPERSID":
            _, kind, key, *_ = stack.pop()
            types[key] = _TYPES[kind.text]
            stack.append(key)
        elif name == "REDUCE":
            given, what = stack.pop(), stack.pop()
            stack.append({} if what.text == _DICTIONARY else _Part(*given[:4]))
        elif name == "BUILD":  # attributes of a dictionary, which say nothing about weights
            stack.pop()
        elif name == "STOP":
            return stack.pop()
        elif name != "PROTO":
            raise ValueError(f"{name} is not allowed in a file of weights")
    raise ValueError("the file ends too early")


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
    types: dict[str, np.dtype] = {}
    try:
        if _read_object(file, types) != _MAGIC:
            raise ValueError("not in PyTorch's older format")
        for _ in range(2):
            _read_object(file, types)
        parts = _read_object(file, types)
        storages = {}
        for key in _read_object(file, types):
            length = int.from_bytes(file.read(8), "little")
            dtype = types[key]
            storages[key] = np.frombuffer(file.read(length * dtype.itemsize), dtype, length)
        return {name: _array(part, storages[part.storage]) for name, part in parts.items()}
    except (KeyError, IndexError, AttributeError, TypeError) as error:
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
