"""A checksum over everything in a model file, so that a flipped bit is noticed.

It reveals damage, not attacks: someone who changes a file on purpose can write a new checksum.
XXH3 is used because it is a tenth of the time of loading; SHA-256 would be more than all of the
rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xxhash

from ..errors import ModelFileError

_NAME = "xxh3-128"


def digest_of(description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Checksum of a description and the arrays with it, in any order.

    Parameters
    ----------
    description : mapping
        JSON-able; a key ``digest`` is left out.
    arrays : mapping of str to ndarray

    Returns
    -------
    str

    Examples
    --------
    >>> digest_of({"a": 1, "digest": "x"}, {"w": np.zeros(2)}) == digest_of(
    ...     {"a": 1}, {"w": np.zeros(2)})
    True
    """
    found = xxhash.xxh3_128()
    rest = {key: value for key, value in description.items() if key != "digest"}
    found.update(json.dumps(rest, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        found.update(array.reshape(-1).view(np.uint8).data)
    return f"{_NAME}:{found.hexdigest()}"


def digest_of_bytes(data: bytes) -> str:
    """Checksum of bytes, in the same form."""
    return f"{_NAME}:{xxhash.xxh3_128_hexdigest(data)}"


def check_digest(
    digest: str | None, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Raise `ModelFileError` unless the checksum is that of description and arrays."""
    if digest is not None and digest != digest_of(description, arrays):
        raise ModelFileError(
            "The model file is damaged: its checksum does not match. Copy it again, or train again."
        )
