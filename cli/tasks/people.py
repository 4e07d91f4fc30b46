"""The tasks of ``cvclassic faces enroll`` and ``identify``."""

from __future__ import annotations

from typing import Any

from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.batch.columns import HEIGHT, WIDTH
from cvclassic.errors import DataError, ImageReadError
from cvclassic.faces import HaarFaceDetector, faces_to_compare, largest_face

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


class IdentifyTask(ImageTask):
    """Says whose faces each image shows.

    Parameters
    ----------
    gallery : Gallery
    digest : str
        What tells the gallery from others.
    top : int
        Number of people to list per face.
    """

    columns = (WIDTH, HEIGHT, Column("faces", "json"))
    max_side = MAX_SIDE
    block_size = 1

    def __init__(self, gallery: Any, digest: str, top: int) -> None:
        self._gallery, self._digest, self._top = gallery, digest, top
        self._detector = HaarFaceDetector()

    def about(self) -> dict[str, Any]:
        """The gallery, and how many are listed."""
        return {"gallery": self._digest, "--top": self._top}

    def process(self, image: InputImage) -> Answer:
        """Identify the faces of one image."""
        try:
            found = faces_to_compare(image.pixels, self._gallery.source, self._detector)
        except DataError as error:
            raise ImageReadError("too_small", str(error), image.path) from None
        faces = []
        for face in found:
            who = self._gallery.identify(face.pixels)
            faces.append(
                {
                    "name": who.name,
                    "distance": round(who.distance, 4) if who.nearest else None,
                    "nearest": who.nearest,
                    "box": face.box and [round(side * image.factor) for side in face.box],
                    "ranking": [
                        [name, round(value, 4)] for name, value in who.ranking[: self._top]
                    ],
                }
            )
        code, message = ("", "") if faces else ("no_faces", "no face was found")
        return Answer(values={"faces": faces}, code=code, message=message)
