"""Where the images of labels are on disk, and how their files lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cvclassic.errors import ImageReadError
from cvclassic.images.files import read_file
from cvclassic.images.formats.headers import ImageHeader, read_header
from cvclassic.images.labels.types import Box, LabelSet

SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".avif", ".jp2",
    ".ppm", ".pgm", ".pnm", ".heic",
)  # fmt: skip
_PLACES = ("", "images", "JPEGImages", "data", "img")


@dataclass(frozen=True)
class Located:
    """File of each image of a label set, in its order; None where there is none.

    Attributes
    ----------
    paths : tuple of str or None
    folder : str
        Where they were looked for.
    """

    paths: tuple[str | None, ...]
    folder: str


def image_files(folder: Path) -> list[str]:
    """Relative paths of the images below a folder, sorted; known by their suffixes."""
    if not folder.is_dir():
        return []
    found = []
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in files:
            if name.lower().endswith(SUFFIXES):
                found.append(os.path.relpath(os.path.join(root, name), folder))
    return sorted(found)


def file_header(path) -> ImageHeader | None:
    """Header of an image file, None where it cannot be read."""
    try:
        return read_header(read_file(path))
    except (ImageReadError, OSError):
        return None


def image_size(path) -> tuple[int, int] | None:
    """Width and height of an image as it is shown, after its EXIF turn; None if unreadable."""
    header = file_header(path)
    if header is None:
        return None
    turned = header.orientation >= 5
    return (header.height, header.width) if turned else (header.width, header.height)


def locate_images(labels: LabelSet, beside, images=None) -> Located:
    """Find the file of each image.

    A name is looked for as it stands, then by its last part, then by that part without suffix.

    Parameters
    ----------
    labels : LabelSet
    beside : str or Path
        The label file or folder.
    images : str or Path, optional
        Folder of the images; else the folder of the labels, its ``images`` or ``JPEGImages``, and
        the same one level up.

    Returns
    -------
    Located
    """
    if images is not None:
        roots = [Path(images)]
    else:
        start = Path(beside)
        start = start if start.is_dir() else start.parent
        roots = [base / place for base in (start, start.parent) for place in _PLACES]
        roots = [root for root in dict.fromkeys(roots) if root.is_dir()]
    best: tuple[int, Located] | None = None
    for root in roots:
        located = Located(tuple(_find(root, [i.name for i in labels.images])), str(root))
        count = sum(path is not None for path in located.paths)
        if best is None or count > best[0]:
            best = count, located
        if count == len(labels.images):
            break
    if best is None:
        return Located((None,) * len(labels.images), str(images or beside))
    return best[1]


def _find(root: Path, names: list[str]) -> list[str | None]:
    found: list[str | None] = []
    by_name: dict[str, str] | None = None
    for name in names:
        direct = root / name
        if name and not name.endswith(("/", "\\")) and direct.is_file():
            found.append(str(direct))
            continue
        if by_name is None:
            by_name = {}
            for relative in image_files(root):
                by_name.setdefault(os.path.basename(relative), relative)
                by_name.setdefault(Path(relative).stem, relative)
        last = name.replace("\\", "/").rsplit("/", 1)[-1]
        hit = by_name.get(last) or by_name.get(Path(last).stem)
        found.append(str(root / hit) if hit else None)
    return found


def upright_box(box: Box, orientation: int, width: int, height: int) -> Box:
    """A box drawn on the pixels of a file, after the file's EXIF turn.

    Parameters
    ----------
    box : tuple of 4 floats
    orientation : int
        1 to 8, as EXIF counts.
    width, height : int
        Size of the image as stored, before any EXIF rotation.

    Returns
    -------
    tuple of 4 floats

    Examples
    --------
    >>> upright_box((0, 0, 2, 1), 6, 10, 5)
    (4, 0, 1, 2)
    """
    x, y, w, h = box
    if orientation in (2, 3, 7, 8):
        x = width - x - w
    if orientation in (3, 4, 6, 7):
        y = height - y - h
    return (y, x, h, w) if orientation >= 5 else (x, y, w, h)
