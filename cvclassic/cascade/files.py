"""Cascade files of OpenCV's newer kind (``opencv-cascade-classifier``), fully checked on reading.

OpenCV believes every index in such a file and crashes on a crafted one. So the file is parsed
here, every number is checked, and what OpenCV gets to see is written again from those numbers.
"""

from __future__ import annotations

import os
import re
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np

from .._basics.atomic import atomic_file
from ..errors import ImageReadError, ModelFileError
from ..images import read_file
from ..models.digests import digest_of_bytes
from .cascades import CODES, Cascade, Stage, Tree

_LARGEST = 64_000_000
_WORDS = CODES // 32
_DIGEST = re.compile(rb"<!-- checksum (xxh3-128:[0-9a-f]{32}) -->\n")
_SHORT = {"lbp": "LBP", "haar": "HAAR"}


def read_cascade(path: str | os.PathLike) -> Cascade:
    """Read and check a cascade file.

    Parameters
    ----------
    path : str or os.PathLike
        XML as ``opencv_traincascade`` and :func:`write_cascade` write it.

    Returns
    -------
    Cascade

    Raises
    ------
    ModelFileError
        The file cannot be read, is of the old kind of OpenCV 1, or is not sound.

    Examples
    --------
    >>> import cv2
    >>> face = read_cascade(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    >>> face.kind, face.width, len(face.stages), face.n_trees
    ('haar', 20, 20, 1047)
    """
    name = os.fsdecode(path)
    try:
        return parse_cascade(read_file(path, max_bytes=_LARGEST))
    except ImageReadError as error:
        raise ModelFileError(f"{name}: {error.message}") from None
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from None


def parse_cascade(data: bytes) -> Cascade:
    """As :func:`read_cascade`, from bytes."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ModelFileError("a cascade file declares no document types or entities")
    _check_digest(data)
    try:
        top = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ModelFileError(f"not a cascade file ({error})") from None
    root = top[0] if top.tag == "opencv_storage" and len(top) else None
    if root is None or root.get("type_id") not in ("opencv-cascade-classifier", None):
        old = root is not None and "haar" in str(root.get("type_id"))
        raise ModelFileError(
            "this is an old-format cascade (OpenCV 1). Only the format of OpenCV 2 and later "
            "is supported"
            if old
            else "not a cascade file: <cascade> is missing"
        )
    try:
        with np.errstate(over="ignore"):  # numbers beyond single precision are found by the check
            cascade = _cascade(root)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ModelFileError(f"the cascade is invalid ({error})") from None
    cascade.check()
    return cascade


def _cascade(root: ElementTree.Element) -> Cascade:
    if _text(root, "stageType") != "BOOST":
        raise ModelFileError("not a cascade file: stageType is not BOOST")
    name = _text(root, "featureType")
    if name not in _SHORT.values():
        raise ModelFileError(f"features must be LBP or HAAR. Got {name!r} instead")
    kind = name.lower()
    count = int(_text(root, "featureParams/maxCatCount"))
    if count != (CODES if kind == "lbp" else 0):
        raise ModelFileError(f"maxCatCount does not fit {name} features: {count}")
    rows = root.findall("features/_")
    if kind == "lbp":
        features = np.array([_numbers(row, "rect", 4) for row in rows], np.float64)
        features = features.reshape(-1, 4).astype(np.int32)
        tilted = np.zeros(len(rows), bool)
    else:
        features = np.zeros((len(rows), 3, 5))
        for i, row in enumerate(rows):
            for j, text in enumerate(row.findall("rects/_")):
                features[i, j] = _split(text.text, 5).astype(np.float32)
        tilted = np.array([int(row.findtext("tilted") or 0) != 0 for row in rows], bool)
        if (features[..., :4] != np.floor(features[..., :4])).any():
            raise ModelFileError("rectangles must lie on whole pixels")
    stages = tuple(_stage(element, kind) for element in root.findall("stages/_"))
    notes = {note.tag: (note.text or "").strip().strip('"') for note in root.findall("cvclassic/*")}
    size = int(_text(root, "width")), int(_text(root, "height"))
    return Cascade(kind, *size, features, tilted, stages, notes)


def _stage(element: ElementTree.Element, kind: str) -> Stage:
    trees = tuple(_tree(one, kind) for one in element.findall("weakClassifiers/_"))
    return Stage(trees, float(np.float32(_text(element, "stageThreshold"))))


def _tree(element: ElementTree.Element, kind: str) -> Tree:
    per_node = 3 + (_WORDS if kind == "lbp" else 1)
    numbers = _split(_text(element, "internalNodes"))
    leaves = _split(_text(element, "leafValues")).astype(np.float32)
    nodes = numbers.reshape(-1, per_node)
    if np.abs(nodes[:, :3]).max(initial=0) > 1e9:
        raise ModelFileError("the cascade is invalid: a node points nowhere")
    left, right, feature = nodes[:, :3].astype(np.int32).T
    if kind == "haar":
        return Tree(left, right, feature, nodes[:, 3].astype(np.float32), leaves)
    words = nodes[:, 3:].astype(np.int64).astype(np.uint32)
    bits = (words[:, :, None] >> np.arange(32, dtype=np.uint32)) & 1
    return Tree(left, right, feature, bits.reshape(-1, CODES).astype(bool), leaves)


def _text(element: ElementTree.Element, path: str) -> str:
    text = element.findtext(path)
    if text is None or not text.strip():
        raise ModelFileError(f"not a cascade file: <{path.rpartition('/')[2]}> is missing")
    return text.strip()


def _numbers(element: ElementTree.Element, path: str, n: int) -> np.ndarray:
    return _split(_text(element, path), n)


def _split(text: str | None, n: int | None = None) -> np.ndarray:
    numbers = np.array((text or "").split(), np.float64)
    if n is not None and len(numbers) != n:
        raise ModelFileError(f"not a cascade file: expected {n} numbers, got {len(numbers)}")
    return numbers


def write_cascade(path: str | os.PathLike, cascade: Cascade) -> None:
    """Write a cascade that `cv2.CascadeClassifier` loads; the file appears whole or not at all.

    Raises
    ------
    ModelFileError
        The cascade is not sound.
    OSError
        The file cannot be written.
    """
    cascade.check()
    with atomic_file(path, "w", encoding="utf-8") as file:
        file.write(format_cascade(cascade))


def format_cascade(cascade: Cascade) -> str:
    """The text of a cascade's file; floats in the fewest digits that give the same float32."""
    most = max(len(stage.trees) for stage in cascade.stages)
    depth = 1 if all(len(t.left) == 1 for s in cascade.stages for t in s.trees) else 2
    count, size = (CODES, 1) if cascade.kind == "lbp" else (0, 1)
    lines = [
        '<?xml version="1.0"?>',
        "<opencv_storage>",
        '<cascade type_id="opencv-cascade-classifier">',
        "  <stageType>BOOST</stageType>",
        f"  <featureType>{_SHORT[cascade.kind]}</featureType>",
        f"  <height>{cascade.height}</height>",
        f"  <width>{cascade.width}</width>",
        "  <stageParams>",
        "    <boostType>GAB</boostType>",
        f"    <maxDepth>{depth}</maxDepth>",
        f"    <maxWeakCount>{most}</maxWeakCount></stageParams>",
        "  <featureParams>",
        f"    <maxCatCount>{count}</maxCatCount>",
        f"    <featSize>{size}</featSize></featureParams>",
        f"  <stageNum>{len(cascade.stages)}</stageNum>",
        "  <stages>",
    ]
    for number, stage in enumerate(cascade.stages):
        lines += [
            f"    <!-- stage {number} -->",
            "    <_>",
            f"      <maxWeakCount>{len(stage.trees)}</maxWeakCount>",
            f"      <stageThreshold>{_float(stage.threshold)}</stageThreshold>",
            "      <weakClassifiers>",
        ]
        for tree in stage.trees:
            lines += [
                "        <_>",
                f"          <internalNodes>{_nodes(tree)}</internalNodes>",
                f"          <leafValues>{' '.join(map(_float, tree.leaves))}</leafValues></_>",
            ]
        lines[-1] += "</weakClassifiers></_>"
    lines[-1] += "</stages>"
    lines.append("  <features>")
    for rects, tilted in zip(cascade.features, cascade.tilted, strict=True):
        if cascade.kind == "lbp":
            lines.append(f"    <_><rect>{' '.join(map(str, rects.tolist()))}</rect></_>")
        else:
            lines.append(f"    <_><rects>{_rects(rects)}</rects><tilted>{int(tilted)}</tilted></_>")
    lines[-1] += "</features>"
    if cascade.notes:
        lines.append("  <cvclassic>")
        # in quotes, lest OpenCV take a text that begins with a digit for a number
        lines += [f'    <{k}>"{_note(v)}"</{k}>' for k, v in cascade.notes.items()]
        lines[-1] += "</cvclassic>"
    lines.append("</cascade>")
    end = ["</opencv_storage>", ""]
    digest = digest_of_bytes("\n".join([*lines, *end]).encode())
    return "\n".join([*lines, f"<!-- checksum {digest} -->", *end])


def _check_digest(data: bytes) -> None:
    """Compare the checksum that `format_cascade` writes; files of others have none."""
    found = _DIGEST.search(data)
    if found is None:
        return
    rest = data[: found.start()] + data[found.end() :]
    if digest_of_bytes(rest) != found[1].decode():
        raise ModelFileError(
            "the file is damaged: its checksum does not match. If it was edited on purpose, "
            "delete the line of the checksum"
        )


def _note(text: str) -> str:
    return escape(str(text).replace('"', "'").replace("\\", "/"))


def _float(value: float) -> str:
    return np.format_float_scientific(np.float32(value), unique=True, trim="0")


def _nodes(tree: Tree) -> str:
    words = []
    for i in range(len(tree.left)):
        words += [str(int(tree.left[i])), str(int(tree.right[i])), str(int(tree.feature[i]))]
        if tree.test.ndim == 1:
            words.append(_float(tree.test[i]))
        else:
            bits = np.packbits(tree.test[i], bitorder="little").view("<i4")
            words += map(str, bits.tolist())
    return " ".join(words)


def _rects(rects: np.ndarray) -> str:
    used = [r for i, r in enumerate(rects) if i < 2 or r[4] != 0]
    return "".join(f"<_>{' '.join(str(int(v)) for v in r[:4])} {_float(r[4])}</_>" for r in used)
