"""Cascades run by OpenCV: built from checked numbers, one classifier per thread."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from .._basics.checks import check_integer, check_number
from ..errors import ModelFileError
from ..images import Detections, read_image
from ..images.checks import to_gray as gray_of_array
from .cascades import Cascade
from .files import format_cascade, read_cascade
from .grouping import group_boxes


@dataclass(frozen=True, eq=False)
class CascadeDetections(Detections):
    """Where a cascade found its object: `Detections`, and how many windows agree on each.

    A score is higher where it is surer: the sum over these windows of one and of how far each lies
    above the threshold of the last stage. Labels are all "object".

    Attributes
    ----------
    neighbors : ndarray of shape (n,), int32
        Windows that agree on each box.
    """

    neighbors: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))

    @classmethod
    def grouped(
        cls, boxes: np.ndarray, neighbors: np.ndarray, scores: np.ndarray
    ) -> CascadeDetections:
        """Boxes as `group_boxes` gives them."""
        return cls(
            boxes,
            scores,
            np.full(len(boxes), "object", object),
            None,
            np.asarray(neighbors, np.int32),
        )

    def select(self, index: Any) -> CascadeDetections:
        """Some of them."""
        return self.grouped(self.boxes[index], self.neighbors[index], self.scores[index])


def classifier_of_text(text: str) -> cv2.CascadeClassifier:
    """OpenCV's classifier of a cascade's XML; from memory, as odd paths crash OpenCV.

    Raises
    ------
    ModelFileError
        OpenCV does not take it.
    """
    storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    classifier = cv2.CascadeClassifier()
    if not classifier.read(storage.getFirstTopLevelNode()):
        raise ModelFileError("OpenCV cannot load this cascade")
    return classifier


class CascadeDetector:
    """Finds the objects that a cascade knows. Threads may share it, and it pickles.

    Parameters
    ----------
    cascade : Cascade, str or os.PathLike
        A cascade or its file. A file is checked (:func:`cvclassic.cascade.read_cascade`), and
        OpenCV only sees what is written again from the checked numbers: a crafted file ends as a
        message and not as a crash.

    Raises
    ------
    ModelFileError
        The file is no sound cascade.

    Examples
    --------
    >>> import cv2
    >>> detector = CascadeDetector(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    >>> len(detector.detect(np.zeros((90, 90), np.uint8)))
    0
    """

    def __init__(self, cascade: Cascade | str | os.PathLike) -> None:
        self.cascade = cascade if isinstance(cascade, Cascade) else read_cascade(cascade)
        self.cascade.check()
        self._text = format_cascade(self.cascade)
        self._local = threading.local()
        _ = self._classifier

    def __getstate__(self) -> dict:
        return {"cascade": self.cascade}

    def __setstate__(self, state: dict) -> None:
        self.__init__(state["cascade"])  # type: ignore[misc]

    @property
    def _classifier(self) -> cv2.CascadeClassifier:
        """This thread's own: one that threads share gives wrong results."""
        if not hasattr(self._local, "classifier"):
            self._local.classifier = classifier_of_text(self._text)
        return self._local.classifier

    def detect(
        self,
        image: np.ndarray | str | os.PathLike | bytes,
        *,
        scale_factor: float = 1.1,
        min_neighbors: int = 3,
        min_size: int = 0,
        max_size: int = 0,
    ) -> CascadeDetections:
        """Find objects in an image.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8, or an image's path or bytes
        scale_factor : float
            How much larger the windows of the next scale are.
        min_neighbors : int
            More windows than this must agree on a box, as in OpenCV; 0 gives every window that
            passes.
        min_size, max_size : int
            Width of the smallest and largest window, in pixels; 0 is no limit.

        Returns
        -------
        CascadeDetections
        """
        check_integer("min_neighbors", min_neighbors, 0)
        boxes, above = self.windows(
            image, scale_factor=scale_factor, min_size=min_size, max_size=max_size
        )
        return CascadeDetections.grouped(*group_boxes(boxes, 1 + above, min_neighbors))

    def windows(
        self,
        image: np.ndarray | str | os.PathLike | bytes,
        *,
        scale_factor: float = 1.1,
        min_size: int = 0,
        max_size: int = 0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """All windows that pass, at all scales, before they are grouped.

        Parameters
        ----------
        image, scale_factor, min_size, max_size
            As in `detect`.

        Returns
        -------
        boxes : ndarray of shape (n, 4), int32
        above : ndarray of shape (n,), float64
            How far each lies above the threshold of the last stage.
        """
        check_number("scale_factor", scale_factor, 1, exclusive=True)
        check_integer("min_size", min_size, 0)
        check_integer("max_size", max_size, 0)
        ratio = self.cascade.height / self.cascade.width
        boxes, _, totals = self._classifier.detectMultiScale3(
            to_gray(image),
            scaleFactor=float(scale_factor),
            minNeighbors=0,
            minSize=(min_size, int(min_size * ratio)),
            maxSize=(max_size, int(np.ceil(max_size * ratio))),
            outputRejectLevels=True,
        )
        above = np.asarray(totals, np.float64).reshape(-1) - self.cascade.stages[-1].limit
        return np.asarray(boxes, np.int32).reshape(-1, 4), above

    def passing(self, image: np.ndarray) -> np.ndarray:
        """Corners (x, y) of windows of the cascade's own size that pass, on OpenCV's grid.

        OpenCV looks at every second column and row, and leaves out the neighbor of a window that
        the first stage rejects.

        Returns
        -------
        ndarray of shape (n, 2), int32
            Sorted by row, then column.
        """
        size = self.cascade.width, self.cascade.height
        boxes = self._classifier.detectMultiScale(
            image, scaleFactor=1.1, minNeighbors=0, minSize=size, maxSize=size
        )
        xy = np.asarray(boxes, np.int32).reshape(-1, 4)[:, :2]
        return xy[np.lexsort((xy[:, 0], xy[:, 1]))]


def to_gray(image: np.ndarray | str | os.PathLike | bytes) -> np.ndarray:
    """An image as gray levels, of shape (H, W), uint8."""
    return gray_of_array(image if isinstance(image, np.ndarray) else read_image(image))
