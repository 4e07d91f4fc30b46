"""The JSON description at the head of a model file, read without NumPy to keep `info` fast."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._basics.platform import READ_FLAGS
from ..errors import ModelFileError

FORMAT_VERSION = 3
MAX_BYTES = 4_000_000_000
_MAX_HEADER = 16_000_000
_LATEST = 1_000_000  # format version where any is taken
_KEYS = {"format", "format_version", "pipeline", "summary", "versions"}
FIRST_WITH_DIGEST = 2  # format version


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
    digest : str or None
        Checksum of the whole model; None in files of earlier versions.
    """

    format_version: int
    pipeline: dict
    summary: dict
    versions: dict
    n_bytes: int
    digest: str | None = None

    @property
    def classes(self) -> list:
        """Labels that the model can give; empty where it gives numbers."""
        return self.pipeline["steps"][-1][1].get("classes", [])


def require(condition: bool, message: str) -> None:
    """Raise `ModelFileError` unless `condition` holds."""
    if not condition:
        raise ModelFileError(f"The model file is damaged: {message}.")


def read_bytes(path: str | os.PathLike, limit: int = MAX_BYTES) -> tuple[bytes, int]:
    """First `limit` bytes of a regular file, and its size.

    Raises
    ------
    ModelFileError
        There is no such file, or it cannot be read, or is too large for a model.
    """
    path = Path(path)
    try:
        with open(os.open(path, READ_FLAGS), "rb") as file:
            if not path.is_file():
                raise ModelFileError(f"{path}: is not a regular file.")
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise ModelFileError(f"{path}: is too large for a model file ({size:,} bytes).")
            return file.read(min(limit, size)), size
    except FileNotFoundError:
        raise ModelFileError(f"{path}: there is no such model file.") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path}: is a folder, not a model file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{path}: cannot be read ({reason}).") from None


def _strict(pairs: list[tuple[str, Any]]) -> dict:
    """JSON object without duplicate keys."""
    result = dict(pairs)
    require(len(result) == len(pairs), "a key occurs twice")
    return result


def _parse(text: str | bytes) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_strict, parse_constant=lambda name: name)
    except ModelFileError:
        raise
    except (ValueError, RecursionError):
        raise ModelFileError("The model file is damaged: its header cannot be read.") from None


def _end_of(header: dict) -> int:
    """Where the last array ends, behind the header; damage is found when the arrays are read."""
    ends = [0]
    for name, entry in header.items():
        offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
        if name != "__metadata__" and isinstance(offsets, list) and len(offsets) == 2:
            ends.append(offsets[1] if type(offsets[1]) is int else 0)
    return max(ends)


def description_in(
    data: bytes, size: int, kind: str | None, what: str, format_version: int
) -> dict[str, Any]:
    """The JSON description in a safetensors header, both checked.

    `kind` is the format that the file must have (None takes any), `what` is how messages call it;
    versions after `format_version` are not read.
    """
    if len(data) < 10 or data[8:9] != b"{":
        raise ModelFileError(f"This is not a {what}.")
    length = int.from_bytes(data[:8], "little")
    require(length <= min(_MAX_HEADER, size - 8), "its header is truncated or too long")
    header = _parse(data[8 : 8 + length])
    require(isinstance(header, dict), "its header is not an object")
    require(_end_of(header) == size - 8 - length, "it is truncated, or something was appended")
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("cvclassic"), str):
        raise ModelFileError(f"This safetensors file is not a {what}.")
    description = _parse(metadata["cvclassic"])
    require(isinstance(description, dict), "its description is not an object")
    if kind is not None and description.get("format") != kind:
        raise ModelFileError(f"This safetensors file is not a {what}.")
    version = description.get("format_version")
    if kind is not None and type(version) is int and version > format_version:
        raise ModelFileError(
            f"The model file has format version {version}; this cvclassic reads up to "
            f"{format_version}. Please upgrade cvclassic."
        )
    most = format_version if kind is not None else _LATEST
    require(type(version) is int and 1 <= version <= most, "its format version is invalid")
    return description


def read_description(path: str | os.PathLike) -> dict[str, Any]:
    """What a file of any kind says about itself: ``format`` names the kind.

    Only its head is read; checksum and content are not looked at.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, or none of this project.
    """
    data, size = read_bytes(path, 8 + _MAX_HEADER)
    try:
        description = description_in(data, size, None, "cvclassic model file", _LATEST)
        require(isinstance(description.get("format"), str), "it names no format")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    return description


def take_digest(description: dict[str, Any]) -> str | None:
    """Take the checksum out of a description; None where there is none."""
    if "digest" not in description:
        return None
    digest = description.pop("digest")
    require(isinstance(digest, str), "its checksum is not text")
    return digest


def model_description(data: bytes, size: int) -> tuple[dict[str, Any], str | None]:
    """The description of a model, and its checksum."""
    description = description_in(
        data, size, "cvclassic-model", "cvclassic model file", FORMAT_VERSION
    )
    digest = take_digest(description)
    require(set(description) == _KEYS, "its description is invalid")
    needed = description["format_version"] >= FIRST_WITH_DIGEST
    require(digest is not None or not needed, "its checksum is missing")
    for key in ("pipeline", "summary", "versions"):
        require(isinstance(description[key], dict), f"{key} is not an object")
    return description, digest


def info_of(description: dict[str, Any], digest: str | None, size: int) -> ModelInfo:
    """What a checked description says."""
    return ModelInfo(
        description["format_version"],
        description["pipeline"],
        description["summary"],
        description["versions"],
        size,
        digest,
    )


def read_model_info(path: str | os.PathLike) -> ModelInfo:
    """Read what a model file says about itself, without its arrays.

    The checksum is not compared: `load_model` does that.

    Raises
    ------
    ModelFileError
        The file is missing, damaged or not a model file.
    """
    data, size = read_bytes(path, 8 + _MAX_HEADER)
    try:
        description, digest = model_description(data, size)
        steps = description["pipeline"].get("steps")
        good = (
            isinstance(steps, list) and steps and isinstance(steps[-1][1].get("classes", []), list)
        )
        require(bool(good), "it has no classes")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ModelFileError(f"{path}: The model file is damaged: it has no classes.") from None
    return info_of(description, digest, size)
