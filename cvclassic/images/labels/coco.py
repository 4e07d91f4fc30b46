"""COCO JSON: boxes, polygons and run lengths."""

from __future__ import annotations

import math
from typing import Any

from cvclassic.errors import DataError
from cvclassic.images.labels.masks import decode_rle, encode_rle, mask_box, object_mask
from cvclassic.images.labels.types import LabeledImage, LabeledObject, LabelSet, points_box


def is_coco(content: Any) -> bool:
    """Whether this JSON object is COCO's."""
    return isinstance(content, dict) and isinstance(content.get("images"), list)


def parse_coco(content: Any, source: str = "COCO") -> LabelSet:
    """Labels of a COCO JSON object.

    Parameters
    ----------
    content : dict
        With ``images``, ``annotations`` and ``categories``.
    source : str
        What messages call it.

    Returns
    -------
    LabelSet

    Raises
    ------
    DataError
        It is not like that.

    Examples
    --------
    >>> labels = parse_coco({
    ...     "images": [{"id": 7, "file_name": "a.jpg", "width": 9, "height": 9}],
    ...     "categories": [{"id": 1, "name": "fox"}],
    ...     "annotations": [{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]}]})
    >>> labels.images[0].objects[0].box
    (1.0, 2.0, 3.0, 4.0)
    """
    if not is_coco(content):
        raise DataError(f"{source}: expected a JSON object with images and annotations")
    problems: list[str] = []
    names = {}
    for category in _rows(content, "categories", source):
        names[category.get("id")] = str(category.get("name", category.get("id")))
    files: dict[Any, dict] = {}
    objects: dict[Any, list[LabeledObject]] = {}
    for image in _rows(content, "images", source):
        if "id" not in image or not isinstance(image.get("file_name"), str):
            problems.append(f"{source}: an image without id or file_name")
            continue
        if image["id"] in files:
            problems.append(f"{source}: two images have the id {image['id']}")
            continue
        files[image["id"]] = image
        objects[image["id"]] = []
    for row in _rows(content, "annotations", source):
        what = f"{source}: annotation {row.get('id', '?')}"
        if row.get("image_id") not in files:
            problems.append(f"{what}: no image has the id {row.get('image_id')}")
            continue
        label = names.get(row.get("category_id"))
        if label is None:
            problems.append(f"{what}: no category has the id {row.get('category_id')}")
            label = str(row.get("category_id"))
        try:
            objects[row["image_id"]].append(_object(row, label))
        except (DataError, TypeError, ValueError, KeyError) as error:
            problems.append(f"{what}: {error or type(error).__name__}")
    # the order of ids decides between equal scores in COCO's own evaluation
    if all(isinstance(key, int) for key in files):
        files = dict(sorted(files.items()))
    images = tuple(
        LabeledImage(
            image["file_name"], _side(image.get("width")), _side(image.get("height")),
            tuple(objects[key]),
        )
        for key, image in files.items()
    )  # fmt: skip
    declared = list(dict.fromkeys(names.values()))
    used = {o.label for image in images for o in image.objects}
    return LabelSet(images, (*declared, *sorted(used - set(declared))), "coco", tuple(problems))


def _rows(content: dict, key: str, source: str) -> list[dict]:
    rows = content.get(key, [])
    if not isinstance(rows, list):
        raise DataError(f"{source}: {key} must be a list")
    return [row for row in rows if isinstance(row, dict)]


def _side(value) -> int | None:
    return int(value) if isinstance(value, (int, float)) and 0 < value < 1e6 else None


def _object(row: dict, label: str) -> LabeledObject:
    """One annotation; polygons and run lengths are kept."""
    drawn = row.get("segmentation")
    polygons: tuple = ()
    rle = None
    if isinstance(drawn, dict):
        height, width = (int(side) for side in drawn["size"])
        counts = drawn["counts"]
        rle = (height, width, counts)
        if not isinstance(counts, str):
            rle = encode_rle(decode_rle(rle))
    elif isinstance(drawn, list):
        polygons = tuple(
            tuple(float(v) for v in polygon)
            for polygon in drawn
            if isinstance(polygon, list) and len(polygon) >= 6 and len(polygon) % 2 == 0
        )
    box = row.get("bbox")
    if box is None and rle is not None:
        box = mask_box(decode_rle(rle))
    elif box is None and polygons:
        box = points_box([v for polygon in polygons for v in polygon])
    if not isinstance(box, (list, tuple)) or len(box) != 4:
        raise DataError("bbox must be four numbers")
    x, y, w, h = (float(v) for v in box)
    if not all(math.isfinite(v) for v in (x, y, w, h)):
        raise DataError("bbox must be four finite numbers")
    return LabeledObject(label, (x, y, w, h), polygons, rle, bool(row.get("iscrowd", 0)))


def write_coco(labels: LabelSet) -> dict:
    """COCO JSON object of labels; ids count from 1, classes in their order.

    Examples
    --------
    >>> one = LabeledImage("a.jpg", 9, 9, (LabeledObject("fox", (1, 2, 3, 4)),))
    >>> write_coco(LabelSet((one,), ("fox",)))["annotations"][0]["bbox"]
    [1, 2, 3, 4]
    """
    numbers = {name: i + 1 for i, name in enumerate(labels.classes)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for i, image in enumerate(labels.images, 1):
        entry: dict[str, Any] = {"id": i, "file_name": image.name}
        if image.width and image.height:
            entry |= {"width": image.width, "height": image.height}
        images.append(entry)
        for labeled in image.objects:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": i,
                    "category_id": numbers[labeled.label],
                    "bbox": list(labeled.box),
                    "area": _area(labeled),
                    "iscrowd": int(labeled.ignore),
                    "segmentation": _segmentation(labeled),
                }
            )
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def _segmentation(labeled: LabeledObject):
    if labeled.rle is not None:
        height, width, counts = labeled.rle
        return {"size": [height, width], "counts": counts}
    return [list(polygon) for polygon in labeled.polygons]


def _area(labeled: LabeledObject) -> float:
    if labeled.rle is not None:
        height, width, _ = labeled.rle
        return float(object_mask(labeled, height, width).sum())
    if labeled.polygons:
        return sum(abs(_shoelace(polygon)) for polygon in labeled.polygons)
    return labeled.box[2] * labeled.box[3]


def _shoelace(polygon: tuple[float, ...]) -> float:
    xs, ys = polygon[0::2], polygon[1::2]
    return sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(len(xs))) / 2


def coco_results(content: Any, source: str = "COCO results") -> list[dict]:
    """Rows of a COCO results file: ``image_id``, ``category_id``, ``bbox``, ``score``.

    Raises
    ------
    DataError
        It is not a list of such rows.
    """
    if not isinstance(content, list):
        raise DataError(f"{source}: expected a JSON list of results")
    for row in content:
        good = isinstance(row, dict) and {"image_id", "category_id", "bbox", "score"} <= set(row)
        if not good or len(row["bbox"]) != 4:
            raise DataError(f"{source}: a result needs image_id, category_id, bbox and score")
    return content
