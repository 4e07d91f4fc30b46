"""The task of ``cvclassic faces enroll``."""

from __future__ import annotations

from typing import Any

from cvclassic.batch import Answer, ImageTask, InputImage
from cvclassic.errors import DataError, ImageReadError
from cvclassic.faces import HaarFaceDetector, largest_face

MAX_SIDE = 2000


class EnrollTask(ImageTask):
    """Adds the face of each image to a gallery, as one person's. Runs in one thread.

    Parameters
    ----------
    gallery : Gallery
        Is changed.
    name : str
    detector : HaarFaceDetector
    """

    max_side = MAX_SIDE

    def __init__(self, gallery: Any, name: str, detector: HaarFaceDetector) -> None:
        self._gallery, self._name, self._detector = gallery, name, detector

    def process(self, image: InputImage) -> Answer:
        """Add one face."""
        gallery = self._gallery
        try:
            face = largest_face(image.pixels, gallery.source, self._detector)
            gallery.enroll(self._name, [face.pixels])
        except DataError as error:
            raise ImageReadError("no_face", str(error), image.path) from None
        return Answer()
