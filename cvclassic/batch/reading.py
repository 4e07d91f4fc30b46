"""Reads a training set: every file once, with a list of failures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial

from ..errors import ImageReadError
from ..images import DecodedImage, Picture, Spool, decode_image, map_blocks

OnPicture = Callable[[Picture, DecodedImage], None]


def _read_block(
    max_side: int | None, on_picture: OnPicture | None, pictures: list[Picture]
) -> list[ImageReadError | None]:
    errors: list[ImageReadError | None] = []
    for picture in pictures:
        try:
            decoded = decode_image(picture.source, max_side=max_side)
            picture.remember(max_side, decoded.pixels)
            if on_picture is not None:
                on_picture(picture, decoded)
            errors.append(None)
        except ImageReadError as error:
            errors.append(error)
    return errors


def read_all(
    paths: Iterable[str | os.PathLike],
    max_side: int | None,
    *,
    n_jobs: int | None = None,
    on_picture: OnPicture | None = None,
) -> tuple[list[Picture], dict[int, ImageReadError]]:
    """Decode images into a temporary file and find those that cannot be read.

    Parameters
    ----------
    paths : iterable of str or Path
    max_side : int or None
        Long side that they are reduced to.
    n_jobs : int or None
        As in joblib.
    on_picture : callable, optional
        Called with each image and what was decoded, in the worker threads.

    Returns
    -------
    pictures : list of Picture
        One for each path.
    errors : dict of int to ImageReadError
        By index, in order.

    Examples
    --------
    >>> pictures, errors = read_all(["missing.jpg"], 640)
    >>> len(pictures), errors[0].code
    (1, 'not_found')
    """
    pictures: list[Picture] = []
    spool = Spool()

    def wrapped():
        for path in paths:
            pictures.append(spool.add(path))
            yield pictures[-1]

    errors: dict[int, ImageReadError] = {}
    done = 0
    read = partial(_read_block, max_side, on_picture)
    for block in map_blocks(read, wrapped(), n_jobs=n_jobs):
        errors.update((done + i, error) for i, error in enumerate(block) if error is not None)
        done += len(block)
    return pictures, errors
