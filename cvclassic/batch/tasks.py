"""Tasks: what a run does with each input, and the form of the answers.

A task is a picklable object. The simplest kind looks at one image at a time:

>>> from dataclasses import dataclass
>>> from cvclassic.batch import Answer, Column, ImageTask, run
>>> @dataclass(frozen=True)
... class Brightness(ImageTask):
...     columns = (Column("mean", "number"),)
...     def process(self, image):
...         return Answer(values={"mean": float(image.pixels.mean())})
>>> [record.code for record in run(["missing.jpg"], Brightness())]
['not_found']

A task that wants several inputs at once (a classifier shares one pass over its weights) is a
`Task`, whose call takes a list of inputs and gives one `Record` for each.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ..errors import ImageReadError
from ..images import (
    ArchiveMember,
    DecodedImage,
    Detections,
    Fault,
    FoundFile,
    NamedItem,
    decode_image,
)
from .columns import Column
from .records import Record, as_json

MAX_PIXELS = 50_000_000

Input: TypeAlias = FoundFile | Fault | ArchiveMember | NamedItem | str | os.PathLike


class Task(ABC):
    """Gives one record for each input. Must pickle for the engines "processes" and "dask".

    Attributes
    ----------
    block_size : int
        Inputs that a call is given at most.
    columns : tuple of Column
        Columns of output tables that follow path, status, code and message.
    table_columns : list of str or None
        Names of the columns where inputs are rows of tables; None for images.
    compact : bool
        Whether its images are figures for people, whose files may have fewer colors or pixels.
    """

    compact: bool = False
    block_size: int = 4
    columns: tuple[Column, ...] = ()
    table_columns: list[str] | None = None

    @abstractmethod
    def __call__(self, inputs: list[Input]) -> list[Record]:
        """One record for each input; an exception costs the input that raises it."""

    def about(self) -> dict[str, Any]:
        """What the records depend on, beside the inputs: another answer forbids to resume."""
        return {"task": repr(self)}

    def probe(self) -> list[Input]:
        """An ordinary input, to find out how much memory the task needs."""
        pixels = np.random.default_rng(0).integers(0, 256, (768, 1024, 3), np.uint8)
        return [NamedItem("probe", pixels)]


@dataclass(frozen=True)
class InputImage:
    """One image that a task looks at.

    Attributes
    ----------
    path : str
        Name of the input.
    pixels : ndarray of shape (H, W) or (H, W, 3), uint8
        At most `ImageTask.max_side` long.
    size : tuple of int
        Width and height of the image in the file.
    format : str
        File format, such as "jpeg"; empty for an array.
    source : str, bytes or ndarray
        What it was decoded from, to be given to a model that reduces images itself.
    """

    path: str
    pixels: np.ndarray
    size: tuple[int, int]
    format: str
    source: Any

    @property
    def factor(self) -> float:
        """Size of the file's image over that of the pixels."""
        return max(self.size) / max(self.pixels.shape[:2])


@dataclass(frozen=True)
class Answer:
    """Result of a task for one image; all fields are optional.

    Attributes
    ----------
    label, scores, detections, details, values
        As `Record` has them.
    code, message : str
        What is odd about the answer, such as "no_faces".
    status : {"ok", "warn", "error"}
    pictures : mapping of str to ndarray or bytes
        Images to write to the run's folder, by the ending of their name, such as
        ``{".faces.png": drawing}``. Bytes are files as they are, such as masks, whose numbers
        must survive.
    """

    label: object = None
    scores: tuple[tuple[object, float], ...] = ()
    detections: Detections | None = None
    details: Sequence[dict[str, Any]] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    status: str = "ok"
    pictures: Mapping[str, np.ndarray | bytes] = field(default_factory=dict)


class ImageTask(Task):
    """A task that looks at one image at a time: overwrite `process`.

    Attributes
    ----------
    max_side : int or None
        Long side that images are reduced to while they are decoded.
    max_pixels : int
        Larger images are refused.
    """

    max_side: int | None = None
    max_pixels: int = MAX_PIXELS

    @abstractmethod
    def process(self, image: InputImage) -> Answer:
        """Answer for one image; `ImageReadError` becomes the code of its record."""

    def __call__(self, inputs: list[Input]) -> list[Record]:
        """Decode and look at each input."""
        return [self._record(item) for item in inputs]

    def _record(self, item: Input) -> Record:
        path = path_of(item)
        try:
            image, notes = read_input(item, self.max_side, self.max_pixels)
            answer = self.process(image)
        except ImageReadError as error:
            return Record(path, "error", error.code, error.message)
        codes = [*(note.code for note in notes), *filter(None, [answer.code])]
        said = [*(note.message for note in notes), *filter(None, [answer.message])]
        return Record(
            path,
            "warn" if notes and answer.status == "ok" else answer.status,
            " ".join(codes),
            "; ".join(said),
            answer.label,
            answer.scores,
            size=image.size,
            detections=answer.detections,
            details=None if answer.details is None else tuple(as_json(answer.details)),
            values=as_json(answer.values),
            pictures=answer.pictures,
        )


def path_of(item: Input) -> str:
    """What the record of an input calls it."""
    return os.fsdecode(item) if isinstance(item, str | bytes | os.PathLike) else item.path


def read_input(
    item: Input, max_side: int | None = None, max_pixels: int = MAX_PIXELS
) -> tuple[InputImage, tuple]:
    """Decode one input: its image, and warnings of the decoder.

    Raises
    ------
    ImageReadError
        It cannot be read; a `Fault` always.
    """
    if isinstance(item, Fault):
        raise ImageReadError(item.code, item.message, item.path)
    path = path_of(item)
    source: Any = path
    if isinstance(item, ArchiveMember):
        source = item.read()
    elif isinstance(item, NamedItem):
        source = item.value
    decoded: DecodedImage = decode_image(
        source, max_side=max_side, max_pixels=max_pixels, name=path
    )
    size = (decoded.width, decoded.height)
    return InputImage(path, decoded.pixels, size, decoded.format or "", source), decoded.warnings
