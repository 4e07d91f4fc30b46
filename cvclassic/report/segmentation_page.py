"""The page of ``cvclassic segment evaluate``: scores, and the worst images first."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..draw.segmentation import draw_mask_errors
from ..draw.thumbnails import Thumbnail, make_thumbnail
from ..evaluate import ImageMeasures
from .page import render_page, write_page

_SIDE = 420
SHOWN = 40
_NAMES = {
    "dice": "Dice",
    "iou": "IoU",
    "mean_iou": "mean IoU",
    "pixel_accuracy": "pixel accuracy",
    "auc": "area under the ROC curve",
    "boundary_f1": "F1 of boundaries",
    "tolerant_f1": "F1 of pixels, small shifts allowed",
    "instance_f1": "F1 of objects (overlap > 0.5)",
    "instance_ap": "AP of objects (overlap 0.5 to 0.95)",
}


@dataclass(frozen=True)
class SegmentedImage:
    """One image for the page.

    Attributes
    ----------
    path : str
    measures : ImageMeasures
    pixels, errors : Thumbnail
        The image, and where it is right and wrong.
    """

    path: str
    measures: ImageMeasures
    pixels: Thumbnail
    errors: Thumbnail


def segmented_image(
    path: str, image: np.ndarray, truth: np.ndarray, found: np.ndarray, measures: ImageMeasures
) -> SegmentedImage:
    """Reduce what the page shows of an image, so that the rest can be let go."""
    return SegmentedImage(
        path,
        measures,
        make_thumbnail(image, _SIDE),
        make_thumbnail(draw_mask_errors(image, truth, found), _SIDE),
    )


def write_segmentation_page(
    path: str | os.PathLike,
    images: Sequence[SegmentedImage],
    scores: Mapping[str, Any],
    intervals: Mapping[str, tuple[float, float]],
    names: Sequence[str],
    *,
    tolerance: float = 2.0,
    title: str = "Segmentation",
    command: str = "",
    seconds: float = 0.0,
) -> int:
    """Write the scores of a segmentation model as one HTML file.

    Parameters
    ----------
    path : str or os.PathLike
    images : sequence of SegmentedImage
        The 40 worst are shown, worst first.
    scores, intervals : mapping
        Results of `segmentation_scores` and `segmentation_intervals`.
    names : sequence of str
        Names of the classes.
    tolerance : float
    title, command : str
    seconds : float

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    two = len(names) == 2
    rows = [
        {"name": label, "value": scores[key], "ends": intervals.get(key)}
        for key, label in _NAMES.items()
        if scores.get(key) is not None and (two or key != "iou")
    ]
    classes = [
        {"name": name, "iou": iou, "dice": dice}
        for name, iou, dice in zip(names, scores["class_iou"], scores["class_dice"], strict=True)
    ]
    worst = sorted(images, key=lambda image: image.measures.score)[:SHOWN]
    page = render_page(
        "segmentation.html.j2",
        title=title,
        rows=rows,
        classes=classes,
        images=[
            {
                "path": one.path,
                "score": one.measures.score,
                "pixels": one.pixels,
                "errors": one.errors,
                "objects": one.measures.objects,
            }
            for one in worst
        ],
        n_images=len(images),
        two=two,
        tolerance=tolerance,
        command=command,
        seconds=seconds,
    )
    return write_page(path, page)
