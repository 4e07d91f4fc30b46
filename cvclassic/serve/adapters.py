"""A `Model` behind the class of another serving framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..images import NamedItem
from .predictor import Job, describe_record

if TYPE_CHECKING:
    from ..model import Model


def predict_bytes(model: Model, images: Sequence[bytes], *, top: int = 1) -> list[dict[str, Any]]:
    """Records of image files in memory, as ``POST /predict`` answers them.

    Parameters
    ----------
    model : Model
    images : sequence of bytes
        Image files. One that cannot be read gives a record with status "error".
    top : int
        Classes that a record lists.

    Returns
    -------
    list of dict
        JSON-able, one for each image, in order.

    Examples
    --------
    >>> from cvclassic import load_model
    >>> model = load_model("photos.cvmodel")  # doctest: +SKIP
    >>> predict_bytes(model, [open("photo.jpg", "rb").read()])[0]["label"]  # doctest: +SKIP
    'dalmatian'
    """
    items = [NamedItem(f"image {i}", data) for i, data in enumerate(images, start=1)]
    records = model.classify(items, top=top, n_jobs=1)
    return [describe_record(Job("", record.path, b"", top), record) for record in records]
