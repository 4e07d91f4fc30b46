"""One reader for all label formats, which knows them by their content."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cvclassic._basics.csv_tables import find_encoding
from cvclassic.errors import DataError, ImageReadError, ParameterError
from cvclassic.images.files import read_file
from cvclassic.images.labels import json_formats, xml_formats
from cvclassic.images.labels.coco import is_coco, parse_coco
from cvclassic.images.labels.csv_formats import parse_csv
from cvclassic.images.labels.types import LabeledImage, LabelSet, classes_of
from cvclassic.images.labels.yolo import looks_like_yolo, names_file, read_yolo, yaml_file

FORMATS = ("coco", "voc", "yolo", "labelme", "cvat", "via", "csv", "imglab", "boxes")
_MOST_BYTES = 1_000_000_000


def read_labels(path, images=None, *, format: str | None = None) -> LabelSet:
    """Read boxes, polygons and masks from a label file or a folder of them.

    Parameters
    ----------
    path : str or Path
        COCO JSON, Pascal VOC XML, YOLO (YAML, or folder of text files), LabelMe JSON, CVAT XML,
        VIA CSV or JSON, CSV with a row a box, imglab XML, ``{"a.jpg": [[x1, y1, x2, y2]]}``; of
        the formats with a file for each image, a folder.
    images : str or Path, optional
        Folder of the images, which YOLO needs.
    format : str, optional
        One of `FORMATS`, where the content would leave it open.

    Returns
    -------
    LabelSet

    Raises
    ------
    DataError
        Nothing there is a label file.
    ParameterError
        There is no such format.

    Examples
    --------
    >>> read_labels("no/such/file")
    Traceback (most recent call last):
        ...
    cvclassic.errors.DataError: no/such/file: there is no such file or folder
    """
    if format is not None and format not in FORMATS:
        raise ParameterError(f"format must be one of {', '.join(FORMATS)}. Got {format!r} instead.")
    name = os.fsdecode(path)
    place = Path(name)
    if not place.exists():
        raise DataError(f"{name}: there is no such file or folder")
    labels = _folder(place, images, format) if place.is_dir() else _file(place, images, format)
    return _merged(labels)


def _bytes(path: Path) -> bytes:
    try:
        return read_file(path, max_bytes=_MOST_BYTES)
    except ImageReadError as error:
        raise DataError(f"{path}: {error.message}") from None


def _file(path: Path, images, format: str | None) -> LabelSet:
    suffix = path.suffix.lower()
    name = str(path)
    if format == "yolo" or suffix in (".yaml", ".yml"):
        return read_yolo(path, images)
    data = _bytes(path)
    start = data[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    if suffix == ".xml" or start.startswith(b"<"):
        root = xml_formats.parse_xml(data, name)
        kind = xml_formats.xml_format(root)
        if kind == "voc":
            image, problems = xml_formats.parse_voc(root, path.name)
            return _of_images([image], "voc", problems)
        if kind == "cvat":
            return xml_formats.parse_cvat(root, path.name)
        if kind == "imglab":
            return xml_formats.parse_imglab(root, path.name)
        raise DataError(f"{name}: an XML file of the kind <{root.tag[:40]}> holds no labels")
    if suffix == ".json" or start[:1] in (b"{", b"["):
        return _json(path, data)
    if suffix == ".txt":
        if not looks_like_yolo(path):
            raise DataError(
                f"{name}: this text file holds no labels: expected YOLO's lines, a class and four "
                "numbers"
            )
        return read_yolo(path, images)
    return parse_csv(data.decode(find_encoding(data), "replace"), path.name)


def _json(path: Path, data: bytes) -> LabelSet:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: this is not JSON ({error})") from None
    if is_coco(content):
        return parse_coco(content, path.name)
    if json_formats.is_labelme(content):
        image, problems = json_formats.parse_labelme(content, path.name)
        return _of_images([image], "labelme", problems)
    if json_formats.is_boxes(content):
        return json_formats.parse_boxes(content, path.name)
    if json_formats.is_via(content):
        return json_formats.parse_via(content, path.name)
    raise DataError(
        f"{path}: this JSON file holds no labels: expected COCO, LabelMe, VIA, or "
        '{"a.jpg": [[x1, y1, x2, y2]]}'
    )


def _of_images(images: list[LabeledImage], format: str, problems: list[str]) -> LabelSet:
    return LabelSet(tuple(images), classes_of(images), format, tuple(problems))


def _folder(folder: Path, images, format: str | None) -> LabelSet:
    """Labels of a folder: one file each image, or one file that has all."""
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".xml", ".json", ".csv"))
    texts = [p for p in folder.rglob("*.txt") if p.name != "README.txt"]
    named = bool(texts) and (yaml_file(folder) or names_file(folder))
    if format is None and not named:
        texts = texts if any(looks_like_yolo(p) for p in texts) else []
    if format == "yolo" or named or (texts and not files):
        return read_yolo(folder, images)
    singles: dict[str, tuple[list[LabeledImage], list[str]]] = {}
    whole: list[LabelSet] = []
    refused = []
    for file in files:
        try:
            part = _file(file, images, format)
        except DataError as error:
            refused.append(str(error))
            continue
        if part.format in ("voc", "labelme"):
            entry = singles.setdefault(part.format, ([], []))
            image = part.images[0]
            if not image.name:
                image = LabeledImage(file.stem, image.width, image.height, image.objects)
            entry[0].append(image)
            entry[1].extend(part.problems)
        else:
            whole.append(part)
    found = [_of_images(*_tuple(kind, *rest)) for kind, rest in singles.items()] + whole
    if format is not None:
        found = [part for part in found if part.format == format]
    if not found:
        more = f" ({refused[0]})" if refused else ""
        raise DataError(f"{folder}: there are no labels{more}")
    if len(found) > 1:
        raise DataError(
            f"{folder}: there are several label files ({', '.join(p.format for p in found[:4])}). "
            "Name one of them"
        )
    one = found[0]
    return LabelSet(one.images, one.classes, one.format, (*one.problems, *refused))


def _tuple(kind: str, images: list[LabeledImage], problems: list[str]):
    return images, kind, problems


def _merged(labels: LabelSet) -> LabelSet:
    """One entry an image, where a file has several, and classes that cover all objects."""
    by_name: dict[str, LabeledImage] = {}
    for image in labels.images:
        old = by_name.get(image.name)
        if old is not None:
            image = LabeledImage(
                image.name, old.width or image.width, old.height or image.height,
                old.objects + image.objects,
            )  # fmt: skip
        by_name[image.name] = image
    images = tuple(by_name.values())
    used = set(classes_of(images))
    classes = (*labels.classes, *sorted(used - set(labels.classes)))
    return LabelSet(images, classes, labels.format, labels.problems)
