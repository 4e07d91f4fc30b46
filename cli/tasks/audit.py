"""The task of ``cvclassic audit``: one look at every image."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvclassic.audit import Listed, Scanned, look_at
from cvclassic.batch import Column, Record, Task
from cvclassic.batch.columns import HEIGHT, WIDTH
from cvclassic.batch.tasks import Input, path_of
from cvclassic.errors import ImageReadError
from cvclassic.images import ArchiveMember, Fault, NamedItem, read_file

_MEASURED = ("contrast", "sharpness", "n_bytes", "n_features")
_BYTES = ("digest", "bits", "tiny")


class ScanTask(Task):
    """Measures each image, and takes the fingerprints that tell copies.

    Parameters
    ----------
    features : bool
        Also count keypoints.
    """

    block_size = 8

    def __init__(self, features: bool = False) -> None:
        self._features = features
        self.columns = (
            WIDTH, HEIGHT, Column("n_bytes", "integer"), Column("contrast", "number"),
            Column("sharpness", "number"), Column("digest"),
        )  # fmt: skip
        if features:
            self.columns += (Column("n_features", "integer"),)

    def about(self) -> dict[str, Any]:
        """Whether keypoints are counted."""
        return {"--features": self._features}

    def __call__(self, inputs: list[Input]) -> list[Record]:
        """Look at each input."""
        return [self._look(item) for item in inputs]

    def _look(self, item: Input) -> Record:
        path = path_of(item)
        if isinstance(item, Fault):
            return Record(path, "error", item.code, item.message, values={"fault": True})
        count = _count_keypoints if self._features else None
        try:
            found = look_at(Listed(path), _content(item, path), count_features=count)
        except ImageReadError as error:
            return Record(path, "error", error.code, error.message)
        values: dict[str, Any] = {name: getattr(found, name) for name in _MEASURED}
        values |= {name: _as_hex(getattr(found, name)) for name in _BYTES}
        values["warnings"] = [list(pair) for pair in found.warnings]
        status = "error" if found.code else "warn" if found.warnings else "ok"
        codes = [found.code, *(code for code, _ in found.warnings)]
        said = [found.message, *(message for _, message in found.warnings)]
        size = (found.width, found.height) if found.width else None
        text = " ".join(filter(None, codes)), "; ".join(filter(None, said))
        return Record(path, status, *text, size=size, values=values)


def as_scanned(record: Record, image: Listed) -> Scanned:
    """What a record of a `ScanTask` says about an image of a set."""
    values = record.values
    kept: dict[str, Any] = {name: values[name] for name in _MEASURED if name in values}
    kept["digest"] = bytes.fromhex(values.get("digest", ""))
    if record.failed:
        return Scanned(image, record.code, record.message, **kept)
    return Scanned(
        image,
        width=record.size[0] if record.size else 0,
        height=record.size[1] if record.size else 0,
        bits=np.frombuffer(bytes.fromhex(values["bits"]), np.uint8),
        tiny=np.frombuffer(bytes.fromhex(values["tiny"]), np.int8),
        warnings=tuple((code, message) for code, message in values["warnings"]),
        **kept,
    )


def _content(item: Input, path: str) -> Any:
    """Bytes of a file, or pixels."""
    if isinstance(item, ArchiveMember):
        return item.read()
    return item.value if isinstance(item, NamedItem) else read_file(path)


def _as_hex(value: bytes | np.ndarray | None) -> str:
    return b"".hex() if value is None else bytes(value).hex()


def _count_keypoints(pixels: np.ndarray) -> int:
    """Keypoints that SIFT finds."""
    from cvclassic.describe import SIFT

    return len(SIFT().describe(pixels).xy)
