"""Segments as safetensors files that are mapped into memory, not read."""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._basics.atomic import atomic_file
from .._basics.platform import READ_FLAGS, pread_into
from ..errors import IndexFileError
from .segments import ARRAYS, POSTINGS, Segment, lengths_of

_KINDS = {"<u8": "U64", "<i8": "I64", "<u4": "U32", "<u2": "U16", "|u1": "U8"}
_BLOCK = 1 << 24


@dataclass(frozen=True)
class Layout:
    """Where the arrays of a segment lie in its file.

    Parameters
    ----------
    header : bytes
        The length of the JSON header and the header, padded.
    offsets : dict of str to int
        Where each array begins.
    n_bytes : int
        Size of the file.
    """

    header: bytes
    offsets: dict[str, int]
    n_bytes: int


def layout_of(lengths: Mapping[str, int], compact_bytes: int) -> Layout:
    """The file of a segment whose arrays have these lengths."""
    tensors, offsets, end = {}, {}, 0
    for name, (dtype, columns) in ARRAYS.items():
        shape = [lengths[name]]
        if name == "codes" or columns > 1:
            shape.append(compact_bytes if name == "codes" else columns)
        begin, end = end, end + math.prod(shape) * np.dtype(dtype).itemsize
        tensors[name] = {"dtype": _KINDS[dtype], "shape": shape, "data_offsets": [begin, end]}
        offsets[name] = begin
    text = json.dumps(tensors, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    header = len(text).to_bytes(8, "little") + text
    offsets = {name: len(header) + begin for name, begin in offsets.items()}
    return Layout(header, offsets, len(header) + end)


def write_segment(path: str | os.PathLike, segment: Segment) -> dict:
    """Write a segment atomically.

    Parameters
    ----------
    path : str or os.PathLike
    segment : Segment

    Returns
    -------
    dict
        What the list of an index says of it, as from `entry_of`.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    arrays = {
        name: np.ascontiguousarray(segment.arrays[name], dtype)
        for name, (dtype, _) in ARRAYS.items()
    }
    compact_bytes = segment.codes.shape[1]
    layout = layout_of({name: len(array) for name, array in arrays.items()}, compact_bytes)
    with atomic_file(path) as file:
        file.write(layout.header)
        for array in arrays.values():
            rows = max(1, _BLOCK // max(array.strides[0], 1))
            for start in range(0, len(array), rows):
                file.write(array[start : start + rows].tobytes())
    return entry_of(path, layout, arrays, segment.n_postings)


def entry_of(
    path: str | os.PathLike, layout: Layout, arrays: Mapping[str, np.ndarray], n_postings: int
) -> dict:
    """What the list of an index says of a segment.

    Parameters
    ----------
    path : str or os.PathLike
    layout : Layout
    arrays : mapping of str to ndarray
        All but the postings, as they are in the file.
    n_postings : int

    Returns
    -------
    dict
        ``file``, ``n_images``, ``n_words``, ``n_postings``, ``n_name_bytes``, ``compact_bytes``,
        ``n_bytes``, and ``digest``, the SHA-256 of the header and of all arrays but the
        postings, which have checks of their own.
    """
    digest = hashlib.sha256(layout.header[8:])
    for name in ARRAYS:
        if name not in POSTINGS:
            digest.update(arrays[name].data)
    return {
        "file": os.path.basename(path),
        "n_images": len(arrays["counts"]),
        "n_words": len(arrays["checks"]),
        "n_postings": n_postings,
        "n_name_bytes": len(arrays["names"]),
        "compact_bytes": arrays["codes"].shape[1],
        "n_bytes": layout.n_bytes,
        "digest": digest.hexdigest(),
    }


class PostingFile:
    """Reads postings of a segment's file without mapping them.

    What a map shows stays in the memory of the process, with much that lies around it; what is
    read is gone with the query.

    Parameters
    ----------
    path : Path
    descriptor : int
        Descriptor of the open file; this object closes it.
    offsets : dict of str to int
        Where each array begins.
    """

    def __init__(self, path: Path, descriptor: int, offsets: dict[str, int]) -> None:
        self._path = path
        self._descriptor = descriptor
        self._offsets = offsets
        weakref.finalize(self, os.close, descriptor)

    def read(self, name: str, start: int, out: np.ndarray) -> None:
        """Fill an array with the postings from a number on.

        Raises
        ------
        IndexFileError
            The file cannot be read, or has become shorter.
        """
        if not out.size:
            return
        place = self._offsets[name] + start * out.strides[0]
        view = out.data.cast("B")
        try:
            while len(view):  # a read may end early
                n = pread_into(self._descriptor, view, place)
                if not n:
                    raise IndexFileError(f"{self._path}: the index is damaged: it is truncated.")
                place, view = place + n, view[n:]
        except OSError as error:
            raise IndexFileError(f"{self._path}: cannot be read ({error.strerror}).") from None


def open_segment(folder: Path, entry: dict, *, copied: bool = False) -> Segment:
    """Map a segment that the list of an index names.

    Everything but the postings is compared with the digest at once; the postings of a word are
    when they are first used.

    Parameters
    ----------
    folder : Path
    entry : dict
        As from `entry_of`.
    copied : bool
        Whether queries read postings from the file instead of from the map.

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
            arrays, layout = _arrays_of(memory, entry)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise IndexFileError(f"{path}: the index is damaged: {error}.") from None
        postings = PostingFile(path, os.dup(file.fileno()), layout.offsets)
    if copied and hasattr(mmap, "MADV_DONTNEED"):  # what the digest has read
        memory.madvise(mmap.MADV_DONTNEED)
    return Segment(arrays, checked=False, source=str(path), file=postings, copied=copied)


def _arrays_of(memory: mmap.mmap, entry: dict) -> tuple[dict[str, np.ndarray], Layout]:
    """Views of the file, after all checks that need no posting."""
    lengths = lengths_of(
        entry["n_images"], entry["n_words"], entry["n_postings"], entry["n_name_bytes"]
    )
    layout = layout_of(lengths, entry["compact_bytes"])
    if layout.n_bytes != len(memory) or memory[: len(layout.header)] != layout.header:
        raise ValueError("it does not match the list")
    digest = hashlib.sha256(layout.header[8:])
    arrays = {}
    for name, (dtype, columns) in ARRAYS.items():
        width = entry["compact_bytes"] if name == "codes" else columns
        array = np.frombuffer(memory, dtype, lengths[name] * width, layout.offsets[name])
        if name == "codes" or columns > 1:
            array = array.reshape(lengths[name], width)
        if name not in POSTINGS:
            digest.update(array.data)
        arrays[name] = array
    if digest.hexdigest() != entry["digest"]:
        raise ValueError("its contents have changed")
    for name, last in (("starts", "n_postings"), ("name_starts", "n_name_bytes")):
        edges = arrays[name]
        if edges[0] != 0 or edges[-1] != entry[last] or (np.diff(edges) < 0).any():
            raise ValueError(f"{name} are out of order")
    if int(arrays["counts"].sum(dtype=np.int64)) != entry["n_postings"]:
        raise ValueError("its counts do not add up")
    return arrays, layout
