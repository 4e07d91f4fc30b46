"""Make every image in this folder from the images that scikit-image ships.

Deterministic: ``python sample_images/make_samples.py [FOLDER]`` writes the same files again. The
images that it starts from, with origin and licence, are listed in ``SOURCES.md``; where each
crop lies in its image is written to ``materials/crops.csv``.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

# class -> (image in skimage.data, side of a crop in pixels)
MATERIALS = {
    "brick": ("brick", 128),
    "grass": ("grass", 128),
    "gravel": ("gravel", 128),
    "stars": ("hubble_deep_field", 160),
    "tissue": ("immunohistochemistry", 128),
}
GAP = 16  # pixels between the rows that train and the rows that test
TEST_COLUMNS, TEST_ROWS = 4, 2
TRAIN_COLUMNS, TRAIN_ROWS = 6, 2
JPEG_QUALITY = 90


class Crop(NamedTuple):
    """A square of an image: top left corner and side, in pixels."""

    split: str
    x: int
    y: int
    side: int


def cut(height: int, width: int, side: int) -> Iterator[Crop]:
    """Test crops side by side at the top; training crops below, which overlap each other."""
    for row in range(TEST_ROWS):
        for column in range(TEST_COLUMNS):
            yield Crop("test", column * side, row * side, side)
    top = TEST_ROWS * side + GAP
    for y in np.linspace(top, height - side, TRAIN_ROWS).astype(int):
        for x in np.linspace(0, width - side, TRAIN_COLUMNS).astype(int):
            yield Crop("train", int(x), int(y), side)


def write_jpeg(path: Path, image: np.ndarray) -> None:
    """Write a gray or RGB image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    path.write_bytes(data.tobytes())


def make_materials(folder: Path) -> None:
    """Cut the crops of every material, and list them."""
    from skimage import data

    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "crops.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "label", "split", "source", "x", "y", "width", "height"])
        for label, (source, side) in MATERIALS.items():
            image = getattr(data, source)()
            for number, crop in enumerate(cut(*image.shape[:2], side)):
                path = f"{crop.split}/{label}/{label}_{number:02d}.jpg"
                part = image[crop.y : crop.y + side, crop.x : crop.x + side]
                write_jpeg(folder / path, part)
                table.writerow([path, label, crop.split, source, crop.x, crop.y, side, side])


def make_face(folder: Path) -> None:
    """Copy the portrait as a JPEG."""
    from skimage import data

    write_jpeg(folder / "astronaut.jpg", data.astronaut())


def make_match(folder: Path) -> None:
    """Make two overlapping views of one photograph, and the homography between them.

    The second view is turned, tilted and enlarged, so the pair is synthetic and its truth exact.
    """
    from skimage import data

    image = data.coffee()
    width, height = 400, 360
    frame = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    left = frame + np.array([20, 20], np.float32)
    right = np.array([[170, 8], [560, 40], [590, 385], [140, 345]], np.float32)
    to_left = cv2.getPerspectiveTransform(left, frame)
    to_right = cv2.getPerspectiveTransform(right, frame)
    for name, matrix in (("left", to_left), ("right", to_right)):
        view = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_AREA)
        write_jpeg(folder / f"coffee_{name}.jpg", view)
    left_to_right = to_right @ np.linalg.inv(to_left)
    np.savetxt(folder / "left_to_right.txt", left_to_right / left_to_right[2, 2], fmt="%.9g")


def main(folder: Path) -> None:
    """Write everything below ``folder``."""
    make_materials(folder / "materials")
    make_face(folder / "face")
    make_match(folder / "match")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
