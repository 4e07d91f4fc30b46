"""The task of a run that says whose faces images show."""

from __future__ import annotations

from typing import Any

from ...batch import Answer, Column, ImageTask, InputImage
from ...batch.columns import HEIGHT, WIDTH
from ...errors import DataError, ImageReadError
from ..detection.haar import HaarFaceDetector
from .gallery import Gallery
from .pictures import faces_to_compare

_MAX_SIDE = 2000


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
    max_side = _MAX_SIDE
    block_size = 1

    def __init__(self, gallery: Gallery, digest: str, top: int) -> None:
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
