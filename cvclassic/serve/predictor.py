"""What a worker does: it predicts records of images with its models."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..batch.engines.recovery import Failure
from ..batch.records import Record, as_json
from ..errors import CvclassicError, ImageReadError
from ..images import NamedItem
from .models import ServedModel, open_model

_NICE = 10  # what predictions stand behind
_MOST_KEYPOINTS = 400  # of an explanation: more would only be slower to draw


@dataclass(frozen=True)
class Job:
    """One image to predict.

    Attributes
    ----------
    model : str
        Name of a served model; empty where there is only one.
    name : str
        What the record calls the image.
    data : bytes or ImageReadError
        The file, or why there is none.
    top : int or None
        Classes or hits that the record lists. [default: 1 class, 10 hits]
    mask : {"png", "rle", "none"}
        How the record holds masks.
    explain : bool
        Whether the record says which keypoints spoke for the label.
    """

    model: str
    name: str
    data: bytes | ImageReadError
    top: int | None = None
    mask: str = "png"
    explain: bool = False


class Predictor:
    """Holds models; called with jobs, gives one JSON-able record for each.

    Pickled without the models: the process that unpickles it loads them once, and processes
    forked from there share them.

    Parameters
    ----------
    paths : mapping of str to str
        Names of models and their files.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.paths = dict(paths)
        self.models: dict[str, ServedModel] = {}

    def load(self) -> Predictor:
        """Read the models; returns itself.

        Raises
        ------
        ModelFileError
            A file is missing, damaged or no model.
        """
        self.models = {name: open_model(path) for name, path in self.paths.items()}
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"paths": self.paths}

    def __setstate__(self, state: dict[str, Any]) -> None:
        lower_priority()
        self.__init__(state["paths"])  # type: ignore[misc]
        self.load()

    def __call__(self, jobs: list[Job]) -> list[dict[str, Any]]:
        """Records of jobs; those of one model share a pass over its weights."""
        records: list[dict[str, Any] | None] = [None] * len(jobs)
        groups: dict[str, list[int]] = {}
        for i, job in enumerate(jobs):
            if isinstance(job.data, ImageReadError):
                records[i] = error_record(job, job.data.code, job.data.message)
            else:
                groups.setdefault(job.model, []).append(i)
        for name, places in groups.items():
            model = self.models[name]
            items = [NamedItem(jobs[i].name, jobs[i].data) for i in places]  # type: ignore[arg-type]
            found = model.predict(items)
            for i, record in zip(places, found, strict=True):
                records[i] = describe_record(jobs[i], record)
                if jobs[i].explain and record.answered:
                    records[i]["explanation"] = explain(model, jobs[i])  # type: ignore[index]
        return records  # type: ignore[return-value]


def lower_priority() -> None:
    """Let the process that answers requests go first when all cores are busy."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICE)


def on_failure(job: Job, failure: Failure) -> dict[str, Any]:
    """Record of a job that its worker did not survive."""
    return error_record(job, failure.code, failure.message)


def error_record(job: Job, code: str, message: str) -> dict[str, Any]:
    """Record of an image that could not be read."""
    return describe_record(job, Record(job.name, "error", code, message))


def describe_record(job: Job, record: Record) -> dict[str, Any]:
    """A record as JSON."""
    answer: dict[str, Any] = {
        "path": record.path,
        "status": record.status,
        "code": record.code,
        "message": record.message,
    }
    if job.model:
        answer["model"] = job.model
    if record.size is not None:
        answer |= {"width": int(record.size[0]), "height": int(record.size[1])}
    rows = record.rows()
    if rows is not None:
        answer["detections"] = rows
    elif record.label is not None:
        answer |= _labels(record, job.top or 1)
    answer |= as_json(record.values)
    if "hits" in answer:
        answer["hits"] = answer["hits"][: job.top or 10]
    if record.pictures:
        from .tasks import encode_masks

        # a `MaskTask` made them: arrays
        pictures = cast("Mapping[str, np.ndarray]", record.pictures)
        answer |= encode_masks(pictures, answer["classes"], job.mask)
    return answer


def _labels(record: Record, top: int) -> dict[str, Any]:
    """What a classifier says: the label, and its best classes."""
    scores = record.scores[:top]
    answer: dict[str, Any] = {
        "label": as_json(record.label),
        "probability": round(float(scores[0][1]), 6) if scores else None,
        "scores": [
            {"label": as_json(label), "probability": round(float(value), 6)}
            for label, value in scores
        ],
    }
    if record.labels is not None:
        answer["labels"] = as_json(record.labels)
    return answer


def explain(model: ServedModel, job: Job) -> dict[str, Any]:
    """Which keypoints spoke for the label; positions and scales as shares of the image's sides."""
    try:
        found = model.explain(job.data)
    except CvclassicError as error:
        return {"message": str(error)}
    height, width = found.image_shape
    order = np.argsort(-np.abs(found.shares), kind="stable")[:_MOST_KEYPOINTS]
    largest = float(np.abs(found.shares[order]).max(initial=0)) or 1.0
    return {
        "label": as_json(found.label),
        "against": as_json(found.against),
        "exact": bool(found.exact),
        "keypoints_total": len(found),
        "keypoints": [
            {
                "x": round(float(found.xy[i, 0] + 0.5) / width, 5),
                "y": round(float(found.xy[i, 1] + 0.5) / height, 5),
                "size": round(float(found.scale[i]) / width, 5),
                "share": round(float(found.shares[i]) / largest, 4),
            }
            for i in order
        ],
    }


def stamp_of(path: str) -> tuple:
    """What changes when a model is replaced; of an index its list of files counts."""
    if os.path.isdir(path):
        from ..search.store import LIST

        path = os.path.join(path, LIST)
    found = os.stat(path)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
