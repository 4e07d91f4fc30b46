"""Pictures of predictions, drawn in the threads that classify."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

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
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
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
            self._names[id(item)] = self._free_name(os.fsdecode(path))
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

    def _free_name(self, path: str) -> str:
        """A name in the folder that no other input has; fit for file systems of 255 bytes."""
        stem = Path(path).name if path.endswith("]") else Path(path).stem  # digits.npz[17]
        stem = os.fsdecode(os.fsencode(stem)[:200])
        stem = "".join("_" if c in "/\\" or ord(c) < 32 or ord(c) == 127 else c for c in stem)
        stem = stem.lstrip(".") or "picture"
        number = self._numbers.get(stem.casefold(), 0) + 1
        while True:
            name = f"{stem}{_ENDING}" if number == 1 else f"{stem}-{number}{_ENDING}"
            if name.casefold() not in self._taken:  # also where case makes no difference
                break
            number += 1
        self._numbers[stem.casefold()] = number
        self._taken.add(name.casefold())
        return name
