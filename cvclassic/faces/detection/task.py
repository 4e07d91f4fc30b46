"""The task of a run that looks for faces: boxes for each input, and images of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._basics.checks import check_choice
from ...batch import Answer, ImageTask, InputImage, detection_columns, file_digest
from ...draw import draw_faces
from .parts import find_parts
from .results import Faces, blur_faces, cut_faces

PICTURES = ("draw", "blur", "crop")


class FaceTask(ImageTask):
    """Finds faces; the records carry them as `Detections`, with angles as details.

    Parameters
    ----------
    detector : HaarFaceDetector, CascadeFaceDetector or YuNetFaceDetector
    picture : {"draw", "blur", "crop"}, optional
        Written to the run's folder: faces framed (``.faces.png``), made unrecognizable, or each
        cut out (``.face-1.png`` and so on).
    parts : bool
        Whether eyes and smiles are looked for.
    """

    columns = detection_columns("faces")

    def __init__(self, detector: Any, picture: str | None = None, *, parts: bool = False) -> None:
        if picture is not None:
            check_choice("picture", picture, PICTURES)
        self._detector = detector
        self._picture = picture
        self._parts = parts
        # what is written has the size of the file's image; else a smaller decode is enough
        self.max_side = getattr(detector, "max_side", None) if picture is None else None

    def about(self) -> dict[str, Any]:
        """The detector and its file, and what is made."""
        path = getattr(self._detector, "path", None)
        return {
            "detector": repr(self._detector),
            "its file": None if path is None else file_digest(path),
            "pictures": self._picture,
            "--parts": self._parts,
        }

    def process(self, image: InputImage) -> Answer:
        """Find the faces of one image."""
        pixels, factor = image.pixels, image.factor
        faces = self._detector.detect(pixels)
        details: list[dict[str, Any]] = [{"angle": float(angle)} for angle in faces.angles]
        if self._parts:
            for part in ("eyes", "smile"):
                for more, boxes in zip(details, find_parts(pixels, faces, part), strict=True):
                    more[part] = np.rint(boxes * factor).astype(int).tolist()
        return Answer(
            detections=faces.scaled(factor),
            details=details,
            code="" if len(faces) else "no_faces",
            message="" if len(faces) else "no face was found",
            pictures=self._pictures(pixels, faces, image.format),
        )

    def _pictures(self, pixels: np.ndarray, faces: Faces, format: str) -> dict[str, np.ndarray]:
        if self._picture == "draw":
            return {".faces.png": draw_faces(pixels, faces.boxes, faces.scores, faces.angles)}
        if self._picture == "blur":
            return {".jpg" if format == "jpeg" else ".png": blur_faces(pixels, faces)}
        if self._picture == "crop":
            cuts = cut_faces(pixels, faces)
            return {f".face-{i}.png": cut for i, cut in enumerate(cuts, 1)}
        return {}
