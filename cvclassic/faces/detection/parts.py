"""Eyes and smiles inside faces that were found."""

from __future__ import annotations

import cv2
import numpy as np

from ..._basics.checks import check_choice
from ...images import to_gray
from .results import Faces, make_faces
from .stock import stock_classifier

PARTS = {"eyes": "eye", "smile": "smile"}


def find_parts(image: np.ndarray, faces: Faces, part: str) -> list[np.ndarray]:
    """Eyes or smiles inside faces.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    faces : Faces
    part : {"eyes", "smile"}
        Eyes are looked for in the upper 60% of a face, at most one a side; a smile in the lower
        half.

    Returns
    -------
    list of ndarray of shape (k, 4), int64
        Boxes in pixels of the image, from left to right, one list a face.
    """
    check_choice("part", part, list(PARTS))
    gray = to_gray(image)
    classifier = stock_classifier(PARTS[part])
    found = []
    for x, y, w, h in faces.boxes:
        top, bottom = (0.1, 0.6) if part == "eyes" else (0.5, 1.1)
        x0, y0 = max(int(x), 0), max(int(y + top * h), 0)
        cut = gray[y0 : max(int(y + bottom * h), 0), x0 : max(int(x + w), 0)]
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
