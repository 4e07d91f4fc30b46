"""Boxes found in one image: the one type that faces, cascades and object detectors give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ParameterError


@dataclass(frozen=True, eq=False)
class Detections:
    """Objects found in one image.

    Parameters
    ----------
    boxes : array of shape (n, 4), float32
        (x, y, width, height) in pixels of the image, x to the right and y down; the upper left
        corner of the upper left pixel is (0, 0).
    scores : array of shape (n,), float32
        Higher is surer. A probability only where the detector says so.
    labels : sequence of n labels
        What each box shows.
    masks : array of shape (n, height, width), bool, optional
        Which pixels belong to each object.

    Raises
    ------
    ParameterError
        The parts do not agree in number, or a number is not finite.

    Examples
    --------
    >>> found = Detections([[0, 0, 10, 20], [5, 5, 8, 8]], [0.2, 0.9], ["cat", "dog"])
    >>> len(found), found.best_first().labels.tolist()
    (2, ['dog', 'cat'])
    """

    boxes: Any
    scores: Any
    labels: Any
    masks: np.ndarray | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes, np.float32)
        boxes = boxes.reshape(-1, 4) if boxes.size == 0 else boxes
        scores = np.asarray(self.scores, np.float32)
        labels = _as_labels(self.labels)
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ParameterError(f"boxes must have the shape (n, 4). Got {boxes.shape} instead.")
        if scores.shape != (len(boxes),) or labels.shape != (len(boxes),):
            raise ParameterError(
                f"scores and labels must be as many as boxes ({len(boxes)}). "
                f"Got {scores.shape} and {labels.shape} instead."
            )
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ParameterError("boxes and scores must be finite.")
        masks = self.masks
        if masks is not None:
            masks = np.asarray(masks, bool)
            if masks.ndim != 3 or len(masks) != len(boxes):
                raise ParameterError(
                    f"masks must have the shape ({len(boxes)}, height, width). "
                    f"Got {masks.shape} instead."
                )
        for name, value in {
            "boxes": boxes,
            "scores": scores,
            "labels": labels,
            "masks": masks,
        }.items():
            object.__setattr__(self, name, value)

    @classmethod
    def empty(cls) -> Detections:
        """Nothing found."""
        return cls(np.empty((0, 4)), np.empty(0), np.empty(0, object))

    def __len__(self) -> int:
        return len(self.boxes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Detections):
            return NotImplemented
        if self.masks is None or other.masks is None:
            same_masks = self.masks is other.masks
        else:
            same_masks = np.array_equal(self.masks, other.masks)
        return (
            np.array_equal(self.boxes, other.boxes)
            and np.array_equal(self.scores, other.scores)
            and self.labels.tolist() == other.labels.tolist()
            and same_masks
        )

    __hash__ = None  # type: ignore[assignment]

    def select(self, index: Any) -> Detections:
        """Some of them.

        Parameters
        ----------
        index : array of int or bool, or slice

        Returns
        -------
        Detections
        """
        masks = None if self.masks is None else self.masks[index]
        return Detections(self.boxes[index], self.scores[index], self.labels[index], masks)

    def best_first(self) -> Detections:
        """The same, highest score first; equal scores keep their order."""
        return self.select(np.argsort(-self.scores, kind="stable"))

    def to_dict(self) -> dict[str, list]:
        """Plain lists of boxes, scores and labels; masks are left out."""
        return {
            "boxes": self.boxes.tolist(),
            "scores": self.scores.tolist(),
            "labels": self.labels.tolist(),
        }

    def to_pandas(self) -> Any:
        """One row per box: x, y, width, height, score, label.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from .._basics.frames import import_pandas

        x, y, width, height = self.boxes.T.reshape(4, -1)
        return import_pandas().DataFrame(
            {
                "x": x,
                "y": y,
                "width": width,
                "height": height,
                "score": self.scores,
                "label": self.labels,
            }
        )

    def plot(self, image: np.ndarray) -> Any:
        """Draw the boxes on the image; returns a matplotlib Figure.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8
            The image in whose pixels the boxes are.
        """
        from matplotlib.patches import Rectangle

        from .._basics.figures import new_figure

        height, width = image.shape[:2]
        figure = new_figure((8, max(8 * height / width, 1.0)))
        axes = figure.add_subplot()
        axes.imshow(image, cmap="gray" if image.ndim == 2 else None)
        axes.set_axis_off()
        names = sorted({str(label) for label in self.labels})
        for box, score, label in zip(self.boxes, self.scores, self.labels, strict=True):
            color = f"C{names.index(str(label)) % 10}"
            x, y, w, h = (float(side) for side in box)
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), w, h, fill=False, ec=color, lw=2))
            text = f"{label} {score:.2f}"
            axes.text(x, y, text, va="bottom", color="white", backgroundcolor=color, fontsize=8)
        return figure

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(str(label))}</td><td>{score:.3f}</td>"
            f"<td>{escape(str([round(float(side), 1) for side in box]))}</td></tr>"
            for label, score, box in zip(self.labels, self.scores, self.boxes, strict=True)
        )
        head = "<tr><th>label</th><th>score</th><th>x, y, width, height</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _as_labels(labels: Sequence | np.ndarray) -> np.ndarray:
    """Labels as an array of objects, so that a name is never cut to another's length."""
    array = np.empty(len(labels), object)
    array[:] = [label.item() if isinstance(label, np.generic) else label for label in labels]
    return array
