"""Training of a detector, step by step: each step that is done can be kept on disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from ..evaluate import BoxScores
from ..images import read_image, single_threaded
from .boosting import Trees
from .calibration import calibrate, held_out_scores
from .checkpoint import Checkpoint
from .examples import Example, as_rgb, reduce_image
from .fisher_windows import Codebook, fit_codebook
from .geometry import Geometry, plan_geometry
from .refiner import SHARES, fine_grid, joined_scores
from .refiner_training import FineRows, fine_rows, train_refiner
from .scan_training import AtlasCache, train_scanner
from .state import DetectorState, settle
from .verifier_rows import ImageRows, codebook_samples, image_rows
from .verifier_training import train_verifier
from .window_vectors import plan_grid

_N_FOLDS = 3
_N_GAUSSIANS, _N_DIMS = 24, 20
_MOST_ROWS = 14_000  # windows that the second stage learns from
_MOST_FINE_ROWS = 10_000  # and the finer look
_FLOOR_SHARE = 0.02  # objects that the soft cascade may lose
_FLOOR_SLACK = 0.2
_REACHED = 0.5


@dataclass(frozen=True, eq=False)
class TrainingReport:
    """What came of a training.

    Attributes
    ----------
    cross_validated : BoxScores
        On training images that the stages had not learned from; windows of the final trees differ.
    first_stage_recall : float
        Share of objects that some window of the first stage overlaps by half, likewise.
    n_images, n_objects : int
    unreachable : list of (int, int)
        Image and box that no window can overlap by half; ignored in training.
    """

    cross_validated: BoxScores
    first_stage_recall: float
    n_images: int
    n_objects: int
    unreachable: list[tuple[int, int]]


@dataclass(frozen=True)
class Settings:
    """Numbers that training depends on beside the images."""

    n_trees: int
    n_windows: int
    seed: int


def train_detector(
    examples: Sequence[Example],
    classes: Sequence[str],
    max_side: int,
    settings: Settings,
    *,
    n_jobs: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> tuple[DetectorState, TrainingReport]:
    """Learn a detector.

    Parameters
    ----------
    examples : sequence of Example
        With at least one box in all.
    classes : sequence of str
    max_side : int
    settings : Settings
    n_jobs : int or None
        Processes; the result does not depend on it.
    progress : callable, optional
        Called with the name of a stage, steps done, and steps in all.
    checkpoint : Checkpoint, optional
        Where finished steps are kept.

    Returns
    -------
    state : DetectorState
    report : TrainingReport
    """
    tell = progress or (lambda stage, done, total: None)
    keep = checkpoint or Checkpoint(None)
    with single_threaded():
        measured = [_reduced(example, max_side) for example in examples]
    factors = [factor for factor, _ in measured]
    scaled = [e.boxes * f for e, f in zip(examples, factors, strict=True)]
    geometry = plan_geometry(np.concatenate(scaled), max(longest for _, longest in measured))
    examples, unreachable = _without_unreachable(examples, scaled, geometry)
    folds = _folds(len(examples), settings.seed)
    grid = plan_grid(np.concatenate(scaled))
    scanners = _scanners(examples, geometry, max_side, settings, folds, n_jobs, tell, keep)
    codebook = _codebook(examples, max_side, settings.seed, keep)
    usual = np.percentile([len(e.boxes) for e in examples if len(e.boxes)], 95)
    n_windows = int(min(settings.n_windows + 4 * usual, 6 * settings.n_windows))
    n_kept = int(np.clip(_MOST_ROWS // len(examples), 6, n_windows + 8))
    images = _all_rows(
        examples, geometry, max_side, scanners, codebook, grid, n_windows, n_kept, len(classes),
        folds, n_jobs, tell,
    )  # fmt: skip
    with single_threaded():
        verifier = train_verifier(
            images, folds, codebook, grid,
            lambda done, total: tell("second stage", done, total),
        )  # fmt: skip
    floors = _floors(images, settings.n_trees)
    n_objects, n_found = sum(i.n_objects for i in images), sum(i.n_found for i in images)
    sizes = [i.size for i in images]
    del images  # its vectors are most of the memory
    fine = fine_grid(grid)
    n_fine = int(np.clip(_MOST_FINE_ROWS // len(examples), 6, n_windows))
    looked = _fine_rows(examples, verifier.held_out, max_side, fine, n_fine, n_jobs, tell)
    with single_threaded():
        refiner, both = train_refiner(looked, folds, fine)
    truth = [(e.boxes * f, e.labels, e.ignored * f) for e, f in zip(examples, factors, strict=True)]
    share, calibration, scores = _best_share(verifier.held_out, both, sizes, truth, classes)
    state = DetectorState(
        tuple(classes),
        geometry,
        max_side,
        n_windows,
        scanners[-1],
        floors,
        verifier.vectors,
        verifier.weights,
        verifier.changes,
        replace(refiner, share=share) if share else None,
        calibration,
    )
    report = TrainingReport(
        scores,
        n_found / max(n_objects, 1),
        len(examples),
        n_objects,
        unreachable,
    )
    return state, report


def _best_share(before, both, sizes, truth, classes) -> tuple[float, np.ndarray, BoxScores]:
    """What the finer look should count, by held-out average precision; without it if it harms."""
    tried = []
    for share in SHARES:
        held_out = before
        if share:
            held_out = [(b, joined_scores(first, finer, share)) for b, first, finer in both]
        settled = [
            [settle(boxes, scores[:, c], size) for c in range(len(classes))]
            for (boxes, scores), size in zip(held_out, sizes, strict=True)
        ]
        calibration = calibrate(settled, truth, len(classes))
        tried.append((share, calibration, held_out_scores(settled, truth, classes, calibration)))
    return max(tried, key=lambda t: np.nan_to_num(t[2].ap50 + t[2].ap))


def _reduced(example: Example, max_side: int) -> tuple[np.float32, int]:
    """By how much an example is reduced, and its long side then."""
    image, factor = reduce_image(as_rgb(read_image(example.source)), max_side)
    return factor, max(image.shape[:2])


def _without_unreachable(examples, scaled, geometry: Geometry):
    """Boxes that no window can overlap by half become ignored regions."""
    sizes = geometry.sizes()
    out, unreachable = [], []
    for i, (example, boxes) in enumerate(zip(examples, scaled, strict=True)):
        shared = np.minimum(boxes[:, None, 2:], sizes[None]).prod(axis=2)
        union = boxes[:, 2:].prod(axis=1)[:, None] + sizes.prod(axis=1)[None] - shared
        reached = (shared / union).max(axis=1, initial=0) >= _REACHED
        unreachable += [(i, int(k)) for k in np.flatnonzero(~reached)]
        out.append(
            Example(
                example.source,
                example.boxes[reached],
                example.labels[reached],
                np.concatenate([example.ignored, example.boxes[~reached]]),
            )
        )
    if not any(len(example.boxes) for example in out):
        return list(examples), unreachable  # nothing else to learn from
    return out, unreachable


def _folds(n: int, seed: int) -> np.ndarray:
    """Fold of each image; as many folds as images at most."""
    k = max(min(_N_FOLDS, n), 1)
    return np.random.default_rng([seed, 1]).permutation(n) % k


def _scanners(
    examples, geometry, max_side, settings: Settings, folds, n_jobs, tell, keep: Checkpoint
) -> list[Trees]:
    """First stages of each fold, and one of all images at the end."""
    n = int(folds.max()) + 1
    todo = [k for k in range(n, -1, -1) if _kept_trees(keep, k) is None]
    found = {k: _kept_trees(keep, k) for k in range(n + 1) if k not in todo}
    tell("first stage", len(found), n + 1)
    # each process computes the channels of the images once for all scanners that it learns
    workers = max(min(effective_n_jobs(n_jobs), len(todo)), 1)
    jobs = (
        delayed(_some_scanners)(
            todo[w::workers], examples, geometry, max_side, settings, folds, keep
        )
        for w in range(workers)
    )
    for made in Parallel(workers, return_as="generator_unordered")(jobs):
        found |= made
        tell("first stage", len(found), n + 1)
    return [trees for k in range(n + 1) if (trees := found[k]) is not None]


def _kept_trees(keep: Checkpoint, k: int) -> Trees | None:
    kept = keep.load(f"trees{k}")
    return None if kept is None else Trees(kept["features"], kept["thresholds"], kept["leaves"])


def _some_scanners(
    numbers, examples, geometry, max_side: int, settings: Settings, folds, keep: Checkpoint
) -> dict[int, Trees]:
    """Scanners of some folds, each kept as soon as it has been learned."""
    cache = AtlasCache(examples, geometry, max_side)
    made = {}
    with single_threaded():
        for k in numbers:
            mine = np.flatnonzero(folds != k)
            if not len(mine):  # a single image
                mine = np.arange(len(examples))
            trees = train_scanner(cache, mine, settings.n_trees, settings.seed * 16 + k)
            arrays = {name: getattr(trees, name) for name in ("features", "thresholds", "leaves")}
            keep.save(f"trees{k}", arrays)
            made[k] = trees
    return made


def _codebook(examples, max_side: int, seed: int, keep: Checkpoint) -> Codebook:
    names = ("scale", "mean", "components", "weights", "means", "variances")
    kept = keep.load("codebook")
    if kept is None:
        with single_threaded():
            made = fit_codebook(
                codebook_samples(examples, max_side, seed), _N_GAUSSIANS, _N_DIMS, seed
            )
        kept = {name: getattr(made, name) for name in names}
        keep.save("codebook", kept)
    return Codebook(*(kept[name] for name in names))


def _all_rows(
    examples, geometry, max_side, scanners, codebook, grid, n_windows, n_kept, n_classes,
    folds, n_jobs, tell,
) -> list[ImageRows]:  # fmt: skip
    """Windows of all images, each found by the trees that have not seen it."""
    calls = (
        (example, geometry, max_side, scanners[fold], codebook, grid, n_windows, n_kept, n_classes)
        for example, fold in zip(examples, folds, strict=True)
    )
    return _image_by_image(image_rows, calls, len(examples), n_jobs, tell, "windows")


def _fine_rows(examples, held_out, max_side, grid, most, n_jobs, tell) -> list[FineRows]:
    calls = (
        (example, own, max_side, grid, most)
        for example, own in zip(examples, held_out, strict=True)
    )
    return _image_by_image(fine_rows, calls, len(examples), n_jobs, tell, "finer look")


def _image_by_image(make: Callable, calls, n: int, n_jobs, tell, stage: str) -> list:
    """What a function gives for each image, in order; a few images at a time."""
    size = max(math.ceil(n / 24), 1)
    calls = list(calls)
    blocks = (delayed(_some_images)(make, calls[a : a + size]) for a in range(0, n, size))
    made: list = []
    for some in Parallel(n_jobs, return_as="generator")(blocks):
        made += some
        tell(stage, len(made), n)
    return made


def _some_images(make: Callable, calls) -> list:
    with single_threaded():
        return [make(*call) for call in calls]


def _floors(images: list[ImageRows], n_trees: int) -> np.ndarray:
    """Soft cascade: what nearly all objects reach that the trees had not learned from."""
    traces = [i.traces for i in images if len(i.traces)]
    if not traces:
        return np.full(-(-n_trees // 16), -1e6, np.float32)
    return (np.quantile(np.concatenate(traces), _FLOOR_SHARE, axis=0) - _FLOOR_SLACK).astype(
        np.float32
    )
