"""Tasks of tests/batch/test_runner.py: importable, so that they pickle."""

from dataclasses import dataclass

import numpy as np

from cvclassic.batch import Answer, ImageTask, InputImage, detection_columns
from cvclassic.images import Detections


@dataclass(frozen=True)
class Boxes(ImageTask):
    """As many boxes as the image is bright, and an image."""

    ending: str = ".b.png"
    columns = detection_columns("boxes")

    def process(self, image: InputImage) -> Answer:
        """Boxes at (i, 1.5 i)."""
        n = int(image.pixels.max()) // 20
        boxes = [[i, 1.5 * i, 2, 3] for i in range(n)]
        found = Detections(boxes, np.arange(n) / 10, ["box"] * n)
        pictures = {self.ending: image.pixels}
        return Answer(detections=found, details=[{"turn": i} for i in range(n)], pictures=pictures)


class Fails(ImageTask):
    """Has a mistake that shows with one image."""

    def process(self, image: InputImage) -> Answer:
        """Divide by zero for the third image."""
        return Answer(values={"x": 1 / (int(image.pixels.max()) - 40)})


@dataclass(frozen=True)
class Stops(ImageTask):
    """Does nothing."""

    after: str = ""

    def process(self, image: InputImage) -> Answer:
        """Nothing."""
        return Answer()
