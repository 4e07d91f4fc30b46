"""Training of a pixel model: two stages, with held-out maps between them.

The second stage sees what the first thinks of the surroundings of a pixel (auto-context). It must
learn from maps of images that the first stage did not learn from, or it would trust them too much;
so every image is mapped by an ensemble trained on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .decisions import best_offsets, best_threshold, expected_threshold
from .examples import Example
from .features import channels_of, context_responses, image_responses, learn_mixing
from .pixel_model import PixelModel, Stage, map_steps, window_planes
from .planes import learn_ranges, n_planes, padded_crop, sample_responses, whole
from .sampling import sample_pixels, training_weights
from .trees import NO_TREES, Trees, score_planes, train_trees, useful_features

_FOLDS = 3
# A second stage must gain this much in held-out Dice, or mean IoU, for its cost.
_WORTH = 0.0005
_SCORED_PIXELS = 400_000


@dataclass(frozen=True)
class Settings:
    """How trees are grown; see `PixelClassifier`."""

    n_trees: int = 100
    depth: int = 7
    learning_rate: float = 0.15
    max_pixels: int = 200_000
    context: bool | str = "auto"
    scribbles: bool = False


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What the model said about each training image that it had not seen then.

    Attributes
    ----------
    scores : list of ndarray of shape (k, h, w), float32
        Such that 0 is the threshold.
    value : float
        Dice of the second class (two classes) or mean IoU.
    first_value : float
        The same of the first stage alone.
    """

    scores: list[np.ndarray]
    value: float
    first_value: float


def learn_pixels(
    examples: Sequence[Example],
    labels: Sequence[np.ndarray],
    n_classes: int,
    class_weight: np.ndarray,
    position: bool,
    settings: Settings,
    rng: np.random.Generator,
    n_jobs: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[PixelModel, HeldOut]:
    """Learn from images whose pixels are labeled, all or some.

    Parameters
    ----------
    examples : sequence of Example
        Their images are used, and where those lie in larger ones.
    labels : sequence of ndarray of shape (H, W), int
        From 0 to n_classes - 1; -1 where it is not known.
    n_classes : int
    class_weight : ndarray of shape (n_classes,)
    position : bool
    settings : Settings
    rng : numpy.random.Generator
    n_jobs : int, optional
    say : callable
        Gets a line on what is being done.

    Returns
    -------
    PixelModel, HeldOut
    """
    images = [example.image for example in examples]
    side = float(np.median([min(image.shape[:2]) for image in images]))
    n_levels = int(np.clip(np.log2(max(side, 1) / 8), 3, 6))
    mixing = learn_mixing(images, labels)
    job = _Job(examples, labels, n_classes, class_weight, settings, rng, n_jobs)
    ranges = learn_ranges(job.each(lambda i: _sampled(images[i], mixing, n_levels)))
    offset = np.zeros(job.k, np.float32)
    model = PixelModel(mixing, ranges, n_levels, (), offset)

    own = np.arange(len(ranges) + 2 * position)
    say("first stage")
    first, scores = job.stage(model, None, np.zeros((0, 2), np.float32), own, own[:0])
    model = replace(model, stages=(first,))
    offset, value = job.decide(scores)
    first_value = value
    if settings.context is not False:
        say("second stage")
        maps = [map_steps(s) for s in scores]
        context = learn_ranges(job.each(lambda i: _sampled_maps(maps[i], n_levels)))
        around = np.arange(len(context) + n_planes(job.k, n_levels, context=True)[1])
        # of the image, only what is computed anyway
        second, better = job.stage(model, maps, context, first.own, around)
        found = job.decide(better)
        if settings.context is True or found[1] > value + _WORTH:
            offset, value = found
            scores = better
            model = replace(model, stages=(first, second))
    model = replace(model, offset=offset)
    decided = [s + offset[:, None, None] for s in scores]
    return model, HeldOut(decided, value, first_value)


def _sampled(image: np.ndarray, mixing: np.ndarray, n_levels: int) -> list[np.ndarray]:
    crop, _, _ = padded_crop(image, whole(image.shape), 0, 2 ** (n_levels - 1))
    return sample_responses(image_responses(channels_of(crop, mixing), n_levels))


def _sampled_maps(maps: np.ndarray, n_levels: int) -> list[np.ndarray]:
    window = whole(maps.shape[1:])
    crops = [padded_crop(m, window, 0, 2 ** (n_levels - 1))[0] for m in maps]
    floats = [crop.astype(np.float32) / 255 for crop in crops]
    return sample_responses(context_responses(floats, n_levels))


class _Job:
    """The training set, and what is the same for both stages."""

    def __init__(self, examples, labels, n_classes, class_weight, settings, rng, n_jobs) -> None:
        self.images = [example.image for example in examples]
        self.placed = [example.placed for example in examples]
        self.labels = labels
        self.n_classes = n_classes
        self.k = 1 if n_classes == 2 else n_classes
        self.class_weight = class_weight
        self.settings = settings
        self.rng = rng
        self.n_jobs = n_jobs
        self.folds = assign_folds(labels, rng)
        self.n_folds = 1 + max(int(fold.max()) for fold in self.folds)

    def each(self, function: Callable[[int], object]) -> list:
        """Run over the images in threads: NumPy and OpenCV let go of Python's lock."""
        from joblib import Parallel, delayed

        run = Parallel(n_jobs=self.n_jobs, prefer="threads")
        return run(delayed(function)(i) for i in range(len(self.images)))

    def stage(
        self, model: PixelModel, maps, context: np.ndarray, own: np.ndarray, around: np.ndarray
    ) -> tuple[Stage, list[np.ndarray]]:
        """Train one stage; also give the scores of each image by trees that had not seen it."""
        from joblib import Parallel, delayed

        stage = Stage(context, own, around, NO_TREES)
        seeds = self.rng.integers(2**31, size=len(self.images))
        n_trees = self.settings.n_trees
        if maps is None and self.settings.context is not False:
            n_trees = max(3 * n_trees // 5, 1)
        per_image = max(self.settings.max_pixels // len(self.images), 200)

        def planes(i: int, stage: Stage) -> list[np.ndarray]:
            image = self.images[i]
            given = None if maps is None else maps[i]
            return window_planes(model, image, whole(image.shape), given, stage, self.placed[i])

        def sample(i: int):
            rng = np.random.default_rng(seeds[i])
            index, counts, shares = sample_pixels(
                self.labels[i], self.n_classes, per_image, rng, None if maps is None else maps[i]
            )
            rows, columns = np.unravel_index(index, self.labels[i].shape)
            features = np.stack([plane[rows, columns] for plane in planes(i, stage)])
            known = (self.labels[i], self.folds[i])
            return features, counts, shares, *(plane.ravel()[index] for plane in known)

        parts = self.each(sample)
        features = np.concatenate([part[0] for part in parts], axis=1)
        counts, shares, labels, folds = (
            np.concatenate([part[j] for part in parts]) for j in range(1, 5)
        )
        del parts
        weights = training_weights(labels, counts, shares, self.class_weight)
        kept = useful_features(features, labels, weights, self.n_classes, self.rng)
        features = np.ascontiguousarray(features[kept])
        stage = Stage(
            context,
            own[kept[kept < len(own)]].astype(np.int32),
            around[kept[kept >= len(own)] - len(own)].astype(np.int32),
            NO_TREES,
        )
        masks = [folds != fold for fold in range(self.n_folds)] + [np.ones(len(folds), bool)]
        trees = Parallel(n_jobs=self.n_jobs)(
            delayed(_train)(
                features[:, mask],
                labels[mask],
                weights[mask],
                self.n_classes,
                int(self.rng.integers(2**31)),
                n_trees,
                self.settings,
            )
            for mask in masks
        )

        def score(i: int) -> np.ndarray:
            fold = self.folds[i]
            ready = planes(i, stage)
            present = np.unique(fold)
            result = score_planes(ready, trees[present[0]])
            for f in present[1:]:
                other = score_planes(ready, trees[f])
                result[:, fold == f] = other[:, fold == f]
            return result

        return replace(stage, trees=trees[-1]), self.each(score)

    def decide(self, scores: list[np.ndarray]) -> tuple[np.ndarray, float]:
        """Offset of the scores, and Dice or mean IoU with them."""
        share = _SCORED_PIXELS / max(sum(int((y >= 0).sum()) for y in self.labels), 1)
        truth, given = [], []
        for y, s in zip(self.labels, scores, strict=True):
            known = np.flatnonzero(y >= 0)
            if self.k > 1:
                known = known[:: max(1, int(1 / share))]
            truth.append(y.ravel()[known])
            given.append(s.reshape(len(s), -1)[:, known])
        if self.k > 1:
            offset, value = best_offsets(np.concatenate(truth), np.concatenate(given, axis=1))
            return offset, value
        positive, known = np.concatenate(truth) == 1, np.concatenate(given, axis=1)[0]
        threshold, value = best_threshold(positive, known)
        if self.settings.scribbles:
            step = max(1, int(sum(y.size for y in self.labels) / _SCORED_PIXELS))
            everything = np.concatenate([s[0].ravel()[::step] for s in scores])
            threshold = expected_threshold(positive, known, everything)[0]
        return np.array([-threshold], np.float32), value


def _train(features, labels, weights, n_classes, seed, n_trees, settings: Settings) -> Trees:
    return train_trees(
        features,
        labels,
        weights,
        n_classes,
        np.random.default_rng(seed),
        n_trees=n_trees,
        depth=settings.depth,
        learning_rate=settings.learning_rate,
    )


def assign_folds(labels: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Which fold each pixel is held out in.

    Whole images, if there are two or more; else blocks of one image.

    Returns
    -------
    list of ndarray of shape (H, W), uint8
    """
    n = len(labels)
    if n >= 2:
        order = rng.permutation(n)
        folds = np.empty(n, np.uint8)
        folds[order] = np.arange(n) % min(_FOLDS, n)
        return [np.full(y.shape, f, np.uint8) for y, f in zip(labels, folds, strict=True)]
    height, width = labels[0].shape
    rows = np.minimum(np.arange(height) * 6 // max(height, 1), 5)
    columns = np.minimum(np.arange(width) * 6 // max(width, 1), 5)
    return [((rows[:, None] + 2 * columns[None]) % _FOLDS).astype(np.uint8)]
