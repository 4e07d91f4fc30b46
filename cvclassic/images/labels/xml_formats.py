"""Label files in XML: Pascal VOC, CVAT for images and dlib's imglab."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from cvclassic.errors import DataError
from cvclassic.images.labels.types import (
    LabeledImage,
    LabeledObject,
    LabelSet,
    corners_box,
    points_box,
)

_ROOTS = {"annotation": "voc", "annotations": "cvat", "dataset": "imglab"}


def parse_xml(data: bytes, source: str) -> ElementTree.Element:
    """Root of a document without a type declaration, so that no entity can grow.

    Raises
    ------
    DataError
        It is no XML, or declares its own entities.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DataError(f"{source}: an XML file with its own declarations is not read")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DataError(f"{source}: this is not XML ({error})") from None


def xml_format(root: ElementTree.Element) -> str | None:
    """Which of the three formats a document is, or None."""
    return _ROOTS.get(root.tag)


def _number(text, what: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be a number. Got {text!r} instead.") from None
    if not math.isfinite(value):
        raise DataError(f"{what} must be finite. Got {text!r} instead.")
    return value


def _side(text) -> int | None:
    try:
        side = int(float(text))
    except (TypeError, ValueError, OverflowError):
        return None
    return side if side > 0 else None


def _collect(rows: Iterator, source: str, problems: list[str]) -> tuple[LabeledObject, ...]:
    """Objects of an image; what cannot be read is a problem."""
    objects = []
    for make in rows:
        try:
            made = make()
        except DataError as error:
            problems.append(f"{source}: {error}")
            continue
        if made is not None:
            objects.append(made)
    return tuple(objects)


def parse_voc(root: ElementTree.Element, source: str) -> tuple[LabeledImage, list[str]]:
    """The image of a Pascal VOC file, and what could not be read.

    Boxes are the corners as they stand, as labelImg, CVAT and most tools write them; the original
    challenge counted pixels from 1 and included the last one.
    """
    problems: list[str] = []
    name = (root.findtext("filename") or "").strip()
    if not name:
        name = (root.findtext("path") or "").strip().replace("\\", "/").rsplit("/", 1)[-1]

    def one(node):
        box = node.find("bndbox")
        if box is None:
            raise DataError("an object has no bndbox")
        corners = [_number(box.findtext(key), key) for key in ("xmin", "ymin", "xmax", "ymax")]
        polygon = _voc_polygon(node.find("polygon"))
        ignore = (node.findtext("difficult") or "0").strip() == "1"
        label = (node.findtext("name") or "").strip()
        return LabeledObject(label or "object", corners_box(*corners), polygon, None, ignore)

    rows = ((lambda node=node: one(node)) for node in root.iter("object"))
    objects = _collect(rows, source, problems)
    width, height = _side(root.findtext("size/width")), _side(root.findtext("size/height"))
    return LabeledImage(name, width, height, objects), problems


def _voc_polygon(node) -> tuple:
    """Points ``x1 y1 x2 y2 ...`` as some tools add them."""
    if node is None:
        return ()
    flat: list[float] = []
    k = 1
    while node.find(f"x{k}") is not None and node.find(f"y{k}") is not None:
        flat += [_number(node.findtext(f"{axis}{k}"), axis) for axis in "xy"]
        k += 1
    return (tuple(flat),) if k > 3 else ()


def format_voc(image: LabeledImage) -> str:
    """A Pascal VOC file for one image."""
    lines = ["<annotation>", f"  <filename>{escape(image.name)}</filename>"]
    if image.width and image.height:
        lines += [
            "  <size>",
            f"    <width>{image.width}</width>",
            f"    <height>{image.height}</height>",
            "    <depth>3</depth>",
            "  </size>",
        ]
    for labeled in image.objects:
        x, y, w, h = labeled.box
        corners = zip(("xmin", "ymin", "xmax", "ymax"), (x, y, x + w, y + h), strict=True)
        lines += [
            "  <object>",
            f"    <name>{escape(labeled.label)}</name>",
            f"    <difficult>{int(labeled.ignore)}</difficult>",
            "    <bndbox>",
            *(f"      <{key}>{value:.10g}</{key}>" for key, value in corners),
            "    </bndbox>",
            "  </object>",
        ]
    return "\n".join([*lines, "</annotation>", ""])


def parse_cvat(root: ElementTree.Element, source: str) -> LabelSet:
    """Labels of a file "CVAT for images"; rotated boxes become the upright box around them."""
    problems: list[str] = []
    images = []
    for node in root.iter("image"):
        name = node.get("name", "")
        rows = ((lambda shape=shape: _cvat_shape(shape)) for shape in node)
        objects = _collect(rows, f"{source}: {name}", problems)
        images.append(
            LabeledImage(name, _side(node.get("width")), _side(node.get("height")), objects)
        )
    declared = [(n.text or "").strip() for n in root.iterfind("meta//labels/label/name")]
    return LabelSet(tuple(images), tuple(dict.fromkeys(declared)), "cvat", tuple(problems))


def _cvat_shape(shape: ElementTree.Element) -> LabeledObject | None:
    label = shape.get("label", "object")
    if shape.tag == "box":
        x0, y0, x1, y1 = (_number(shape.get(key), key) for key in ("xtl", "ytl", "xbr", "ybr"))
        box = corners_box(x0, y0, x1, y1)
        turn = _number(shape.get("rotation", "0"), "rotation")
        if not turn:
            return LabeledObject(label, box)
        cx, cy, angle = (x0 + x1) / 2, (y0 + y1) / 2, math.radians(turn)
        cos, sin = math.cos(angle), math.sin(angle)
        polygon: list[float] = []
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)):
            polygon += [
                cx + (x - cx) * cos - (y - cy) * sin,
                cy + (x - cx) * sin + (y - cy) * cos,
            ]
        return LabeledObject(label, points_box(polygon), (tuple(polygon),))
    if shape.tag == "polygon":
        flat = [
            _number(v, "points") for pair in shape.get("points", "").split(";")
            for v in pair.split(",")
        ]  # fmt: skip
        if len(flat) < 6 or len(flat) % 2:
            raise DataError("a polygon needs at least three points")
        return LabeledObject(label, points_box(flat), (tuple(flat),))
    return None


def format_cvat(labels: LabelSet) -> str:
    """A file "CVAT for images"."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>"]
    lines += ["  <meta><job><labels>"]
    lines += [f"    <label><name>{escape(name)}</name></label>" for name in labels.classes]
    lines += ["  </labels></job></meta>"]
    for i, image in enumerate(labels.images):
        size = f' width="{image.width}" height="{image.height}"' if image.width else ""
        lines.append(f'  <image id="{i}" name={quoteattr(image.name)}{size}>')
        for labeled in image.objects:
            name = quoteattr(labeled.label)
            if labeled.polygons:
                for flat in labeled.polygons:
                    points = ";".join(
                        f"{x:.10g},{y:.10g}" for x, y in zip(flat[0::2], flat[1::2], strict=True)
                    )
                    lines.append(f'    <polygon label={name} occluded="0" points="{points}"/>')
                continue
            x, y, w, h = labeled.box
            lines.append(
                f'    <box label={name} occluded="0" xtl="{x:.10g}" ytl="{y:.10g}" '
                f'xbr="{x + w:.10g}" ybr="{y + h:.10g}"/>'
            )
        lines.append("  </image>")
    return "\n".join([*lines, "</annotations>", ""])


def parse_imglab(root: ElementTree.Element, source: str) -> LabelSet:
    """Labels of a file of dlib's imglab; a box without label is an "object"."""
    problems: list[str] = []
    images = []

    def one(node):
        left, top, w, h = (_number(node.get(k), k) for k in ("left", "top", "width", "height"))
        label = (node.findtext("label") or "").strip() or "object"
        return LabeledObject(label, (left, top, w, h), (), None, node.get("ignore") == "1")

    for node in root.iter("image"):
        name = node.get("file", "")
        rows = ((lambda box=box: one(box)) for box in node.iter("box"))
        objects = _collect(rows, f"{source}: {name}", problems)
        images.append(
            LabeledImage(name, _side(node.get("width")), _side(node.get("height")), objects)
        )
    return LabelSet(tuple(images), (), "imglab", tuple(problems))


def format_imglab(labels: LabelSet) -> str:
    """A file of dlib's imglab; its boxes are whole pixels."""
    lines = ["<?xml version='1.0' encoding='utf-8'?>", "<dataset>", "  <name>boxes</name>"]
    lines.append("  <images>")
    for image in labels.images:
        size = f" width='{image.width}' height='{image.height}'" if image.width else ""
        lines.append(f"    <image file={quoteattr(image.name)}{size}>")
        for labeled in image.objects:
            x, y, w, h = (round(v) for v in labeled.box)
            ignore = " ignore='1'" if labeled.ignore else ""
            lines.append(
                f"      <box top='{y}' left='{x}' width='{w}' height='{h}'{ignore}>"
                f"<label>{escape(labeled.label)}</label></box>"
            )
        lines.append("    </image>")
    return "\n".join([*lines, "  </images>", "</dataset>", ""])
