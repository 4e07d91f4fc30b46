"""Faces by the boosted Haar cascades that come with OpenCV, one or several of them together."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..._basics.checks import check_choice, check_integer, check_jobs, check_number
from ...errors import ParameterError
from ...images import to_gray
from .base import FaceDetector
from .results import Faces, make_faces
from .stock import CASCADES, channels_of, find_evidence
from .verify import face_confidence


class HaarFaceDetector(FaceDetector):
    """Finds faces with OpenCV's cascades, and says how sure it is of each.

    Every window that passes a cascade is kept; overlapping windows become a group, and overlapping
    groups of several cascades become one box. A small network looks at the gradients in the box a
    second time, and logistic regression turns its answer, the size of the box, the counts of
    windows and the sums of their last stages into a probability. It was trained on images without
    faces and on faces that were put into them. The cascade "alt" runs without its last four
    stages, whose work the network does better.

    Parameters
    ----------
    cascades : tuple of str, default=("alt",)
        Cascades to run, of "alt", "alt2", "default" and "profile". All four find a few more faces,
        profiles among them, in five times the time.
    min_confidence : float, default=0.6
        Boxes of lower probability are left out. Of those that are left, one in a hundred was false
        on the training images, by cross-validation, with the default cascade; with all four that
        is so from 0.69 on.
    min_size : float, default=0.0
        Smallest face in shares of the image's shorter side; no face of fewer than 20 pixels
        is found.
    scale_factor : float, default=1.05
        Ratio of one size that is looked for to the next; larger is faster and finds less.
    angles : tuple of float, default=(0,)
        How far heads may be turned in the image, in degrees, within -60 to 60; each costs a
        pass.
    max_side : int, default=2000
        Larger images are reduced to this long side first.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    References
    ----------
    Viola & Jones, "Robust real-time face detection", IJCV 57, 2004 (cascades, and grouping in
    section 5.6). Lienhart & Maydt, "An extended set of Haar-like features", ICIP 2002. The
    gradients: Dalal & Triggs, CVPR 2005.

    Examples
    --------
    >>> detector = HaarFaceDetector()
    >>> detector.predict([np.zeros((80, 80), np.uint8)])
    [array([], shape=(0, 4), dtype=float32)]
    """

    def __init__(
        self,
        cascades: Sequence[str] = ("alt",),
        min_confidence: float = 0.6,
        min_size: float = 0.0,
        scale_factor: float = 1.05,
        angles: Sequence[float] = (0,),
        max_side: int = 2000,
        n_jobs: int | None = None,
    ) -> None:
        self.cascades = cascades
        self.min_confidence = min_confidence
        self.min_size = min_size
        self.scale_factor = scale_factor
        self.angles = angles
        self.max_side = max_side
        self.n_jobs = n_jobs

    def _check(self) -> None:
        if not isinstance(self.cascades, list | tuple) or not self.cascades:
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
        if not isinstance(self.angles, list | tuple):
            raise ParameterError(f"angles must be a list of degrees. Got {self.angles!r} instead.")
        for angle in self.angles:
            check_number("angles", angle, -60)
            if angle > 60:
                raise ParameterError(f"angles must be from -60 to 60. Got {angle!r} instead.")
        check_integer("max_side", self.max_side, 20)
        check_jobs("n_jobs", self.n_jobs)

    def detect(self, image: np.ndarray) -> Faces:
        """Faces in one image.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8

        Returns
        -------
        Faces
        """
        self._check()
        gray = to_gray(image)
        factor = max(1.0, max(gray.shape) / self.max_side)
        if factor > 1:
            size = max(1, round(gray.shape[1] / factor)), max(1, round(gray.shape[0] / factor))
            gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        parts = [self._at_angle(gray, float(angle)) for angle in dict.fromkeys(self.angles)]
        boxes, scores, angles = (np.concatenate(column) for column in zip(*parts, strict=True))
        return make_faces(boxes * factor, scores, angles)

    def _at_angle(self, gray: np.ndarray, angle: float) -> tuple[np.ndarray, ...]:
        """Boxes, probabilities and angles of the heads that are turned so far."""
        turned, back = turn_picture(gray, angle)
        channels = channels_of(self.cascades)
        boxes, evidence = find_evidence(
            turned,
            channels,
            scale_factor=float(self.scale_factor),
            min_side=max(20, round(self.min_size * min(gray.shape))),
            max_side=max(turned.shape),
        )
        confidence = face_confidence(turned, boxes, evidence, channels)
        sure = confidence >= self.min_confidence
        boxes, confidence = boxes[sure], confidence[sure]
        if angle:
            center = boxes[:, :2] + boxes[:, 2:] / 2
            boxes[:, :2] = center @ back[:, :2].T + back[:, 2] - boxes[:, 2:] / 2
        return boxes, confidence, np.full(len(boxes), angle)


def turn_picture(gray: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn an image so that heads that are turned clockwise by `angle` degrees stand upright.

    Returns
    -------
    turned : ndarray, uint8
        Large enough for the whole image; the rest is its mean.
    back : ndarray of shape (2, 3)
        From points of `turned` to those of the image.
    """
    if not angle:
        return gray, np.eye(2, 3)
    height, width = gray.shape
    there = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    new = np.ceil(np.abs(there[:, :2]) @ (width, height)).astype(int)
    there[:, 2] += (new - (width, height)) / 2
    turned = cv2.warpAffine(gray, there, (int(new[0]), int(new[1])), borderValue=float(gray.mean()))
    return turned, cv2.invertAffineTransform(there)
