"""Pictures of predictions, drawn in the threads that classify."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from .filenames import FreeNames
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
        self._names: dict[str, deque[str]] = {}  # of inputs that are under way
        self._lock = threading.Lock()
        self._failures: list[tuple[str, str]] = []

    @property
    def failures(self) -> list[tuple[str, str]]:
        """(path, reason) of pictures that could not be written, sorted."""
        return sorted(self._failures)

    def name(self, inputs: Iterable) -> Iterator:
        """Pass inputs on, and give each its file name."""
        for item in inputs:
            path = os.fsdecode(getattr(item, "path", item))
            name = self._free.take(path)
            with self._lock:
                self._names.setdefault(path, deque()).append(name)
            yield item

    def pass_over(self, record: Any, kept: bool) -> None:
        """Take note of a record whose picture is not drawn now.

        Where it was to be drawn before an interruption, the drawing must be there.
        """
        name = self._take(record.path)
        if kept and not record.failed and not os.path.exists(os.path.join(self._folder, name)):
            self._failures.append((record.path, "it was not written before the interruption"))

    def _take(self, path: str) -> str:
        """The name of the next input of that path."""
        with self._lock:
            names = self._names[path]
            name = names.popleft()
            if not names:
                del self._names[path]
        return name

    def draw(self, item: object, record: Any, scores: tuple, pixels: Any) -> None:
        """Draw one picture and write it, whole or not at all."""
        from cvclassic.draw import draw_prediction
        from cvclassic.errors import CvclassicError
        from cvclassic.images import write_image

        name = self._take(record.path)
        try:
            drawing = draw_prediction(pixels, record.label, scores, short_path(record.path))
            write_image(os.path.join(self._folder, name), drawing)
        except (CvclassicError, OSError) as error:
            with self._lock:
                self._failures.append((record.path, str(error)))
