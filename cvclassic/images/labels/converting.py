"""Labels made complete for another format: sizes, and outlines instead of run lengths."""

from __future__ import annotations

from dataclasses import replace

from cvclassic.images.labels.locating import image_size, locate_images
from cvclassic.images.labels.masks import decode_rle, mask_polygons
from cvclassic.images.labels.types import LabelSet


def complete_labels(labels: LabelSet, beside, images=None, *, keep_rle: bool = True) -> LabelSet:
    """Labels with the sizes of their images, where these are there.

    Parameters
    ----------
    labels : LabelSet
    beside : str or Path
        The label file.
    images : str or Path, optional
        Folder of the images.
    keep_rle : bool
        Else run lengths become outlines.

    Returns
    -------
    LabelSet
    """
    out = list(labels.images)
    unknown = [k for k, image in enumerate(out) if not (image.width and image.height)]
    if unknown:
        paths = locate_images(labels, beside, images).paths
        for k in unknown:
            size = image_size(paths[k]) if paths[k] else None
            if size is not None:
                out[k] = replace(out[k], width=size[0], height=size[1])
    if not keep_rle:
        for k, image in enumerate(out):
            if any(o.rle is not None for o in image.objects):
                objects = tuple(
                    o if o.rle is None
                    else replace(o, rle=None, polygons=mask_polygons(decode_rle(o.rle)))
                    for o in image.objects
                )  # fmt: skip
                out[k] = replace(image, objects=objects)
    return replace(labels, images=tuple(out))
