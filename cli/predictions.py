"""Pictures of predictions, drawn in the threads that classify."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from .naming import FreeNames
from .pictures import prepare_folder, short_path

_ENDING = ".label.png"


class PredictionPictures:
    """A PNG for each picture that was answered: the picture beside its most probable classes.

    Names are given in the order of the inputs, so that they do not hang on which thread is
    first; pixels are those that were classified, so that no file is decoded twice.
    """

    def __init__(self, folder: str) -> None:
        prepare_folder(folder)
        self._folder = folder
        self._free = FreeNames(_ENDING)
        self._names: dict[int, str] = {}
        self._lock = threading.Lock()
        self._failures: list[tuple[str, str]] = []

    @property
    def failures(self) -> list[tuple[str, str]]:
        """(path, reason) of pictures that could not be written, sorted."""
        return sorted(self._failures)

    def name(self, inputs: Iterable) -> Iterator:
        """Pass inputs on, and give each its file name."""
        for item in inputs:
            path = getattr(item, "path", item)
            self._names[id(item)] = self._free.take(os.fsdecode(path))
            yield item

    def draw(self, item: object, record: Any, scores: tuple, pixels: Any) -> None:
        """Draw one picture and write it, whole or not at all."""
        from cvclassic.errors import CvclassicError
        from cvclassic.images import write_image
        from cvclassic.report import draw_prediction

        with self._lock:
            name = self._names.pop(id(item))
        try:
            drawing = draw_prediction(pixels, record.label, scores, short_path(record.path))
            write_image(os.path.join(self._folder, name), drawing)
        except (CvclassicError, OSError) as error:
            with self._lock:
                self._failures.append((record.path, str(error)))
