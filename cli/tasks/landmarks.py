"""The task of ``cvclassic faces landmarks``."""

from __future__ import annotations

import csv
import os
from typing import IO, Any

import numpy as np

from cvclassic.batch import Answer, Column, ImageTask, InputImage, Record
from cvclassic.batch.columns import HEIGHT, WIDTH, DrawingColumn
from cvclassic.draw import draw_landmarks
from cvclassic.faces import landmark_errors
from cvclassic.faces.landmarks.boxes import find_boxes
from cvclassic.faces.landmarks.data import as_shape


class LandmarkTask(ImageTask):
    """Marks 68 points of every face.

    Parameters
    ----------
    estimator : FaceLandmarks
    model : str
        What tells the model from others.
    max_side : int
    box : tuple of 4 float or None
        The face's box in all images.
    known : dict
        True points, by file name.
    folder : str or None
        Where drawings go; None for none.
    """

    block_size = 1

    def __init__(
        self,
        estimator: Any,
        model: str,
        max_side: int,
        box: tuple | None,
        known: dict[str, Any],
        folder: str | None,
    ) -> None:
        self._estimator = estimator
        self._model = model
        self.max_side = max_side
        self._box = box
        self._known = known
        self._draws = folder is not None
        self.columns = (WIDTH, HEIGHT, Column("faces", "json"))
        if known:
            self.columns += (Column("error", "number"),)
        if folder is not None:
            self.columns += (DrawingColumn("drawing", field=folder),)

    def about(self) -> dict[str, Any]:
        """The model and the settings."""
        return {
            "model": self._model,
            "settings": repr((self.max_side, self._box, sorted(self._known))),
        }

    def process(self, image: InputImage) -> Answer:
        """Mark the faces of one image."""
        pixels, factor = image.pixels, image.factor
        boxes = find_boxes(pixels) if self._box is None else np.array([self._box]) / factor
        shapes = self._estimator.mark(pixels, boxes)
        values: dict[str, Any] = {
            "faces": [
                {
                    "box": [round(float(v) * factor, 2) for v in rectangle],
                    "points": np.round((shape + 0.5) * factor - 0.5, 2).tolist(),
                }
                for rectangle, shape in zip(boxes, shapes, strict=True)
            ]
        }
        true = self._true_points(image.path, factor)
        if true is not None:
            values["error"] = _error(shapes, true)
        pictures = {}
        if self._draws:
            marked = None if true is None else true[None]
            pictures[".landmarks.png"] = draw_landmarks(pixels, shapes, boxes=boxes, true=marked)
        return Answer(values=values, pictures=pictures)

    def _true_points(self, path: str, factor: float) -> np.ndarray | None:
        """The marked points of an image, in the pixels of its reduced copy; None without."""
        name = os.path.basename(path)
        if name not in self._known:
            return None
        return (as_shape(self._known[name], name) + 0.5) / factor - 0.5


def _error(shapes: np.ndarray, true: np.ndarray) -> float | None:
    """How far off the nearest face is; None without one."""
    if not len(shapes):
        return None
    nearest = int(np.linalg.norm(shapes.mean(axis=1) - true.mean(axis=0), axis=1).argmin())
    return round(float(landmark_errors(shapes[nearest][None], true[None])[0]), 5)


class PointRows:
    """CSV with one row for each face, and one for each image without."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file, lineterminator="\n")
        self._coordinates = [f"{axis}{i}" for i in range(68) for axis in "xy"]
        header = ["path", "status", "code", "message", "face", "left", "top", "width", "height"]
        self._rows.writerow([*header, *self._coordinates])

    def write(self, record: Record) -> None:
        """Append the rows of one record."""
        start = [record.path, record.status, record.code, record.message]
        faces = record.values.get("faces") or []
        for i, face in enumerate(faces):
            flat = [value for point in face["points"] for value in point]
            self._rows.writerow([*start, i, *face["box"], *flat])
        if not faces:
            self._rows.writerow([*start, *[""] * (5 + len(self._coordinates))])
