"""The task of a run that looks for objects: boxes for each input, and drawings of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._basics.checks import check_choice
from ..batch import Answer, ImageTask, InputImage, detection_columns
from ..draw import blur_boxes, cut_boxes, draw_boxes
from .detector import ObjectDetector

PICTURES = ("draw", "blur", "crop")


class DetectTask(ImageTask):
    """Finds objects; the records carry them as `Detections`.

    Parameters
    ----------
    detector : ObjectDetector
        Fitted.
    min_score : float
        Objects that are less probable are left out.
    picture : {"draw", "blur", "crop"}, optional
        Written to the run's folder: objects framed (``.objects.png``), blurred, or each cut out
        (``.object-1.png`` and so on).
    about : dict, optional
        What else the records depend on, such as the digest of the model's file.
    picture_score : float, optional
        Least probability of objects in drawings. [default: `min_score`]
    """

    columns = detection_columns("objects")

    def __init__(
        self,
        detector: ObjectDetector,
        min_score: float = 0.5,
        picture: str | None = None,
        *,
        about: dict[str, Any] | None = None,
        picture_score: float | None = None,
    ) -> None:
        if picture is not None:
            check_choice("picture", picture, PICTURES)
        self._detector = detector
        self._min_score = min_score
        self._picture = picture
        self._picture_score = min_score if picture_score is None else picture_score
        self._about = about or {}
        self.max_side = detector.state_.max_side if picture is None else None

    def about(self) -> dict[str, Any]:
        """The model, and what is made."""
        return {
            **self._about,
            "min_score": self._min_score,
            "pictures": self._picture,
        }

    def process(self, image: InputImage) -> Answer:
        """Find the objects of one image."""
        found = self._detector.detect(image.pixels)
        found = found.select(found.scores >= self._min_score)
        shown = found.select(found.scores >= self._picture_score)
        pictures = self._pictures(image.pixels, shown, image.format)
        if image.factor != 1:
            boxes = found.boxes * np.float32(image.factor)
            found = type(found)(boxes, found.scores, found.labels)
        return Answer(
            detections=found,
            code="" if len(found) else "no_objects",
            message="" if len(found) else "no object was found",
            pictures=pictures,
        )

    def _pictures(self, pixels: np.ndarray, found, format: str) -> dict[str, np.ndarray]:
        if self._picture == "draw":
            return {".objects.png": draw_boxes(pixels, found.boxes, found.labels, found.scores)}
        if self._picture == "blur":
            return {".jpg" if format == "jpeg" else ".png": blur_boxes(pixels, found.boxes)}
        if self._picture == "crop":
            cuts = cut_boxes(pixels, found.boxes)
            return {f".object-{i}.png": cut for i, cut in enumerate(cuts, 1)}
        return {}
