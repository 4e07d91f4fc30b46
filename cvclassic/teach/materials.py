"""Data of the page: small images, and OpenCV's face cascade."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import cv2
import numpy as np

from ..cascade import Cascade, parse_cascade
from ..errors import DataError, MissingDependencyError
from ..images import encode_image, read_file, read_image, to_gray

# name -> (file in sample_images, longest side in the page, title)
PICTURES = {
    "astronaut": ("face/astronaut.jpg", 256, "Astronaut"),
    "coffee": ("match/coffee_left.jpg", 256, "Coffee"),
    "bricks": ("materials/test/brick/brick_03.jpg", 128, "Bricks"),
    "gravel": ("materials/test/gravel/gravel_01.jpg", 128, "Gravel"),
    "stars": ("materials/test/stars/stars_02.jpg", 128, "Stars"),
}
CLASSES = ("brick", "grass", "stars", "tissue")
N_TRAIN, N_TEST, SIDE = 6, 4, 96
CASCADE = "haarcascade_frontalface_alt.xml"


def pictures_module(folder: str) -> str:
    """Images for all parts, as a JavaScript module.

    Parameters
    ----------
    folder : str
        Folder of the sample images, as in the project's `sample_images`.

    Returns
    -------
    str
        Exports ``PICTURES`` (name, title and JPEG of each) and ``MATERIALS`` (class, role and
        JPEG).

    Raises
    ------
    ImageReadError
        One of the images is missing.
    OSError
        The folder cannot be read.
    """
    pictures = [
        {"name": name, "title": title, "jpeg": _jpeg(os.path.join(folder, path), side)}
        for name, (path, side, title) in PICTURES.items()
    ]
    materials = [
        {"label": label, "role": role, "jpeg": _jpeg(path, SIDE)}
        for label in CLASSES
        for role, number in (("train", N_TRAIN), ("test", N_TEST))
        for path in _first(os.path.join(folder, "materials", role, label), number)
    ]
    return _constants(PICTURES=pictures, MATERIALS=materials)


def cascade_module() -> str:
    """OpenCV's cascade of stumps for frontal faces, as a JavaScript module.

    Returns
    -------
    str
        Exports ``CASCADE``, see `compact`, and ``LICENSE``, the text above it in OpenCV's file.

    Raises
    ------
    MissingDependencyError
        This OpenCV brings no cascades.
    """
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = os.path.join(folder, CASCADE)
    if not os.path.isfile(path):
        raise MissingDependencyError(
            f"this OpenCV ({cv2.__version__}) does not include {CASCADE}. "
            "Run: pip install --upgrade opencv-contrib-python"
        )
    data = read_file(path)
    text = data.decode("ascii", "replace")
    notice = text.partition("<!--")[2].partition("-->")[0].strip()
    return _constants(CASCADE=compact(parse_cascade(data)), LICENSE=notice)


def compact(cascade: Cascade) -> dict[str, Any]:
    """A cascade of stumps over Haar features, in as few characters as its numbers allow.

    Parameters
    ----------
    cascade : Cascade
        With one node per tree and no tilted features.

    Returns
    -------
    dict
        ``width``, ``height`` and ``stages``; each stage has a ``limit`` and ``stumps``, rows of
        test, value if below, value if not, then five numbers (left, top, width, height, weight)
        per rectangle.

    Raises
    ------
    DataError
        The cascade is of another kind.
    """
    stumps_only = all(len(tree.left) == 1 for stage in cascade.stages for tree in stage.trees)
    if cascade.kind != "haar" or cascade.tilted.any() or not stumps_only:
        raise DataError("the page needs a cascade of stumps over upright Haar features")
    stages = []
    for stage in cascade.stages:
        rows = []
        for tree in stage.trees:
            rects = cascade.features[tree.feature[0]]
            numbers = [_shortest(tree.test[0]), *map(_shortest, tree.leaves)]
            rows.append(numbers + [_plain(n) for row in rects if row[4] for n in row])
        stages.append({"limit": stage.limit, "stumps": rows})
    return {"width": cascade.width, "height": cascade.height, "stages": stages}


def _jpeg(path: str, side: int) -> str:
    """A gray image of at most `side` pixels a side as a base64 JPEG."""
    gray = to_gray(read_image(path))
    longest = max(gray.shape)
    if longest > side:
        size = tuple(round(n * side / longest) for n in gray.shape[::-1])
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return base64.b64encode(encode_image(gray, ".jpg", quality=85)).decode()


def _first(folder: str, number: int) -> list[str]:
    """Paths of the first files of a folder."""
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))[:number]]


def _shortest(value: np.floating) -> float:
    """The shortest decimal that gives the same single-precision number."""
    return float(str(np.float32(value)))


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else float(value)


def _constants(**values: Any) -> str:
    """A module that exports JSON values; ``</`` is escaped, so that no script can end in them."""
    lines = (
        f"export const {name} = "
        f"{json.dumps(value, ensure_ascii=True, separators=(',', ':'))};\n".replace("</", "<\\/")
        for name, value in values.items()
    )
    return "".join(lines)
