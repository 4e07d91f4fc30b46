"""Segments as safetensors files that are mapped into memory, not read."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from pathlib import Path

import numpy as np

from .._basics.atomic import atomic_file
from .._basics.platform import READ_FLAGS
from ..errors import IndexFileError
from .segments import ARRAYS, POSTINGS, Segment, lengths_of

_MOST_HEADER = 100_000
_KINDS = {"<u8": "U64", "<i8": "I64", "<u4": "U32", "<u2": "U16", "|u1": "U8"}
_BLOCK = 1 << 24


def write_segment(path: str | os.PathLike, segment: Segment) -> dict:
    """Write a segment atomically.

    Parameters
    ----------
    path : str or os.PathLike
    segment : Segment

    Returns
    -------
    dict
        What the list of an index says of it: ``file``, ``n_images``, ``n_words``,
        ``n_postings``, ``n_name_bytes``, ``compact_bytes``, ``n_bytes``, and ``digest``, the
        SHA-256 of its header and of all arrays but the postings, which have checks of their own.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    header, data = _header(segment)
    digest = hashlib.sha256(header)
    with atomic_file(path) as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for name, array in data:
            view = np.ascontiguousarray(array)
            if name not in POSTINGS:
                digest.update(view.data)
            rows = max(1, _BLOCK // max(view.strides[0], 1)) if view.ndim else 1
            for start in range(0, len(view), rows):
                file.write(view[start : start + rows].tobytes())
        size = file.tell()
    return {
        "file": os.path.basename(path),
        "n_images": len(segment),
        "n_words": segment.n_words,
        "n_postings": segment.n_postings,
        "n_name_bytes": len(segment.arrays["names"]),
        "compact_bytes": segment.codes.shape[1],
        "n_bytes": size,
        "digest": digest.hexdigest(),
    }


def _header(segment: Segment) -> tuple[bytes, list[tuple[str, np.ndarray]]]:
    """The JSON header of the file, padded, and its arrays in their order."""
    tensors, data, offset = {}, [], 0
    for name, (dtype, _) in ARRAYS.items():
        array = segment.arrays[name]
        array = array if array.dtype == np.dtype(dtype) else array.astype(dtype)
        tensors[name] = {
            "dtype": _KINDS[dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
        data.append((name, array))
    text = json.dumps(tensors, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8), data


def open_segment(folder: Path, entry: dict) -> Segment:
    """Map a segment that the list of an index names.

    Everything but the postings is compared with the digest at once; the postings of a word are
    when they are first used.

    Raises
    ------
    IndexFileError
        The file is missing, damaged, or not the one that the list names.
    """
    path = folder / entry["file"]
    try:
        descriptor = os.open(path, READ_FLAGS)
    except FileNotFoundError:
        raise IndexFileError(f"{path}: this part of the index is missing.") from None
    except OSError as error:
        raise IndexFileError(f"{path}: cannot be read ({error.strerror}).") from None
    with open(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_size != entry["n_bytes"] or entry["n_bytes"] < 8:
            raise IndexFileError(f"{path}: the index is damaged: the file has another size.")
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        arrays = _arrays_of(memory, entry)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexFileError(f"{path}: the index is damaged: {error}.") from None
    segment = Segment(arrays, checked=False, source=str(path))
    segment.memory = memory  # type: ignore[attr-defined]
    return segment


def _arrays_of(memory: mmap.mmap, entry: dict) -> dict[str, np.ndarray]:
    """Views of the file, after all checks that need no posting."""
    length = int.from_bytes(memory[:8], "little")
    if length > min(_MOST_HEADER, len(memory) - 8):
        raise ValueError("its header is truncated or too long")
    header = memory[8 : 8 + length]
    tensors = json.loads(header)
    lengths = lengths_of(
        entry["n_images"], entry["n_words"], entry["n_postings"], entry["n_name_bytes"]
    )
    digest = hashlib.sha256(header)
    arrays = {}
    start = 8 + length
    for name, (dtype, columns) in ARRAYS.items():
        columns = columns or (entry["compact_bytes"] if name == "codes" else 1)
        flat = columns == 1 and name != "codes"
        shape = (lengths[name],) if flat else (lengths[name], columns)
        if name == "codes":
            shape = (lengths[name], entry["compact_bytes"])
        count = int(np.prod(shape))
        end = start + count * np.dtype(dtype).itemsize
        stated = tensors[name]
        offsets = [start - 8 - length, end - 8 - length]
        if (stated["dtype"], stated["shape"], stated["data_offsets"]) != (
            _KINDS[dtype],
            list(shape),
            offsets,
        ):
            raise ValueError(f"{name} does not match the list")
        if end > len(memory):
            raise ValueError("it is cut")
        array = np.frombuffer(memory, dtype, count, start).reshape(shape)
        if name not in POSTINGS:
            digest.update(array.data)
        arrays[name] = array
        start = end
    if start != len(memory) or set(tensors) != set(ARRAYS):
        raise ValueError("it holds extra data")
    if digest.hexdigest() != entry["digest"]:
        raise ValueError("its contents have changed")
    for name, last in (("starts", "n_postings"), ("name_starts", "n_name_bytes")):
        edges = arrays[name]
        if edges[0] != 0 or edges[-1] != entry[last] or (np.diff(edges) < 0).any():
            raise ValueError(f"{name} are out of order")
    if int(arrays["counts"].sum(dtype=np.int64)) != entry["n_postings"]:
        raise ValueError("its counts do not add up")
    return arrays


def release(segment: Segment) -> None:
    """Give mapped pages back to the system; they are read again where they are needed."""
    memory = getattr(segment, "memory", None)
    if memory is not None and hasattr(mmap, "MADV_DONTNEED"):
        memory.madvise(mmap.MADV_DONTNEED)
