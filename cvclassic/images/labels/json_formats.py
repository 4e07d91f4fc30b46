"""Label files in JSON besides COCO: LabelMe, the boxes of cascades, and VIA's own."""

from __future__ import annotations

import math
from typing import Any

from cvclassic.errors import DataError
from cvclassic.images.labels.types import (
    LabeledImage,
    LabeledObject,
    LabelSet,
    classes_of,
    corners_box,
    points_box,
)


def is_labelme(content: Any) -> bool:
    """Whether this JSON is a LabelMe file."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def parse_labelme(content: dict, source: str) -> tuple[LabeledImage, list[str]]:
    """The image of a LabelMe file, and what could not be read."""
    problems: list[str] = []
    objects = []
    for number, shape in enumerate(content["shapes"], 1):
        try:
            made = _labelme_shape(shape)
        except (DataError, TypeError, ValueError, KeyError, AttributeError) as error:
            problems.append(f"{source}: shape {number}: {error or type(error).__name__}")
            continue
        if made is not None:
            objects.append(made)
    name = str(content.get("imagePath") or "").replace("\\", "/").rsplit("/", 1)[-1]
    width, height = (_side(content.get(key)) for key in ("imageWidth", "imageHeight"))
    return LabeledImage(name, width, height, tuple(objects)), problems


def _side(value) -> int | None:
    return int(value) if isinstance(value, (int, float)) and 0 < value < 1e6 else None


def _labelme_shape(shape: dict) -> LabeledObject | None:
    points = [(float(x), float(y)) for x, y in shape["points"]]
    flat = tuple(v for point in points for v in point)
    if not all(math.isfinite(v) for v in flat):
        raise DataError("its points must be finite")
    label = str(shape.get("label", "object"))
    kind = shape.get("shape_type") or "polygon"
    if kind == "rectangle" and len(points) >= 2:
        return LabeledObject(label, points_box(flat))
    if kind == "circle" and len(points) == 2:
        (cx, cy), (x, y) = points
        radius = math.hypot(x - cx, y - cy)
        return LabeledObject(label, (cx - radius, cy - radius, 2 * radius, 2 * radius))
    if kind == "polygon" and len(points) >= 3:
        return LabeledObject(label, points_box(flat), (flat,))
    if kind in ("point", "points", "line", "linestrip"):
        return None
    raise DataError(f"a {kind} of {len(points)} points is not read")


def format_labelme(image: LabeledImage) -> dict:
    """A LabelMe file of one image, without its pixels."""
    shapes = []
    for labeled in image.objects:
        x, y, w, h = labeled.box
        common: dict[str, Any] = {"label": labeled.label, "group_id": None, "flags": {}}
        if labeled.polygons:
            for flat in labeled.polygons:
                points = [list(pair) for pair in zip(flat[0::2], flat[1::2], strict=True)]
                shapes.append({**common, "shape_type": "polygon", "points": points})
        else:
            corners = [[x, y], [x + w, y + h]]
            shapes.append({**common, "shape_type": "rectangle", "points": corners})
    return {
        "version": "5.0.1",
        "flags": {},
        "shapes": shapes,
        "imagePath": image.name,
        "imageData": None,
        "imageHeight": image.height,
        "imageWidth": image.width,
    }


def is_boxes(content: Any) -> bool:
    """Whether this JSON is ``{"name.jpg": [[x1, y1, x2, y2], ...]}``."""
    return isinstance(content, dict) and all(
        isinstance(rows, list) and all(isinstance(row, list) and len(row) == 4 for row in rows)
        for rows in content.values()
    )


def parse_boxes(content: dict, source: str, *, corners: bool = True) -> LabelSet:
    """Labels of the JSON that cascades are trained from; every box is an "object"."""
    images, problems = [], []
    for name, rows in content.items():
        objects = []
        for row in rows:
            try:
                values = [float(v) for v in row]
            except (TypeError, ValueError):
                values = [math.nan]
            if len(values) != 4 or not all(math.isfinite(v) for v in values):
                problems.append(f"{source}: {name}: a box must be four finite numbers")
                continue
            x, y, width, height = values
            box = corners_box(*values) if corners else (x, y, width, height)
            objects.append(LabeledObject("object", box))
        images.append(LabeledImage(name, None, None, tuple(objects)))
    return LabelSet(tuple(images), ("object",), "boxes", tuple(problems))


def format_boxes(labels: LabelSet) -> dict:
    """The JSON that cascades are trained from: corners, without classes."""
    return {
        image.name: [[x, y, x + w, y + h] for x, y, w, h in image.boxes().tolist()]
        for image in labels.images
    }


def is_via(content: Any) -> bool:
    """Whether this JSON is VIA's (VGG Image Annotator 2), a project or an export."""
    if not isinstance(content, dict):
        return False
    rows = content.get("_via_img_metadata", content)
    return isinstance(rows, dict) and bool(rows) and all(
        isinstance(row, dict) and "filename" in row and "regions" in row for row in rows.values()
    )  # fmt: skip


def parse_via(content: dict, source: str) -> LabelSet:
    """Labels of a VIA JSON file."""
    images, problems = [], []
    for row in content.get("_via_img_metadata", content).values():
        regions = row["regions"]
        regions = list(regions.values()) if isinstance(regions, dict) else regions
        objects = []
        for region in regions:
            try:
                objects.append(
                    via_object(region["shape_attributes"], region.get("region_attributes", {}))
                )
            except (DataError, KeyError, TypeError, ValueError, AttributeError) as error:
                problems.append(f"{source}: {row['filename']}: {error or type(error).__name__}")
        images.append(LabeledImage(str(row["filename"]), None, None, tuple(objects)))
    return LabelSet(tuple(images), classes_of(images), "via", tuple(problems))


def via_object(shape: dict, attributes: dict) -> LabeledObject:
    """One region of VIA; its class is the first attribute that holds a text.

    Raises
    ------
    DataError
        The shape is of another kind.
    """
    label = "object"
    for value in attributes.values():
        if isinstance(value, dict):
            value = next((key for key, chosen in value.items() if chosen), None)
        if isinstance(value, str) and value.strip():
            label = value.strip()
            break
    kind = shape.get("name")
    if kind == "rect":
        x, y, w, h = (float(shape[key]) for key in ("x", "y", "width", "height"))
        box: tuple[float, float, float, float] = (x, y, w, h)
        polygons: tuple = ()
    elif kind in ("polygon", "polyline"):
        pairs = zip(shape["all_points_x"], shape["all_points_y"], strict=True)
        flat = tuple(float(v) for pair in pairs for v in pair)
        if len(flat) < 6:
            raise DataError("a polygon needs at least three points")
        box, polygons = points_box(flat), (flat,)
    elif kind in ("circle", "ellipse"):
        cx, cy = float(shape["cx"]), float(shape["cy"])
        rx = float(shape["rx"] if "rx" in shape else shape["r"])
        ry = float(shape["ry"] if "ry" in shape else shape["r"])
        box, polygons = (cx - rx, cy - ry, 2 * rx, 2 * ry), ()
    else:
        raise DataError(f"a region of the kind {kind!r} is not read")
    if not all(math.isfinite(v) for v in box):
        raise DataError("a region must be finite")
    return LabeledObject(label, box, polygons)
