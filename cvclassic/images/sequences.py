"""Videos that are folders of numbered images."""

from __future__ import annotations

import os
import re

import numpy as np

from .reading import decode_image

SEQUENCE_RATE = 25.0  # frames per second: such files do not say
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
_PLACE = re.compile(r"%(?:0\d+)?d")
_NUMBER = re.compile(r"(\d+)\D*$")


def is_sequence(name: str) -> bool:
    """Whether a name is a pattern of numbered images; a file that is called like that is none.

    Examples
    --------
    >>> is_sequence("frame_%04d.png"), is_sequence("frame_%d.txt"), is_sequence("frame.png")
    (True, False, False)
    """
    folder, last = os.path.split(name)
    good = len(_PLACE.findall(last)) == 1 and last.lower().endswith(_SUFFIXES)
    return good and not _PLACE.search(folder) and not os.path.lexists(name)


def sequence_files(name: str) -> list[str]:
    """The images of a pattern, or of a folder, by number.

    Parameters
    ----------
    name : str
        ``FOLDER/frame_%04d.png``, or a folder, whose images are ordered by the last number in
        their names.
    """
    if os.path.isdir(name):
        folder, fits = name, _NUMBER
    else:
        folder, last = os.path.split(name)
        before, after = _PLACE.split(last)
        fits = re.compile(f"{re.escape(before)}(\\d+){re.escape(after)}")
    numbered = []
    for entry in os.listdir(folder or ".") if os.path.isdir(folder or ".") else []:
        stem, suffix = os.path.splitext(entry)
        is_pattern = fits is not _NUMBER
        found = fits.fullmatch(entry) if is_pattern else fits.search(stem)
        if found and suffix.lower() in _SUFFIXES and not entry.startswith("."):
            numbered.append((int(found[1]), entry))
    return [os.path.join(folder, entry) for _, entry in sorted(numbered)]


def read_rgb(path: str, max_pixels: int) -> np.ndarray:
    """An image as (H, W, 3), uint8.

    Raises
    ------
    ImageReadError
        It cannot be read.
    """
    pixels = decode_image(path, max_pixels=max_pixels).pixels
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
