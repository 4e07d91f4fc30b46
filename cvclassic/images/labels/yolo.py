"""YOLO: a text file an image, and a YAML file or a list with the names of the classes."""

from __future__ import annotations

import ast
import math
import os
from pathlib import Path

from cvclassic.errors import DataError, ImageReadError
from cvclassic.images.files import read_file
from cvclassic.images.labels.locating import image_files, image_size
from cvclassic.images.labels.types import (
    LabeledImage,
    LabeledObject,
    LabelSet,
    points_box,
)

_MOST_BYTES = 16_000_000
_NAME_LISTS = ("classes.txt", "obj.names", "names.txt", "labels.txt", "_darknet.labels")


def read_yolo(path, images=None) -> LabelSet:
    """Labels of a YOLO data set.

    Parameters
    ----------
    path : str or Path
        Its YAML file, its folder, or the folder of text files.
    images : str or Path, optional
        Folder of the images. Else those beside the text files, or in ``images`` where the text
        files are in ``labels``.

    Returns
    -------
    LabelSet
        Coordinates in pixels. Images without a text file have no objects.

    Raises
    ------
    DataError
        There are no images: their sizes are needed, as YOLO's numbers are shares.
    """
    path = Path(path)
    folder = path.parent if path.is_file() else path
    names = _class_names(path)
    texts = {
        file.stem: file for file in sorted(folder.rglob("*.txt"))
        if file.name not in _NAME_LISTS and not file.name.lower().startswith("readme")
    }  # fmt: skip
    where = Path(images) if images else folder
    found = image_files(where)
    if not images and not found and folder.name == "labels":
        where = folder.parent / "images"
        found = image_files(where)
    if not found:
        raise DataError(
            f"{where}: there are no images. YOLO's numbers are shares of an image's size, so "
            "give the folder of the images (--images)"
        )
    problems: list[str] = []
    labeled = []
    for relative in found:
        size = image_size(where / relative)
        text = texts.pop(Path(relative).stem, None)
        if size is None:
            problems.append(f"{relative}: the image cannot be read")
            continue
        objects: tuple[LabeledObject, ...] = ()
        if text is not None:
            objects = _objects(text, size, names, problems)
        labeled.append(LabeledImage(relative, *size, objects))
    for stem, file in texts.items():
        problems.append(f"{file.name}: there is no image called {stem}")
    used = {o.label for image in labeled for o in image.objects}
    classes = (*names.values(), *sorted(used - set(names.values())))
    return LabelSet(tuple(labeled), tuple(dict.fromkeys(classes)), "yolo", tuple(problems))


def _objects(file: Path, size, names: dict[int, str], problems: list[str]):
    width, height = size
    objects = []
    for number, line in enumerate(_text(file).splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        row = _row(parts)
        if row is None:
            problems.append(f"{file.name}, line {number}: expected a class and four numbers")
            continue
        kind, values = row
        label = names.get(kind, str(kind))
        if len(values) >= 6:
            flat = tuple(
                v * (height if i % 2 else width) for i, v in enumerate(values)
            )  # fmt: skip
            objects.append(LabeledObject(label, points_box(flat), (flat,)))
            continue
        cx, cy, w, h = values[:4]  # a fifth one is a score
        box = ((cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height)
        objects.append(LabeledObject(label, box))
    return tuple(objects)


def _row(parts: list[str]) -> tuple[int, list[float]] | None:
    """Class and numbers of a line: a box, a box with its score, or a polygon; None for others."""
    try:
        kind = int(float(parts[0]))
        values = [float(v) for v in parts[1:]]
    except (ValueError, OverflowError):
        return None
    good = len(values) == 4 or len(values) == 5 or (len(values) >= 6 and len(values) % 2 == 0)
    return (kind, values) if good and all(math.isfinite(v) for v in values) else None


def looks_like_yolo(file: Path) -> bool:
    """Whether the first line of a text file is one of YOLO's; a file without lines has no boxes."""
    if file.name in _NAME_LISTS:
        return True
    lines = _text(file).split("\n")
    first = next((line.split() for line in lines if line.strip()), None)
    return first is None or _row(first) is not None


def _text(file) -> str:
    try:
        return read_file(file, max_bytes=_MOST_BYTES).decode("utf-8-sig", "replace")
    except ImageReadError as error:
        if error.code == "empty":  # an image without objects
            return ""
        raise DataError(f"{file}: {error.message}") from None


def yaml_file(folder: Path) -> Path | None:
    """The YAML file of a data set, in its folder or one above."""
    for place in (folder, folder.parent):
        for pattern in ("*.yaml", "*.yml"):
            for file in sorted(place.glob(pattern)):
                if "names" in _text(file):
                    return file
    return None


def names_file(folder: Path) -> Path | None:
    """The list of class names, one per line, in a data set's folder or one above."""
    for place in (folder, folder.parent):
        for name in _NAME_LISTS:
            if (place / name).is_file():
                return place / name
    return None


def _class_names(path: Path) -> dict[int, str]:
    folder = path.parent if path.is_file() else path
    yaml = path if path.suffix.lower() in (".yaml", ".yml") else yaml_file(folder)
    if yaml is not None:
        return yaml_names(_text(yaml))
    listed = names_file(folder)
    if listed is None:
        return {}
    lines = [line.strip() for line in _text(listed).splitlines()]
    return {i: line for i, line in enumerate(lines) if line}


def yaml_names(text: str) -> dict[int, str]:
    """Class names of a data set's YAML, in any of the three ways in which people write them.

    Examples
    --------
    >>> yaml_names("nc: 2\\nnames: ['fox', 'owl']")
    {0: 'fox', 1: 'owl'}
    >>> yaml_names("names:\\n  0: fox\\n  1: owl  # at night\\ntrain: images")
    {0: 'fox', 1: 'owl'}
    >>> yaml_names("names:\\n- fox\\n- 'red owl'")
    {0: 'fox', 1: 'red owl'}
    """
    lines = text.splitlines()
    at = next((i for i, line in enumerate(lines) if _is_names(line)), None)
    if at is None:
        return {}
    line = lines[at]
    rest = line.split(":", 1)[1].split(" #")[0].strip()
    if rest:
        inline = rest
        while inline.count("[") + inline.count("{") > inline.count("]") + inline.count("}"):
            at += 1
            if at >= len(lines):
                break
            inline += " " + lines[at].split(" #")[0].strip()
        return _inline_names(inline)
    names: dict[int, str] = {}
    for line in lines[at + 1 :]:
        entry = line.split(" #")[0].strip()
        if not entry or entry.startswith("#"):
            continue
        if entry.startswith("- "):
            names[len(names)] = _bare(entry[2:])
        elif line[:1] in " \t" and ":" in entry and entry.split(":", 1)[0].strip().isdigit():
            key, value = entry.split(":", 1)
            names[int(key)] = _bare(value)
        else:
            break
    return names


def _is_names(line: str) -> bool:
    return line[:1] not in " \t" and ":" in line and line.split(":", 1)[0].strip() == "names"


def _bare(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def _inline_names(text: str) -> dict[int, str]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        inner = text.strip()[1:-1]
        parts = [part.strip() for part in inner.split(",") if part.strip()]
        if text.strip().startswith("{"):
            pairs = [part.split(":", 1) for part in parts if ":" in part]
            return {int(k): _bare(v) for k, v in pairs if k.strip().isdigit()}
        return {i: _bare(part) for i, part in enumerate(parts)}
    if isinstance(value, dict):
        return {int(k): str(v) for k, v in value.items() if str(k).isdigit()}
    return {i: str(v) for i, v in enumerate(value)} if isinstance(value, (list, tuple)) else {}


def format_yolo(image: LabeledImage, numbers: dict[str, int]) -> str:
    """The text file of one image; polygons where it has them.

    Raises
    ------
    DataError
        The image's size is not known.
    """
    if not image.width or not image.height:
        raise DataError(f"{image.name}: its size is needed to write YOLO labels")
    lines = []
    for labeled in image.objects:
        number = numbers[labeled.label]
        if labeled.polygons and len(labeled.polygons) == 1:
            values = [
                v / (image.height if i % 2 else image.width)
                for i, v in enumerate(labeled.polygons[0])
            ]
        else:
            x, y, w, h = labeled.box
            values = [
                (x + w / 2) / image.width,
                (y + h / 2) / image.height,
                w / image.width,
                h / image.height,
            ]
        lines.append(" ".join([str(number), *(f"{v:.8g}" for v in values)]))
    return "".join(f"{line}\n" for line in lines)


def format_yaml(classes, images: str | os.PathLike = "images") -> str:
    """The YAML file of a data set."""
    lines = [f"train: {images}", f"val: {images}", f"nc: {len(classes)}", "names:"]
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"') for name in classes]
    return "\n".join([*lines, *(f'  {i}: "{name}"' for i, name in enumerate(quoted)), ""])
