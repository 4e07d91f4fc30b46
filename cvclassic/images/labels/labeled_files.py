"""Labels and the files of their images, brought together: boxes in the pixels that are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cvclassic.errors import DataError
from cvclassic.images.labels.locating import file_header, locate_images, upright_box
from cvclassic.images.labels.reading import read_labels
from cvclassic.images.labels.types import Box, LabeledImage, LabelSet

_SAME_ASPECT = 0.02


@dataclass(frozen=True)
class LabeledFiles:
    """Images with labels whose files are there.

    Attributes
    ----------
    paths : list of str
    images : list of LabeledImage
        Boxes and outlines as they lie in the image as it is shown, after its EXIF turn, and in its
        size. Width and height are those of that image.
    labels : LabelSet
        As the file says.
    missing : list of str
        Names of labels without a file.
    unreadable : list of str
        Files that are no images.
    turned, resized : list of str
        Images whose boxes were drawn before the EXIF turn, or on another size.
    folder : str
        Where the images lie.
    """

    paths: list[str]
    images: list[LabeledImage]
    labels: LabelSet
    missing: list[str]
    unreadable: list[str]
    turned: list[str]
    resized: list[str]
    folder: str


def load_labeled_files(path, images=None, *, format: str | None = None) -> LabeledFiles:
    """Read labels and find the files of their images.

    Parameters
    ----------
    path : str or Path
        Label file or folder, see `read_labels`.
    images : str or Path, optional
        Folder of the images; else they are looked for beside the labels.
    format : str, optional

    Returns
    -------
    LabeledFiles

    Raises
    ------
    DataError
        There are no labels, or not one of their images is there.
    """
    labels = read_labels(path, images, format=format)
    if not len(labels):
        raise DataError(f"{path}: there are no images in this label file")
    located = locate_images(labels, path, images)
    out = LabeledFiles([], [], labels, [], [], [], [], located.folder)
    for image, file in zip(labels.images, located.paths, strict=True):
        if file is None:
            out.missing.append(image.name)
            continue
        header = file_header(file)
        if header is None:
            out.unreadable.append(image.name)
            continue
        out.paths.append(file)
        out.images.append(_fitted(image, header.width, header.height, header.orientation, out))
    if not out.paths and not out.unreadable:
        raise DataError(
            f"none of the {len(labels)} images is in {located.folder}: name their folder (--images)"
        )
    return out


def _fitted(image: LabeledImage, w: int, h: int, orientation: int, out: LabeledFiles):
    """The labels of an image in the pixels that are shown."""
    upright = (h, w) if orientation >= 5 else (w, h)
    drawn = (image.width, image.height)
    if None in drawn or drawn == upright:
        return replace(image, width=upright[0], height=upright[1])
    if orientation >= 5 and drawn == (w, h):
        out.turned.append(image.name)
        return _mapped(image, upright, lambda box: upright_box(box, orientation, w, h))
    fx, fy = upright[0] / (image.width or 1), upright[1] / (image.height or 1)
    out.resized.append(image.name)
    if abs(fx / fy - 1) > _SAME_ASPECT:  # another image, or cropped in an unknown way
        return replace(image, width=upright[0], height=upright[1])
    return _mapped(image, upright, lambda box: (box[0] * fx, box[1] * fy, box[2] * fx, box[3] * fy))


def _mapped(image: LabeledImage, size, change: Callable[[Box], Box]) -> LabeledImage:
    """Boxes and outlines after a change of coordinates; run lengths are dropped."""
    objects = []
    for labeled in image.objects:
        polygons = []
        for flat in labeled.polygons:
            corners = zip(flat[::2], flat[1::2], strict=True)
            points = [change((x, y, 0.0, 0.0))[:2] for x, y in corners]
            polygons.append(tuple(v for point in points for v in point))
        objects.append(
            replace(labeled, box=change(labeled.box), polygons=tuple(polygons), rle=None)
        )
    width, height = size
    return LabeledImage(image.name, width, height, tuple(objects))
