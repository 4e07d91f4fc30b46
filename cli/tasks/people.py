"""The tasks of ``cvclassic faces enroll`` and ``faces verify``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.errors import DataError, ImageReadError
from cvclassic.faces import HaarFaceDetector, IdentifyTask, largest_face


class EnrollTask(ImageTask):
    """Adds the face of each image to a gallery, as one person's. Runs in one thread.

    Parameters
    ----------
    gallery : Gallery
        Is changed.
    name : str
    detector : HaarFaceDetector
    """

    max_side = IdentifyTask.max_side
    n_added = 0

    def __init__(self, gallery: Any, name: str, detector: HaarFaceDetector) -> None:
        self._gallery, self._name, self._detector = gallery, name, detector

    def process(self, image: InputImage) -> Answer:
        """Add one face, unless it is there already."""
        with _no_face_is_a_record(image):
            face = largest_face(image.pixels, self._gallery.source, self._detector)
            self.n_added += self._gallery.enroll(self._name, [face.pixels])
        return Answer()


class VerifyTask(ImageTask):
    """Says whether each image shows one person.

    Parameters
    ----------
    gallery : Gallery
    digest : str
        What tells the gallery from others.
    name : str
        Name of the person.
    """

    columns = (Column("same"), Column("distance", "number"))
    max_side = IdentifyTask.max_side
    block_size = 1

    def __init__(self, gallery: Any, digest: str, name: str) -> None:
        self._gallery, self._digest, self._name = gallery, digest, name
        self._detector = HaarFaceDetector()

    def about(self) -> dict[str, Any]:
        """The gallery and the person."""
        return {"gallery": self._digest, "name": self._name}

    def process(self, image: InputImage) -> Answer:
        """Verify one image."""
        with _no_face_is_a_record(image):
            face = largest_face(image.pixels, self._gallery.source, self._detector)
        same, distance = self._gallery.verify(self._name, face.pixels)
        return Answer(values={"same": "yes" if same else "no", "distance": round(distance, 4)})


@contextmanager
def _no_face_is_a_record(image: InputImage) -> Iterator[None]:
    """An image without a face costs its own record and not the run."""
    try:
        yield
    except DataError as error:
        raise ImageReadError("no_face", str(error), image.path) from None
