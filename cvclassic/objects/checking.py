"""Checks of boxes before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .._basics.printable import plural
from ..audit import fingerprint, group_pairs, near_pairs
from ..errors import ImageReadError
from ..images import read_image
from ..images.checks import to_gray
from ..images.labels import LabeledFiles
from .boxes import pairwise_iou

# kind -> (heading, whether it fails a check)
KINDS = {
    "unreadable_label": ("Labels that cannot be read", True),
    "missing_image": ("Images that are not there", True),
    "unreadable_image": ("Images that cannot be read", True),
    "turned": ("Boxes drawn before the image's EXIF turn", True),
    "other_size": ("Labels for another size of the image", True),
    "outside": ("Boxes that reach outside the image", True),
    "empty": ("Boxes without area", True),
    "leak": ("The same image in both splits", True),
    "unknown_class": ("Classes that are not in the list", True),
    "duplicate_image": ("The same image several times", True),
    "duplicate_box": ("Boxes drawn twice", True),
    "unused_class": ("Classes without objects", False),
    "rare_class": ("Classes with fewer than 10 objects", False),
    "no_boxes": ("Images without boxes", False),
    "probably_missing": ("Boxes probably missing", False),
}
_OUTSIDE = 1.0  # pixels that a box may reach outside, as rounding does
_TWICE = 0.9
_RARE = 10
_SIDE = 256


@dataclass(frozen=True)
class Fault:
    """Something odd about labels.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    image : str
        Name of the image, or of the class.
    message : str
    """

    kind: str
    image: str
    message: str = ""

    @property
    def fails(self) -> bool:
        """Whether a check ends with an exit code for it."""
        return KINDS[self.kind][1]


def check_labels(
    files: LabeledFiles,
    *,
    classes: Sequence[str] | None = None,
    against: LabeledFiles | None = None,
    detector=None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Fault]:
    """Look for faults of labels.

    Parameters
    ----------
    files : LabeledFiles
    classes : sequence of str, optional
        Names of the allowed classes.
    against : LabeledFiles, optional
        Another split, which must not have the same images.
    detector : ObjectDetector, optional
        Tells where boxes are probably missing: what it is sure of and no box covers.
    progress : callable, optional

    Returns
    -------
    list of Fault
        In the order of `KINDS`.
    """
    faults = [Fault("unreadable_label", "", text) for text in files.labels.problems]
    faults += [Fault("missing_image", name) for name in files.missing]
    faults += [Fault("unreadable_image", name) for name in files.unreadable]
    faults += [Fault("turned", name) for name in files.turned]
    faults += [Fault("other_size", name) for name in files.resized]
    for image in files.images:
        faults += _box_faults(image)
    faults += _class_faults(files, classes)
    faults += _copies(files, against, progress)
    if detector is not None:
        faults += _missing_boxes(files, detector)
    order = list(KINDS)
    return sorted(faults, key=lambda fault: order.index(fault.kind))


def _box_faults(image) -> list[Fault]:
    faults = []
    if not image.objects:
        faults.append(Fault("no_boxes", image.name))
    for labeled in image.objects:
        x, y, w, h = labeled.box
        where = f"{labeled.label} at {x:.0f},{y:.0f} of {w:.0f} x {h:.0f}"
        if w <= 0 or h <= 0:
            faults.append(Fault("empty", image.name, where))
            continue
        over = max(-x, -y, x + w - (image.width or 0), y + h - (image.height or 0))
        if over > _OUTSIDE:
            faults.append(Fault("outside", image.name, f"{where}, {over:.0f} pixels too far"))
    boxes, labels = image.boxes(), image.labels()
    overlaps = pairwise_iou(boxes, boxes)
    for i, k in zip(*np.nonzero(np.triu(overlaps > _TWICE, 1)), strict=True):
        if labels[i] == labels[k]:
            faults.append(Fault("duplicate_box", image.name, f"two boxes of {labels[i]}"))
    return faults


def _class_faults(files: LabeledFiles, classes: Sequence[str] | None) -> list[Fault]:
    count = Counter(o.label for image in files.labels.images for o in image.objects)
    faults = []
    for name in files.labels.classes:
        if not count[name]:
            faults.append(Fault("unused_class", name))
        elif count[name] < _RARE:
            n = count[name]
            faults.append(Fault("rare_class", name, f"{plural(n, 'object')}"))
    if classes is not None:
        for name in sorted(set(count) - set(classes)):
            faults.append(Fault("unknown_class", name, f"{count[name]} objects"))
    return faults


def _copies(files: LabeledFiles, against: LabeledFiles | None, progress) -> list[Fault]:
    """Images that are copies of each other, by their fingerprints."""
    paths = [*files.paths, *(against.paths if against else [])]
    names = [i.name for i in files.images] + [i.name for i in (against.images if against else [])]
    bits, small, kept = [], [], []
    for k, path in enumerate(paths):
        if progress is not None:
            progress(k + 1, len(paths))
        try:
            pixels = to_gray(read_image(path, max_side=_SIDE))
        except ImageReadError:
            continue
        hashed, tiny = fingerprint(pixels)
        bits.append(hashed)
        small.append(tiny)
        kept.append(k)
    if len(kept) < 2:
        return []
    pairs = near_pairs(np.array(bits), np.array(small))
    faults = []
    first = len(files.paths)
    for group in group_pairs(len(kept), np.asarray(pairs)):
        members = [kept[i] for i in group]
        ours = [names[k] for k in members if k < first]
        theirs = [names[k] for k in members if k >= first]
        if ours and theirs:
            faults.append(
                Fault("leak", ours[0], f"also {', '.join(theirs[:3])} in the other split")
            )
        elif len(ours) > 1:
            faults.append(Fault("duplicate_image", ours[0], f"also {', '.join(ours[1:4])}"))
    return faults


def _missing_boxes(files: LabeledFiles, detector, least: float = 0.8) -> list[Fault]:
    faults = []
    for path, image in zip(files.paths, files.images, strict=True):
        try:
            found = detector.detect(path)
        except ImageReadError:
            continue
        covered = pairwise_iou(found.boxes, image.boxes()).max(axis=1, initial=0) >= 0.3
        for i in np.flatnonzero(~covered & (found.scores >= least)):
            x, y, w, h = found.boxes[i]
            share = f"{100 * float(found.scores[i]):.0f}%"
            where = f"{found.labels[i]} at {x:.0f},{y:.0f} of {w:.0f} x {h:.0f} ({share})"
            faults.append(Fault("probably_missing", image.name, where))
    return faults
