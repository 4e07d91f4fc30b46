"""Label tables in CSV: VIA's, and one row a box with named columns."""

from __future__ import annotations

import csv
import io
import json

from cvclassic._basics.csv_tables import CSVTable
from cvclassic.errors import DataError
from cvclassic.images.labels.json_formats import via_object
from cvclassic.images.labels.types import (
    LabeledImage,
    LabeledObject,
    LabelSet,
    classes_of,
    corners_box,
)

_FILE = ("filename", "file_name", "image", "path", "image_path", "file", "name")
_CLASS = ("class", "label", "class_name", "category", "name")
_CORNERS = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"))
_SIZES = (("x", "y", "w", "h"), ("x", "y", "box_width", "box_height"))
_COLUMNS = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
_VIA = (
    "filename",
    "file_size",
    "file_attributes",
    "region_count",
    "region_id",
    "region_shape_attributes",
    "region_attributes",
)


def parse_csv(text: str, source: str) -> LabelSet:
    """Labels of a table; its header says which kind it is.

    Raises
    ------
    DataError
        It is no table, or its header has no columns that would say where boxes are.
    """
    table = CSVTable(io.StringIO(text), (), source)
    header = [_column(cell) for cell in table.header]
    rows = [(table.line, dict(zip(header, row, strict=True))) for row in table.rows()]
    if "region_shape_attributes" in header:
        return _parse_via(rows, source)
    name = next((key for key in _FILE if key in header), None)
    corners = next((keys for keys in _CORNERS if set(keys) <= set(header)), None)
    sizes = next((keys for keys in _SIZES if set(keys) <= set(header)), None)
    if name is None or not (corners or sizes):
        raise DataError(
            f"{source}: expected columns such as filename, class, xmin, ymin, xmax, ymax. "
            f"Got {', '.join(header) or 'none'} instead."
        )
    label = next((key for key in _CLASS if key in header and key != name), None)
    keys = corners or sizes or ()
    found: dict[str, list[LabeledObject]] = {}
    shapes: dict[str, tuple[int | None, int | None]] = {}
    problems = []
    for line, row in rows:
        file = (row.get(name) or "").strip()
        found.setdefault(file, [])
        shapes.setdefault(file, (_side(row.get("width")), _side(row.get("height"))))
        texts = [(row.get(key) or "").strip() for key in keys]
        if not any(texts):  # an image without objects
            continue
        try:
            a, b, c, d = (float(v) for v in texts)
            if not all(abs(v) < 1e9 for v in (a, b, c, d)):
                raise ValueError
        except ValueError:
            problems.append(f"{source}, line {line}: a box must be four numbers")
            continue
        box = corners_box(a, b, c, d) if corners else (a, b, c, d)
        what = (row.get(label) or "").strip() if label else ""
        found[file].append(LabeledObject(what or "object", box))
    images = tuple(LabeledImage(f, *shapes[f], tuple(objects)) for f, objects in found.items())
    return LabelSet(images, classes_of(images), "csv", tuple(problems))


def _column(header: str) -> str:
    """A header as it is compared."""
    return header.strip().lstrip("#").strip().lower()


def _side(text) -> int | None:
    try:
        side = int(float(text))
    except (TypeError, ValueError, OverflowError):
        return None
    return side if side > 0 else None


def _parse_via(rows: list[tuple[int, dict]], source: str) -> LabelSet:
    found: dict[str, list[LabeledObject]] = {}
    problems = []
    for line, row in rows:
        file = (row.get("filename") or "").strip()
        found.setdefault(file, [])
        try:
            shape = json.loads(row.get("region_shape_attributes") or "{}")
            attributes = json.loads(row.get("region_attributes") or "{}")
            if shape:
                found[file].append(via_object(shape, attributes))
        except (DataError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            problems.append(f"{source}, line {line}: {e or type(e).__name__}")
    images = tuple(LabeledImage(f, None, None, tuple(objects)) for f, objects in found.items())
    return LabelSet(images, classes_of(images), "via", tuple(problems))


def format_csv(labels: LabelSet) -> str:
    """One row a box; an image without objects has one row with empty columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for image in labels.images:
        size = (image.width or "", image.height or "")
        if not image.objects:
            writer.writerow([image.name, *size, "", "", "", "", ""])
        for o in image.objects:
            x, y, w, h = o.box
            corners = [f"{v:.10g}" for v in (x, y, x + w, y + h)]
            writer.writerow([image.name, *size, o.label, *corners])
    return out.getvalue()


def format_via(labels: LabelSet) -> str:
    """VIA's CSV; the class is the region attribute "class"."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_VIA)
    for image in labels.images:
        n = len(image.objects)
        if not n:
            writer.writerow([image.name, 0, "{}", 0, 0, "{}", "{}"])
        for i, o in enumerate(image.objects):
            x, y, w, h = o.box
            shape: dict = {"name": "rect", "x": x, "y": y, "width": w, "height": h}
            if o.polygons:
                flat = o.polygons[0]
                shape = {
                    "name": "polygon",
                    "all_points_x": list(flat[0::2]),
                    "all_points_y": list(flat[1::2]),
                }
            attributes = json.dumps({"class": o.label})
            writer.writerow([image.name, 0, "{}", n, i, json.dumps(shape), attributes])
    return out.getvalue()
