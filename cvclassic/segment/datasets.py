"""Images and their masks in folders, paired by the stem of their names."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError, ImageReadError
from ..images import Fault, read_image, walk_images
from ..images.label_pictures import read_label_picture

_IGNORED = {"void", "ignore", "ignored", "unlabeled", "unlabelled"}
_VOID = 255


@dataclass(frozen=True)
class Pair:
    """An image, its mask and the mask of what counts in it.

    Attributes
    ----------
    image, mask : str
        Paths.
    inside : str or None
    """

    image: str
    mask: str
    inside: str | None = None


def pair_folders(
    images: str | os.PathLike,
    masks: str | os.PathLike,
    inside: str | os.PathLike | None = None,
    *,
    some: bool = False,
) -> list[Pair]:
    """Pair the files of folders by stem: ``photos/a.jpg`` with ``masks/a.png``.

    Names like ``a_mask.png``, ``a_label.png`` or ``a.jpg.png`` belong to ``a``, too, and ``A.png``
    where there is no other.

    Parameters
    ----------
    images, masks, inside : str or Path
        Folders; sub-folders count as part of the name.
    some : bool
        Images without a mask are left out, instead of being an error.

    Returns
    -------
    list of Pair
        Sorted by name.

    Raises
    ------
    DataError
        A folder is missing or empty, or an image has no partner.
    """
    pictures = list_stems(images)
    partners = list_stems(masks)
    fields = list_stems(inside) if inside is not None else None
    capitals = [_without_capitals(files or {}) for files in (partners, fields)]
    found, lonely = [], []
    for stem, path in sorted(pictures.items()):
        mask = partner(stem, partners) or partner(stem.casefold(), capitals[0])
        if mask is None:
            lonely.append(path)
            continue
        field = None
        if fields is not None:
            field = partner(stem, fields) or partner(stem.casefold(), capitals[1])
            if field is None:
                raise DataError(f"{os.fspath(inside or '')}: no file for {os.path.basename(path)}")
        found.append(Pair(path, mask, field))
    if lonely and (not some or not found):
        more = f" and {len(lonely) - 1} more images" if len(lonely) > 1 else ""
        raise DataError(
            f"{os.fspath(masks)}: no mask for {os.path.basename(lonely[0])}{more} "
            "(masks are paired with images by the stem of their names)"
        )
    return found


def list_stems(folder: str | os.PathLike) -> dict[str, str]:
    """Path by relative stem, in one spelling of Unicode: a Mac writes é as two characters."""
    name = os.fsdecode(folder)
    if not os.path.isdir(name):
        raise DataError(f"{name}: there is no such folder")
    found: dict[str, str] = {}
    for item in walk_images([name], only_images=True):
        if isinstance(item, Fault):
            raise DataError(f"{item.path}: {item.message}")
        stem = os.fspath(Path(os.path.relpath(item.path, name)).with_suffix(""))
        stem = unicodedata.normalize("NFC", stem)
        if stem in found:
            raise DataError(
                f"{name}: {os.path.basename(found[stem])} and {os.path.basename(item.path)} have "
                "the same stem"
            )
        found[stem] = item.path
    if not found:
        raise DataError(f"{name}: there are no images in this folder")
    return found


def _without_capitals(files: dict[str, str]) -> dict[str, str]:
    """The same in small letters, without those that are not told apart then."""
    found: dict[str, str] = {}
    twice = set()
    for stem, path in files.items():
        small = stem.casefold()
        if small in found:
            twice.add(small)
        found[small] = path
    return {stem: path for stem, path in found.items() if stem not in twice}


def partner(stem: str, files: dict[str, str]) -> str | None:
    for ending in ("", "_mask", "_masks", "_label", "_labels", "_gt", "_L", "-mask", "_inside"):
        if stem + ending in files:
            return files[stem + ending]
    for suffix in (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"):
        if stem + suffix in files:
            return files[stem + suffix]
    return None


def read_pair(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """An image and its mask, -1 outside of what counts.

    Returns
    -------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    mask : ndarray of shape (H, W), int32

    Raises
    ------
    DataError
        The sizes differ, or a file cannot be read.
    """
    try:
        image = read_image(pair.image)
        mask = read_label_picture(pair.mask)
        field = None if pair.inside is None else read_label_picture(pair.inside)
    except ImageReadError as error:
        raise DataError(str(error)) from None
    for path, other in ((pair.mask, mask), (pair.inside, field)):
        if other is not None and other.shape != image.shape[:2]:
            raise DataError(
                f"{path}: {other.shape[1]} x {other.shape[0]} pixels, but its image "
                f"{os.path.basename(pair.image)} has {image.shape[1]} x {image.shape[0]}"
            )
    if field is not None:
        mask = np.where(field > 0, mask, -1)
    return image, mask


@dataclass(frozen=True)
class MaskValues:
    """What the values of masks mean.

    Attributes
    ----------
    values : tuple of int
        Mask values of the classes, in order.
    names : tuple of str
    ignored : tuple of int
        Values that are not labeled.
    notes : tuple of str
        What a person should know about this reading.
    """

    values: tuple[int, ...]
    names: tuple[str, ...]
    ignored: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def read_names(path: str | os.PathLike) -> dict[int, str]:
    """Names of classes: a name a line, from 0; or lines of a number and a name.

    Raises
    ------
    DataError
        The file is missing or a line cannot be understood.
    """
    name = os.fsdecode(path)
    try:
        lines = Path(name).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{name}: the names must be UTF-8 text") from None
    lines = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    names: dict[int, str] = {}
    for i, line in enumerate(lines):
        number, _, rest = line.replace(",", " ", 1).replace(":", " ", 1).partition(" ")
        numbered = number.isdigit() and bool(rest.strip())
        key = int(number) if numbered else i
        if key in names:
            raise DataError(f"{name}: the class {key} has two names")
        names[key] = rest.strip() if numbered else line
    if not names:
        raise DataError(f"{name}: there are no names in this file")
    return names


def interpret_values(
    found: Iterable[int],
    names: dict[int, str] | None = None,
    *,
    scribbles: bool = False,
    instances: bool = False,
) -> MaskValues:
    """What the values in masks mean.

    0 and 255 are background and object; 255 beside other values means unlabeled, as in Cityscapes
    and VOC; a class called void, ignore or unlabeled is not labeled either; in scribbles 0 is not.

    Parameters
    ----------
    found : iterable of int
        All values >= 0.
    names : dict of int to str, optional
    scribbles, instances : bool

    Returns
    -------
    MaskValues

    Raises
    ------
    DataError
        Values without a name, or fewer than two classes.
    """
    values = sorted({int(v) for v in found})
    if instances:
        if not any(values):
            raise DataError("the masks hold no object: all values are 0")
        return MaskValues((0, 1), ("background", (names or {}).get(1, "object")))
    ignored = {0} if scribbles else set()
    notes: list[str] = []
    rest = [v for v in values if v not in ignored]
    if _VOID in rest and len([v for v in rest if v != 0]) > 1 and not scribbles:
        ignored.add(_VOID)
    if names is not None:
        ignored |= {v for v, name in names.items() if name.lower() in _IGNORED}
        rest = [v for v in values if v not in ignored]
        # 0 and 255 are called by the first and second name
        renamed = {_VOID: names[1]} if rest in ([0, 255], [255]) and 1 in names else {}
        names = {**names, **renamed}
        nameless = [v for v in rest if v not in names]
        if nameless == [max(names) + 1] and len(names) > 2:
            # the habit of data sets such as CamVid: one more value for what nobody labeled
            ignored.add(nameless[0])
            notes.append(f"the value {nameless[0]} of the masks has no name and is ignored")
        elif nameless:
            raise DataError(
                f"the masks hold the value {nameless[0]}, which has no name (--names has "
                f"{len(names)}); name a value void to ignore it"
            )
    kept = tuple(v for v in values if v not in ignored)
    if len(kept) < 2:
        kind = "scribbles" if scribbles else "masks"
        only = f"only the value {kept[0]}" if kept else "no labeled pixel"
        raise DataError(f"the {kind} must show at least two classes, and hold {only}")
    if len(kept) > 256:
        raise DataError(
            f"the masks hold {len(kept)} different values; are they numbers of objects "
            "(--instances)?"
        )
    if len(kept) > 30 and names is None:
        notes.append(
            f"the masks hold {len(kept)} classes; if these are numbers of objects, use --instances"
        )
    called = tuple(_name(v, kept, names) for v in kept)
    return MaskValues(kept, called, tuple(sorted(ignored)), tuple(notes))


def _name(value: int, kept: Sequence[int], names: dict[int, str] | None) -> str:
    if names is not None and value in names:
        return names[value]
    if len(kept) == 2:
        return ("background", "object")[kept.index(value)]
    return f"class {value}"


def class_numbers(mask: np.ndarray, values: MaskValues) -> np.ndarray:
    """Mask values as numbers of classes from 0; -1 where nothing is known.

    Raises
    ------
    DataError
        A value is not one of the classes.
    """
    table = {v: i for i, v in enumerate(values.values)}
    table |= {v: -1 for v in values.ignored}
    table[-1] = -1
    found = np.unique(mask)
    for value in found.tolist():
        if value not in table:
            raise DataError(
                f"a mask holds the value {value}; the classes are "
                f"{', '.join(map(str, values.values))}"
            )
    numbers = np.array([table[v] for v in found.tolist()], np.int32)
    return numbers[np.searchsorted(found, mask)]
