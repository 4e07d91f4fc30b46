"""Detected faces, from any detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ...evaluate import box_overlaps
from ...images import Detections

_INSIDE = 0.75  # share of the smaller box: no face lies within a face


@dataclass(frozen=True, eq=False)
class Faces(Detections):
    """Faces in one image, the surest first: `Detections` with angles.

    Boxes may reach beyond the image's border, scores are as the detector has them, and labels are
    all "face".

    Parameters
    ----------
    angles : ndarray of shape (n,), float64
        How far the head is turned in the image, in degrees, clockwise.
    """

    angles: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def at(cls, boxes: np.ndarray, scores: np.ndarray, angles: np.ndarray | None = None) -> Faces:
        """Faces at these places, upright unless angles are given."""
        n = len(scores)
        turned = np.zeros(n) if angles is None else np.asarray(angles, np.float64)
        return cls(boxes, scores, np.full(n, "face", object), None, turned)

    def select(self, index: Any) -> Faces:
        """Some of them."""
        return Faces.at(self.boxes[index], self.scores[index], self.angles[index])

    def scaled(self, factor: float) -> Faces:
        """The same in an image that is `factor` times as large, on whole pixels."""
        return Faces.at(np.rint(self.boxes * factor), self.scores, self.angles)

    def records(self) -> list[dict]:
        """Plain numbers, one dict per face."""
        return [
            {
                **dict(zip(("x", "y", "width", "height"), map(int, box), strict=True)),
                "score": round(float(score), 4),
                "angle": float(angle),
            }
            for box, score, angle in zip(self.boxes, self.scores, self.angles, strict=True)
        ]


def make_faces(
    boxes: np.ndarray, scores: np.ndarray, angles: np.ndarray | None = None, *, max_overlap=0.3
) -> Faces:
    """Sort boxes by score, and leave out those that a surer one overlaps or that lie inside one.

    Parameters
    ----------
    boxes : array_like of shape (n, 4)
    scores : array_like of shape (n,)
    angles : array_like of shape (n,), optional
        Zero unless given.
    max_overlap : float
        Intersection over union that two faces may have.

    Returns
    -------
    Faces

    Examples
    --------
    >>> make_faces([[0, 0, 9, 9], [1, 0, 9, 9], [40, 0, 9, 9]], [0.5, 0.9, 0.7]).boxes.tolist()
    [[1.0, 0.0, 9.0, 9.0], [40.0, 0.0, 9.0, 9.0]]
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    scores = np.asarray(scores, np.float64).ravel()
    angles = np.zeros(len(boxes)) if angles is None else np.asarray(angles, np.float64)
    order = np.lexsort((*boxes.T[::-1], -scores))
    keep = []
    while len(order):
        keep.append(order[0])
        rest = order[1:]
        overlap = box_overlaps(boxes[order[:1]], boxes[rest])[0]
        area, areas = boxes[order[0], 2:].prod(), boxes[rest, 2:].prod(axis=1)
        shared = overlap / (1 + overlap) * (area + areas)
        inside = shared > _INSIDE * np.minimum(area, areas)
        order = rest[(overlap <= max_overlap) & ~inside]
    chosen = np.array(keep, np.int64)
    return Faces.at(np.rint(boxes[chosen]), scores[chosen], angles[chosen])


def cut_faces(image: np.ndarray, faces: Faces, *, margin: float = 0.2) -> list[np.ndarray]:
    """Cut faces out, turned upright.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    faces : Faces
    margin : float, default=0.2
        What is added at each side, in shares of the box's side.

    Returns
    -------
    list of ndarray
        Square images; beyond the border of the image its last pixels are repeated.
    """
    cuttings = []
    for (x, y, w, h), angle in zip(faces.boxes, faces.angles, strict=True):
        side = max(round(max(w, h) * (1 + 2 * margin)), 1)
        center = (x + (w - 1) / 2, y + (h - 1) / 2)
        turn = cv2.getRotationMatrix2D(center, float(angle), 1.0)
        turn[:, 2] += (side - 1) / 2 - np.array(center)
        cuttings.append(cv2.warpAffine(image, turn, (side, side), borderMode=cv2.BORDER_REPLICATE))
    return cuttings


def blur_faces(image: np.ndarray, faces: Faces, *, margin: float = 0.15) -> np.ndarray:
    """Make faces unrecognizable: blurred until about eight dots per side are left.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    faces : Faces
    margin : float, default=0.15
        What is blurred around each box, in shares of its side.

    Returns
    -------
    ndarray
        A new image.
    """
    return blur_boxes(image, faces.boxes, faces.angles, margin=margin)


def blur_boxes(
    image: np.ndarray,
    boxes: np.ndarray,
    angles: np.ndarray | None = None,
    *,
    margin: float = 0.15,
) -> np.ndarray:
    """Blur boxes as `blur_faces` does.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    boxes : array of shape (n, 4)
        (x, y, width, height) in pixels.
    angles : array of shape (n,), optional
        How far each face is turned, in degrees.
    margin : float, default=0.15

    Returns
    -------
    ndarray
        A new image.
    """
    turned = np.zeros(len(boxes)) if angles is None else angles
    out = image.copy()
    for (x, y, w, h), angle in zip(boxes, turned, strict=True):
        grow = margin + 0.3 * abs(np.sin(np.radians(angle)))  # a turned square needs more room
        x0, y0 = max(int(x - grow * w), 0), max(int(y - grow * h), 0)
        x1, y1 = (
            min(int(x + w * (1 + grow)), image.shape[1]),
            min(int(y + h * (1 + grow)), image.shape[0]),
        )
        if x1 <= x0 or y1 <= y0:
            continue
        part = out[y0:y1, x0:x1]
        # averaging throws the detail away; a blur alone can be undone in part
        small = cv2.resize(part, (min(8, x1 - x0), min(8, y1 - y0)), interpolation=cv2.INTER_AREA)
        out[y0:y1, x0:x1] = cv2.resize(small, (x1 - x0, y1 - y0), interpolation=cv2.INTER_CUBIC)
    return out
