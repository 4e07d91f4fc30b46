"""Tasks whose answers over HTTP differ from those of a run: masks, hits."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.ndimage import find_objects

from ..batch import Answer, ImageTask, InputImage
from ..images.label_pictures import encode_label_picture
from ..images.labels import encode_rle
from ..search import ImageIndex
from ..segment import PixelClassifier, split_instances

CLASSES, OBJECTS = ".classes", ".objects"  # of the images of a record
_MOST_OBJECTS = 5000


class MaskTask(ImageTask):
    """A class for every pixel; and objects, where the model tells them apart.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted.
    names : sequence of str
        Names of the classes.
    """

    block_size = 1

    def __init__(self, classifier: PixelClassifier, names: list[str]) -> None:
        self._classifier, self._names = classifier, names

    def process(self, image: InputImage) -> Answer:
        """Segment one image."""
        found, steps = self._classifier.segment(image.pixels)
        classes = np.searchsorted(self._classifier.classes_, found).astype(np.uint8)
        areas = np.bincount(classes.ravel(), minlength=len(self._names))
        values: dict[str, Any] = {
            "classes": self._names,
            "areas": dict(zip(self._names, areas.tolist(), strict=True)),
        }
        pictures = {CLASSES: classes}
        if self._classifier.rule_ is not None:
            objects = split_instances(steps[0], self._classifier.rule_)
            values["n_objects"] = int(objects.max(initial=0))
            if values["n_objects"] <= _MOST_OBJECTS:
                pictures[OBJECTS] = objects
                values["objects"] = _boxes(objects)
        return Answer(values=values, pictures=pictures)


def _boxes(objects: np.ndarray) -> list[dict[str, int]]:
    """Number in the mask, area and box of each object."""
    areas = np.bincount(objects.ravel())
    return [
        {
            "object": number,
            "area": int(areas[number]),
            "x": place[1].start,
            "y": place[0].start,
            "width": place[1].stop - place[1].start,
            "height": place[0].stop - place[0].start,
        }
        for number, place in enumerate(find_objects(objects.astype(np.int32)), 1)
        if place is not None
    ]


def encode_masks(pictures: Mapping[str, np.ndarray], names: list[str], form: str) -> dict[str, Any]:
    """The masks of a record as JSON.

    Parameters
    ----------
    pictures : mapping of str to ndarray
        Pictures of a `MaskTask`.
    names : list of str
        Names of the classes.
    form : {"png", "rle", "none"}
        An image of class numbers (8 bits; of objects 16 bits) as base64, or run lengths of each
        class as COCO writes them.
    """
    masks: dict[str, Any] = {}
    if form == "rle":
        classes = pictures[CLASSES]
        masks["masks"] = {name: _rle(classes == i) for i, name in enumerate(names)}
    elif form == "png":
        masks["mask"] = _png(pictures[CLASSES])
        if OBJECTS in pictures:
            masks["object_mask"] = base64.b64encode(
                encode_label_picture(pictures[OBJECTS])
            ).decode()
    return masks


def _rle(mask: np.ndarray) -> dict[str, Any]:
    height, width, counts = encode_rle(mask)
    return {"size": [height, width], "counts": counts}


def _png(classes: np.ndarray) -> str:
    from ..images import encode_image

    return base64.b64encode(encode_image(classes, ".png")).decode()


class SearchTask(ImageTask):
    """The most similar images of an index.

    Parameters
    ----------
    index : ImageIndex
    top : int
        Hits.
    """

    block_size = 1

    def __init__(self, index: ImageIndex, top: int) -> None:
        self._index, self._top = index, top

    def process(self, image: InputImage) -> Answer:
        """Look one image up."""
        hits = self._index.query(image.source, top=self._top)
        code, message = ("", "") if len(hits) else ("no_hits", "nothing similar was found")
        return Answer(values=hits.to_dict(), code=code, message=message)
