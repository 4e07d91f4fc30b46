"""Faces by the boosted Haar cascades that come with OpenCV, several of them together."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cache
from itertools import combinations

import cv2
import numpy as np
from sklearn.base import BaseEstimator

from ..checks import check_choice, check_integer, check_jobs, check_number
from ..describe.base import to_grey
from ..errors import MissingDependencyError, ParameterError
from ..images import check_images, load_pixels, map_blocks, read_file
from .detect_results import Faces, make_faces
from .detect_verify import face_confidence
from .detect_windows import Groups, cascade_windows, fuse_groups, group_windows, to_faces

# name -> (file, side of its window, way from a window to the face in it)
CASCADES: dict[str, tuple[str, int, tuple[float, float, float]]] = {
    "alt": ("frontalface_alt", 20, (0.0, 0.0, 1.0)),
    "alt2": ("frontalface_alt2", 20, (0.0, 0.0, 1.0)),
    "default": ("frontalface_default", 24, (0.0, 0.0, 1.0)),
    "profile": ("profileface", 20, (-0.165, 0.015, 0.866)),
}
PARTS = {"eyes": "eye", "smile": "smile"}
_MIRRORED = "profile mirrored"
_local = threading.local()


@cache
def _stock_text(name: str) -> str:
    """XML of a cascade that OpenCV brings along."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = os.path.join(folder, f"haarcascade_{name}.xml")
    if not os.path.isfile(path):
        raise MissingDependencyError(
            f"this OpenCV ({cv2.__version__}) brings no cascade {name}: "
            "pip install 'opencv-contrib-python<5'"
        )
    return read_file(path).decode("ascii", "replace")


def stock_classifier(name: str) -> cv2.CascadeClassifier:
    """This thread's classifier of a cascade that OpenCV brings along: threads must not share one.

    Parameters
    ----------
    name : str
        Such as ``"frontalface_alt"``.

    Raises
    ------
    MissingDependencyError
        OpenCV comes without it.
    """
    known = _local.__dict__.setdefault("classifiers", {})
    if name not in known:
        # from memory, as a path that is not UTF-8 crashes OpenCV
        flags = cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
        storage = cv2.FileStorage(_stock_text(name), flags)
        classifier = cv2.CascadeClassifier()
        if not classifier.read(storage.getFirstTopLevelNode()):
            raise MissingDependencyError(f"this OpenCV cannot load its own cascade {name}")
        known[name] = classifier
    return known[name]


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
    grey: np.ndarray,
    channels: Sequence[str],
    *,
    scale_factor: float,
    min_side: int,
    max_side: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that any cascade found, and what each cascade says of them.

    Parameters
    ----------
    grey : ndarray of shape (H, W), uint8
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
        file, side, shift = CASCADES["profile" if mirrored else channel]
        picture = np.ascontiguousarray(grey[:, ::-1]) if mirrored else grey
        boxes, sums = cascade_windows(
            stock_classifier(file),
            picture,
            scale_factor=scale_factor,
            min_side=min_side,
            max_side=max_side,
        )
        if mirrored:
            boxes[:, 0] = grey.shape[1] - boxes[:, 0] - boxes[:, 2]
        found = group_windows(boxes, sums, side)
        placed = to_faces(found.boxes, np.array(shift), mirrored)
        groups.append(Groups(placed, found.counts, found.best, found.mean))
    return fuse_groups(groups)


class HaarFaceDetector(BaseEstimator):
    """Finds faces with several of OpenCV's cascades, and says how sure it is of each.

    Every window that passes a cascade is kept; windows that lie on each other become a group.
    Groups of all cascades that overlap become one box, and logistic regression turns their
    counts, the sums of their last stages and a second look at the gradients in the box into a
    probability. It was trained on pictures without faces and on faces that were put into them.

    Parameters
    ----------
    cascades : tuple of str, default=("alt", "alt2", "default", "profile")
        Of these; the profile is looked for on both sides and costs as much as the others together.
    min_confidence : float, default=0.6
        Boxes of lower probability are left out. Of those that are left, one in a hundred was false
        on the training pictures, by cross-validation.
    min_size : float, default=0.0
        Smallest face in shares of the picture's shorter side; no face of fewer than 20 pixels
        is found.
    scale_factor : float, default=1.05
        Ratio of one size that is looked for to the next; larger is faster and finds less.
    angles : tuple of float, default=(0,)
        How far heads may be turned in the picture, in degrees, within -60 to 60; each costs a
        pass.
    max_side : int, default=2000
        Larger pictures are reduced to this long side first.
    n_jobs : int or None, default=None
        Pictures under way at once, as in joblib.

    References
    ----------
    Viola & Jones, "Robust real-time face detection", IJCV 57, 2004 (cascades, and grouping in
    section 5.6). Lienhart & Maydt, "An extended set of Haar-like features", ICIP 2002. The
    gradients: Dalal & Triggs, CVPR 2005.

    Examples
    --------
    >>> detector = HaarFaceDetector(cascades=("alt",))
    >>> detector.predict([np.zeros((80, 80), np.uint8)])
    [array([], shape=(0, 4), dtype=int64)]
    """

    def __init__(
        self,
        cascades=("alt", "alt2", "default", "profile"),
        min_confidence=0.6,
        min_size=0.0,
        scale_factor=1.05,
        angles=(0,),
        max_side=2000,
        n_jobs=None,
    ):
        self.cascades = cascades
        self.min_confidence = min_confidence
        self.min_size = min_size
        self.scale_factor = scale_factor
        self.angles = angles
        self.max_side = max_side
        self.n_jobs = n_jobs

    def _check(self) -> None:
        if isinstance(self.cascades, str) or not len(self.cascades):
            raise ParameterError(
                f"cascades must be a list of {', '.join(CASCADES)}. Got {self.cascades!r} instead."
            )
        for name in self.cascades:
            check_choice("cascades", name, list(CASCADES))
        for name in ("min_confidence", "min_size"):
            check_number(name, getattr(self, name), 0)
            if getattr(self, name) > 1:
                raise ParameterError(f"{name} must be <= 1. Got {getattr(self, name)!r} instead.")
        check_number("scale_factor", self.scale_factor, 1.01)
        for angle in self.angles:
            check_number("angles", angle, -60)
            if angle > 60:
                raise ParameterError(f"angles must be from -60 to 60. Got {angle!r} instead.")
        check_integer("max_side", self.max_side, 20)
        check_jobs("n_jobs", self.n_jobs)

    def fit(self, X=None, y=None):
        """Do nothing: cascades are trained by others. Here for pipelines."""
        self._check()
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X) -> list[np.ndarray]:
        """Boxes of the faces in each picture, the surest first.

        Parameters
        ----------
        X : sequence of images

        Returns
        -------
        list of ndarray of shape (n, 4), int64
            (x, y, width, height) in pixels.
        """
        return [faces.boxes for faces in self.predict_faces(X)]

    def predict_faces(self, X) -> list[Faces]:
        """Faces in each picture, with their probabilities and angles.

        Parameters
        ----------
        X : sequence of images

        Returns
        -------
        list of Faces
        """
        self._check()
        blocks = map_blocks(self._detect_block, check_images(X), n_jobs=self.n_jobs, block_size=1)
        return [faces for block in blocks for faces in block]

    def _detect_block(self, images: list) -> list[Faces]:
        return [self.detect(load_pixels(image, None)) for image in images]

    def detect(self, image: np.ndarray) -> Faces:
        """Faces in one picture.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8

        Returns
        -------
        Faces
        """
        self._check()
        grey = to_grey(image)
        factor = max(1.0, max(grey.shape) / self.max_side)
        if factor > 1:
            size = max(1, round(grey.shape[1] / factor)), max(1, round(grey.shape[0] / factor))
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        parts = [self._at_angle(grey, float(angle)) for angle in dict.fromkeys(self.angles)]
        boxes, scores, angles = (np.concatenate(column) for column in zip(*parts, strict=True))
        return make_faces(boxes * factor, scores, angles)

    def _at_angle(self, grey: np.ndarray, angle: float) -> tuple[np.ndarray, ...]:
        """Boxes, probabilities and angles of the heads that are turned so far."""
        turned, back = turn_picture(grey, angle)
        channels = channels_of(self.cascades)
        boxes, evidence = find_evidence(
            turned,
            channels,
            scale_factor=float(self.scale_factor),
            min_side=max(20, round(self.min_size * min(grey.shape))),
            max_side=max(turned.shape),
        )
        confidence = face_confidence(turned, boxes, evidence, channels)
        sure = confidence >= self.min_confidence
        boxes, confidence = boxes[sure], confidence[sure]
        if angle:
            centre = boxes[:, :2] + boxes[:, 2:] / 2
            boxes[:, :2] = centre @ back[:, :2].T + back[:, 2] - boxes[:, 2:] / 2
        return boxes, confidence, np.full(len(boxes), angle)


def turn_picture(grey: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn a picture so that heads that are turned clockwise by `angle` degrees stand upright.

    Returns
    -------
    turned : ndarray, uint8
        Large enough for the whole picture; the rest is its mean.
    back : ndarray of shape (2, 3)
        From points of `turned` to those of the picture.
    """
    if not angle:
        return grey, np.eye(2, 3)
    height, width = grey.shape
    there = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    new = np.ceil(np.abs(there[:, :2]) @ (width, height)).astype(int)
    there[:, 2] += (new - (width, height)) / 2
    turned = cv2.warpAffine(grey, there, (int(new[0]), int(new[1])), borderValue=float(grey.mean()))
    return turned, cv2.invertAffineTransform(there)


def find_parts(image: np.ndarray, faces: Faces, part: str) -> list[np.ndarray]:
    """Eyes or smiles inside faces.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    faces : Faces
    part : {"eyes", "smile"}
        Eyes are looked for in the upper 60 % of a face, at most one a side; a smile in the lower
        half.

    Returns
    -------
    list of ndarray of shape (k, 4), int64
        Boxes in pixels of the picture, from left to right, one list a face.
    """
    check_choice("part", part, list(PARTS))
    grey = to_grey(image)
    classifier = stock_classifier(PARTS[part])
    found = []
    for x, y, w, h in faces.boxes:
        top, bottom = (0.1, 0.6) if part == "eyes" else (0.5, 1.1)
        x0, y0 = max(int(x), 0), max(int(y + top * h), 0)
        cut = grey[y0 : max(int(y + bottom * h), 0), x0 : max(int(x + w), 0)]
        if not cut.size:
            found.append(np.zeros((0, 4), np.int64))
            continue
        zoom = max(1.0, 150 / w)  # the cascades want an eye of 20 pixels, a mouth of 36
        cut = cv2.resize(cut, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
        smallest = int(w * zoom * (0.15 if part == "eyes" else 0.3))
        boxes, counts = classifier.detectMultiScale2(
            cut, 1.05, 4 if part == "eyes" else 15, minSize=(smallest, smallest // 2)
        )
        kept = make_faces(boxes, np.ravel(counts), max_overlap=0.1).boxes.astype(np.float64)
        if part == "smile":
            kept = kept[:1]
        else:
            right = kept[:, 0] + kept[:, 2] / 2 > cut.shape[1] / 2
            kept = np.concatenate([kept[~right][:1], kept[right][:1]])
        kept /= zoom
        kept[:, :2] += (x0, y0)
        found.append(np.rint(kept).astype(np.int64))
    return found
