"""Why a window was found, or where it was lost, stage by stage."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..images import read_image, single_threaded
from .boxes import changed_boxes, clip_boxes, pairwise_iou
from .channels import N_HOG, N_SCAN
from .examples import as_rgb, reduce_image
from .fisher_windows import N_PARTS
from .pyramid import Atlas, Pyramid
from .scanning import BLOCK
from .state import DetectorState, detect_objects, first_stage, probabilities
from .window_vectors import N_PLACE

CHANNELS = (
    "brightness", "green to red", "blue to yellow", "edges", "edges, local",
    *(f"edges at {20 * k}°" for k in range(9)),
)  # fmt: skip
GROUPS = (
    "gradients", "texture", "upper half", "lower half", "surroundings", "place and size",
    "first stage",
)  # fmt: skip
FINER_LOOK = "finer look"
_SAME = 0.5


@dataclass(frozen=True, eq=False)
class WindowExplanation:
    """What the stages say of a window.

    Attributes
    ----------
    label : str
        The class that is explained.
    asked : ndarray of shape (4,)
        The box that was requested.
    window : ndarray of shape (4,)
        The scanned window that lies nearest to it.
    overlap : float
        Overlap of the two boxes (IoU).
    trace, floors : ndarray of shape (n_blocks,)
        Score of the window after every 16 trees, and what it needed.
    channels : dict of str to float
        What the trees that look at each channel add to the score of the first stage.
    rank : int or None
        Among the windows that the first stage gives on; None where it is not one of them.
    groups : dict of str to float
        What each group of numbers adds to the score, and what the finer look adds.
    cells : ndarray of shape (rows, columns)
        What each cell of the grid of gradients adds.
    score : float
        Score after the second stage and the refinement.
    probability : float
    final : ndarray of shape (4,)
        The window after both regressions of boxes.
    verdict : str
        Where it was lost, or that it was found.
    """

    label: str
    asked: np.ndarray
    window: np.ndarray
    overlap: float
    trace: np.ndarray
    floors: np.ndarray
    channels: dict[str, float]
    rank: int | None
    groups: dict[str, float]
    cells: np.ndarray
    score: float
    probability: float
    final: np.ndarray
    verdict: str


def explain_window(
    detector, image, box=None, label: str | None = None, min_score: float = 0.5
) -> WindowExplanation:
    """Explain one window.

    Parameters
    ----------
    detector : ObjectDetector
        Fitted.
    image : path, bytes or ndarray
    box : sequence of 4 floats, optional
        (x, y, width, height). [default: the most probable object, else the whole image]
    label : str, optional
        Class. [default: the most probable one]
    min_score : float

    Returns
    -------
    WindowExplanation

    Raises
    ------
    DataError
        No window fits into the image, or there is no such class.
    """
    state: DetectorState = detector.state_
    pixels = as_rgb(read_image(image))
    with single_threaded():
        found = detect_objects(state, pixels)
        if box is None:
            box = found.boxes[0] if len(found) else (0, 0, pixels.shape[1], pixels.shape[0])
            label = label or (str(found.labels[0]) if len(found) else None)
        if label is not None and label not in state.classes:
            raise DataError(f"the model has no class {label!r}: {', '.join(state.classes)}")
        return _explain(state, pixels, np.asarray(box, np.float32), label, found, min_score)


def _explain(state, pixels, box, label, found, min_score) -> WindowExplanation:
    small, factor = reduce_image(pixels, state.max_side)
    asked = box * factor
    pyramid = Pyramid(small)
    geometry = state.geometry
    atlas = Atlas(pyramid, geometry.scales, geometry.window, geometry.margin)
    if not len(atlas.anchors):
        raise DataError("the image is smaller than every window")
    clipped = clip_boxes(atlas.boxes, pyramid.width, pyramid.height)
    overlaps = pairwise_iou(asked[None], clipped)[0]
    passed = first_stage(pyramid, geometry, state.trees, state.floors, state.n_windows)
    near = pairwise_iou(asked[None], clip_boxes(passed.boxes, pyramid.width, pyramid.height))[0]
    rank = None
    if len(near) and near.max() >= _SAME:
        # of the windows that the second stage saw there, the one that it liked best
        vectors = state.vectors.of(pyramid, passed.boxes, passed.scores)
        raw = vectors @ state.weights[:-1] + state.weights[-1]
        column = raw.max(axis=1) if label is None else raw[:, state.classes.index(label)]
        rank = int(np.where(near >= _SAME, column, -np.inf).argmax())
        row = int(pairwise_iou(passed.boxes[rank : rank + 1], atlas.boxes)[0].argmax())
    else:
        row = int(overlaps.argmax())
    features = atlas.features(np.array([row]))
    trace = np.cumsum(
        [state.trees[a : a + BLOCK].scores(features)[0] for a in range(0, len(state.trees), BLOCK)]
    )
    window = atlas.boxes[row : row + 1]
    vector = state.vectors.of(pyramid, window, trace[-1:].astype(np.float32))[0]
    first = vector @ state.weights[:-1] + state.weights[-1]
    change = (vector @ state.changes[:-1] + state.changes[-1])[None]
    final, finer, share = changed_boxes(window, change), np.zeros_like(first), 0.0
    if state.refiner is not None:
        share = state.refiner.share
        seen, final = state.refiner.scores(
            pyramid, clip_boxes(final, pyramid.width, pyramid.height)
        )
        finer = share * seen[0]
    scores = (1 - share) * first + finer
    c = int(scores.argmax()) if label is None else state.classes.index(label)
    parts = (1 - share) * vector * state.weights[:-1, c]
    n_grid = state.vectors.rows * state.vectors.columns * N_HOG
    cells = parts[:n_grid].reshape(state.vectors.rows, state.vectors.columns, N_HOG).sum(axis=2)
    chance = float(probabilities(scores[c], state.calibration[:, c]))
    overlap = float(overlaps[row])
    return WindowExplanation(
        state.classes[c],
        box,
        window[0] / factor,
        overlap,
        trace,
        state.floors,
        _channel_shares(state, features[0]),
        rank,
        _group_sums(parts, n_grid, state) | {FINER_LOOK: float(finer[c])},
        cells,
        float(scores[c]),
        chance,
        final[0] / factor,
        _verdict(state, box, c, overlap, trace, rank, chance, found, min_score),
    )


def _channel_shares(state: DetectorState, features: np.ndarray) -> dict[str, float]:
    """Leaves of the trees, each shared by the two channels that it was reached by."""
    size = state.geometry.window[0] * state.geometry.window[1]
    sums = np.zeros(N_SCAN)
    trees = state.trees
    for f, t, leaf in zip(trees.features, trees.thresholds, trees.leaves, strict=True):
        up = features[f[0]] > t[0]
        child = 2 if up else 1
        side = features[f[child]] > t[child]
        value = float(leaf[2 * int(up) + int(side)])
        for feature in (f[0], f[child]):
            sums[feature // size] += value / 2
    return {name: float(v) for name, v in zip(CHANNELS, sums, strict=True)}


def _group_sums(parts: np.ndarray, n_grid: int, state: DetectorState) -> dict[str, float]:
    n_fisher = state.vectors.codebook.n_features // N_PARTS
    ends = [0, n_grid, *(n_grid + n_fisher * (k + 1) for k in range(N_PARTS))]
    ends += [ends[-1] + N_PLACE, len(parts)]
    groups = zip(GROUPS, itertools.pairwise(ends), strict=True)
    return {name: float(parts[a:b].sum()) for name, (a, b) in groups}


def _verdict(state, box, c: int, overlap, trace, rank, chance, found, min_score: float) -> str:
    """One sentence: where the window was lost."""
    name = state.classes[c]
    same = [k for k in range(len(found)) if found.labels[k] == name]
    hits = pairwise_iou(box[None], found.boxes[same])[0] if same else np.zeros(0)
    sure = [k for k, o in zip(same, hits, strict=True) if o >= _SAME]
    if sure and found.scores[sure[0]] >= min_score:
        return f"found: {name} with a probability of {100 * float(found.scores[sure[0]]):.0f}%"
    if overlap < _SAME and rank is None:
        return (
            f"no window of this shape and size: the nearest one overlaps the box by "
            f"{100 * overlap:.0f}%"
        )
    below = np.flatnonzero(trace < state.floors)
    if rank is None and len(below):
        k = int(below[0])
        return (
            f"rejected by the first stage after {min((k + 1) * BLOCK, len(state.trees))} trees: "
            f"{trace[k]:.2f} where {state.floors[k]:.2f} are needed"
        )
    if rank is None:
        return f"rejected by the first stage: {state.n_windows} other windows have higher scores"
    if chance < min_score:
        return f"rejected by the second stage: {100 * chance:.0f}% for {name}"
    return f"suppressed by a more probable {name} that overlaps it"
