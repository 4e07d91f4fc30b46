"""One writer for all label formats."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from cvclassic._basics.atomic import atomic_file
from cvclassic.errors import DataError, ParameterError
from cvclassic.images.labels import csv_formats, json_formats, xml_formats, yolo
from cvclassic.images.labels.coco import write_coco
from cvclassic.images.labels.types import LabeledImage, LabelSet

_FOLDERS = ("voc", "yolo", "labelme")
_WHOLE: dict[str, Callable[[LabelSet], str]] = {
    "coco": lambda labels: json.dumps(write_coco(labels)),
    "cvat": xml_formats.format_cvat,
    "via": csv_formats.format_via,
    "csv": csv_formats.format_csv,
    "imglab": xml_formats.format_imglab,
    "boxes": lambda labels: json.dumps(json_formats.format_boxes(labels)),
}
WRITTEN_FORMATS = (*_WHOLE, *_FOLDERS)


def write_labels(path, labels: LabelSet, format: str, *, force: bool = True) -> int:
    """Write labels in another format.

    Parameters
    ----------
    path : str or Path
        A file; with ``voc``, ``yolo`` and ``labelme`` a folder, which gets a file an image.
    labels : LabelSet
    format : str
        One of `WRITTEN_FORMATS`.
    force : bool
        Whether files in the folder of ``voc``, ``yolo`` and ``labelme`` are replaced that hold
        something else.

    Returns
    -------
    int
        Number of files written.

    Raises
    ------
    DataError
        A file cannot be written or is not to be replaced, or a size that the format needs is not
        known.
    ParameterError
        There is no such format.
    """
    if format not in WRITTEN_FORMATS:
        raise ParameterError(
            f"format must be one of {', '.join(WRITTEN_FORMATS)}. Got {format!r} instead."
        )
    name = os.fsdecode(path)
    try:
        if format in _WHOLE:
            _write(Path(name), _WHOLE[format](labels))
            return 1
        return _write_folder(Path(name), labels, format, force)
    except OSError as error:
        raise DataError(f"{name}: cannot be written ({error.strerror})") from None


def _write(path: Path, text: str) -> None:
    with atomic_file(path, "w", encoding="utf-8") as file:
        file.write(text)


def _write_folder(folder: Path, labels: LabelSet, format: str, force: bool) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {name: i for i, name in enumerate(labels.classes)}
    taken: dict[str, str] = {}
    texts: dict[Path, str] = {}
    inner = folder / "labels" if format == "yolo" else folder
    inner.mkdir(exist_ok=True)
    for image in labels.images:
        stem = Path(image.name.replace("\\", "/")).stem or "image"
        if stem in taken:
            raise DataError(
                f"{image.name} and {taken[stem]} would be written into one file. Rename one of them"
            )
        taken[stem] = image.name
        suffix, text = _one(image, format, numbers)
        texts[inner / f"{stem}{suffix}"] = text
    if format == "yolo":
        texts[folder / "data.yaml"] = yolo.format_yaml(labels.classes)
    for target, text in texts.items():
        if not force and target.exists() and target.read_bytes() != text.encode():
            raise DataError(
                f"{target} exists and holds something else. Choose another folder, or replace it "
                "with --force."
            )
    for target, text in texts.items():
        _write(target, text)
    return len(texts)


def _one(image: LabeledImage, format: str, numbers: dict[str, int]) -> tuple[str, str]:
    if format == "voc":
        return ".xml", xml_formats.format_voc(image)
    if format == "yolo":
        return ".txt", yolo.format_yolo(image, numbers)
    return ".json", json.dumps(json_formats.format_labelme(image))
