"""The cascades that come with OpenCV: one a thread, and what they find together."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

import cv2
import numpy as np

from ...cascade.files import format_cascade, parse_cascade
from ...cascade.loading import classifier_of_text
from ...errors import MissingDependencyError, ModelFileError
from ...images import read_file
from .windows import Groups, cascade_windows, fuse_groups, group_windows, to_faces

# name -> (file, side of its window, way from a window to the square from the brows to the chin:
# shift of the center in x and y, and side, in shares of the window's side). The profile's are
# medians over faces whose place was known.
CASCADES: dict[str, tuple[str, int, tuple[float, float, float]]] = {
    "alt": ("frontalface_alt", 20, (0.0, 0.0, 1.0)),
    "alt2": ("frontalface_alt2", 20, (0.0, 0.0, 1.0)),
    "default": ("frontalface_default", 24, (0.0, 0.0, 1.0)),
    "profile": ("profileface", 20, (-0.165, 0.015, 0.866)),
}
# Stages at the end of a cascade that are not asked: what they would reject is judged better by a
# second look at its gradients. So 2 to 3% more faces get that look, and the scan is no slower.
_STAGES_LEFT_OUT = {"alt": 4}
_MIRRORED = "profile mirrored"
_local = threading.local()


@cache
def _stock_text(name: str, left_out: int) -> str:
    """XML of a cascade that OpenCV brings along, without its last stages."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = os.path.join(folder, f"haarcascade_{name}.xml")
    if not os.path.isfile(path):
        raise MissingDependencyError(
            f"this OpenCV ({cv2.__version__}) brings no cascade {name}: "
            "pip install --upgrade opencv-contrib-python"
        )
    data = read_file(path)
    if not left_out:
        return data.decode("ascii", "replace")
    cascade = parse_cascade(data)
    return format_cascade(replace(cascade, stages=cascade.stages[:-left_out]))


def stock_classifier(name: str, left_out: int = 0) -> cv2.CascadeClassifier:
    """This thread's classifier of a cascade that OpenCV brings along: threads must not share one.

    Parameters
    ----------
    name : str
        Such as ``"frontalface_alt"``.
    left_out : int
        Number of stages at the end to leave out.

    Raises
    ------
    MissingDependencyError
        OpenCV comes without it.
    """
    known = _local.__dict__.setdefault("classifiers", {})
    if (name, left_out) not in known:
        try:
            known[name, left_out] = classifier_of_text(_stock_text(name, left_out))
        except ModelFileError:
            message = f"this OpenCV cannot load its own cascade {name}"
            raise MissingDependencyError(message) from None
    return known[name, left_out]


def channels_of(cascades: Sequence[str]) -> tuple[str, ...]:
    """Cascades in their order, the profile once for each side.

    Examples
    --------
    >>> channels_of(["profile", "alt"])
    ('alt', 'profile', 'profile mirrored')
    """
    names = [name for name in CASCADES if name in cascades]
    return (*names, *([_MIRRORED] if "profile" in names else []))


def all_channels() -> list[tuple[str, ...]]:
    """Every set of cascades that can be asked for."""
    names = list(CASCADES)
    return [channels_of(some) for n in range(1, 5) for some in combinations(names, n)]


def find_evidence(
    gray: np.ndarray,
    channels: Sequence[str],
    *,
    scale_factor: float,
    min_side: int,
    max_side: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that any cascade found, and what each cascade says of them.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    channels : sequence of str
        As `channels_of` gives them.
    scale_factor, min_side, max_side
        As `cascade_windows`.

    Returns
    -------
    boxes : ndarray of shape (n, 4), float64
    evidence : ndarray of shape (n, 3 * n_channels), float64
    """
    groups = []
    for channel in channels:
        mirrored = channel == _MIRRORED
        name = "profile" if mirrored else channel
        file, side, shift = CASCADES[name]
        picture = np.ascontiguousarray(gray[:, ::-1]) if mirrored else gray
        boxes, sums = cascade_windows(
            stock_classifier(file, _STAGES_LEFT_OUT.get(name, 0)),
            picture,
            scale_factor=scale_factor,
            min_side=min_side,
            max_side=max_side,
        )
        if mirrored:
            boxes[:, 0] = gray.shape[1] - boxes[:, 0] - boxes[:, 2]
        found = group_windows(boxes, sums, side)
        placed = to_faces(found.boxes, np.array(shift), mirrored)
        groups.append(Groups(placed, found.counts, found.best, found.mean))
    return fuse_groups(groups)
