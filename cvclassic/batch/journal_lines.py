"""Lines of a journal: each begins with the CRC-32 of the rest."""

from __future__ import annotations

import json
import zlib
from typing import Any

from ..images import Detections
from .records import Record

# what json.dumps and json.loads do around these takes as long again for a line
_encode = json.JSONEncoder(check_circular=False).encode
_decode = json.JSONDecoder().raw_decode


def head_of(about: dict[str, Any]) -> bytes:
    """What a run was asked."""
    return _sealed(json.dumps([about]).encode())


def _sealed(content: bytes) -> bytes:
    return b"%08x %b\n" % (zlib.crc32(content), content)


def line_of(record: Record, mark: Any) -> bytes:
    """A record, and the fingerprint of its input."""
    fields: tuple = (record.path, record.status, record.code, record.message, record.label)
    fields += (record.scores, record.labels, record.size, _more(record), mark)
    return _sealed(_encode(fields).encode())


def _more(record: Record) -> dict[str, Any]:
    """Fields that few records have."""
    more: dict[str, Any] = {}
    if record.detections is not None:
        more["detections"] = record.detections.to_dict()
    if record.details is not None:
        more["details"] = record.details
    if record.values:
        more["values"] = dict(record.values)
    if record.name:
        more["name"], more["files"] = record.name, record.files
    return more


def content_of(line: bytes) -> list | None:
    """Content of a line, None unless it is whole."""
    crc, _, content = line.partition(b" ")
    content = content.removesuffix(b"\n")
    if not line.endswith(b"\n") or crc != b"%08x" % zlib.crc32(content):
        return None
    return _decode(content.decode())[0]  # nothing follows: the CRC says that it is whole


def record_of(path, status, code, message, label, scores, labels, size, more) -> Record:
    """A record as it was."""
    scores = tuple((name, share) for name, share in scores)
    labels = None if labels is None else tuple(labels)
    size = None if size is None else tuple(size)
    if "detections" in more:
        more["detections"] = Detections(**more["detections"])
    if "details" in more:
        more["details"] = tuple(more["details"])
    if "files" in more:
        more["files"] = tuple(more["files"])
    return Record(path, status, code, message, label, scores, labels, size=size, **more)
