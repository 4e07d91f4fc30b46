"""Scribbles on a folder of images, and the result of a quick model."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError, ImageReadError
from ..images import Fault, read_image, walk_images
from ..images.label_pictures import read_label_picture, write_label_picture
from .features import channels_of, image_responses, learn_mixing
from .pixel_model import classes_of, map_steps
from .planes import image_planes, learn_ranges, padded_crop, sample_responses, whole
from .sampling import sample_pixels, training_weights
from .trees import score_planes, train_trees

_SIDE = 900  # larger images are shown, and looked at, reduced
_LEVELS = 5
_KEPT = 12  # images whose features stay in memory
_PER_IMAGE = 3000


class Annotation:
    """Images of a folder with their scribbles.

    Parameters
    ----------
    images : str or Path
        Folder of images.
    scribbles : str or Path
        Folder for the scribbles, NAME.png of the size of the image: 0 not marked, 1 the first
        class, and so on. Existing annotations are kept and can be continued.
    names : sequence of str
        Names of the classes.

    Raises
    ------
    DataError
        There is no image.
    """

    def __init__(self, images, scribbles, names=("background", "object")) -> None:
        self.names = tuple(names)
        if not 2 <= len(self.names) <= 9:
            raise DataError(f"2 to 9 classes can be annotated. Got {len(self.names)}")
        root = os.fsdecode(images)
        if not os.path.isdir(root):
            raise DataError(f"{root}: there is no such folder")
        found = walk_images([root], only_images=True)
        self.paths = sorted(item.path for item in found if not isinstance(item, Fault))
        if not self.paths:
            raise DataError(f"{root}: there are no images in this folder")
        self._root = root
        self._folder = os.fsdecode(scribbles)
        self._lock = threading.Lock()
        self._pixels: OrderedDict[int, np.ndarray] = OrderedDict()
        self._planes: OrderedDict[int, list[np.ndarray]] = OrderedDict()
        self._marks: dict[int, np.ndarray] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self._quantizer: tuple[np.ndarray, np.ndarray] | None = None
        for i, target in enumerate(map(self.scribble_path, range(len(self.paths)))):
            if os.path.isfile(target):
                self._marks[i] = self._read_marks(i, target)

    def scribble_path(self, i: int) -> str:
        """Where the scribbles of an image are."""
        stem = Path(os.path.relpath(self.paths[i], self._root)).with_suffix(".png")
        return os.path.join(self._folder, stem)

    def name(self, i: int) -> str:
        """Name of an image below the folder."""
        return os.path.relpath(self.paths[i], self._root)

    def _read_marks(self, i: int, path: str) -> np.ndarray:
        marks = read_label_picture(path)
        height, width = self.pixels(i).shape[:2]
        if marks.shape != self._sizes[i]:
            raise DataError(f"{path}: the scribbles and their image differ in size")
        if marks.max() > len(self.names):
            raise DataError(f"{path}: class {marks.max()} has no name")
        size = (width, height)
        return cv2.resize(marks.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)

    def pixels(self, i: int) -> np.ndarray:
        """An image as it is shown, (h, w) or (h, w, 3) uint8."""
        if i not in self._pixels:
            try:
                image = read_image(self.paths[i])
            except ImageReadError as error:
                raise DataError(str(error)) from None
            self._sizes[i] = image.shape[:2]
            factor = min(1.0, _SIDE / max(image.shape[:2]))
            if factor < 1:
                size = [max(round(side * factor), 1) for side in image.shape[1::-1]]
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            self._pixels[i] = image
            while len(self._pixels) > _KEPT:
                self._pixels.popitem(last=False)
        return self._pixels[i]

    def marks(self, i: int) -> np.ndarray:
        """Scribbles of an image as it is shown, (h, w) uint8."""
        if i not in self._marks:
            return np.zeros(self.pixels(i).shape[:2], np.uint8)
        return self._marks[i]

    def mark(self, i: int, marks: np.ndarray) -> None:
        """Replace the scribbles of an image, and save them in its full size.

        Raises
        ------
        DataError
            The size is wrong or a class is unknown.
        """
        marks = np.asarray(marks, np.uint8)
        if marks.shape != self.pixels(i).shape[:2] or marks.max(initial=0) > len(self.names):
            raise DataError("the scribbles do not fit the image")
        height, width = self._sizes[i]
        full = cv2.resize(marks, (width, height), interpolation=cv2.INTER_NEAREST)
        target = self.scribble_path(i)
        with self._lock:
            self._marks[i] = marks
            os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
            write_label_picture(target, full)

    def counts(self) -> list[int]:
        """Marked pixels of each image."""
        return [int((self._marks[i] > 0).sum()) if i in self._marks else 0
                for i in range(len(self.paths))]  # fmt: skip

    def predict(self, i: int) -> tuple[np.ndarray, np.ndarray] | None:
        """What a quick model that has seen all scribbles says about an image.

        Returns
        -------
        classes : ndarray of shape (h, w), uint16
            From 0.
        certainty : ndarray of shape (h, w), uint8
        None
            Fewer than two classes are marked.
        """
        with self._lock:
            marked = [j for j, marks in self._marks.items() if marks.any()][-_KEPT:]
            present = sorted({int(v) for j in marked for v in np.unique(self._marks[j]) if v})
            if len(present) < 2:
                return None
            if self._quantizer is None:
                self._learn_steps(marked)
            rng = np.random.default_rng(0)
            parts = [self._sample(j, present, rng) for j in marked]
            features = np.concatenate([part[0] for part in parts], axis=1)
            labels = np.concatenate([part[1] for part in parts])
            counts = np.concatenate([part[2] for part in parts])
            even = np.ones(len(counts))
            n = len(present)
            weights = training_weights(labels, counts, even, np.ones(n))
            trees = train_trees(
                features,
                labels,
                weights,
                n,
                rng,
                n_trees=30,
                depth=5,
                learning_rate=0.25,
                n_candidates=20,
                smoothing=3.0,
            )
            scores = score_planes(self._features(i), trees)
        steps = map_steps(scores)
        certainty = np.maximum(steps[0], 255 - steps[0]) if n == 2 else steps.max(axis=0)
        numbers = np.array([v - 1 for v in present], np.uint16)
        return numbers[classes_of(scores)], certainty

    def _learn_steps(self, marked: list[int]) -> None:
        """Ranges of the features, once: they must not move under the cached planes."""
        images = [self.pixels(j) for j in marked]
        labels = [self._marks[j].astype(np.int32) - 1 for j in marked]
        mixing = learn_mixing(images, labels)
        samples = []
        for image in images:
            crop, _, _ = padded_crop(image, whole(image.shape), 0, 2 ** (_LEVELS - 1))
            samples.append(sample_responses(image_responses(channels_of(crop, mixing), _LEVELS)))
        self._quantizer = mixing, learn_ranges(samples)

    def _features(self, i: int) -> list[np.ndarray]:
        if i not in self._planes:
            image = self.pixels(i)
            if self._quantizer is None:
                raise RuntimeError("the ranges of the features are learned first")
            mixing, ranges = self._quantizer
            wanted = range(len(ranges))
            self._planes[i] = image_planes(
                image, whole(image.shape), mixing, ranges, _LEVELS, 0, wanted
            )
            while len(self._planes) > _KEPT:
                self._planes.popitem(last=False)
        return self._planes[i]

    def _sample(self, i: int, present: list[int], rng) -> tuple[np.ndarray, ...]:
        numbers = np.full(256, -1)
        numbers[present] = np.arange(len(present))
        labels = numbers[self._marks[i]]
        index, counts, _ = sample_pixels(labels, len(present), _PER_IMAGE, rng)
        rows, columns = np.unravel_index(index, labels.shape)
        features = np.stack([plane[rows, columns] for plane in self._features(i)])
        return features, labels.ravel()[index], counts
