"""A page to browse the topics of an index: images and visual words of each."""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np

from ..draw import make_thumbnail
from ..search.places import unpack_places
from ..search.topics import places_of_words
from .page import render_page, write_page
from .search_page import read_indexed

_IMAGES = 12
_WORDS = 12
_SIDE = 130
_PATCH = 48
_REACH = 3.0  # half of a patch's side, in sizes of the keypoint


def write_topics_page(
    path: str | os.PathLike,
    index: Any,
    topics: Any,
    *,
    name: str,
    command: str = "",
) -> int:
    """Write the page.

    Parameters
    ----------
    path : str or os.PathLike
    index : ImageIndex
    topics : Topics
    name : str
        Name of the index.
    command : str
        That makes the page again.

    Returns
    -------
    int
        Bytes of the file.
    """
    base = getattr(index, "base_", None)
    shown = []
    for k in range(len(topics.strengths)):
        best = topics.top_images(k, _IMAGES).tolist()
        row = {int(image): i for i, image in enumerate(topics.images)}
        pixels = {i: read_indexed(index.searcher_.name(i), base) for i in best}
        words = topics.top_words(k, _WORDS).tolist()
        places = places_of_words(index, words, best)
        shown.append(
            {
                "number": k + 1,
                "strength": float(topics.strengths[k]),
                "images": [
                    {
                        "path": index.searcher_.name(i),
                        "weight": float(topics.weights[row[i], k]),
                        "thumb": _thumbnail(pixels[i]),
                    }
                    for i in best
                ],
                "words": [
                    {"word": word, "patch": _patch(index, places[word], pixels)} for word in words
                ],
            }
        )
    page = render_page(
        "topics.html.j2",
        title=f"{len(shown)} topics of {os.path.basename(name.rstrip('/'))}",
        topics=shown,
        method=topics.method,
        n_images=len(topics.images),
        command=command,
    )
    return write_page(path, page)


def _thumbnail(pixels: np.ndarray | None):
    """A small image of an image; None where it cannot be read any more."""
    return None if pixels is None else make_thumbnail(pixels, _SIDE)


def _patch(index: Any, places: list, pixels: dict[int, np.ndarray | None]):
    """What a word looks like in one of the images, turned upright."""
    for image, place in places:
        picture = pixels.get(image)
        if picture is None:
            continue
        x, y, size, angle = unpack_places(place[None])[0].tolist()
        factor = max(picture.shape[:2]) / max(index.searcher_.shape(image))
        reach = _REACH * 2**size * factor
        scale = _PATCH / (2 * reach)
        cos, sin = scale * np.cos(-angle), scale * np.sin(-angle)
        x, y = x * factor, y * factor
        turn = np.array(
            [
                [cos, -sin, _PATCH / 2 - cos * x + sin * y],
                [sin, cos, _PATCH / 2 - sin * x - cos * y],
            ]
        )
        border = cv2.BORDER_REPLICATE
        patch = cv2.warpAffine(picture, turn, (_PATCH, _PATCH), borderMode=border)
        return make_thumbnail(patch, _PATCH)
    return None
