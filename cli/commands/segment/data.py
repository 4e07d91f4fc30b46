"""What is learned from, or evaluated on: images with their masks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrainingData:
    """Images and their masks."""

    images: list[Any]  # paths
    masks: list[Any]  # numbers of classes (or of objects), -1 where nothing is known
    values: Any  # MaskValues
    labeled_share: float


def training_data(
    images, masks, scribbles, labels, inside, names_file, instances: bool
) -> TrainingData:
    """Read pairs, and turn the values of masks into numbers of classes."""
    import numpy as np

    from cvclassic.errors import DataError
    from cvclassic.segment import (
        class_numbers,
        interpret_values,
        pair_folders,
        read_names,
        read_pair,
    )

    names = read_names(names_file) if names_file is not None else None
    if labels is not None:
        found = list(_labeled_images(images, labels, inside, instances))
        names = names or found[0][2]
        found = [(image, mask) for image, mask, _ in found]
    else:
        pairs = pair_folders(images, masks or scribbles, inside, some=scribbles is not None)
        # images are read again by `fit`: only masks stay in memory
        found = [(pair.image, read_pair(pair)[1].astype(np.int32)) for pair in pairs]
    if instances and scribbles is None and all(len(np.unique(m)) <= 3 for _, m in found):
        values = np.unique(np.concatenate([np.unique(m) for _, m in found]))
        if set(values.tolist()) <= {-1, 0, 255}:
            raise DataError(
                "with --instances masks must hold numbers of objects; these hold 0 and 255 only"
            )
    values = np.unique(np.concatenate([np.unique(mask) for _, mask in found]))
    meaning = interpret_values(
        values[values >= 0], names, scribbles=scribbles is not None, instances=instances
    )
    if instances:
        numbered = [mask for _, mask in found]
    else:
        numbered = [class_numbers(mask, meaning).astype(np.int16) for _, mask in found]
    if scribbles is not None:
        # `fit` is told with 0 what is not labeled
        numbered = [mask + 1 for mask in numbered]
        known = sum(int((m > 0).sum()) for m in numbered)
    else:
        known = sum(int((m >= 0).sum()) for m in numbered)
    share = known / max(sum(m.size for m in numbered), 1)
    return TrainingData([path for path, _ in found], numbered, meaning, share)


def _labeled_images(images, labels, inside, instances: bool):
    """Path, mask and names for each image of a label file."""
    import numpy as np

    from cvclassic.errors import DataError, ImageReadError
    from cvclassic.images import read_image
    from cvclassic.images.labels import label_picture, locate_images, object_mask, read_labels

    read = read_labels(labels, images)
    if not os.path.isdir(images):
        raise DataError(f"{images}: there is no such folder")
    fields = None
    if inside is not None:
        from cvclassic.segment.datasets import list_stems

        fields = list_stems(inside)
    names = {0: "background", **{i + 1: name for i, name in enumerate(read.classes)}}
    n = 0
    places = locate_images(read, images, images)
    for path, labeled in zip(places.paths, read.images, strict=True):
        if path is None:
            continue
        try:
            image = read_image(path)
        except ImageReadError as error:
            raise DataError(str(error)) from None
        height, width = image.shape[:2]
        if instances:
            mask = np.zeros((height, width), np.int32)
            for i, one in enumerate(labeled.objects, 1):
                mask[object_mask(one, height, width)] = i
        else:
            mask = label_picture(labeled, read.classes, height, width).astype(np.int32)
        if fields is not None:
            from cvclassic.images.label_pictures import read_label_picture
            from cvclassic.segment.datasets import partner

            field = partner(os.path.splitext(os.path.basename(path))[0], fields)
            if field is None:
                raise DataError(f"{inside}: no file for {os.path.basename(path)}")
            mask = np.where(read_label_picture(field) > 0, mask, -1)
        n += 1
        yield path, mask, names
    if not n:
        raise DataError(f"{labels}: none of its images is in {images}")
