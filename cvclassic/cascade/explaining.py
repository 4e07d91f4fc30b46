"""Why a window passes or fails: the sum of each stage, and the tree that lowers it most."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import ParameterError
from .cascades import Cascade, Tree
from .evaluating import tree_value
from .integral import CropSums
from .loading import CascadeDetector


@dataclass(frozen=True, eq=False)
class TreeVote:
    """What one tree says of a window.

    Attributes
    ----------
    stage, number : int
        Index of the stage, and index of the tree in it.
    tree : Tree
    value : float
        The leaf that the window falls into.
    loss : float
        How much less that is than the tree's best leaf.
    """

    stage: int
    number: int
    tree: Tree
    value: float
    loss: float


@dataclass(frozen=True, eq=False)
class StageVote:
    """What one stage says of a window.

    Attributes
    ----------
    number : int
    total, limit : float
        The sum of its trees, and what it must reach.
    votes : tuple of TreeVote
    """

    number: int
    total: float
    limit: float
    votes: tuple[TreeVote, ...]

    @property
    def passed(self) -> bool:
        """Whether the window goes on."""
        return self.total >= self.limit

    @property
    def worst(self) -> TreeVote:
        """The tree that pulls it down most."""
        return max(self.votes, key=lambda vote: vote.loss)


def explain_window(cascade: Cascade, crop: np.ndarray) -> list[StageVote]:
    """What each stage says of one window, up to the one that rejects it.

    Parameters
    ----------
    cascade : Cascade
    crop : ndarray of shape (height, width), uint8
        The window at the cascade's own size.

    Returns
    -------
    list of StageVote
        Empty if the window has too little contrast for Haar features.

    Raises
    ------
    ParameterError
        The crop has another size, or the cascade has tilted features.
    """
    if cascade.tilted.any():
        raise ParameterError("cascades with tilted features can only be run by OpenCV")
    if crop.shape != (cascade.height, cascade.width):
        raise ParameterError(
            f"the window must be of shape {(cascade.height, cascade.width)}. Got {crop.shape}."
        )
    sums = CropSums(crop[None], cascade.kind == "haar")
    found: list[StageVote] = []
    if cascade.kind == "haar" and not sums.contrast()[1][0]:
        return found
    for number, stage in enumerate(cascade.stages):
        votes, total = [], 0.0
        for index, tree in enumerate(stage.trees):
            value = float(tree_value(cascade, tree, sums)[0])
            total += value
            votes.append(TreeVote(number, index, tree, value, float(tree.leaves.max()) - value))
        found.append(StageVote(number, total, stage.limit, tuple(votes)))
        if not found[-1].passed:
            break
    return found


def surest_window(
    detector: CascadeDetector, image: np.ndarray, *, scale_factor: float = 1.1
) -> tuple[np.ndarray, np.ndarray] | None:
    """The window that passes with the most to spare, in the box that has the highest score.

    Parameters
    ----------
    detector : CascadeDetector
    image : ndarray of shape (H, W), uint8
    scale_factor : float

    Returns
    -------
    box : ndarray of shape (4,), int32
        Left, top, width, height in the image.
    crop : ndarray of shape (height, width), uint8
        The window as OpenCV saw it, at the cascade's own size. None where nothing is found.
    """
    found = detector.detect(image, scale_factor=scale_factor)
    boxes, above = detector.windows(image, scale_factor=scale_factor)
    if not len(boxes):
        return None
    if len(found):
        x, y, w, h = found.boxes[found.scores.argmax()]
        apart = np.abs(boxes - [x, y, w, h]).max(axis=1)
        above = np.where(apart <= 0.2 * max(w, h), above, -np.inf)
    box = boxes[above.argmax()]
    width, height = detector.cascade.width, detector.cascade.height
    # back to the layer of the pyramid that it was found in
    scale = scale_factor ** round(np.log(box[2] / width) / np.log(scale_factor))
    size = (max(round(image.shape[1] / scale), width), max(round(image.shape[0] / scale), height))
    layer = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    x = min(round(box[0] / scale), size[0] - width)
    y = min(round(box[1] / scale), size[1] - height)
    return box, np.ascontiguousarray(layer[y : y + height, x : x + width])
