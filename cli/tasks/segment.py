"""The tasks of ``cvclassic segment``: a label image for each image, drawings, rows of a table."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cvclassic._basics.printable import plural
from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.batch.columns import HEIGHT, WIDTH, DrawingColumn
from cvclassic.draw import add_legend, draw_regions, label_panel
from cvclassic.draw.segmentation import PALETTE
from cvclassic.images import encode_image
from cvclassic.images.label_pictures import encode_label_picture
from cvclassic.segment import (
    InstanceRule,
    PixelClassifier,
    grabcut_mask,
    masks_in_boxes,
    refine_contour,
    region_table,
    region_tree,
    split_instances,
    superpixel_labels,
    threshold_image,
    watershed_objects,
)

_MOST_PIXELS = 400_000_000


@dataclass(frozen=True)
class Found:
    """What was found in an image.

    Attributes
    ----------
    labels : ndarray of shape (H, W), int
        Written as a label image.
    values : dict
        Beside the number of regions.
    pictures : dict
        By ending.
    regions : ndarray of shape (H, W), int, optional
        What is drawn and measured, unless it is `labels`.
    names : dict of int to str
        Names of the labels that are classes.
    """

    labels: np.ndarray
    values: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, Any] = field(default_factory=dict)
    regions: np.ndarray | None = None
    names: dict[int, str] = field(default_factory=dict)


_CAPTIONS = {
    "overlay": "{}; colors tell them apart",
    "outline": "{}, outlined",
    "mean": "{} in their mean colors",
}


class SegmentTask(ImageTask):
    """Segments images, and writes label images and drawings.

    Parameters
    ----------
    finder : callable
        Gets the pixels and the path, gives `Found`. Must pickle.
    folder : str
        Where images go.
    style : {"overlay", "outline", "mean", "none"}
    background : int or None
        Label that is not colored.
    touching : bool
        Regions that touch get different colors; else colors go by number.
    measured : bool
        Whether properties of the regions are wanted.
    pixel_size : float or None
    """

    block_size = 1
    compact = True
    max_pixels = _MOST_PIXELS
    compact = True

    def __init__(
        self,
        finder: Any,
        folder: str,
        *,
        style: str = "overlay",
        background: int | None = 0,
        touching: bool = True,
        measured: bool = False,
        pixel_size: float | None = None,
        values: tuple[Column, ...] = (),
    ) -> None:
        self._finder = finder
        self._style = style
        self._background = background
        self._touching = touching
        self._measured = measured
        self._pixel_size = pixel_size
        self.columns = (WIDTH, HEIGHT, Column("n_regions", "integer"), *values)
        if measured:
            self.columns += (Column("regions", "json"),)
        self.columns += (DrawingColumn("labels", field=folder),)

    def about(self) -> dict[str, Any]:
        """How it is segmented and drawn."""
        return {
            "segment": repr(self._finder),
            "--style": self._style,
            "--table": self._measured,
            "--pixel-size": self._pixel_size,
        }

    def process(self, image: InputImage) -> Answer:
        """Segment one image."""
        found = self._finder(image.pixels, image.path)
        shown = found.labels if found.regions is None else found.regions
        values = {"n_regions": _count(shown), **found.values}
        pictures = {".png": encode_label_picture(found.labels), **found.pictures}
        if self._measured:
            values["regions"] = region_table(image.pixels, shown, pixel_size=self._pixel_size)
        if self._style != "none":
            pictures[f".{self._style}.png"] = self._draw(image.pixels, found, shown)
        return Answer(values=values, pictures=pictures)

    def _draw(self, pixels: np.ndarray, found: Found, shown: np.ndarray) -> np.ndarray:
        """The regions on their image, and what the colors mean."""
        touching = self._touching or found.regions is not None
        drawn = draw_regions(
            pixels, shown, style=self._style, background=self._background, touching=touching
        )
        if self._style == "overlay" and not touching:
            names = found.names or {n: f"label {n}" for n in range(1, int(shown.max()) + 1)}
            entries = [
                (tuple(PALETTE[(n - 1) % len(PALETTE)]), name)
                for n, name in names.items()
                if n != self._background
            ]
            return add_legend(drawn, entries[: len(PALETTE)])
        caption = _CAPTIONS[self._style].format(plural(_count(shown), "region"))
        return label_panel(drawn, caption, size=max(drawn.shape[1] // 40, 12))


def _count(labels: np.ndarray) -> int:
    """Distinct numbers above 0, row by row: images may be large."""
    seen = np.zeros(int(labels.max(initial=0)) + 1, bool)
    for row in labels:
        seen[row] = True
    return int(seen[1:].sum())


@dataclass(frozen=True)
class Superpixels:
    """`superpixel_labels` with its settings."""

    method: str
    number: int
    compactness: float

    def __call__(self, image: np.ndarray, path: str) -> Found:
        return Found(
            superpixel_labels(
                image, method=self.method, n_regions=self.number, compactness=self.compactness
            )
        )


@dataclass(frozen=True)
class Threshold:
    """`threshold_image` with its settings."""

    method: str
    classes: int
    radius: int
    dark: bool

    def __call__(self, image: np.ndarray, path: str) -> Found:
        labels, limits = threshold_image(
            image, method=self.method, n_classes=self.classes, radius=self.radius, dark=self.dark
        )
        return Found(labels, {"limits": limits})


@dataclass(frozen=True)
class Watershed:
    """`watershed_objects` with its settings."""

    method: str
    dark: bool
    depth: float | None
    min_area: int

    def __call__(self, image: np.ndarray, path: str) -> Found:
        return Found(
            watershed_objects(
                image,
                method=self.method,
                dark=self.dark,
                depth=self.depth,
                min_area=self.min_area,
            )
        )


@dataclass(frozen=True)
class GrabCut:
    """`grabcut_mask`, and `refine_contour` where it is requested."""

    box: tuple[float, ...] | None
    marks: np.ndarray | None
    refine: str | None

    def __call__(self, image: np.ndarray, path: str) -> Found:
        mask = grabcut_mask(image, self.box, scribbles=self.marks)
        if self.refine is not None:
            mask = refine_contour(image, mask, method=self.refine)
        return Found(mask.astype(np.uint16), {"share": float(mask.mean())})


@dataclass(frozen=True)
class Regions:
    """`region_tree`, cut at a level or a number."""

    threshold: float
    number: int | None
    min_area: int
    hierarchy: bool

    def __call__(self, image: np.ndarray, path: str) -> Found:
        tree = region_tree(image, min_area=self.min_area)
        if self.number is not None:
            labels = tree.n_labels(self.number)
        else:
            labels = tree.labels(self.threshold)
        pictures = {}
        if self.hierarchy:
            strength = np.sqrt(tree.contours())  # else weak boundaries could not be seen
            top = max(float(strength.max()), 1e-6)
            pictures[".hierarchy.png"] = np.uint8(255 - 255 * strength / top)
        return Found(labels, pictures=pictures)


@dataclass(frozen=True)
class Trained:
    """A `PixelClassifier`, and what is made of its answers.

    Attributes
    ----------
    model : PixelClassifier
    name : str
        Name of its file.
    names : tuple of str
        Names of the classes.
    values : tuple of int
        Values in the written masks, by class.
    objects, probabilities : bool
    boxes : dict of str to list, optional
        Boxes by the name of their image.
    """

    model: PixelClassifier = field(repr=False)
    name: str
    names: tuple[str, ...]
    values: tuple[int, ...]
    objects: bool
    probabilities: bool
    boxes: dict[str, list] | None = None

    def __call__(self, image: np.ndarray, path: str) -> Found:
        classes, steps = self.model.segment(image)
        known = np.asarray(self.model.classes_)
        table = np.zeros(int(known.max()) + 1, np.uint16)
        table[known] = self.values
        counts = np.array([np.count_nonzero(classes == c) for c in known]) / classes.size
        found = Found(
            table[classes],
            {"shares": {n: round(float(c), 6) for n, c in zip(self.names, counts, strict=True)}},
            names=dict(zip(self.values, self.names, strict=True)),
        )
        if self.probabilities:
            confidence = steps[0] if len(steps) == 1 else steps.max(axis=0)
            found.pictures[".probability.png"] = encode_image(confidence, ".png")
        if not self.objects:
            return found
        if self.boxes is not None:
            boxes = self.boxes.get(os.path.basename(path), [])
            regions = masks_in_boxes(image, steps[0], boxes)
        else:
            regions = split_instances(steps[0], self.model.rule_ or InstanceRule())
        found.pictures[".objects.png"] = encode_label_picture(regions)
        found.values["n_objects"] = int(regions.max(initial=0))
        return replace(found, regions=regions)
