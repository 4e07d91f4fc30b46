"""What a detector found, written as other tools read it."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..batch import Record
from ..images.labels import LabeledImage, LabeledObject, LabelSet

FORMATS = ("coco", "csv", "jsonl", "voc", "yolo")
_COLUMNS = ("path", "label", "score", "x", "y", "width", "height")


def coco_object(records: Iterable[Record], classes: Sequence[str], root: str = "") -> dict:
    """COCO JSON with the scores in its annotations.

    Parameters
    ----------
    records : iterable of Record
        In the order of their ids; those that failed are left out.
    classes : sequence of str
    root : str
        Folder that the file names are relative to.

    Returns
    -------
    dict
        ``annotations`` is what COCO calls results: ``image_id``, ``category_id``, ``bbox``,
        ``score``.
    """
    numbers = {name: i + 1 for i, name in enumerate(classes)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for record in records:
        if record.failed or record.detections is None or record.size is None:
            continue
        width, height = record.size
        name = relative_name(record.path, root)
        images.append({"id": len(images) + 1, "file_name": name, "width": width, "height": height})
        found = record.detections
        for box, score, label in zip(
            found.boxes.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True
        ):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": numbers[label],
                    "bbox": [round(v, 2) for v in box],
                    "score": round(score, 6),
                    "area": round(box[2] * box[3], 2),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def relative_name(path: str, root: str) -> str:
    """A path below a folder, else its last part."""
    if root:
        relative = os.path.relpath(path, root)
        if not relative.startswith(os.pardir):
            return relative.replace(os.sep, "/")
    return os.path.basename(path)


def csv_text(records: Iterable[Record]) -> str:
    """One row an object."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for record in records:
        for row in record.rows() or ():
            writer.writerow([record.path, *(row[key] for key in _COLUMNS[1:])])
    return out.getvalue()


def jsonl_text(records: Iterable[Record]) -> str:
    """One line an image."""
    lines = []
    for record in records:
        width, height = record.size or (None, None)
        row = {
            "path": record.path, "status": record.status, "code": record.code,
            "message": record.message, "width": width, "height": height,
            "objects": record.rows(),
        }  # fmt: skip
        lines.append(json.dumps(row))
    return "".join(f"{line}\n" for line in lines)


def label_set(records: Iterable[Record], classes: Sequence[str], root: str = "") -> LabelSet:
    """Found objects as labels, to be corrected by hand."""
    images = []
    for record in records:
        if record.failed or record.detections is None or record.size is None:
            continue
        found = record.detections
        objects = tuple(
            LabeledObject(str(label), tuple(box))
            for box, label in zip(found.boxes.tolist(), found.labels.tolist(), strict=True)
        )
        images.append(LabeledImage(relative_name(record.path, root), *record.size, objects))
    return LabelSet(tuple(images), tuple(classes))
