"""A trained pixel model, applied stage after stage, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .planes import Window, context_planes, image_planes, whole
from .trees import Trees, score_planes

# Up to this many pixels an image is one tile; larger ones are cut into tiles of _TILE squared.
_ONE_TILE = 2_000_000
_TILE = 1024
# How far long lines at their coarsest level look.
_LINE_REACH = 96


@dataclass(frozen=True, eq=False)
class Stage:
    """One ensemble.

    Attributes
    ----------
    context : ndarray of shape (n, 2), float32
        Ranges of the responses to the probabilities of the stage before; empty in the first.
    own, around : ndarray of int32
        Numbers of the features of the image, and of those probabilities, that the trees look at.
    trees : Trees
    """

    context: np.ndarray
    own: np.ndarray
    around: np.ndarray
    trees: Trees


@dataclass(frozen=True, eq=False)
class PixelModel:
    """Everything that turns an image into scores.

    Attributes
    ----------
    mixing : ndarray of shape (k, 3), float32
        See `features.learn_mixing`.
    ranges : ndarray of shape (n, 2), float32
        See `planes.learn_ranges`.
    n_levels : int
    stages : tuple of Stage
    offset : ndarray of shape (k,), float32
        Added to the scores; such that 0 is the threshold (k = 1) and the largest is the class.
    """

    mixing: np.ndarray
    ranges: np.ndarray
    n_levels: int
    stages: tuple[Stage, ...]
    offset: np.ndarray

    @property
    def halo(self) -> int:
        """Pixels around a tile that its features look at."""
        return max(2 ** (self.n_levels - 1) * 4, _LINE_REACH)


def tiles(height: int, width: int) -> Iterator[Window]:
    """Cut an image into windows."""
    if height * width <= _ONE_TILE:
        yield Window(0, 0, height, width)
        return
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            yield Window(top, left, min(_TILE, height - top), min(_TILE, width - left))


def window_planes(
    model: PixelModel,
    image: np.ndarray,
    window: Window,
    maps: np.ndarray | None,
    stage: Stage,
    placed: tuple[int, int, int, int] | None = None,
) -> list[np.ndarray]:
    """Features of a window for one stage.

    Parameters
    ----------
    model : PixelModel
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    window : Window
    maps : ndarray of shape (k, H, W), uint8, or None
        What the stage before gave; None in the first.
    stage : Stage
    placed : tuple of int, optional
        Top, left, height and width where `image` is cut out of a larger one.
    """
    halo = 0 if window == whole(image.shape) else model.halo
    planes = image_planes(
        image,
        window,
        model.mixing,
        model.ranges,
        model.n_levels,
        halo,
        stage.own.tolist(),
        placed,
    )
    if maps is not None:
        around = stage.around.tolist()
        planes += context_planes(maps, window, stage.context, model.n_levels, halo, around)
    return planes


def score_tiles(
    model: PixelModel, image: np.ndarray, take: Callable[[Window, np.ndarray], None]
) -> None:
    """Hand the scores of each tile to `take`, a tile at a time.

    Parameters
    ----------
    model : PixelModel
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    take : callable
        Gets the window and scores of shape (k, h, w), float32.
    """
    height, width = image.shape[:2]
    maps = None
    # one tile is filtered once: the next stage looks at some of the same features
    ready: dict[int, np.ndarray] = {}
    single = height * width <= _ONE_TILE
    for number, stage in enumerate(model.stages):
        last = number == len(model.stages) - 1
        steps = np.empty((0 if last else len(stage.trees.bias), height, width), np.uint8)
        for window in tiles(height, width):
            if single and set(stage.own.tolist()) <= set(ready):
                planes = [ready[n] for n in stage.own.tolist()]
                if maps is not None:
                    around = stage.around.tolist()
                    planes += context_planes(maps, window, stage.context, model.n_levels, 0, around)
            else:
                planes = window_planes(model, image, window, maps, stage)
            scores = score_planes(planes, stage.trees)
            if last:
                take(window, scores + model.offset[:, None, None])
                continue
            if single:
                ready = dict(zip(stage.own.tolist(), planes[: len(stage.own)], strict=True))
            rows = slice(window.top, window.top + window.height)
            steps[:, rows, window.left : window.left + window.width] = map_steps(scores)
        maps = steps


def map_steps(scores: np.ndarray) -> np.ndarray:
    """Scores as probabilities in steps of 1/255."""
    return np.rint(probabilities(scores)[-len(scores) :] * 255).astype(np.uint8)


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Probabilities of the classes.

    Parameters
    ----------
    scores : ndarray of shape (k, H, W), float32
        One plane for two classes.

    Returns
    -------
    ndarray of shape (n_classes, H, W), float32

    Examples
    --------
    >>> probabilities(np.zeros((1, 1, 1), np.float32)).ravel().tolist()
    [0.5, 0.5]
    """
    if len(scores) == 1:
        positive = 1 / (1 + np.exp(-np.clip(scores, -60, 60)))
        return np.concatenate([1 - positive, positive]).astype(np.float32)
    shares = np.exp(scores - scores.max(axis=0))
    shares /= shares.sum(axis=0)
    return shares.astype(np.float32)


def classes_of(scores: np.ndarray) -> np.ndarray:
    """Number of the class of each pixel, of shape (H, W), uint8."""
    if len(scores) == 1:
        return (scores[0] > 0).astype(np.uint8)
    return scores.argmax(axis=0).astype(np.uint8)
